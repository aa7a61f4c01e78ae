//! What was acknowledged is not lost, and not stored twice, though the server is killed again and again.
//!
//! The stream is in files of the server. Killing the server takes nothing from them: the kernel has every page that was
//! written. (A power cut would: see what the crate says on fsync.)

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, TryFutureExt as _};
use ipc_conformance::watchdog::Watchdog;
use ipc_nats::{Connection, ServerOptions};

const MESSAGES: usize = 20_000;
const KILLS: usize = 5;

/// The number of messages that are published before their acknowledgements are waited for.
const WINDOW: usize = 250;

/// Enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn twenty_thousand_messages_survive_five_kills_of_the_server() {
    let _watchdog = Watchdog::over("twenty thousand messages survive five kills of the server", PATIENCE);
    let Some(mut server) = testserver::for_this_test() else { return };
    let connection = Connection::open(&ServerOptions::of(server.url())).unwrap();
    let config = Config {
        name: "log".into(),
        subjects: vec!["log".into()],
        storage: StorageType::File,
        ..Config::default()
    };
    connection.wait(connection.jetstream().create_stream(config)).unwrap();

    let (acknowledged, unanswered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for kill in 1..=KILLS {
                while acknowledged.load(Ordering::Relaxed) < kill * MESSAGES / (KILLS + 1) {
                    thread::sleep(Duration::from_micros(200));
                }
                server.restart().unwrap();
            }
        });
        // A number that is used in each run would not do: the server would take the messages of a later run for these.
        let run = format!("{:016x}", ipc_core::random());
        let numbers: Vec<_> = (0..MESSAGES).collect();
        for window in numbers.chunks(WINDOW) {
            connection.wait(publish(connection.jetstream(), &run, window, &unanswered));
            acknowledged.fetch_add(window.len(), Ordering::Relaxed);
        }
    });

    let mut times = HashMap::new();
    for number in connection.wait(read_all(connection.jetstream())) {
        *times.entry(number).or_insert(0) += 1;
    }
    let missing = (0..MESSAGES).filter(|number| !times.contains_key(number)).count();
    let twice = times.values().filter(|&&times| times > 1).count();
    let unanswered = unanswered.into_inner();
    println!(
        "{MESSAGES} publishes, {KILLS} kills: {unanswered} published again, {missing} missing, {twice} twice"
    );
    assert_eq!((missing, twice, times.len()), (0, 0, MESSAGES));
    assert!(unanswered > 0, "no kill fell between a publish and its acknowledgement: nothing was tried");
}

/// Publishes these numbers, each again and again until it is acknowledged.
async fn publish(jetstream: &Context, run: &str, numbers: &[usize], unanswered: &AtomicUsize) {
    let mut left = numbers.to_vec();
    while !left.is_empty() {
        let answers = left.iter().map(|&number| {
            let id = format!("{run}-{number}"); // the same when it is published again
            let message = PublishMessage::build().payload(number.to_string().into()).message_id(id);
            // The first future is done when the message is on its way; the second, when the stream has it.
            jetstream.send_publish("log", message).and_then(IntoFuture::into_future)
        });
        let answers = join_all(answers).await;
        let mut answers = answers.iter();
        left.retain(|_| answers.next().is_some_and(Result::is_err));
        if !left.is_empty() {
            unanswered.fetch_add(left.len(), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Reads the whole stream.
async fn read_all(jetstream: &Context) -> Vec<usize> {
    let stream = jetstream.get_stream("log").await.unwrap();
    let config = pull::Config { ack_policy: AckPolicy::None, ..pull::Config::default() };
    let mut consumer = stream.create_consumer(config).await.unwrap();
    let mut numbers = Vec::new();
    while consumer.info().await.unwrap().num_pending > 0 {
        let mut batch = consumer.fetch().max_messages(1000).messages().await.unwrap();
        while let Some(message) = batch.next().await {
            let message = message.unwrap();
            numbers.push(std::str::from_utf8(&message.payload).unwrap().parse().unwrap());
        }
    }
    numbers
}
