//! Messages that change hands together.

use std::thread;
use std::time::Duration;

use ipc_core::ring::MAX_MESSAGE;
use ipc_core::{Error, Receiver, Sender};

use crate::tools::{Link, message, pair, watched};

#[test]
fn a_batch_stays_until_it_is_flushed() {
    let (mut a, mut b) = pair();
    let mut buffer = [0; 8];
    for number in 1..=5 {
        a.feed(&[0; 8][..number]).unwrap();
        assert_eq!((a.unsent(), b.try_recv(&mut buffer).unwrap()), (number, None));
    }
    a.flush().unwrap();
    assert_eq!(a.unsent(), 0);
    assert_eq!(
        [(); 6].map(|()| b.try_recv(&mut buffer).unwrap()),
        [1, 2, 3, 4, 5, 0].map(|n| (n > 0).then_some(n))
    );
}

/// A batch leaves ahead of a message that is sent, before a call that receives, when it is large, and on drop.
#[test]
fn a_batch_leaves_by_itself() {
    let mut buffer = [0; 8];
    let leaves: [fn(&mut Link); 6] = [
        |link| link.send(b"").unwrap(),
        |link| link.reserve(0).unwrap().commit().unwrap(),
        |link| assert_eq!(link.try_recv(&mut []).unwrap(), None),
        |link| assert_eq!(link.recv_timeout(&mut [], Duration::from_millis(1)).unwrap(), None),
        |link| assert!(link.try_peek().unwrap().is_none()),
        |link| {
            while link.unsent() > 0 {
                link.feed(b"").unwrap();
            }
        },
    ];
    for leave in leaves {
        let (mut a, mut b) = pair();
        a.feed(b"one").unwrap();
        a.reserve(4).unwrap().feed().unwrap();
        leave(&mut a);
        assert_eq!([(); 2].map(|()| b.try_recv(&mut buffer).unwrap()), [Some(3), Some(4)]);
    }
    let (mut a, mut b) = pair();
    a.feed(b"one").unwrap();
    drop(a);
    assert_eq!(b.recv(&mut buffer).unwrap(), 3);
    assert!(matches!(b.recv(&mut buffer), Err(Error::Disconnected)));
}

#[test]
fn a_batch_for_a_peer_that_left_is_counted() {
    let (mut a, b) = pair();
    a.feed(b"one").unwrap();
    a.feed(b"two").unwrap();
    drop(b);
    assert!(matches!(a.feed(b"three"), Err(Error::Disconnected)));
    assert!(matches!(a.flush(), Err(Error::Disconnected)));
    assert!(matches!(a.recv(&mut [0; 8]), Err(Error::Disconnected)));
    assert_eq!(a.unsent(), 2);
}

/// A batch as large as the ring, fed by a side that then has to wait for room.
#[test]
fn a_batch_is_no_obstacle_to_itself() {
    watched(|| {
        let (mut a, mut b) = pair();
        let sender = thread::spawn(move || {
            (0..100).try_for_each(|n| a.feed(&message(MAX_MESSAGE - n, n))).unwrap();
        });
        let mut buffer = vec![0; MAX_MESSAGE];
        for n in 0..100 {
            assert_eq!(b.recv(&mut buffer).unwrap(), MAX_MESSAGE - n);
            assert!(buffer[..MAX_MESSAGE - n] == message(MAX_MESSAGE - n, n));
        }
        sender.join().unwrap();
    });
}
