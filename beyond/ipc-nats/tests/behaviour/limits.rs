//! What happens when messages come faster than they are taken: where they wait, and who is told.

use std::fs;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use futures_util::StreamExt as _;
use ipc_conformance::other;
use ipc_conformance::watchdog::over_this_test;
use ipc_core::Sender;
use ipc_nats::{BACKLOG, Connection, Memory, ServerOptions};

use crate::tools::{options, with_process};

const MIB: usize = 1 << 20;

/// Returns the memory that a process has in use, in bytes.
fn resident(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// The messages wait in the stream, not in the receiver; and when the stream is full, the sender is told.
#[test]
fn a_receiver_that_takes_nothing_keeps_few_messages_and_the_sender_is_told() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (mut link, other) = with_process::<Memory>(&server, "stay");
    let before = resident(other.pid());
    let message = vec![7; MIB / 16];
    let mut sent = 0;
    while link.send_timeout(&message, Duration::from_secs(1)).unwrap().is_some() {
        sent += message.len();
    }
    let grown = resident(other.pid()).saturating_sub(before);
    println!("{} MiB sent to a receiver that takes nothing: it has grown by {} MiB", sent / MIB, grown / MIB);
    assert!(sent > 48 * MIB && grown < 32 * MIB, "{sent} {grown}");
}

/// Without a stream, they wait in the client. It keeps a limited number, and drops the rest: the caller is told, in one error.
#[test]
fn a_subscriber_that_takes_nothing_keeps_few_messages_and_is_told() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let said = other::played(&format!("flooded {}", server.url()));
    println!("{said}");
    let (grown, told) = said.split_once(' ').unwrap();
    assert!(grown.parse::<usize>().unwrap() < 64 * MIB, "{said}");
    assert!(told.starts_with("at least ") && told.contains("dropped, since they came faster"), "{said}");
}

/// The other process: subscribes, and takes nothing of 128 MiB. Returns by how much it has grown, and what it was told.
pub fn flooded(url: &str) -> String {
    let connection = Connection::open(&ServerOptions::of(url)).unwrap();
    let mut subscription = connection.wait(connection.client().subscribe("flood")).unwrap();
    connection.settle();
    let before = resident(std::process::id());
    let payload = bytes::Bytes::from(vec![7; 4096]);
    for _ in 0..32 * 1024 {
        connection.wait(connection.client().publish("flood", payload.clone())).unwrap();
    }
    connection.settle();
    let grown = resident(std::process::id()).saturating_sub(before);
    let error = connection.check_dropped().unwrap_err();
    connection.check_dropped().unwrap(); // once
    let kept = connection.wait(async {
        let mut kept = 0;
        while tokio::time::timeout(Duration::from_millis(100), subscription.next()).await.is_ok() {
            kept += 1;
        }
        kept
    });
    assert_eq!(kept, BACKLOG);
    format!("{grown} {error}")
}

async fn stream(jetstream: &Context, discard: DiscardPolicy) -> Stream {
    let config = Config {
        name: "few".into(),
        subjects: vec!["few".into()],
        retention: RetentionPolicy::WorkQueue,
        storage: StorageType::Memory,
        max_messages: 10,
        discard,
        ..Config::default()
    };
    jetstream.create_stream(config).await.unwrap()
}

/// Publishes and waits for the acknowledgement.
async fn publish(jetstream: &Context, text: &str) -> Result<(), String> {
    let sent = jetstream.publish("few", text.to_owned().into()).await.unwrap();
    sent.await.map(drop).map_err(|error| error.to_string())
}

/// Takes the oldest message.
async fn take(stream: &Stream) -> String {
    let config = pull::Config { name: Some("taker".into()), ..pull::Config::default() };
    let consumer = stream.get_or_create_consumer("taker", config).await.unwrap();
    let mut messages = consumer.fetch().max_messages(1).messages().await.unwrap();
    let message = messages.next().await.unwrap().unwrap();
    message.double_ack().await.unwrap();
    String::from_utf8(message.payload.to_vec()).unwrap()
}

#[test]
fn a_full_stream_refuses_a_publish_at_once_and_a_later_one_not() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let connection = Connection::open(&options(&server)).unwrap();
    let jetstream = connection.jetstream();
    connection.wait(async {
        let stream = stream(jetstream, DiscardPolicy::New).await;
        for number in 0..10 {
            publish(jetstream, &number.to_string()).await.unwrap();
        }
        let refused = publish(jetstream, "one more").await.unwrap_err();
        assert!(refused.contains("10077") && refused.contains("maximum messages exceeded"), "{refused}");
        assert_eq!(take(&stream).await, "0");
        publish(jetstream, "one more").await.unwrap();
    });
}

/// The default: why the suite's streams say otherwise.
#[test]
fn a_full_stream_that_discards_the_old_tells_no_publisher() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let connection = Connection::open(&options(&server)).unwrap();
    let jetstream = connection.jetstream();
    connection.wait(async {
        let stream = stream(jetstream, DiscardPolicy::Old).await;
        for number in 0..20 {
            publish(jetstream, &number.to_string()).await.unwrap();
        }
        assert_eq!(take(&stream).await, "10", "the first ten are lost");
    });
}
