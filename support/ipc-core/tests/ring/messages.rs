//! Messages of any length, up to the end of either side.

use std::thread;
use std::time::Duration;

use ipc_core::ring::{CAPACITY, MAX_MESSAGE};
use ipc_core::{Error, Receiver, Sender, Split};

use crate::tools::{message, pair, watched};

#[test]
fn every_length_arrives_whole_and_in_order_both_ways() {
    watched(|| {
        let (mut a, mut b) = pair();
        let lens: Vec<usize> =
            (0..300).chain([4095, 4096, 4097, 65_536, MAX_MESSAGE - 1, MAX_MESSAGE]).collect();
        let expected = lens.clone();
        let echo = thread::spawn(move || {
            let mut buffer = vec![0; MAX_MESSAGE];
            for len in expected {
                assert_eq!(b.recv(&mut buffer).unwrap(), len);
                assert!(buffer[..len] == message(len, len));
                b.send(&buffer[..len]).unwrap();
            }
        });
        let mut buffer = vec![0; MAX_MESSAGE];
        for len in lens {
            a.send(&message(len, len)).unwrap();
            assert_eq!(a.recv(&mut buffer).unwrap(), len);
            assert!(buffer[..len] == message(len, len));
        }
        echo.join().unwrap();
    });
}

#[test]
fn a_long_stream_of_mixed_lengths_wraps_around_many_times() {
    watched(|| {
        let (mut a, mut b) = pair();
        let len = |n: usize| (n * 7919) % 200_003; // about 20 rounds of the ring, ending at every alignment
        let sender = thread::spawn(move || (0..400).try_for_each(|n| a.send(&message(len(n), n))));
        let mut buffer = vec![0; MAX_MESSAGE];
        for n in 0..400 {
            let received = b.recv(&mut buffer).unwrap();
            assert!(buffer[..received] == message(len(n), n), "message {n} differs");
        }
        sender.join().unwrap().unwrap();
    });
}

#[test]
fn the_longest_messages_cross_the_end_of_the_ring_unharmed() {
    let (mut a, mut b) = pair();
    let mut buffer = vec![0; MAX_MESSAGE];
    // Two of the longest do not quite fit before the end, so every other one runs over it, each time at a different
    // place.
    for n in 0..40 {
        let sent = message(MAX_MESSAGE - n * 1000, n);
        assert_eq!(a.try_send(&sent).unwrap(), Some(()));
        assert_eq!(b.try_recv(&mut buffer).unwrap(), Some(sent.len()));
        assert!(buffer[..sent.len()] == sent);
    }
}

#[test]
fn a_full_ring_says_not_now_and_goes_on_when_there_is_room() {
    let (mut a, mut b) = pair();
    // Four records fill the ring but for the 8 bytes of the header after the last.
    let len = |n| CAPACITY / 4 - if n % 4 == 0 { 16 } else { 8 };
    for n in 0..4 {
        assert_eq!(a.try_send(&message(len(n), n)).unwrap(), Some(()));
    }
    assert_eq!(a.try_send(b"").unwrap(), None);
    let mut buffer = vec![0; MAX_MESSAGE];
    for n in 0..8 {
        assert_eq!(b.try_recv(&mut buffer).unwrap(), Some(len(n)));
        assert!(buffer[..len(n)] == message(len(n), n));
        assert_eq!(a.try_send(&message(len(n + 4), n + 4)).unwrap(), Some(()));
        assert_eq!(a.try_send(b"").unwrap(), None);
    }
}

#[test]
fn a_message_too_long_for_the_buffer_is_kept() {
    let (mut a, mut b) = pair();
    a.send(b"twelve bytes").unwrap();
    for _ in 0..3 {
        assert!(matches!(b.try_recv(&mut [0; 11]), Err(Error::BufferTooSmall { needed: 12 })));
    }
    assert!(matches!(b.recv(&mut []), Err(Error::BufferTooSmall { needed: 12 })));
    let mut buffer = [0; 12];
    assert_eq!(b.recv(&mut buffer).unwrap(), 12);
    assert_eq!(&buffer, b"twelve bytes");
}

