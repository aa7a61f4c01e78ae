//! What a library offers to two processes: a way to meet, to send and to receive. The loops around it are the same for
//! all, the suite included.

use std::process::Command;
use std::time::{Duration, Instant};

use ipc_core::Result;
use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Pattern, Payload, Workload};
use ipc_demo::helper_process::HelperProcess;

use crate::setup::Setup;

/// The messages of a stream between two flushes, for those that gather them: as `BATCH` in `c/loops.h`.
pub const BATCH: u64 = 1_000;

/// One end of a connection between two processes, as a library offers it.
pub trait Link: Transfer + Sized {
    /// What the parent creates before its child is started.
    type Meeting;

    /// Creates what the two need to meet.
    ///
    /// # Errors
    /// As the library.
    fn create(setup: &Setup) -> Result<Self::Meeting>;

    /// Completes the command that starts the child. An address becomes its last argument.
    ///
    /// # Errors
    /// As the library.
    fn invite(_meeting: &mut Self::Meeting, _command: &mut Command) -> Result<()> {
        Ok(())
    }

    /// Returns the parent's end.
    ///
    /// # Errors
    /// As the library.
    fn accept(meeting: Self::Meeting, child: &mut HelperProcess, setup: &Setup) -> Result<Self>;

    /// Returns the child's end. The address is empty unless [`invite`](Self::invite) has added one.
    ///
    /// # Errors
    /// As the library.
    fn join(setup: &Setup, address: &str) -> Result<Self>;
}

/// The calls that move a message.
pub trait Transfer {
    /// Sends a message of `size` bytes, which `write` writes: in place, where the library allows that.
    ///
    /// # Errors
    /// As the library.
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()>;

    /// Receives a message of `size` bytes, which `read` reads: in place, where the library allows that.
    ///
    /// # Errors
    /// As the library, and as `read`.
    fn receive(&mut self, size: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()>;

    /// Sends what was held back, where the library gathers messages.
    ///
    /// # Errors
    /// As the library.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// One side of an exchange, whatever it is written in.
pub trait Side {
    /// Plays one exchange. Returns its time: on ping that of a round trip, on pong that of a stream, by the receiver's
    /// clock, from the first message on.
    ///
    /// # Errors
    /// As the library; [`Corrupt`](ipc_core::Error::Corrupt), if the exchange is verified: a wrong message.
    fn play(&mut self, order: &Workload) -> Result<Duration>;
}

/// Both sides of an exchange between two threads: ping and pong.
pub type Sides = (Box<dyn Side + Send>, Box<dyn Side + Send>);

/// A side that is played through a library's calls.
#[derive(Debug)]
pub struct Through<L> {
    link: L,
    role: Role,
}

impl<L> Through<L> {
    /// Returns the side of `role`.
    pub fn new(link: L, role: Role) -> Self {
        Self { link, role }
    }
}

impl<L: Transfer> Side for Through<L> {
    fn play(&mut self, order: &Workload) -> Result<Duration> {
        let (link, size) = (&mut self.link, order.size);
        let payload = Payload { verify: order.verify };
        let mut started = Instant::now();
        match (order.pattern, self.role) {
            (Pattern::RoundTrip | Pattern::OneWay, Role::Ping) => {
                for number in 0..order.count {
                    link.send(size, |message| payload.write(number, message))?;
                    link.flush()?;
                    link.receive(size, |message| payload.read(number, message))?;
                }
            }
            (Pattern::RoundTrip | Pattern::OneWay, Role::Pong) => {
                for number in 0..order.count {
                    link.receive(size, |message| payload.read(number, message))?;
                    link.send(size, |message| payload.write(number, message))?;
                    link.flush()?;
                }
            }
            (Pattern::Stream | Pattern::Paced, Role::Ping) => {
                for number in 0..order.count {
                    link.send(size, |message| payload.write(number, message))?;
                    if number % BATCH == BATCH - 1 {
                        link.flush()?;
                    }
                }
                link.flush()?;
            }
            (Pattern::Stream | Pattern::Paced, Role::Pong) => {
                for number in 0..order.count {
                    link.receive(size, |message| {
                        if number == 0 {
                            started = Instant::now();
                        }
                        payload.read(number, message)
                    })?;
                }
            }
        }
        Ok(started.elapsed())
    }
}
