//! One FIFO for the requests of all clients, and one for the answers to each.
//!
//! This relies on `PIPE_BUF`: the kernel writes up to that many bytes (4096 on Linux) atomically, never interleaved
//! with another process's bytes. So a request begins with the number of its client, and the server reads one whole
//! request after the other. All requests have the same length, so a read of several of them ends between two.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{Call, Error, Result};
use ipc_fifo::Fifo;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::PIPE_BUF;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::load_generator::{self, Requester};
use super::part::{Clients, Part, ServerObjects, in_background};

/// The header of a request: the client's number.
const HEADER: usize = size_of::<u32>();

/// The longest request that is written atomically.
pub(super) const LONGEST: usize = PIPE_BUF - HEADER;

/// The most requests that are read at once.
const AT_ONCE: usize = 16;

fn requests(dir: &Path) -> PathBuf {
    dir.join("requests")
}

fn answers(dir: &Path, client: usize) -> PathBuf {
    dir.join(format!("answers-{client}"))
}

/// Creates all the FIFOs and starts to serve; returns their directory.
pub(super) fn serve(part: &Part) -> Result<(String, ServerObjects)> {
    let making = ownership::CreationGuard::new();
    let ownership = OwnershipLock::take::<Fifo>(None)?;
    let dir = ownership.path(""); // no directory in it: an ownership lock removes only the files in its own
    let make = |path: &Path| mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).call("mkfifo");
    make(&requests(&dir))?;
    part.clients.clone().try_for_each(|client| make(&answers(&dir, client)))?;
    drop(making);
    // For reading *and* writing: `open` does not wait for the other side, and there is no end of file while no client
    // is there.
    let open = |path: &Path| OpenOptions::new().read(true).write(true).open(path).call("open");
    let requests = open(&requests(&dir))?;
    let answers = part.clients.clone().map(|client| one_page(open(&answers(&dir, client))?));
    let answers = answers.collect::<Result<Vec<_>>>()?;
    let size = part.size;
    in_background(move || answer_all(requests, &answers, size))?;
    Ok((dir.display().to_string(), Box::new(ownership)))
}

/// Shrinks the pipe to one page, since it holds at most one answer. The memory of all pipes of a user is limited, and
/// beyond that limit new pipes, also those of other programs, get less.
fn one_page(fifo: File) -> Result<File> {
    fcntl(&fifo, FcntlArg::F_SETPIPE_SZ(4096)).call("fcntl")?;
    Ok(fifo)
}

/// Sends each request back as the answer.
fn answer_all(mut requests: File, answers: &[File], size: usize) -> Result<()> {
    let mut buffer = vec![0; AT_ONCE * (HEADER + size)];
    loop {
        let len = match requests.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            len => len.call("read")?,
        };
        let read = buffer[..len].chunks_exact(HEADER + size);
        if !read.remainder().is_empty() {
            return Err(Error::Corrupt("half a request"));
        }
        for request in read {
            let (client, payload) = request.split_first_chunk().expect("longer than its header");
            let mut answers = answers
                .get(u32::from_le_bytes(*client) as usize)
                .ok_or(Error::Corrupt("a request of an unknown client"))?;
            // The client has taken its last answer, or it has died and sends no more: this does not wait.
            answers.write_all(payload).call("write")?;
        }
    }
}

/// The two ends of one client.
pub(super) struct FifoClient {
    requests: Arc<File>,
    answers: File,
    request: Vec<u8>,
}

/// Opens the ends of all clients of this process.
pub(super) fn join(part: &Part) -> Result<Box<dyn Clients>> {
    let dir = Path::new(&part.address);
    let requests = Arc::new(OpenOptions::new().write(true).open(requests(dir)).call("open")?);
    let join = |client: usize| {
        // The same as without O_NONBLOCK, as the server has its end open; but the server may have just died.
        let answers = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(answers(dir, client))
            .call("open")?;
        fcntl(&answers, FcntlArg::F_SETFL(OFlag::empty())).call("fcntl")?; // from here on it waits
        let mut request = (client as u32).to_le_bytes().to_vec();
        request.resize(HEADER + part.size, 0);
        Ok(FifoClient { requests: Arc::clone(&requests), answers, request })
    };
    let clients = part.clients.clone().map(join).collect::<Result<_>>()?;
    load_generator::run(part, clients)
}

impl AsFd for FifoClient {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.answers.as_fd()
    }
}

impl Requester for FifoClient {
    fn ask(&mut self, request: &[u8]) -> Result<()> {
        self.request[HEADER..].copy_from_slice(request);
        (&*self.requests).write_all(&self.request).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Error::Disconnected,
            _ => Err::<(), _>(error).call("write").expect_err("it is one"),
        })
    }

    /// Reads the whole answer: no other process reads it, and it is written atomically.
    fn answer(&mut self, answer: &mut [u8]) -> Result<()> {
        loop {
            match self.answers.read(answer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) => return Err(Error::Disconnected),
                Ok(len) if len < answer.len() => return Err(Error::Corrupt("half an answer")),
                done => return done.map(drop).call("read"),
            }
        }
    }
}
