//! The pipes of a scenario, and the ends that each process inherits.

use std::cell::RefCell;
use std::os::fd::OwnedFd;

use ipc_core::{Call as _, Result};
use ipc_demo::scenario::{Invited, KernelObject, NothingRemains, PipeBuffer, State};
use ipc_demo::system_call::{Inode, SystemCall};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;

use super::Context;
use super::performer::Performer;
use super::step::End;

/// One pipe, or two where processes talk both ways. They end with the last process that holds an end.
pub struct Pipes(RefCell<Vec<Pipe>>);

struct Pipe {
    inode: Inode,
    capacity: usize,
    /// Both ends, from which the processes get theirs, until [`close_our_ends`].
    ends: Option<(OwnedFd, OwnedFd)>,
}

/// The ends that a process inherits: of which pipe it has the read end, and of which the write end.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    pub reads: Option<usize>,
    pub writes: Option<usize>,
}

/// The read end of the only pipe.
pub const READER: Ends = Ends { reads: Some(0), writes: None };

/// Its write end.
pub const WRITER: Ends = Ends { reads: None, writes: Some(0) };

impl Pipe {
    fn new() -> Result<Self> {
        let (read, write) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
        let capacity = fcntl(&read, FcntlArg::F_GETPIPE_SZ).call("fcntl")?.cast_unsigned() as usize;
        Ok(Self { inode: Inode::of(&read)?, capacity, ends: Some((read, write)) })
    }
}

impl Pipes {
    /// Makes one more pipe; returns its number.
    pub fn another(&self) -> Result<usize> {
        let mut pipes = self.0.borrow_mut();
        pipes.push(Pipe::new()?);
        Ok(pipes.len() - 1)
    }

    /// Returns the number of bytes that a pipe can hold: 64 KiB, but less for a user with very many pipes.
    pub fn capacity(&self) -> usize {
        self.0.borrow()[0].capacity
    }

    /// Returns the bytes in each pipe. A pipe that no process can read from counts as empty.
    pub fn used(&self, processes: &[u32]) -> Result<Vec<usize>> {
        let pipes = self.0.borrow();
        let used = |pipe: &Pipe| Ok(PipeBuffer::look(pipe.inode, processes)?.map_or(0, |buffer| buffer.used));
        pipes.iter().map(used).collect()
    }
}

/// Closes the ends that the process has which made the pipe. Only now are those of the others all that there are.
pub fn close_our_ends(context: &Context) -> Result<()> {
    context.object().0.borrow_mut().iter_mut().for_each(|pipe| pipe.ends = None);
    context.note("the process that made the pipe closes its ends")
}

impl KernelObject for Pipes {
    const MECHANISM: &'static str = "pipe";
    const NAME: &'static str = "pipe";
    const TITLE: &'static str = "pipe";

    type Part = Ends;
    type Performer = Performer;
    type Remains = NothingRemains;

    fn create() -> Result<Self> {
        Ok(Self(RefCell::new(vec![Pipe::new()?])))
    }

    fn describe(&self) -> String {
        let pipes = self.0.borrow();
        let each = pipes.iter().map(|pipe| format!("pipe:[{}]", pipe.inode.number())).collect::<Vec<_>>();
        let room = if each.len() > 1 { "bytes each" } else { "bytes" };
        format!("{}, {} {room}", each.join(" and "), self.capacity())
    }

    fn invite(&self, part: Ends) -> Result<Invited<Vec<End>>> {
        let pipes = self.0.borrow();
        let ends =
            |pipe: usize| pipes[pipe].ends.as_ref().expect("processes start before the ends are closed");
        let read = part.reads.map(|pipe| (End::Read, &ends(pipe).0));
        let write = part.writes.map(|pipe| (End::Write, &ends(pipe).1));
        let mut invited = Invited::with(Vec::new());
        for (end, descriptor) in read.into_iter().chain(write) {
            invited.start.push(end);
            invited.descriptors.push(descriptor.try_clone().call("fcntl")?);
        }
        Ok(invited)
    }

    fn state(&self, processes: &[u32]) -> Result<Option<State>> {
        let (mut state, mut is_known) = (State::default(), false);
        let (mut used, mut contents) = (0, Vec::new());
        let pipes = self.0.borrow();
        for pipe in &*pipes {
            let Some(buffer) = PipeBuffer::look(pipe.inode, processes)? else { continue };
            is_known = true;
            used += buffer.used;
            contents.extend(buffer.contents());
        }
        if is_known {
            (state.used, state.contents) = (Some(used), Some(contents));
        }
        state.capacity = Some(pipes.iter().map(|pipe| pipe.capacity).sum());
        state.unit = Some("bytes");
        Ok(Some(state))
    }

    fn is_target(&self, call: &SystemCall, pid: u32) -> bool {
        let is_transfer = [libc::SYS_read, libc::SYS_write].contains(&call.number);
        let inode = is_transfer.then(|| Inode::of_process(pid, call.int(0))).flatten();
        inode.is_some_and(|inode| self.0.borrow().iter().any(|pipe| pipe.inode == inode))
    }
}
