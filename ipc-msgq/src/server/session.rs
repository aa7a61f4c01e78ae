//! The server's thread for each client.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ipc_core::Result;
use ipc_core::process::ProcessId;

use super::Event;
use super::hall::{Hall, Seat};
use super::wire::{Said, Types, Welcome, said};
use crate::{Message, Until};

/// The interval, while waiting for room, at which to check for messages from the client, though it should send none.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Session<'a> {
    hall: &'a Hall,
    seat: Seat,
    types: Types,
    request: Message,
}

/// The reason for the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client said goodbye.
    Left,
    /// It sent a request before it had taken its last answer.
    Flooded,
    /// The reaper has found it dead, or the server is stopping.
    Over,
}

impl<'a> Session<'a> {
    pub(super) fn new(hall: &'a Hall, seat: Seat) -> Self {
        let types = Types::of(seat.number);
        // A request longer than the server can answer is cut, so it does not block the queue.
        Self { hall, seat, types, request: Message::truncating(hall.longest) }
    }

    /// Serves the client until it is gone, and then frees its seat.
    pub(super) fn run(mut self) {
        // This fails only when the queue is gone, and then there is nothing left to do.
        let end = self.serve();
        // A client that says goodbye and ends at once may be found dead before its goodbye is read.
        let left = matches!(end, Ok(End::Left)) || self.said_goodbye();
        let killed = !left && self.hall.was_killed(&self.seat);
        if killed || left {
            for kind in [self.types.inbound, self.types.outbound, self.seat.welcome] {
                let _ = self.hall.drain(kind);
            }
        } else {
            // The server stops. The client may still take its last answer, which comes before this.
            let _ = self.hall.turn_out(self.types.outbound);
        }
        let client = self.seat.client;
        self.hall.tell(if killed { Event::Killed(client) } else { Event::Left(client) });
        self.hall.free(&self.seat);
    }

    /// Returns whether the client's remaining messages include a goodbye.
    fn said_goodbye(&mut self) -> bool {
        let queue = self.hall.queue;
        while let Ok(Some(())) = queue.try_recv(self.types.inbound, &mut self.request) {
            if said(self.request.text(), self.seat.session) == Some(Said::Goodbye) {
                return true;
            }
        }
        false
    }

    fn serve(&mut self) -> Result<End> {
        let mut end = self.welcome()?;
        while end.is_none() {
            end = self.serve_one()?;
        }
        if end == Some(End::Flooded) { self.refuse() } else { Ok(end.unwrap_or(End::Over)) }
    }

    fn welcome(&mut self) -> Result<Option<End>> {
        let Seat { session, number, client, welcome: kind, .. } = self.seat;
        let welcome = Welcome { session, seat: number, server: ProcessId::current()? };
        self.hall.tell(Event::Joined(client));
        let end = self.send(&Message::new(kind, &welcome.encode()));
        *self.seat.answered() = Some(Instant::now());
        end
    }

    /// Receives one request and answers it.
    fn serve_one(&mut self) -> Result<Option<End>> {
        let received = self.hall.queue.recv_until(self.types.inbound, &mut self.request, &self.seat.over)?;
        if received.is_none() {
            return Ok(Some(End::Over));
        }
        let session = self.seat.session.to_ne_bytes();
        let text = match said(self.request.text(), self.seat.session) {
            None => return Ok(None), // a late message from an earlier client in this seat: harmless
            Some(Said::Goodbye) => return Ok(Some(End::Left)),
            Some(Said::Request(_)) if self.seat.refused.load(Ordering::SeqCst) => {
                return Ok(Some(End::Flooded));
            }
            Some(Said::Request(text)) => text,
        };
        *self.seat.answered() = None;
        let untaken = self.hall.queue.try_recv(self.types.outbound, &mut Message::truncating(0))?;
        if untaken.is_some() || self.request.is_truncated() {
            return Ok(Some(End::Flooded));
        }
        // A handler that panics, or returns too long an answer, ends only this session.
        let answer = catch_unwind(AssertUnwindSafe(|| self.hall.handler.answer(text)));
        let answer = answer.ok().map(|answer| [&session[..], &answer].concat());
        match answer.filter(|answer| answer.len() <= self.hall.longest) {
            Some(answer) => {
                let end = self.send(&Message::new(self.types.outbound, &answer));
                *self.seat.answered() = Some(Instant::now());
                end
            }
            None => Ok(Some(End::Flooded)),
        }
    }

    /// Sends `message`, and makes sure before each attempt that the client has nothing in the queue: it is its turn to
    /// receive. So this thread does not sleep for room that only it could make.
    // ANCHOR: send
    fn send(&mut self, message: &Message) -> Result<Option<End>> {
        let queue = self.hall.queue;
        loop {
            while queue.try_recv(self.types.inbound, &mut self.request)?.is_some() {
                match said(self.request.text(), self.seat.session) {
                    None => {}
                    Some(Said::Goodbye) => return Ok(Some(End::Left)), // it did not want to wait any longer
                    Some(Said::Request(_)) => return Ok(Some(End::Flooded)),
                }
            }
            // Does not wait, even if the session is over by now: an answer that is ready is sent.
            if queue.try_send(message)?.is_some() {
                return Ok(None);
            }
            let until = Until::from(LOOK_EVERY).or(&self.seat.over);
            if queue.send_until(message, until)?.is_some() {
                return Ok(None);
            }
            if self.seat.over.is_interrupted() {
                return Ok(Some(End::Over));
            }
            self.hall.make_room();
        }
    }
    // ANCHOR_END: send

    /// Discards the client's messages for as long as the client is there: left in the queue, they would fill it.
    fn refuse(&mut self) -> Result<End> {
        if !self.seat.refused.swap(true, Ordering::SeqCst) {
            self.hall.turn_out(self.types.outbound)?;
            self.hall.tell(Event::Refused(self.seat.client));
        }
        loop {
            let until = &self.seat.over;
            if self.hall.queue.recv_until(self.types.inbound, &mut self.request, until)?.is_none() {
                return Ok(End::Over);
            }
            if said(self.request.text(), self.seat.session) == Some(Said::Goodbye) {
                return Ok(End::Left);
            }
        }
    }
}
