//! A wire made of a thread between two TUN devices: it reads the packets that one host sends, and writes them to the
//! other when their time has come. The same on every kernel, and which packets are lost is known beforehand; but each
//! packet costs two system calls and two wake-ups.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use ipc_core::{Advise as _, Call as _, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::prctl;
use nix::sys::time::TimeSpec;

use crate::lane::{Count, Lane};
use crate::{Conditions, sys};

/// The longest packet, in bytes: that of Ethernet.
pub(crate) const MTU: usize = 1_500;
/// The packets taken from one side before the other has its turn, so that none waits long behind a flood.
const TURN: usize = 64;

/// The two directions: from a to b, from b to a.
type Lanes = [Lane; 2];

/// The wire. Dropping it ends the thread, and the kernel removes the devices.
#[derive(Debug)]
pub(crate) struct Wire {
    lanes: Arc<Mutex<Lanes>>,
    end: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
}

/// Makes the TUN device `name` in the network namespace of this thread.
pub(crate) fn tun(name: &str) -> Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
    let file = file.call("open").on("/dev/net/tun");
    let file = file.advise(Errno::ENOENT, || "this kernel has no TUN devices: try `modprobe tun`".into());
    let file = file.advise(Errno::EACCES, || "only its owner may make a TUN device here".into())?;
    sys::make_tun(&file, name).call("ioctl TUNSETIFF")?;
    Ok(file)
}

impl Wire {
    /// Joins the devices of host a and host b.
    pub fn between(ends: [File; 2], conditions: &Conditions) -> Result<Self> {
        let lanes = [conditions.losses_from_a(), conditions.losses_from_b()];
        let lanes = Arc::new(Mutex::new(lanes.map(|losses| Lane::new(conditions, losses))));
        let end = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC).call("eventfd")?);
        let (shared, told) = (Arc::clone(&lanes), Arc::clone(&end));
        let thread = thread::Builder::new().name("wire".into());
        let thread = thread.spawn(move || carry(&ends, &shared, &told)).call("clone")?;
        Ok(Self { lanes, end, thread: Some(thread) })
    }

    pub fn set(&self, conditions: &Conditions) {
        let mut lanes = lock(&self.lanes);
        lanes[0].set(conditions, conditions.losses_from_a());
        lanes[1].set(conditions, conditions.losses_from_b());
    }

    /// When this returns, nothing passes any more.
    pub fn cut(&self) {
        lock(&self.lanes).iter_mut().for_each(Lane::cut);
    }

    pub fn mend(&self) {
        lock(&self.lanes).iter_mut().for_each(Lane::mend);
    }

    pub fn counts(&self) -> [Count; 2] {
        let lanes = lock(&self.lanes);
        [lanes[0].count, lanes[1].count]
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.end.write(1).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join(); // a panic has been reported
        }
    }
}

fn lock(lanes: &Mutex<Lanes>) -> MutexGuard<'_, Lanes> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries packets until it is told to end.
fn carry(ends: &[File; 2], lanes: &Mutex<Lanes>, told: &EventFd) {
    let _ = prctl::set_timerslack(1); // in nanoseconds; by default the kernel may wake a thread 50 µs late
    let mut buffer = [0; MTU];
    loop {
        let due = lock(lanes).iter().filter_map(Lane::due).min();
        let left = due.map(|due| TimeSpec::from_duration(due.saturating_duration_since(Instant::now())));
        let mut ready =
            [told.as_fd(), ends[0].as_fd(), ends[1].as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match ppoll(&mut ready, left, None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => panic!("ppoll: {errno}"),
        }
        if ready[0].any() == Some(true) {
            return;
        }
        // Held until what has arrived is written: after a cut, nothing passes.
        let mut lanes = lock(lanes);
        for (lane, mut end) in lanes.iter_mut().zip(ends) {
            let now = Instant::now();
            for _ in 0..TURN {
                let Ok(length) = end.read(&mut buffer) else { break }; // none is left
                lane.take(&buffer[..length], now);
            }
        }
        let now = Instant::now();
        for (lane, mut end) in lanes.iter_mut().zip([&ends[1], &ends[0]]) {
            while let Some(packet) = lane.arrived(now) {
                let _ = end.write(&packet); // refused while the device is down: lost, as on any wire
            }
        }
    }
}
