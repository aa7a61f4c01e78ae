//! The state that the threads of a server share: the queue and the seats.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Call, Result, lease};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::wire::{Join, Types};
use super::{Event, Handler};
use crate::{Interrupter, Message, MessageType, Queue};

/// The highest number of clients. Further ones are turned away.
const SEATS: usize = 4096;

pub(super) struct Hall {
    pub(super) queue: Queue,
    pub(super) handler: Box<dyn Handler>,
    /// The longest message, in bytes.
    pub(super) longest: usize,
    /// Ends the thread at the door.
    pub(super) closing: Interrupter,
    /// Makes the reaper look again.
    pub(super) reaper: EventFd,
    /// The time of the last search for answers that clients do not take.
    pub(super) made_room: Mutex<Instant>,
    seats: Mutex<Seats>,
    /// Signalled when a seat has become free.
    freed: Condvar,
}

pub(super) struct Seats {
    pub(super) taken: Vec<Option<Seat>>,
    /// Starts at a random number: clients of an earlier server at this queue may still be running.
    next_session: u64,
}

/// A client's seat.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) number: u32,
    pub(super) session: u64,
    pub(super) client: ProcessId,
    /// The type of its welcome.
    pub(super) welcome: MessageType,
    /// The process of the client, shared by all its clients.
    process: Arc<PeerProcess>,
    /// Ends its thread, whatever that is waiting for.
    pub(super) over: Interrupter,
    /// The time since which its answer, or its welcome, is in the queue, as far as its thread knows.
    pub(super) answered: Arc<Mutex<Option<Instant>>>,
    /// The client is refused: it has been told so, and what it sends is discarded.
    pub(super) refused: Arc<AtomicBool>,
    /// The reaper knows that its process has ended.
    killed: bool,
}

impl Hall {
    pub(super) fn new(queue: Queue, handler: Box<dyn Handler>) -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            queue,
            handler,
            longest: queue.longest_text()?,
            closing: Interrupter::new(),
            reaper: EventFd::from_value_and_flags(0, flags).call("eventfd")?,
            made_room: Mutex::new(Instant::now()),
            seats: Mutex::new(Seats { taken: Vec::new(), next_session: lease::random() }),
            freed: Condvar::new(),
        })
    }

    pub(super) fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `client` a seat; returns `None` if there is none. A client that has died meanwhile gets a seat, too: the
    /// reaper takes care of it.
    pub(super) fn seat(&self, Join { client, welcome }: Join) -> Result<Option<Seat>> {
        let mut seats = self.seats();
        let known = seats.taken.iter().flatten().find(|seat| seat.client == client);
        let process = match known {
            Some(seat) => Arc::clone(&seat.process),
            None => Arc::new(PeerProcess::watch(client)?),
        };
        let number = seats.taken.iter().position(Option::is_none).unwrap_or(seats.taken.len());
        if number >= SEATS {
            return Ok(None);
        }
        let number = number as u32; // below SEATS
        // Removes an answer that came too late for the previous client. The new session drains what that client sent.
        self.drain(Types::of(number).outbound)?;
        let session = seats.next_session;
        seats.next_session = session.wrapping_add(1);
        let seat = Seat {
            number,
            session,
            client,
            welcome,
            process,
            over: Interrupter::new(),
            answered: Arc::default(),
            refused: Arc::default(),
            killed: false,
        };
        if number as usize == seats.taken.len() {
            seats.taken.push(None);
        }
        seats.taken[number as usize] = Some(seat.clone());
        drop(seats);
        let _ = self.reaper.write(1); // this fails only after so many writes that the reaper looks anyway
        Ok(Some(seat))
    }

    /// Frees the seat: its client will never use its types again, and another may.
    pub(super) fn free(&self, seat: &Seat) {
        self.seats().taken[seat.number as usize] = None;
        self.freed.notify_all();
    }

    /// Returns whether the reaper has found the client dead.
    pub(super) fn was_killed(&self, seat: &Seat) -> bool {
        self.seats().taken[seat.number as usize].as_ref().is_some_and(|seat| seat.killed)
    }

    /// Returns the processes that have clients here and are not known to have ended: each once.
    pub(super) fn processes(&self) -> Vec<Arc<PeerProcess>> {
        let mut processes: Vec<_> = {
            let seats = self.seats();
            let alive = seats.taken.iter().flatten().filter(|seat| !seat.killed);
            alive.map(|seat| Arc::clone(&seat.process)).collect()
        };
        processes.sort_by_key(Arc::as_ptr);
        processes.dedup_by_key(|process| Arc::as_ptr(process));
        processes
    }

    /// Ends the threads of all clients of `process`.
    pub(super) fn bury(&self, process: &Arc<PeerProcess>) {
        for seat in self.seats().taken.iter_mut().flatten().filter(|seat| Arc::ptr_eq(&seat.process, process))
        {
            seat.killed = true;
            seat.over.interrupt();
        }
    }

    /// Ends the threads of all clients, and waits until they have ended.
    pub(super) fn clear(&self) {
        let mut seats = self.seats();
        seats.taken.iter().flatten().for_each(|seat| seat.over.interrupt());
        while seats.taken.iter().any(Option::is_some) {
            seats = self.freed.wait(seats).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns the number of seats taken.
    pub(super) fn count(&self) -> usize {
        self.seats().taken.iter().flatten().count()
    }

    /// Removes the messages of type `kind`: only those present now, so that a steady sender cannot keep it busy.
    pub(super) fn drain(&self, kind: MessageType) -> Result<()> {
        let mut message = Message::truncating(0);
        for _ in 0..self.queue.stat()?.messages {
            if self.queue.try_recv(kind, &mut message)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Tells a process waiting for a message of type `kind` that none will come. Without a text it always fits.
    pub(super) fn turn_out(&self, kind: MessageType) -> Result<()> {
        self.queue.try_send(&Message::new(kind, &[])).map(drop)
    }

    pub(super) fn tell(&self, event: Event) {
        self.handler.notice(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::let_in;

    /// A client that comes when all seats are taken is told so; a free seat is given away again, for a new session.
    #[test]
    fn there_are_so_many_seats_and_no_more() {
        let queue = Queue::private(0o600).unwrap().owned();
        let hall = Arc::new(Hall::new(*queue, Box::new(|request: &[u8]| request.to_vec())).unwrap());
        let welcome = super::super::wire::fresh_type();
        let join = Join { welcome, client: ProcessId::current().unwrap() };
        let numbers = (0..SEATS).map(|_| hall.seat(join).unwrap().unwrap().number as usize);
        assert!(numbers.eq(0..SEATS));
        assert!(hall.seat(join).unwrap().is_none());
        let_in(&hall, join).unwrap();
        let mut told = Message::with_capacity(100);
        assert!(queue.try_recv(welcome, &mut told).unwrap().is_some() && told.text().is_empty());

        let seat = hall.seats().taken[7].clone().unwrap();
        hall.free(&seat);
        assert_eq!(hall.count(), SEATS - 1);
        let again = hall.seat(join).unwrap().unwrap();
        assert_eq!((again.number, again.session), (7, seat.session.wrapping_add(SEATS as u64 - 7)));
    }
}
