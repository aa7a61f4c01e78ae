//! POSIX message queues by bare calls: `mq_send` and `mq_receive`. Two queues, one for each direction.

use std::os::fd::{AsRawFd as _, OwnedFd};

use ipc_core::ownership::{self, Note, OwnershipLock};
use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::Role;
use ipc_msgq::Posix;
use ipc_msgq::posix::PosixName;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::mqueue::mq_unlink;

use super::ends::{BareEnds, BareSide, BothEnds};
use super::loops::play;
use super::sys;
use super::waiting::Waiter;

/// The capacity of a queue in messages: the most that an ordinary user may request.
const CAPACITY: i64 = 10;

/// Creates two queues for messages of `size` bytes. Both sides get the open queues, so their names are removed at once.
pub(super) fn make(size: usize) -> Result<BothEnds> {
    let _guard = ownership::CreationGuard::new();
    let name = PosixName::fresh();
    let ownership =
        OwnershipLock::take::<Posix>(Some(&format!("posix-{}", name.as_str().trim_start_matches('/'))))?;
    let queue = |name: PosixName| -> Result<OwnedFd> {
        ownership.record(Note::Queue(name.clone(), None))?; // noted before it exists, so it cannot leak
        let queue = sys::mq_open(name.as_str(), size, CAPACITY).call("mq_open")?;
        mq_unlink(name.as_str()).call("mq_unlink")?;
        Ok(queue)
    };
    let (down, up) = (queue(name)?, queue(PosixName::fresh())?);
    let copy = |fd: &OwnedFd| fd.try_clone().call("fcntl");
    let ping = BareEnds { descriptors: vec![copy(&up)?, copy(&down)?], number: 0 };
    Ok(BothEnds { ping, pong: BareEnds { descriptors: vec![down, up], number: 0 }, ownership: None })
}

/// Returns one side of the exchange.
pub(super) fn side(role: Role, ends: BareEnds, waiter: Waiter) -> Result<BareSide> {
    let [inbound, outbound]: [OwnedFd; 2] =
        ends.descriptors.try_into().map_err(|_| Error::Corrupt("not two descriptors"))?;
    if waiter.polls() {
        for queue in [&inbound, &outbound] {
            fcntl(queue, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).call("fcntl")?;
        }
    }
    Ok(Box::new(move |order| {
        play(
            role,
            order,
            |message| waiter.until(|| sys::mq_send(outbound.as_raw_fd(), message.text())),
            |message| waiter.until(|| sys::mq_receive(inbound.as_raw_fd(), message.text_mut())),
        )
    }))
}
