//! The server's thread for each client.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::process::ProcessId;
use ipc_core::{Deadline, Error, Result};
use nix::errno::Errno;

use super::Event;
use super::back_pressure::{UNREAD_FOR, Unread};
use super::state::{ServerState, Slot, drain, reject};
use super::wire::{ClientMessage, Types, Welcome, parse};
use crate::wake_timer::WakeUp;
use crate::{Message, Queue, WaitLimit};

/// The interval, while waiting for room, at which to check for messages from the client, though it should send none.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Session<'a> {
    state: &'a ServerState,
    slot: Slot,
    types: Types,
    request: Message,
    /// Requests of a pipelined client, taken out of its queue to make room for an answer.
    backlog: VecDeque<Vec<u8>>,
    /// Its client was sent its welcome, and waits for answers from now on.
    is_welcomed: bool,
}

/// The reason for the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client has left.
    Left,
    /// It sent a request before it had taken its last answer, or more at once than it had announced.
    Flooded,
    /// The reaper has found it dead, or the server is stopping.
    Cancelled,
}

impl<'a> Session<'a> {
    pub(super) fn new(state: &'a ServerState, slot: Slot) -> Self {
        let types = slot.types();
        // A request longer than the server can answer is cut, so it does not block the queue.
        let request = Message::truncating(state.longest);
        Self { state, slot, types, request, backlog: VecDeque::new(), is_welcomed: false }
    }

    /// Serves the client until it is gone, and then frees its slot.
    pub(super) fn run(mut self) {
        // This fails only when a queue is gone, and then there is nothing left to do.
        let end = self.serve();
        // A client that leaves and ends at once may be found dead before its message is read.
        let left = matches!(end, Ok(End::Left)) || self.has_left();
        let killed = !left && self.state.is_dead(&self.slot);
        if killed || left {
            for kind in [self.types.inbound, self.types.outbound] {
                let _ = drain(self.slot.queue, kind);
            }
            let _ = drain(self.state.meeting, self.slot.welcome);
        } else {
            // The server stops. The client may still take its last answers, before this and before the queue is removed.
            if self.slot.queue != self.state.meeting {
                self.wait_until_taken();
            }
            let _ = if self.is_welcomed {
                reject(self.slot.queue, self.types.outbound)
            } else {
                reject(self.state.meeting, self.slot.welcome)
            };
        }
        let client = self.slot.client;
        self.state.notify(if killed { Event::Killed(client) } else { Event::Left(client) });
        self.state.free(&self.slot);
    }

