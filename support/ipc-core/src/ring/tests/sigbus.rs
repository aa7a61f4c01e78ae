//! A `SIGBUS` that is not the guard's goes on to whatever handled that signal before. Each case is a process of its
//! own, which ends in the way that shows what it got.
#![allow(unsafe_code)]

use std::mem::{MaybeUninit, offset_of};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipc_conformance::watchdog::watched;
use nix::libc::{self, c_int, c_void, siginfo_t};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::gettid;

use crate::ring::guard::{self, Guarded};

const PART: &str = "IPC_CORE_SIGBUS_PART";
const PAGE: usize = 4096;

// The exit codes of a case's process.
const SURVIVED: i32 = 0;
const PLAIN: i32 = 10;
const SENT: i32 = 20;
const MISSING: i32 = 21;
const BROKEN: i32 = 22;
const CONFUSED: i32 = 30;

/// The address that the signal is about.
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn plain(signal: c_int) {
    // SAFETY: takes a number and does not return.
    unsafe { libc::_exit(if signal == libc::SIGBUS { PLAIN } else { CONFUSED }) }
}

extern "C" fn informed(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: a handler with `SA_SIGINFO` gets a valid `siginfo_t`.
    let info = unsafe { &*info };
    // SAFETY: any `siginfo_t` of this signal has an address; that of a signal sent by a process is not used.
    let address = unsafe { info.si_addr() } as usize;
    let told = match info.si_code {
        _ if signal != libc::SIGBUS => CONFUSED,
        libc::SI_TKILL => SENT,
        libc::BUS_ADRERR if address == ADDRESS.load(Ordering::Relaxed) => MISSING,
        libc::BUS_MCEERR_AR if address == ADDRESS.load(Ordering::Relaxed) => BROKEN,
        _ => CONFUSED,
    };
    // SAFETY: takes a number and does not return.
    unsafe { libc::_exit(told) }
}

fn handle_by(before: &str) {
    let (handler, flags) = match before {
        "default" => (libc::SIG_DFL, 0),
        "ignored" => (libc::SIG_IGN, 0),
        "plain" => (plain as *const () as usize, 0),
        _ => (informed as *const () as usize, libc::SA_SIGINFO),
    };
    // SAFETY: numbers, a mask and a pointer, for all of which zero is valid.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    (action.sa_sigaction, action.sa_flags) = (handler, flags);
    // SAFETY: the handlers only end the process.
    assert_eq!(unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) }, 0);
}

/// Maps a page of an empty file: touching it is a `SIGBUS`.
fn page() -> *mut u8 {
    let file = tempfile::tempfile().unwrap();
    let (read_write, fd) = (libc::PROT_READ | libc::PROT_WRITE, file.as_raw_fd());
    // SAFETY: a new mapping, at an address that the kernel chooses.
    let page = unsafe { libc::mmap(ptr::null_mut(), PAGE, read_write, libc::MAP_SHARED, fd, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    ADDRESS.store(page as usize, Ordering::Relaxed);
    page.cast()
}

fn touch(page: *mut u8) {
    // SAFETY: it is mapped, readable and writable; no page behind it is what this is about.
    unsafe { page.write_volatile(1) };
}

fn guarded(page: *const u8) -> Guarded {
    // SAFETY: the page stays mapped until the process ends.
    unsafe { Guarded::new(page, PAGE) }
}

/// Sends this thread the signal of a broken memory chip at `page`.
fn break_memory(page: *mut u8) {
    let mut info = [0_u8; size_of::<siginfo_t>()];
    let mut put = |at: usize, bytes: &[u8]| info[at..][..bytes.len()].copy_from_slice(bytes);
    put(offset_of!(siginfo_t, si_signo), &libc::SIGBUS.to_ne_bytes());
    put(offset_of!(siginfo_t, si_code), &libc::BUS_MCEERR_AR.to_ne_bytes());
    put(2 * size_of::<u64>(), &(page as usize).to_ne_bytes());
    let (process, thread) = (std::process::id(), gettid().as_raw());
    // SAFETY: takes numbers, and reads one `siginfo_t`.
    let sent =
        unsafe { libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, libc::SIGBUS, info.as_ptr()) };
    assert_eq!(sent, 0);
}

/// The process of a case; not a test.
#[test]
#[ignore = "the process of a case"]
fn process_of_a_case() {
    let Ok(part) = std::env::var(PART) else { return };
    let (before, what) = part.split_once(' ').unwrap();
    setrlimit(Resource::RLIMIT_CORE, 0, 0).unwrap();
    handle_by(before);
    guard::install().unwrap();
    let page = page();
    match what {
        // SAFETY: takes a number.
        "sent" => assert_eq!(unsafe { libc::raise(libc::SIGBUS) }, 0),
        "missing" => touch(page),
        "missing, once guarded" => {
            drop(guarded(page));
            touch(page);
        }
        _ => {
            let _guarded = guarded(page);
            break_memory(page);
        }
    }
    std::process::exit(SURVIVED);
}

/// Returns the exit code of such a process, or minus the signal that killed it.
fn end(before: &str, what: &str) -> i32 {
    let mut case = Command::new(std::env::current_exe().unwrap());
    let test = "ring::tests::sigbus::process_of_a_case";
    case.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    case.env(PART, format!("{before} {what}"));
    let status = watched(move || case.output().unwrap().status);
    status.code().unwrap_or_else(|| -status.signal().unwrap())
}

#[test]
fn another_sigbus_goes_to_the_previous_handler() {
    let killed = -libc::SIGBUS;
    for (before, what, expected) in [
        ("default", "sent", killed),
        ("default", "missing", killed),
        ("default", "missing, once guarded", killed),
        ("ignored", "sent", SURVIVED),
        ("ignored", "missing", killed), // a fault cannot be ignored
        ("plain", "sent", PLAIN),
        ("plain", "missing", PLAIN),
        ("informed", "sent", SENT),
        ("informed", "missing", MISSING),
        ("informed", "missing, once guarded", MISSING),
        ("informed", "broken memory", BROKEN),
    ] {
        assert_eq!(end(before, what), expected, "before: {before}; SIGBUS: {what}");
    }
}
