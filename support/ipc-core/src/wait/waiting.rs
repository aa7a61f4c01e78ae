//! The choice for each call: sleep in the kernel, or poll.

use std::time::Duration;

use super::spin_budget::{self, SpinBudget};
use super::{Streak, Wait};
use crate::{Endpoint, Receiver, Result, Sender, Split};

/// A link, or one half of it, whose `send` and `recv`, with and without a timeout, wait by a chosen strategy.
///
/// ```
/// # use ipc_core::{Receiver, Result, Sender, Transport, Wait, Waiting};
/// fn answer(link: impl Transport) -> Result<()> {
///     let mut link = Waiting::new(link, Wait::Hybrid);
///     let mut buffer = [0; 64];
///     let len = link.recv(&mut buffer)?;
///     link.send(&buffer[..len])
/// }
/// ```
#[derive(Debug)]
pub struct Waiting<T> {
    pub(super) link: T,
    pub(super) wait: Wait,
    /// The learned polling times for room and for a message: the two have little in common.
    pub(super) sending: SpinBudget,
    pub(super) receiving: SpinBudget,
    pub(super) sent: Streak,
    pub(super) received: Streak,
}

impl<T> Waiting<T> {
    /// Wraps `link`.
    pub fn new(link: T, wait: Wait) -> Self {
        let may_poll = wait == Wait::Hybrid && spin_budget::several_cpus();
        let [sending, receiving] = [SpinBudget::new(may_poll), SpinBudget::new(may_poll)];
        Self { link, wait, sending, receiving, sent: Streak::default(), received: Streak::default() }
    }

    /// Returns the link itself, for calls that only this mechanism has.
    pub const fn link_mut(&mut self) -> &mut T {
        &mut self.link
    }
}

impl<T: Split> Waiting<T> {
    /// Takes the link apart into two halves that wait by the same strategy: see [`Split::split`].
    pub fn split(self) -> (Waiting<T::Sender>, Waiting<T::Receiver>) {
        let Self { link, wait, sending, receiving, sent, received } = self;
        let (sender, receiver) = link.split();
        (
            Waiting { sending, sent, ..Waiting::new(sender, wait) },
            Waiting { receiving, received, ..Waiting::new(receiver, wait) },
        )
    }
}

const NO_LIMIT: &str = "a call without a timeout waits until it is done";

impl<T: Endpoint> Endpoint for Waiting<T> {
    fn max_message(&self) -> usize {
        self.link.max_message()
    }
}

impl<T: Sender> Sender for Waiting<T> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.send(message),
            Wait::Spin | Wait::Hybrid => self.send_within(message, None).map(|sent| sent.expect(NO_LIMIT)),
        }
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.send_within(message, Some(timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.link.try_send(message)
    }

    #[inline]
    fn feed(&mut self, message: &[u8]) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.feed(message),
            Wait::Spin | Wait::Hybrid => self.feed_within(message, None).map(|fed| fed.expect(NO_LIMIT)),
        }
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.feed_within(message, Some(timeout))
    }

    #[inline]
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.link.try_feed(message)
    }

    fn flush(&mut self) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.flush(),
            Wait::Spin | Wait::Hybrid => self.flush_within(None).map(|flushed| flushed.expect(NO_LIMIT)),
        }
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        self.flush_within(Some(timeout))
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.link.try_flush()
    }

    fn unsent(&mut self) -> usize {
        self.link.unsent()
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.link.check_receiver()
    }
}

impl<T: Receiver> Receiver for Waiting<T> {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.wait {
            Wait::Block => self.link.recv(buffer),
            Wait::Spin | Wait::Hybrid => self.recv_within(buffer, None).map(|len| len.expect(NO_LIMIT)),
        }
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.recv_within(buffer, Some(timeout))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.link.try_recv(buffer)
    }

    fn check_sender(&mut self) -> Result<()> {
        self.link.check_sender()
    }
}