    /// Waits until the client has taken its answers, if there are any, but no longer than [`UNREAD_FOR`].
    fn wait_until_taken(&self) {
        let deadline = Instant::now() + UNREAD_FOR;
        // Asks for the answer with a buffer that is too small for any: it stays, and the error says that it is there.
        let too_small = &mut Message::with_capacity(0);
        let is_there = |error: &Error| error.errno() == Some(Errno::E2BIG);
        while Instant::now() < deadline
            && self.slot.queue.try_recv(self.types.outbound, too_small).is_err_and(|error| is_there(&error))
        {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Returns whether one of the client's remaining messages says that it leaves.
    fn has_left(&mut self) -> bool {
        let queue = self.slot.queue;
        // Only those present now, so that a steady sender cannot keep it busy.
        for _ in 0..queue.stat().map_or(0, |stat| stat.messages) {
            if !matches!(queue.try_recv(self.types.inbound, &mut self.request), Ok(Some(()))) {
                return false;
            }
            if parse(self.request.text(), self.slot.session) == Some(ClientMessage::Leave) {
                return true;
            }
        }
        false
    }

    fn serve(&mut self) -> Result<End> {
        // For the whole session, since it costs more than a system call: once the token is cancelled, a signal is sent to
        // this thread again and again.
        let _wake_up = WakeUp::at(Deadline::Never, self.slot.cancel.id())?;
        let mut end = self.welcome()?;
        while end.is_none() {
            end = self.serve_one()?;
        }
        if end == Some(End::Flooded) { self.discard() } else { Ok(end.unwrap_or(End::Cancelled)) }
    }

    fn welcome(&mut self) -> Result<Option<End>> {
        let Slot { session, queue, client, welcome: kind, .. } = self.slot;
        let slot = self.slot.number_in_queue();
        let welcome = Welcome { session, slot, queue, server: ProcessId::current()? };
        self.state.notify(Event::Joined(client));
        drain(queue, self.types.inbound)?; // late messages of an earlier client in this slot
        let end = self.answer(self.state.meeting, &Message::new(kind, &welcome.encode()))?;
        self.is_welcomed = end.is_none();
        Ok(end)
    }

    /// Receives one request and answers it.
    fn serve_one(&mut self) -> Result<Option<End>> {
        if self.receive()?.is_none() {
            return Ok(Some(End::Cancelled));
        }
        let session = self.slot.session.to_ne_bytes();
        let text = match parse(self.request.text(), self.slot.session) {
            None => return Ok(None), // a late message from an earlier client in this slot: harmless
            Some(ClientMessage::Leave) => return Ok(Some(End::Left)),
            Some(ClientMessage::LacksRoom) => {
                self.state.reclaim_room(self.slot.queue);
                return Ok(None);
            }
            Some(ClientMessage::Request(_)) if self.slot.rejected.load(Ordering::SeqCst) => {
                return Ok(Some(End::Flooded));
            }
            Some(ClientMessage::Request(text)) => text,
        };
        *self.slot.unread() = None;
        // A pipelined client may leave answers in its queue, where they are in no other client's way.
        let left_answer = !self.slot.is_pipelined()
            && self.slot.queue.try_recv(self.types.outbound, &mut Message::truncating(0))?.is_some();
        if left_answer || self.request.is_truncated() {
            return Ok(Some(End::Flooded));
        }
        // A handler that panics, or returns too long an answer, ends only this session.
        let answer = catch_unwind(AssertUnwindSafe(|| self.state.handler.answer(text)));
        let answer = answer.ok().map(|answer| [&session[..], &answer].concat());
        match answer.filter(|answer| answer.len() <= self.state.longest) {
            Some(answer) => self.answer(self.slot.queue, &Message::new(self.types.outbound, &answer)),
            None => Ok(Some(End::Flooded)),
        }
    }

    /// Waits for the client's next message. Returns `None` if the session is over. One system call: from then on, the
    /// signals of `serve` interrupt it.
    fn receive(&mut self) -> Result<Option<()>> {
        loop {
            if self.slot.cancel.is_cancelled() {
                return Ok(None);
            }
            if let Some(text) = self.backlog.pop_front() {
                self.request.set_text(text.len()).copy_from_slice(&text);
                return Ok(Some(()));
            }
            match self.slot.queue.recv(self.types.inbound, &mut self.request) {
                Err(error) if error.errno() == Some(Errno::EINTR) => {}
                received => return received.map(Some),
            }
        }
    }

    /// Sends an answer, or the welcome, which is taken back if the client leaves it in the queue for too long.
    fn answer(&mut self, queue: Queue, message: &Message) -> Result<Option<End>> {
        let end = self.send(queue, message)?;
        if end.is_none() {
            *self.slot.unread() = Some(Unread { since: Instant::now(), queue, kind: message.kind() });
        }
        Ok(end)
    }

    /// Sends `message`, and makes sure before it waits that no request of the client is in its queue: it is its turn to
    /// receive. So this thread does not sleep for room that only it could make.
    // ANCHOR: send
    fn send(&mut self, queue: Queue, message: &Message) -> Result<Option<End>> {
        loop {
            // Does not wait, even if the session is over by now: an answer that is ready is sent.
            if queue.try_send(message)?.is_some() {
                return Ok(None);
            }
            while !self.slot.cancel.is_cancelled()
                && self.slot.queue.try_recv(self.types.inbound, &mut self.request)?.is_some()
            {
                match parse(self.request.text(), self.slot.session) {
                    None | Some(ClientMessage::LacksRoom) => {}
                    Some(ClientMessage::Leave) => return Ok(Some(End::Left)), // it did not want to wait any longer
                    // With the one that is being answered, it has as many under way as it announced.
                    Some(ClientMessage::Request(_)) if self.backlog.len() + 1 >= self.slot.depth => {
                        return Ok(Some(End::Flooded));
                    }
                    Some(ClientMessage::Request(_)) if self.request.is_truncated() => {
                        return Ok(Some(End::Flooded));
                    }
                    Some(ClientMessage::Request(_)) => self.backlog.push_back(self.request.text().to_vec()),
                }
            }
            let limit = WaitLimit::from(LOOK_EVERY).or(&self.slot.cancel);
            if queue.send_until(message, limit)?.is_some() {
                return Ok(None);
            }
            if self.slot.cancel.is_cancelled() {
                return Ok(Some(End::Cancelled));
            }
            self.state.reclaim_room(queue);
        }
    }
    // ANCHOR_END: send

    /// Discards the client's messages for as long as the client is there: left in the queue, they would fill it.
    fn discard(&mut self) -> Result<End> {
        if !self.slot.rejected.swap(true, Ordering::SeqCst) {
            reject(self.slot.queue, self.types.outbound)?;
            self.state.notify(Event::Rejected(self.slot.client));
        }
        loop {
            if self.receive()?.is_none() {
                return Ok(End::Cancelled);
            }
            if parse(self.request.text(), self.slot.session) == Some(ClientMessage::Leave) {
                return Ok(End::Left);
            }
        }
    }
}
