//! The watcher and real processes that end.

use std::fs;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::process::Namespaces;
use crate::sys::{forked, succeeds};

/// Far longer than a wake-up takes, on any machine.
const SOON: Duration = Duration::from_secs(30);

/// A process that sleeps until it is killed.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> (Self, ProcessId) {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap().expect("it runs");
        (Self(child), id)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

fn bell() -> (impl Fn() + Send + 'static, Receiver<()>) {
    let (ring, rung): (Sender<()>, _) = channel();
    (move || _ = ring.send(()), rung)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < SOON, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Returns the id of the watcher, which is the only thread with this name.
fn watcher() -> String {
    let threads = fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().path());
    let named = |path: &std::path::PathBuf| {
        fs::read_to_string(path.join("comm")).is_ok_and(|name| name == "watcher\n")
    };
    let found: Vec<_> = threads.filter(named).collect();
    assert_eq!(found.len(), 1, "one for the whole process");
    found[0].to_str().unwrap().to_owned()
}

#[test]
fn the_end_wakes_all_that_wait_for_it_and_no_others() {
    let ((mut sleeper, peer), (_other, others)) = (Sleeper::start(), Sleeper::start());
    let ((wake, woken), (wake_second, second_woken), (wake_other, other_woken)) = (bell(), bell(), bell());
    let watch = WakeAtEnd::of(peer, wake);
    let _second = WakeAtEnd::of(peer, wake_second);
    let other = WakeAtEnd::of(others, wake_other);
    wait_until("all are watched", || watch.is_on() && other.is_on());
    assert!(!watch.has_ended() && woken.try_recv().is_err());
    sleeper.kill();
    woken.recv_timeout(SOON).unwrap();
    second_woken.recv_timeout(SOON).unwrap();
    assert!(watch.has_ended());
    assert!(!other.has_ended() && other_woken.try_recv().is_err());
}

/// Even a link that comes later than others of the same peer.
#[test]
fn it_looks_again_and_again_until_the_end() {
    let (mut sleeper, peer) = Sleeper::start();
    let first = WakeAtEnd::of(peer, || {});
    wait_until("the first is watched", || first.is_on());
    thread::sleep(AGAIN / 4); // the watcher sleeps again
    let ((wake, woken), (look, looked)) = (bell(), bell());
    let _watch = WakeAtEnd::with_looks(peer, wake, look);
    for _ in 0..3 {
        looked.recv_timeout(SOON).unwrap();
    }
    assert!(woken.try_recv().is_err(), "it lives");
    sleeper.kill();
    woken.recv_timeout(SOON).unwrap();
    while looked.try_recv().is_ok() {}
    woken.recv_timeout(SOON).unwrap();
    assert!(looked.try_recv().is_err(), "there is nothing left to look after");
}

/// A sleeper that the first wake-up missed is woken by the next.
#[test]
fn it_wakes_again_until_it_is_dropped() {
    let (mut sleeper, peer) = Sleeper::start();
    let (wake, woken) = bell();
    let watch = WakeAtEnd::of(peer, wake);
    sleeper.kill();
    for _ in 0..3 {
        woken.recv_timeout(SOON).unwrap();
    }
    drop(watch);
    let _ = woken.iter().count(); // it comes to an end: the waker is dropped, too
}

/// Not only at the next repetition. On a loaded machine it can be late, but not each time.
#[test]
fn a_process_that_has_ended_already_wakes_at_once() {
    let (mut sleeper, peer) = Sleeper::start();
    sleeper.kill();
    let takes = |_| {
        thread::sleep(AGAIN / 4); // the watcher sleeps again, and is not about to look for another reason
        let (started, (wake, woken)) = (Instant::now(), bell());
        let _watch = WakeAtEnd::of(peer, wake);
        woken.recv_timeout(SOON).unwrap();
        started.elapsed()
    };
    assert!((0..20).map(takes).any(|time| time < AGAIN / 2));
}

