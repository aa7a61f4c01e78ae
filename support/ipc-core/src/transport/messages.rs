//! The messages of a link, one after another, up to its end.

use std::iter::FusedIterator;

use crate::{Error, Result};

/// Yields what `receive` returns, up to the end of the stream: a peer that is [gone](Error::Disconnected) is the end,
/// and any other error is the last item.
pub(super) fn messages<M>(receive: impl FnMut() -> Result<M>) -> impl FusedIterator<Item = Result<M>> {
    Messages { receive: Some(receive) }
}

/// An iterator that ends with its stream.
struct Messages<R> {
    /// `None` after the end.
    receive: Option<R>,
}

impl<M, R: FnMut() -> Result<M>> Iterator for Messages<R> {
    type Item = Result<M>;

    fn next(&mut self) -> Option<Result<M>> {
        let received = self.receive.as_mut()?();
        if received.is_err() {
            self.receive = None;
        }
        match received {
            Err(Error::Disconnected) => None,
            received => Some(received),
        }
    }
}

impl<M, R: FnMut() -> Result<M>> FusedIterator for Messages<R> {}
