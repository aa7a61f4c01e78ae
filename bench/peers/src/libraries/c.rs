//! Bare C: what the same exchange takes without any library, in processes of one thread. The files are in `c/`; each
//! defines the same five functions.

use std::ffi::{CStr, CString, c_char, c_int};
use std::process::Command;
use std::time::Duration;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Pattern, Workload};
use ipc_demo::helper_process::HelperProcess;
use nix::errno::Errno;

use super::any;
use crate::link::Side;
use crate::participants::{Accept, Exchange, Participant, Where};
use crate::setup::{Setup, Waiting};

/// What a child inherits: as `NUMBERS` in `c/side.h`.
type Numbers = [c_int; 4];

/// `struct order` of `c/side.h`.
#[repr(C)]
struct Order {
    round_trip: bool,
    verify: bool,
    size: usize,
    count: u64,
}

/// `struct side`, of which each file has its own.
#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

/// The functions of a file.
struct Functions {
    create: unsafe extern "C" fn(*mut Numbers, *const c_char, usize) -> c_int,
    open: unsafe extern "C" fn(*mut *mut Opaque, c_int, c_int, *const Numbers, *const c_char, usize) -> c_int,
    play: unsafe extern "C" fn(*mut Opaque, *const Order) -> i64,
    close: unsafe extern "C" fn(*mut Opaque),
    /// Removes what a killed process left.
    remove: Option<unsafe extern "C" fn(*const c_char)>,
}

/// One of the files.
struct File {
    name: &'static str,
    /// The name in the results, after that of the compiler.
    label: fn() -> String,
    beside: (&'static str, &'static str),
    refusal: fn(&Exchange) -> Option<&'static str>,
    functions: Functions,
}

/// Declares the functions of one file.
macro_rules! functions {
    ($create:ident, $open:ident, $play:ident, $close:ident, $remove:expr) => {{
        #[allow(unsafe_code)] // SAFETY: the file defines them so
        unsafe extern "C" {
            fn $create(numbers: *mut Numbers, name: *const c_char, size: usize) -> c_int;
            fn $open(
                side: *mut *mut Opaque,
                role: c_int,
                waiting: c_int,
                numbers: *const Numbers,
                name: *const c_char,
                size: usize,
            ) -> c_int;
            fn $play(side: *mut Opaque, order: *const Order) -> i64;
            fn $close(side: *mut Opaque);
        }
        Functions { create: $create, open: $open, play: $play, close: $close, remove: $remove }
    }};
}

#[allow(unsafe_code)] // SAFETY: the files define them so
unsafe extern "C" {
    fn peers_compiler() -> *const c_char;
    fn peers_sysv_remove(name: *const c_char);
    fn peers_posix_remove(name: *const c_char);
}

#[cfg(feature = "boost")]
#[allow(unsafe_code)] // SAFETY: as above
unsafe extern "C" {
    fn peers_boost_version() -> *const c_char;
    fn peers_boost_remove(name: *const c_char);
}

static FILES: &[File] = &[
    File {
        name: "c-pipe",
        label: || in_c("pipe"),
        beside: ("pipe", "anonymous"),
        refusal: any,
        functions: functions!(peers_pipe_create, peers_pipe_open, peers_pipe_play, peers_pipe_close, None),
    },
    File {
        name: "c-pipe-blocks",
        label: || in_c("pipe in blocks"),
        beside: ("pipe", "anonymous"),
        refusal: |exchange| match exchange.pattern {
            Pattern::Stream if exchange.size > 4096 => Some("a message is longer than a block"),
            Pattern::Stream => None,
            _ => Some("a round trip has nothing to gather"),
        },
        functions: functions!(
            peers_blocks_create,
            peers_blocks_open,
            peers_blocks_play,
            peers_blocks_close,
            None
        ),
    },
    File {
        name: "c-stream",
        label: || in_c("unix stream"),
        beside: ("socket", "unix-stream"),
        refusal: any,
        functions: functions!(
            peers_stream_create,
            peers_stream_open,
            peers_stream_play,
            peers_stream_close,
            None
        ),
    },
    File {
        name: "c-sysv",
        label: || in_c("System V queue"),
        beside: ("msgq", "sysv"),
        refusal: any,
        functions: functions!(
            peers_sysv_create,
            peers_sysv_open,
            peers_sysv_play,
            peers_sysv_close,
            Some(peers_sysv_remove)
        ),
    },
    File {
        name: "c-posix",
        label: || in_c("POSIX queue"),
        beside: ("msgq", "posix"),
        refusal: any,
        functions: functions!(
            peers_posix_create,
            peers_posix_open,
            peers_posix_play,
            peers_posix_close,
            Some(peers_posix_remove)
        ),
    },
    File {
        name: "c-slot",
        label: || in_c("one slot"),
        beside: ("mmap", "memfd"),
        refusal: |exchange| match exchange.pattern {
            Pattern::Stream => Some("a slot carries one message at a time: no stream"),
            _ => only_polls(exchange),
        },
        functions: functions!(peers_slot_create, peers_slot_open, peers_slot_play, peers_slot_close, None),
    },
    File {
        name: "c-ring",
        label: || in_c("ring in batches"),
        beside: ("mmap", "memfd"),
        refusal: only_polls,
        functions: functions!(peers_ring_create, peers_ring_open, peers_ring_play, peers_ring_close, None),
    },
    #[cfg(feature = "boost")]
    File {
        name: "boost",
        label: || {
            let version = text(peers_boost_version).replace('_', ".");
            format!("boost {version} message_queue")
        },
        beside: ("shm", "posix"),
        refusal: any,
        functions: functions!(
            peers_boost_create,
            peers_boost_open,
            peers_boost_play,
            peers_boost_close,
            Some(peers_boost_remove)
        ),
    },
];