#[test]
fn a_panic_while_waking_disturbs_no_other() {
    let (mut sleeper, peer) = Sleeper::start();
    let (wake, woken) = bell();
    let _faulty = WakeAtEnd::of(peer, || panic!("on purpose, by a test"));
    let _watch = WakeAtEnd::of(peer, wake);
    sleeper.kill();
    woken.recv_timeout(SOON).unwrap();
    woken.recv_timeout(SOON).expect("it goes on");
}

/// Whatever it does, the parent's watch goes on.
#[test]
fn a_child_after_fork_has_no_watch() {
    let ((mut sleeper, peer), (wake, woken)) = (Sleeper::start(), bell());
    let mut watch = Some(WakeAtEnd::of(peer, wake));
    wait_until("it is watched", || watch.as_ref().unwrap().is_on());
    let child = forked(|| {
        let copy = watch.take().unwrap();
        let is_off = !copy.is_on() && !copy.has_ended();
        drop(copy);
        is_off && !WakeAtEnd::of(peer, || {}).is_on()
    });
    assert!(succeeds(child));
    assert!(watch.as_ref().unwrap().is_on());
    sleeper.kill();
    woken.recv_timeout(SOON).expect("the parent's is still there");
}

/// The pid is there, but it is another process's, or our own.
#[test]
fn a_reused_pid_has_ended() {
    let (_sleeper, peer) = Sleeper::start();
    for now in [peer, ProcessId::current().unwrap()] {
        let earlier = ProcessId { start_time: now.start_time - 1, ..now };
        let (wake, woken) = bell();
        let _watch = WakeAtEnd::of(earlier, wake);
        woken.recv_timeout(SOON).unwrap();
    }
}

#[test]
fn what_cannot_be_watched_is_off_and_ones_own_process_need_not_be() {
    let me = ProcessId::current().unwrap();
    let elsewhere = ProcessId { namespaces: Namespaces { pid: 7, ..me.namespaces }, pid: 1, ..me };
    for off in [WakeAtEnd::off(), WakeAtEnd::of(elsewhere, || unreachable!())] {
        assert!(!off.is_on() && !off.has_ended());
    }
    let watch = WakeAtEnd::of(me, || unreachable!());
    assert!(watch.is_on() && !watch.has_ended() && watch.place.is_none());
}

/// Once `drop` returns, `wake` no longer runs, and its content is gone: links unmap their memory next.
#[test]
fn after_the_drop_nothing_is_woken() {
    let (mut sleeper, peer) = Sleeper::start();
    let shared = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&shared);
    let watch = WakeAtEnd::of(peer, move || {
        seen.store(true, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(20)); // the drop comes meanwhile
        seen.store(false, Ordering::Relaxed);
    });
    sleeper.kill();
    wait_until("it wakes", || shared.load(Ordering::Relaxed));
    drop(watch);
    assert!(!shared.load(Ordering::Relaxed), "it has come to its end");
    assert_eq!(Arc::strong_count(&shared), 1);
}

/// Neither a thread nor a descriptor, in the watcher's table or in ours.
#[test]
fn a_thousand_leave_nothing() {
    let peers: Vec<_> = (0..20).map(|_| Sleeper::start()).collect();
    let _one = WakeAtEnd::of(peers[0].1, || {}); // so that there is a watcher
    for round in 0..50 {
        let watches: Vec<_> = peers.iter().map(|(_, peer)| WakeAtEnd::of(*peer, || {})).collect();
        if round % 10 == 0 {
            wait_until("all are watched", || watches.iter().all(WakeAtEnd::is_on));
        }
    }
    let pidfds = |table: &str| {
        let infos = fs::read_dir(format!("{table}/fdinfo")).unwrap();
        let infos: String = infos.filter_map(|info| fs::read_to_string(info.unwrap().path()).ok()).collect();
        let of_peer = |(sleeper, _): &(Sleeper, _)| format!("\nPid:\t{}\n", sleeper.0.id());
        peers.iter().map(of_peer).filter(|pid| infos.contains(pid)).count()
    };
    assert_eq!(pidfds("/proc/thread-self"), 0);
    wait_until("the watcher closes its pidfds", || pidfds(&watcher()) == 1);
}
