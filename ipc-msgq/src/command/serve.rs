//! `serve`: many clients, one queue.
//!
//! Requests have type 1. Each carries the type that its client wants the answer to have: a random one, so that
//! nobody takes an answer to a process that had the same pid before. A client has one request under way.
//!
//! Both ways share the room of the queue. If the server waited for room while the queue is full of requests, which
//! it alone takes, everybody would sleep for ever. So it never waits to send: an answer that does not fit is kept
//! back, and the next request is received, which makes room.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use clap::Args;
use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Advise, Result};
use ipc_msgq::{Key, Message, MessageType, Queue, Until};
use nix::errno::Errno;

use super::Outcome;
use super::name::{self, Address, parse_mode};
use super::text::print;
use crate::scenario::Guard;

/// Makes a queue, prints its id, and sends every request of a `client` back, until interrupted
///
/// The queue is removed when this process ends, even if it is killed.
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    address: Address,
    /// Who may receive (4) and send (2): owner, group, others
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode, default_value = "0600")]
    mode: u32,
}

/// What a request begins with: who asks, and the type that the answer is to have. In the byte order of the machine.
pub const HEADER: usize = 8 + 8 + 4;

/// The type of every request.
pub const REQUEST: MessageType = MessageType::ONE;

/// Clients, and answers kept back, at most. A client has one request under way; only one that cheats has many.
const MANY: usize = 4096;

/// How often to look whether the clients live, and whether there is room again.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const TRY_EVERY: Duration = Duration::from_millis(5);

impl Serve {
    pub fn run(self) -> Result<Outcome> {
        let key = self.address.key()?.unwrap_or_else(Key::fresh);
        // A queue that is there already is somebody else's, and is not to be removed with this process.
        let in_use = || format!("there is a queue with key {key}: choose another key");
        if Queue::open(key).is_ok() {
            Queue::create(key, self.mode).advise(Errno::EEXIST, in_use)?;
        }
        let _guard = Guard::of(key)?;
        let queue = Queue::create(key, self.mode).advise(Errno::EEXIST, in_use)?;
        print(&format!("{}\n", queue.id()))?;
        eprintln!("from another terminal: ipc-msgq client --key {key} hello");
        let mut server =
            Server { queue, clients: HashMap::new(), backlog: VecDeque::new(), looked: Instant::now() };
        server.serve().map(|()| Outcome::Done)
    }
}

struct Server {
    queue: Queue,
    /// By the type of their answers.
    clients: HashMap<MessageType, ProcessId>,
    /// Answers for which there was no room.
    backlog: VecDeque<Message>,
    looked: Instant,
}

impl Server {
    fn serve(&mut self) -> Result<()> {
        let mut request = Message::with_capacity(ipc_msgq::Limits::read()?.message_bytes);
        loop {
            self.send_backlog()?;
            let until = match (self.backlog.is_empty(), self.clients.is_empty()) {
                (false, _) => TRY_EVERY.into(),
                (true, false) => LOOK_EVERY.into(),
                (true, true) => Until::NEVER,
            };
            if name::of(self.queue, self.queue.recv_until(REQUEST, &mut request, until))?.is_some() {
                self.answer(request.text());
            }
            self.look_after_clients()?;
        }
    }

    /// Keeps the answer. What is not a request is left out: anyone may send to the queue who may open it.
    fn answer(&mut self, request: &[u8]) {
        let Some((kind, process, text)) = parse(request) else {
            eprintln!("somebody sent {} bytes that are no request", request.len());
            return;
        };
        if self.backlog.len() >= MANY || self.clients.len() >= MANY {
            return; // somebody cheats: the others have time to be served
        }
        self.clients.entry(kind).or_insert_with(|| {
            eprintln!("client {} is here", process.pid);
            process
        });
        self.backlog.push_back(Message::new(kind, text));
    }

    fn send_backlog(&mut self) -> Result<()> {
        while let Some(answer) = self.backlog.front() {
            // The answer is shorter than its request was, so it is never too long.
            if name::of(self.queue, self.queue.try_send(answer))?.is_none() {
                break;
            }
            self.backlog.pop_front();
        }
        Ok(())
    }

    /// Forgets clients that are gone, with the answers that they have not taken: those would fill the queue.
    fn look_after_clients(&mut self) -> Result<()> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked = Instant::now();
        // Opened anew each time: so many clients may be more than there are descriptors for.
        let is_gone = |client: &ProcessId| PeerProcess::watch(*client).is_ok_and(|client| !client.is_alive());
        let gone: Vec<_> = self.clients.extract_if(|_, client| is_gone(client)).collect();
        for (kind, ProcessId { pid, .. }) in gone {
            eprintln!("client {pid} is gone");
            self.backlog.retain(|answer| answer.kind() != kind);
            let mut answer = Message::truncating(0);
            while name::of(self.queue, self.queue.try_recv(kind, &mut answer))?.is_some() {}
        }
        Ok(())
    }
}

/// The type of the answer, who asks, and the text.
fn parse(request: &[u8]) -> Option<(MessageType, ProcessId, &[u8])> {
    let (kind, rest) = request.split_first_chunk()?;
    let (start_time, rest) = rest.split_first_chunk()?;
    let (pid, text) = rest.split_first_chunk()?;
    let process = ProcessId { pid: u32::from_ne_bytes(*pid), start_time: u64::from_ne_bytes(*start_time) };
    let kind = MessageType::new(i64::from_ne_bytes(*kind)).filter(|kind| *kind != REQUEST)?;
    Some((kind, process, text))
}
