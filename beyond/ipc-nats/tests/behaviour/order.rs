//! Every message once and in order, whatever happens on the way.

use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::over_this_test;
use ipc_core::{Error, Receiver, Sender, Split};
use ipc_nats::{File, Memory, ROOM};

use crate::tools::{check, pair};

/// The window has refused and accepted messages side by side, again and again.
#[test]
fn a_full_stream_keeps_the_order() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (mut link, mut peer) = pair::<Memory>(&server);
    let count = 4 * u32::try_from(ROOM).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            (0..count).for_each(|number| link.feed(&number.to_le_bytes()).unwrap());
            link.flush().unwrap();
        });
        thread::sleep(Duration::from_millis(500)); // it is full by now
        for number in 0..count {
            check(&mut peer, number..number + 1);
            thread::sleep(Duration::from_micros(20)); // slower than the sender, so that it stays full
        }
        assert!(matches!(peer.recv(&mut [0; 4]), Err(Error::Disconnected)));
    });
}

/// A sender is told "not now" in time when there is no more room.
#[test]
fn a_full_stream_makes_the_sender_wait_no_longer_than_it_wants() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (mut link, mut peer) = pair::<Memory>(&server);
    let mut count = 0_u32;
    while link.send_timeout(&count.to_le_bytes(), Duration::from_millis(300)).unwrap().is_some() {
        count += 1;
    }
    assert!(i64::from(count) >= ROOM, "only {count} found room");
    assert!(link.try_send(b"more").unwrap().is_none());
    assert!(
        link.sender().acknowledged_within(Duration::from_millis(10)).unwrap().is_none()
            && link.sender().unacknowledged() > 0
    );
    check(&mut peer, 0..count);
    link.flush().unwrap();
    assert_eq!(link.sender().unacknowledged(), 0);
}

/// An acknowledgement may be lost with the server: then the message is there, and must not come twice.
#[test]
fn a_server_that_is_killed_and_restarted_loses_nothing_that_it_has_acknowledged() {
    over_this_test();
    let Some(mut server) = testserver::for_this_test() else { return };
    let (mut link, mut peer) = pair::<File>(&server);
    let count = 6000;
    thread::scope(|scope| {
        let sender = scope.spawn(move || {
            for number in 0..count {
                link.feed(&u32::to_le_bytes(number)).unwrap();
                if number % 100 == 0 {
                    thread::sleep(Duration::from_millis(20)); // so that the restarts fall between
                }
            }
            link.flush().unwrap();
            link
        });
        let receiver = scope.spawn(move || {
            check(&mut peer, 0..count);
            peer
        });
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(250));
            server.restart().unwrap();
        }
        let (link, mut peer) = (sender.join().unwrap(), receiver.join().unwrap());
        drop(link);
        assert!(matches!(peer.recv(&mut [0; 4]), Err(Error::Disconnected)));
    });
}

/// The receiver sees it, and tells the sender that it receives no more.
#[test]
fn another_publisher_is_told_to_both_sides() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (mut link, mut peer) = pair::<Memory>(&server);
    link.publish_nonsense(b"from elsewhere");
    assert!(matches!(peer.recv(&mut [0; 100]), Err(Error::Corrupt(_))));
    let end = loop {
        if let Err(end) = link.send(b"in vain") {
            break end;
        }
    };
    assert!(matches!(end, Error::Corrupt(_) | Error::Disconnected), "{end}");
}
