//! The link's answer to the pitfalls.

use std::thread;
use std::time::{Duration, Instant};

use crate::tools::{LARGE_QUEUE, PATIENCE, TOO_LARGE, give_it_time_to_block, pair, playing, setup, watched};
use ipc_core::{Endpoint, Error, Mechanism, Receiver, Result, Sender, Setup, Transport, Wait, Waiting};
use ipc_msgq::{Message, Queue, Settings, SystemV, SystemVLink};
use nix::errno::Errno;

fn fill(link: &mut SystemVLink, message: &[u8]) -> usize {
    std::iter::from_fn(|| link.try_send(message).unwrap()).count()
}

/// Receives to the end and returns the number of messages.
fn drain(link: &mut SystemVLink) -> usize {
    let mut buffer = vec![0; link.max_message()];
    let mut count = 0;
    loop {
        match link.recv(&mut buffer) {
            Err(Error::Disconnected) => return count,
            received => count += received.map(|_| 1).unwrap(),
        }
    }
}

/// Sends until the call fails, and returns the error.
fn send_until_error(mut link: impl Transport) -> Error {
    loop {
        if let Err(error) = link.send(&[7; 100]) {
            return error;
        }
    }
}

/// The end-of-stream marker fits even into a full queue, of long messages or of empty ones, and comes after all of
/// them.
#[test]
fn the_end_of_stream_fits_into_a_full_queue() {
    for message in [&[7; 1000][..], &[7; 1], &[]] {
        let (mut owner, mut joiner) = pair::<SystemV>();
        if owner.queue().stat().unwrap().capacity > LARGE_QUEUE {
            return ipc_conformance::skipped(TOO_LARGE);
        }
        let sent = fill(&mut owner, message);
        drop(owner);
        assert_eq!(watched(move || drain(&mut joiner)), sent, "messages of {} bytes", message.len());
    }
}

/// The end-of-stream marker is received at once, as a message is, even by a receiver that does not wait and does not
/// ask.
#[test]
fn the_end_of_stream_is_received_like_a_message() {
    let (mut owner, mut joiner) = pair::<SystemV>();
    owner.send(b"last words").unwrap();
    drop(owner);
    assert_eq!(joiner.try_recv(&mut [0; 10]).unwrap(), Some(10));
    for _ in 0..3 {
        assert!(matches!(joiner.try_recv(&mut [0; 10]), Err(Error::Disconnected)), "not: not now");
    }
    assert!(matches!(joiner.send(b""), Err(Error::Disconnected)));
}

/// The messages of a killed peer are received, even when its death is already known.
#[test]
fn the_last_words_of_a_killed_peer_are_received() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let mut peer = playing(&format!("join {}", meeting.address()));
    let mut link = meeting.accept(PATIENCE).unwrap();
    link.check_sender().unwrap();
    peer.kill();
    assert!(matches!(link.check_sender(), Err(Error::Disconnected)));
    let mut buffer = [0; 10];
    assert_eq!(link.recv(&mut buffer).unwrap(), 4);
    assert_eq!(&buffer[..4], b"here");
    assert!(matches!(link.try_recv(&mut buffer), Err(Error::Disconnected)), "nothing more will come");
    assert!(matches!(link.recv(&mut buffer), Err(Error::Disconnected)));
}

/// Each side may fill the queue and leave: its messages are received, although it left first.
#[test]
fn the_queue_stays_until_the_other_side_has_received() {
    let (mut owner, mut joiner) = pair::<SystemV>();
    let queue = owner.queue();
    owner.send(b"last words").unwrap();
    drop(owner);
    assert!(queue.stat().is_ok(), "the queue went with its owner");
    let mut buffer = [0; 10];
    assert_eq!(joiner.recv(&mut buffer).unwrap(), 10);
    assert_eq!(&buffer, b"last words");
    assert!(matches!(joiner.recv(&mut buffer), Err(Error::Disconnected)));
    drop(joiner);
    assert_eq!(queue.stat().unwrap_err().errno(), Some(Errno::EINVAL), "the last one out removes the queue");
}