fn only_polls(exchange: &Exchange) -> Option<&'static str> {
    (!exchange.polls()).then_some("memory alone has nothing to sleep in")
}

/// Returns the text that a function of the files returns.
#[allow(unsafe_code)]
fn text(of: unsafe extern "C" fn() -> *const c_char) -> String {
    // SAFETY: it takes nothing, and returns a constant that ends with a zero.
    let text = unsafe { CStr::from_ptr(of()) };
    text.to_string_lossy().into_owned()
}

fn in_c(what: &str) -> String {
    format!("C ({}) {what}", text(peers_compiler))
}

/// Returns a participant for each file.
pub fn all() -> impl Iterator<Item = Participant> {
    FILES.iter().map(|file| Participant {
        name: file.name.into(),
        implementation: file.label,
        beside: file.beside,
        refusal: file.refusal,
        sides: Where::Processes { create, join },
        clean,
    })
}

fn functions(setup: &Setup) -> &'static Functions {
    let found = FILES.iter().find(|file| file.name == setup.participant);
    &found.expect("the participant was found by this name").functions
}

fn name(setup: &Setup) -> CString {
    CString::new(setup.name.as_str()).expect("letters, digits and hyphens")
}

/// Makes an error of a negative errno.
fn checked(returned: i64) -> Result<i64> {
    match Errno::from_raw(-returned.min(0) as i32) {
        _ if returned >= 0 => Ok(returned),
        Errno::EPIPE | Errno::ECONNRESET | Errno::EIDRM => Err(Error::Disconnected),
        Errno::EBADMSG => Err(Error::Corrupt("a message that was not sent")),
        errno => Err(errno).call("a call in C"),
    }
}

#[allow(unsafe_code)]
fn create(setup: &Setup, command: &mut Command) -> Result<Accept> {
    let mut numbers = Numbers::default();
    // SAFETY: `create` writes at most all numbers, and keeps neither pointer.
    checked(unsafe { (functions(setup).create)(&raw mut numbers, name(setup).as_ptr(), setup.size) }.into())?;
    command.arg(numbers.map(|number| number.to_string()).join(","));
    Ok(Box::new(move |_: &mut HelperProcess, setup: &Setup| open(setup, Role::Ping, numbers)))
}

fn join(setup: &Setup, address: &str) -> Result<Box<dyn Side>> {
    let wrong = || Error::Usage(format!("invalid numbers '{address}'"));
    let numbers: Vec<c_int> =
        address.split(',').map(|number| number.parse().map_err(|_| wrong())).collect::<Result<_>>()?;
    open(setup, Role::Pong, numbers.try_into().map_err(|_| wrong())?)
}

/// A side of one of the files.
struct Opened {
    side: *mut Opaque,
    functions: &'static Functions,
    /// The longest message for which it was opened.
    size: usize,
}

#[allow(unsafe_code)]
fn open(setup: &Setup, role: Role, numbers: Numbers) -> Result<Box<dyn Side>> {
    let (functions, mut side) = (functions(setup), std::ptr::null_mut());
    let role = match role {
        Role::Ping => 0,
        Role::Pong => 1,
    };
    let waiting = match setup.waiting()? {
        Waiting::Sleep => 0,
        Waiting::Poll => 1,
        Waiting::PollAndYield => 2,
    };
    let (out, name) = (&raw mut side, name(setup));
    // SAFETY: the numbers are those that `create` returned, in this process or in its parent, from which this one has
    // inherited the descriptors. `open` keeps none of the pointers.
    checked(
        unsafe { (functions.open)(out, role, waiting, &raw const numbers, name.as_ptr(), setup.size) }.into(),
    )?;
    Ok(Box::new(Opened { side, functions, size: setup.size }))
}

#[allow(unsafe_code)]
impl Side for Opened {
    fn play(&mut self, order: &Workload) -> Result<Duration> {
        if order.size != self.size {
            return Err(Error::Usage(format!("opened for messages of {} bytes", self.size)));
        }
        let order = Order {
            round_trip: order.pattern != Pattern::Stream,
            verify: order.verify,
            size: order.size,
            count: order.count,
        };
        // SAFETY: `side` is what `open` made, for messages of this length, and it is used by one thread at a time.
        let elapsed = checked(unsafe { (self.functions.play)(self.side, &raw const order) })?;
        Ok(Duration::from_nanos(elapsed as u64))
    }
}

#[allow(unsafe_code)]
impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: it was opened once, and is closed once.
        unsafe { (self.functions.close)(self.side) }
    }
}

/// Removes what a killed process has left.
#[allow(unsafe_code)]
fn clean(setup: &Setup) {
    if let Some(remove) = functions(setup).remove {
        // SAFETY: the name ends with a zero, and is not kept.
        unsafe { remove(name(setup).as_ptr()) }
    }
}
