//! The calls for which there is no safe wrapper.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid};

/// Makes an opened `/dev/net/tun` the device `name`, which carries bare IP packets.
pub(crate) fn make_tun(file: &File, name: &str) -> nix::Result<()> {
    // SAFETY: all-zero bytes are a valid `ifreq`: an empty name and numbers.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    assert!(name.len() < request.ifr_name.len(), "the name of an interface has at most 15 bytes");
    for (place, byte) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *place = byte as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    // SAFETY: `TUNSETIFF` reads and writes one `ifreq`, which `request` is.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF as _, &raw mut request) };
    Errno::result(result).map(drop)
}

/// Has the kernel kill the command when the thread that starts it ends, or this process does.
pub(crate) fn die_with_this_thread(command: &mut Command) {
    let parent: Pid = getpid();
    let prepare = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // It may have ended before the call.
        if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec, `prepare` makes two system calls; it neither allocates nor takes a lock.
    unsafe { command.pre_exec(prepare) };
}