/// A sender that waits for room is told when its peer closes, although the peer's process lives on, and although the
/// farewell comes after messages that the sender has not received.
#[test]
fn a_blocked_sender_notices_that_its_peer_closes() {
    for from_peer in [0, 5] {
        let (owner, mut joiner) = pair::<SystemV>();
        for _ in 0..from_peer {
            joiner.send(&[1; 100]).unwrap();
        }
        let sender = thread::spawn(move || watched(move || send_until_error(owner)));
        give_it_time_to_block();
        drop(joiner);
        assert!(matches!(sender.join().unwrap(), Error::Disconnected));
    }
}

/// The same where the queue is full of the *peer's* messages, so that room is never made.
#[test]
fn a_sender_blocked_by_its_peers_messages_notices_it_too() {
    let (owner, mut joiner) = pair::<SystemV>();
    fill(&mut joiner, &[7; 50]);
    let sender = thread::spawn(move || watched(move || send_until_error(owner)));
    give_it_time_to_block();
    drop(joiner);
    assert!(matches!(sender.join().unwrap(), Error::Disconnected));
}

/// Blocks on a link whose other side is a process that is killed; returns the time until this was noticed.
fn killed(wait: Wait, block: fn(Waiting<SystemVLink>) -> Error) -> Duration {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let mut peer = playing(&format!("join {}", meeting.address()));
    let mut link = Waiting::new(meeting.accept(PATIENCE).unwrap(), wait);
    link.recv(&mut [0; 10]).unwrap();
    let blocked = thread::spawn(move || watched(move || (block(link), Instant::now())));
    give_it_time_to_block();
    let killed = Instant::now();
    peer.kill();
    let (told, noticed) = blocked.join().unwrap();
    assert!(matches!(told, Error::Disconnected), "{told}");
    noticed - killed
}

/// The contract allows a second; two more attempts are for a machine that is busy with something else.
fn within_a_second(block: fn(Waiting<SystemVLink>) -> Error) {
    for wait in Wait::ALL {
        let took: Vec<_> =
            (0..3).map(|_| killed(wait, block)).take_while(|took| took.as_secs() > 0).collect();
        assert!(took.len() < 3, "{wait}: noticed after {took:?}");
    }
}

/// A peer killed during a wait for its message is noticed within a second.
#[test]
fn a_killed_peer_is_noticed_in_recv() {
    within_a_second(|mut link| link.recv(&mut [0; 10]).unwrap_err());
}

/// A peer killed during a wait for room in a full queue is noticed within a second.
#[test]
fn a_killed_peer_is_noticed_in_send() {
    within_a_second(send_until_error);
}

/// A queue removed from outside ends the link, on either side, waiting or not; and the error says so, instead of
/// reporting that the peer is gone.
#[test]
fn a_removed_queue_is_named_as_such() {
    let (mut owner, mut joiner) = pair::<SystemV>();
    let queue = owner.queue();
    let waiter = thread::spawn(move || watched(move || joiner.recv(&mut [0; 10]).unwrap_err()));
    give_it_time_to_block();
    queue.remove().unwrap();
    let ends = [
        waiter.join().unwrap(),
        owner.try_recv(&mut [0; 10]).unwrap_err(),
        owner.send(b"").unwrap_err(),
        owner.recv_timeout(&mut [0; 10], PATIENCE).unwrap_err(),
        owner.check_receiver().unwrap_err(),
    ];
    for end in ends {
        assert_eq!(end.errno(), Some(Errno::EIDRM), "{end}");
        assert!(end.to_string().contains("was removed while in use: by ipcrm"), "{end}");
    }
}

