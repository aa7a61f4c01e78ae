//! [shmem-ipc](https://docs.rs/shmem-ipc): a ring in a sealed `memfd` between processes that do not trust each other, and
//! an `eventfd` for each side to sleep in. Its elements are of one size; here a byte, of which a message has many.

mod sys;

use std::os::fd::{AsRawFd as _, RawFd};
use std::process::Command;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::helper_process::HelperProcess;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use shmem_ipc::sharedring::{Receiver, Sender};

use super::{any, refused};
use crate::link::{Link, Transfer};
use crate::participants::Participant;
use crate::setup::{Setup, Waiting};

const NAME: &str = "shmem-ipc";

/// The bytes in each ring: as in the suite's.
const CAPACITY: usize = ipc_core::ring::CAPACITY;

pub fn participant() -> Participant {
    let implementation = || format!("shmem-ipc {}", env!("VERSION_SHMEM_IPC"));
    Participant::of::<Rings>(NAME, implementation, ("mmap", "memfd"), any)
}

struct Rings {
    sender: Sender<u8>,
    receiver: Receiver<u8>,
    waiting: Waiting,
    message: Vec<u8>,
}

impl Rings {
    fn new(sender: Sender<u8>, receiver: Receiver<u8>, setup: &Setup) -> Result<Self> {
        Ok(Self { sender, receiver, waiting: setup.waiting()?, message: vec![1; setup.size] })
    }
}

impl Link for Rings {
    type Meeting = (Sender<u8>, Receiver<u8>);

    fn create(_: &Setup) -> Result<Self::Meeting> {
        Ok((Sender::new(CAPACITY).map_err(refused(NAME))?, Receiver::new(CAPACITY).map_err(refused(NAME))?))
    }

    /// Lets the child inherit the six descriptors of both rings; their numbers are its address.
    fn invite((sender, receiver): &mut Self::Meeting, command: &mut Command) -> Result<()> {
        let files = [
            sender.memfd().as_file(),
            sender.empty_signal(),
            sender.full_signal(),
            receiver.memfd().as_file(),
            receiver.empty_signal(),
            receiver.full_signal(),
        ];
        for file in files {
            fcntl(file, FcntlArg::F_SETFD(FdFlag::empty())).call("fcntl")?;
        }
        command.arg(files.map(|file| file.as_raw_fd().to_string()).join(","));
        Ok(())
    }

    fn accept((sender, receiver): Self::Meeting, _: &mut HelperProcess, setup: &Setup) -> Result<Self> {
        Self::new(sender, receiver, setup)
    }

    fn join(setup: &Setup, address: &str) -> Result<Self> {
        let wrong = || Error::Usage(format!("invalid descriptors '{address}'"));
        let numbers: Vec<RawFd> =
            address.split(',').map(|number| number.parse().map_err(|_| wrong())).collect::<Result<_>>()?;
        let [theirs, their_empty, their_full, ours, our_empty, our_full] =
            <[RawFd; 6]>::try_from(numbers).map_err(|_| wrong())?.map(sys::inherited);
        let receiver = Receiver::open(CAPACITY, theirs, their_empty, their_full).map_err(refused(NAME))?;
        let sender = Sender::open(CAPACITY, ours, our_empty, our_full).map_err(refused(NAME))?;
        Self::new(sender, receiver, setup)
    }
}

impl Transfer for Rings {
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        let Self { sender, waiting, message, .. } = self;
        write(&mut message[..size]);
        waiting.until_whole(size, |sent| {
            if !waiting.polls() {
                sender.block_until_writable().map_err(refused(NAME))?;
            }
            sys::send_part(sender, &message[sent..size]).map_err(refused(NAME))
        })
    }

    fn receive(&mut self, size: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let Self { receiver, waiting, message, .. } = self;
        waiting.until_whole(size, |received| {
            if !waiting.polls() {
                receiver.block_until_readable().map_err(refused(NAME))?;
            }
            sys::receive_part(receiver, &mut message[received..size]).map_err(refused(NAME))
        })?;
        read(&message[..size])
    }
}
