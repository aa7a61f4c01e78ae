//! Three servers that answer each request with its own bytes, until every client has left. Each returns the number of its
//! answers.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::thread;

use ipc_core::{Call as _, Error, Result};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, recv, send};

use crate::load::SIZE;

/// What became of an attempt to serve one client.
enum Served {
    Answered,
    NothingThere,
    Left,
}

/// Receives a request and answers it.
fn answer(socket: &OwnedFd, flags: MsgFlags) -> Result<Served> {
    let mut message = [0; SIZE];
    match recv(socket.as_raw_fd(), &mut message, flags) {
        Ok(0) | Err(Errno::ECONNRESET) => Ok(Served::Left),
        Err(Errno::EAGAIN) => Ok(Served::NothingThere),
        Err(errno) => Err(errno).call("recv"),
        Ok(len) => match send(socket.as_raw_fd(), &message[..len], MsgFlags::MSG_NOSIGNAL) {
            Err(Errno::EPIPE) => Ok(Served::Left),
            sent => sent.call("send").map(|_| Served::Answered),
        },
    }
}

/// A thread for each client sleeps in `recv`.
pub(crate) fn block(sockets: Vec<OwnedFd>) -> Result<u64> {
    thread::scope(|scope| {
        let serve = |socket: OwnedFd| -> Result<u64> {
            let mut answers = 0;
            while let Served::Answered = answer(&socket, MsgFlags::empty())? {
                answers += 1;
            }
            Ok(answers)
        };
        let threads: Vec<_> = sockets.into_iter().map(|socket| scope.spawn(move || serve(socket))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| Error::Disconnected)?).sum()
    })
}

// ANCHOR: spin
/// One thread tries each client in turn, and gives others the CPU after a pass that has found nothing.
pub(crate) fn spin(mut sockets: Vec<OwnedFd>) -> Result<u64> {
    let mut answers = 0;
    while !sockets.is_empty() {
        let (mut left, before) = (Vec::new(), answers);
        for (at, socket) in sockets.iter().enumerate() {
            match answer(socket, MsgFlags::MSG_DONTWAIT)? {
                Served::Answered => answers += 1,
                Served::NothingThere => {}
                Served::Left => left.push(at),
            }
        }
        left.into_iter().rev().for_each(|at| drop(sockets.swap_remove(at)));
        if answers == before {
            thread::yield_now();
        }
    }
    Ok(answers)
}
// ANCHOR_END: spin

// ANCHOR: epoll
/// One thread sleeps for all clients, and is told which of them are ready.
pub(crate) fn epoll(sockets: Vec<OwnedFd>) -> Result<u64> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).call("epoll_create1")?;
    for (at, socket) in sockets.iter().enumerate() {
        epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, at as u64)).call("epoll_ctl")?;
    }
    let mut sockets: Vec<_> = sockets.into_iter().map(Some).collect();
    let (mut open, mut answers) = (sockets.len(), 0);
    let mut ready = vec![EpollEvent::empty(); open];
    while open > 0 {
        let count = epoll.wait(&mut ready, EpollTimeout::NONE).call("epoll_wait")?;
        for event in &ready[..count] {
            let slot = &mut sockets[event.data() as usize];
            let Some(socket) = slot else { continue };
            match answer(socket, MsgFlags::MSG_DONTWAIT)? {
                Served::Answered => answers += 1,
                Served::NothingThere => {}
                Served::Left => {
                    *slot = None; // closing it also removes it from the set
                    open -= 1;
                }
            }
        }
    }
    Ok(answers)
}
// ANCHOR_END: epoll