/// A peer that has noticed the removal first, and has ended, does not hide it: the ownership lock of this side would have
/// kept the queue until it has left, too.
#[test]
fn a_removed_queue_is_named_even_when_the_peer_has_ended() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let mut peer = playing(&format!("join {}", meeting.address()));
    let mut owner = meeting.accept(PATIENCE).unwrap();
    owner.recv(&mut [0; 10]).unwrap();
    owner.queue().remove().unwrap();
    peer.kill();
    let ends = [owner.try_recv(&mut [0; 10]), owner.try_send(b"").map(|sent| sent.map(|()| 0))];
    for end in ends.map(|end| end.unwrap_err()) {
        assert_eq!(end.errno(), Some(Errno::EIDRM), "{end}");
    }
}

/// A removal ends the wait for the other side, too.
#[test]
fn a_removed_queue_ends_the_wait_for_the_other_side() {
    let mut meeting = SystemV::create(None, &Setup::default()).unwrap();
    let queue = Queue::open(meeting.address().parse().unwrap()).unwrap();
    queue.remove().unwrap();
    let end = watched(move || meeting.accept(PATIENCE).unwrap_err());
    assert!(end.to_string().starts_with("msgrcv: Identifier removed (EIDRM); queue"), "{end}");
}

/// A long wait, interrupted again and again by the ticker, loses nothing.
#[test]
fn a_long_wait_loses_nothing() {
    let (mut owner, mut joiner) = pair::<SystemV>();
    let waiter = thread::spawn(move || -> Result<Vec<u8>> {
        (0..3).map(|_| joiner.recv(&mut [0; 10]).map(|len| len as u8)).collect()
    });
    for number in 1..=3 {
        thread::sleep(Duration::from_millis(400)); // several ticks
        owner.send(&vec![0; number]).unwrap();
    }
    assert_eq!(watched(|| waiter.join().unwrap()).unwrap(), [1, 2, 3]);
}

/// The link carries the longest message that the kernel's limits allow, less the one byte that it adds.
#[test]
fn the_longest_message_is_what_the_kernel_allows() {
    let (mut owner, mut joiner) = pair::<SystemV>();
    let max = owner.max_message();
    assert_eq!(max, owner.queue().longest_text().unwrap() - 1);
    let refused = owner.send(&vec![7; max + 1]);
    assert!(matches!(refused, Err(Error::TooLarge { len, max: told }) if len == max + 1 && told == max));
    owner.send(&vec![7; max]).unwrap();
    assert!(matches!(joiner.recv(&mut [0; 10]), Err(Error::BufferTooSmall { needed }) if needed == max));
    let mut buffer = vec![0; max];
    assert_eq!(joiner.recv(&mut buffer).unwrap(), max);
    assert_eq!(buffer, vec![7; max]);
}

/// A message not sent by a link is corrupt: no last byte, an unknown one, a payload where none can be.
#[test]
fn garbage_is_corrupt() {
    let (mut owner, joiner) = pair::<SystemV>();
    for garbage in [&[0][..], &[0xD1], &[0xE0], b"text", &[1, 2, 0xE0]] {
        joiner.queue().send(&Message::new(joiner.outbound(), garbage)).unwrap();
        assert!(matches!(owner.recv(&mut [0; 100]), Err(Error::Corrupt(_))), "{garbage:?}");
    }
}

/// So is a message longer than the link carries, which is possible if the queue was enlarged since the two sides have
/// met.
#[test]
fn a_message_longer_than_the_link_carries_is_corrupt() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let queue = Queue::open(meeting.address().parse().unwrap()).unwrap();
    let capacity = |bytes| queue.set(&Settings { capacity: Some(bytes), ..Settings::default() }).unwrap();
    capacity(200);
    let joiner = SystemV::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    let mut owner = meeting.accept(PATIENCE).unwrap();
    assert_eq!((owner.max_message(), joiner.max_message()), (199, 199));
    capacity(1000);
    queue.send(&Message::new(joiner.outbound(), &[0xD1; 300])).unwrap();
    assert!(matches!(owner.recv(&mut [0; 300]), Err(Error::Corrupt(_))));
}
