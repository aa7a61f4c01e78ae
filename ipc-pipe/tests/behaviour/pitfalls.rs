//! The pitfalls of a bare pipe.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use ipc_core::{Endpoint, Error, Mechanism, Receiver, Sender};
use ipc_demo::exchange::{self, Pattern, Workload};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

use crate::tools::{create, do_not_wait, raw_pipe, spawn_pong, wait_for_hang_up};

/// The end of file comes only when the last copy of the write end is closed, including one that the reader has
/// forgotten.
#[test]
fn a_forgotten_write_end_hides_the_end_of_file() {
    let (mut read, write) = raw_pipe();
    let forgotten = write.try_clone().unwrap();
    drop(write);
    do_not_wait(&read);
    assert_eq!(read.read(&mut [0]).unwrap_err().raw_os_error(), Some(Errno::EAGAIN as i32));
    drop(forgotten);
    wait_for_hang_up(&read);
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
}

/// Writing to a pipe without a reader fails with `EPIPE` where `SIGPIPE` is ignored.
#[test]
fn a_writer_without_a_reader_gets_epipe() {
    let (read, mut write) = raw_pipe();
    drop(read);
    wait_for_hang_up(&write);
    assert_eq!(write.write(b"anyone?").unwrap_err().raw_os_error(), Some(Errno::EPIPE as i32));
}

/// Writing to a pipe without a reader ends the writer where `SIGPIPE` is not ignored: that is how `yes | head` stops.
#[test]
fn a_writer_without_a_reader_dies_of_sigpipe() {
    let mut yes = Command::new("yes").stdout(Stdio::piped()).spawn().unwrap();
    drop(yes.stdout.take());
    assert_eq!(yes.wait().unwrap().signal(), Some(nix::libc::SIGPIPE));
}

/// A full pipe takes no more bytes: its writer has to wait.
#[test]
fn a_full_pipe_takes_no_more() {
    let (_read, mut write) = raw_pipe();
    do_not_wait(&write);
    let capacity = fcntl(&write, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
    assert_eq!(write.write(&vec![0; 2 * capacity]).unwrap(), capacity);
    assert_eq!(write.write(b"x").unwrap_err().raw_os_error(), Some(Errno::EAGAIN as i32));
}

/// A write of up to `PIPE_BUF` bytes is whole or not done at all; a longer one may be torn by other writers' bytes.
#[test]
fn a_short_write_is_atomic_and_a_long_one_is_not() {
    const PIPE_BUF: usize = nix::libc::PIPE_BUF;
    let (mut read, mut write) = raw_pipe();
    do_not_wait(&write);
    let capacity = fcntl(&write, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
    write.write_all(&vec![0; capacity]).unwrap();
    read.read_exact(&mut [0; PIPE_BUF]).unwrap(); // room for one page
    let torn = write.write(&[1; 2 * PIPE_BUF]).unwrap();
    assert_eq!(torn, PIPE_BUF, "the first half of a long write should have gone in alone");
    assert_eq!(write.write(&[1; PIPE_BUF]).unwrap_err().raw_os_error(), Some(Errno::EAGAIN as i32));
}

/// Two sides that both write into full pipes would wait for each other forever: `try_send` avoids that.
#[test]
fn two_full_pipes_are_a_deadlock() {
    let mut pipe = create();
    let mut pong = spawn_pong(&mut pipe);
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    // The peer will send 64 KiB answers; this side requests them and goes on sending without receiving any.
    let order = Workload { pattern: Pattern::RoundTrip, verify: false, size: 64 << 10, count: 1000 };
    let mut sent = 0;
    let _ = exchange::ping(&mut OneWay(&mut link), &order, |_, _| {}); // sends the order, then stops at the first answer
    let message = vec![0; order.size];
    let stuck = loop {
        if link.try_send(&message).unwrap().is_none() {
            // Not now, and not in a tenth of a second either: the peer waits for us as we would wait for it.
            std::thread::sleep(Duration::from_millis(100));
            if link.try_send(&message).unwrap().is_none() {
                break true;
            }
        }
        sent += 1;
        if sent == order.count {
            break false;
        }
    };
    assert!(stuck, "all {sent} messages went out, although no peer received the answers");
    pong.kill();
}

/// A link that sends but never receives.
struct OneWay<'a, T>(&'a mut T);

impl<T: Endpoint> Endpoint for OneWay<'_, T> {
    fn max_message(&self) -> usize {
        self.0.max_message()
    }
}

impl<T: Sender> Sender for OneWay<'_, T> {
    fn send(&mut self, message: &[u8]) -> ipc_core::Result<()> {
        self.0.send(message)
    }
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> ipc_core::Result<Option<()>> {
        self.0.send_timeout(message, timeout)
    }
    fn try_send(&mut self, message: &[u8]) -> ipc_core::Result<Option<()>> {
        self.0.try_send(message)
    }
}

impl<T: Receiver> Receiver for OneWay<'_, T> {
    fn recv(&mut self, _: &mut [u8]) -> ipc_core::Result<usize> {
        Err(Error::Disconnected)
    }
    fn recv_timeout(&mut self, _: &mut [u8], _: Duration) -> ipc_core::Result<Option<usize>> {
        Err(Error::Disconnected)
    }
    fn try_recv(&mut self, _: &mut [u8]) -> ipc_core::Result<Option<usize>> {
        Ok(None)
    }
}