#[test]
fn a_message_too_long_to_send_leaves_the_link_as_it_was() {
    let (mut a, mut b) = pair();
    let long = vec![0; MAX_MESSAGE + 1];
    assert!(matches!(a.send(&long), Err(Error::TooLarge { len, max: MAX_MESSAGE }) if len == long.len()));
    assert_eq!(b.try_recv(&mut [0; 8]).unwrap(), None);
    a.send(b"").unwrap();
    assert_eq!(b.try_recv(&mut []).unwrap(), Some(0));
}

#[test]
fn a_time_that_is_over_is_no_error() {
    watched(|| {
        let (mut a, mut b) = pair();
        for time in [Duration::ZERO, Duration::from_millis(1)] {
            assert_eq!(b.recv_timeout(&mut [0; 8], time).unwrap(), None);
            while a.try_send(&[7; 4096]).unwrap().is_some() {}
            assert_eq!(a.send_timeout(&[7; 4096], time).unwrap(), None);
            while b.try_recv(&mut [0; 4096]).unwrap().is_some() {}
        }
    });
}

/// Both sides sleep and wake all the time. After a lost wake-up, they would sleep on.
#[test]
fn two_sleepers_wake_each_other_every_time() {
    watched(|| {
        let (mut a, mut b) = pair();
        let echo = thread::spawn(move || {
            let mut buffer = [0; 8];
            while let Ok(len) = b.recv(&mut buffer) {
                b.send(&buffer[..len]).unwrap();
            }
        });
        let mut buffer = [0; 8];
        for n in 0..5_000_u64 {
            a.send(&n.to_le_bytes()).unwrap();
            assert_eq!(a.recv(&mut buffer).unwrap(), 8);
            assert_eq!(u64::from_le_bytes(buffer), n);
        }
        drop(a);
        echo.join().unwrap();
    });
}

#[test]
fn all_that_was_sent_before_the_peer_left_is_received() {
    let (mut a, mut b) = pair();
    b.send(b"never read").unwrap();
    a.send(b"one").unwrap();
    a.send(b"two").unwrap();
    drop(a);
    let mut buffer = [0; 8];
    assert_eq!(b.recv(&mut buffer).unwrap(), 3);
    assert_eq!(b.recv(&mut buffer).unwrap(), 3);
    for _ in 0..2 {
        assert!(matches!(b.recv(&mut buffer), Err(Error::Disconnected)));
        assert!(matches!(b.try_recv(&mut buffer), Err(Error::Disconnected)));
        assert!(matches!(b.send(b"x"), Err(Error::Disconnected)));
    }
}

#[test]
fn a_peer_that_leaves_wakes_a_sleeping_receiver_and_a_sleeping_sender() {
    watched(|| {
        for full in [false, true] {
            let (a, mut b) = pair();
            while full && b.try_send(&[0; 4096]).unwrap().is_some() {}
            let sleeper =
                thread::spawn(move || if full { b.send(&[0; 4096]) } else { b.recv(&mut []).map(drop) });
            thread::sleep(Duration::from_millis(20));
            drop(a);
            assert!(matches!(sleeper.join().unwrap(), Err(Error::Disconnected)));
        }
    });
}

/// Each half of a link ends its own direction, whichever is dropped first.
#[test]
fn a_half_that_is_dropped_ends_its_direction() {
    let (a, mut b) = pair();
    let (mut sender, receiver) = a.split();
    sender.send(b"before").unwrap();
    drop(receiver);
    assert!(matches!(b.send(b"x"), Err(Error::Disconnected)));
    assert!(matches!(b.check_receiver(), Err(Error::Disconnected)));
    b.check_sender().unwrap();
    sender.send(b"after").unwrap();
    assert_eq!([(); 2].map(|()| b.recv(&mut [0; 8]).unwrap()), [6, 5]);
    drop(sender);
    assert!(matches!(b.recv(&mut [0; 8]), Err(Error::Disconnected)));

    let (a, mut b) = pair();
    let (mut sender, mut receiver) = a.split();
    sender.send(b"before").unwrap();
    drop(sender);
    b.check_receiver().unwrap();
    assert!(matches!(b.check_sender(), Err(Error::Disconnected)), "though a message is still there");
    assert_eq!(b.recv(&mut [0; 8]).unwrap(), 6);
    assert!(matches!(b.recv(&mut [0; 8]), Err(Error::Disconnected)));
    b.send(b"answer").unwrap();
    assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 6);
    drop(b);
    assert!(matches!(receiver.recv(&mut [0; 8]), Err(Error::Disconnected)));
}
