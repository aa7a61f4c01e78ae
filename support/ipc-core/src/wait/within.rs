//! The calls that each strategy makes, with and without a timeout.

use std::time::Duration;

use super::hybrid::{NOT_AT_ALL, hybrid};
use super::spin::spin;
use super::{Wait, Waiting};
use crate::{Receiver, Result, Sender};

impl<T: Sender> Waiting<T> {
    /// Sends by the strategy, for at most `timeout`; `None` means no limit.
    #[inline]
    pub(super) fn send_within(&mut self, message: &[u8], timeout: Option<Duration>) -> Result<Option<()>> {
        let at_once = |link: &mut T| link.try_send(message);
        self.hand_over_within(timeout, at_once, |link, timeout| match timeout {
            None => link.send(message).map(Some),
            NOT_AT_ALL => link.try_send(message),
            Some(timeout) => link.send_timeout(message, timeout),
        })
    }

    /// Adds to the batch in the same way.
    #[inline]
    pub(super) fn feed_within(&mut self, message: &[u8], timeout: Option<Duration>) -> Result<Option<()>> {
        let at_once = |link: &mut T| link.try_feed(message);
        self.hand_over_within(timeout, at_once, |link, timeout| match timeout {
            None => link.feed(message).map(Some),
            NOT_AT_ALL => link.try_feed(message),
            Some(timeout) => link.feed_timeout(message, timeout),
        })
    }

    /// Flushes the batch in the same way.
    #[inline]
    pub(super) fn flush_within(&mut self, timeout: Option<Duration>) -> Result<Option<()>> {
        self.hand_over_within(timeout, T::try_flush, |link, timeout| match timeout {
            None => link.flush().map(Some),
            NOT_AT_ALL => link.try_flush(),
            Some(timeout) => link.flush_timeout(timeout),
        })
    }

    /// Repeats `call`, which takes the time it may wait, by the strategy. `at_once` is the call that does not wait: where a
    /// side polls, nothing else is made, and the compiler need not look for it in `call`.
    #[inline]
    fn hand_over_within(
        &mut self,
        timeout: Option<Duration>,
        mut at_once: impl FnMut(&mut T) -> Result<Option<()>>,
        mut call: impl FnMut(&mut T, Option<Duration>) -> Result<Option<()>>,
    ) -> Result<Option<()>> {
        let Self { link, sending, sent, .. } = self;
        match self.wait {
            _ if timeout == NOT_AT_ALL => at_once(link),
            Wait::Block => call(link, timeout),
            // Usually there is room, and nothing to wait for.
            polling => match (sent.note(at_once(link)?), polling) {
                (Some(()), _) => Ok(Some(())),
                (None, Wait::Hybrid) => hybrid(link, sending, sent, timeout, call),
                (None, _) => spin(link, timeout, T::check_receiver, at_once),
            },
        }
    }
}

impl<T: Receiver> Waiting<T> {
    /// Receives by the strategy, for at most `timeout`; `None` means no limit.
    #[inline]
    pub(super) fn recv_within(
        &mut self,
        buffer: &mut [u8],
        timeout: Option<Duration>,
    ) -> Result<Option<usize>> {
        let Self { link, receiving, received, .. } = self;
        let mut call = |link: &mut T, timeout| match timeout {
            None => link.recv(buffer).map(Some),
            NOT_AT_ALL => link.try_recv(buffer),
            Some(timeout) => link.recv_timeout(buffer, timeout),
        };
        match self.wait {
            _ if timeout == NOT_AT_ALL => link.try_recv(buffer),
            Wait::Block => call(link, timeout),
            Wait::Spin => match received.note(link.try_recv(buffer)?) {
                None => spin(link, timeout, T::check_sender, |link| link.try_recv(buffer)),
                done => Ok(done),
            },
            Wait::Hybrid => hybrid(link, receiving, received, timeout, call),
        }
    }
}
