//! Bare C: what the same exchange takes without any library, in processes of one thread. The files are in `c/`; each
//! defines the same five functions.

mod files;

use std::ffi::{CString, c_char, c_int};
use std::process::Command;
use std::time::Duration;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Pattern, Workload};
use ipc_demo::helper_process::HelperProcess;
use nix::errno::Errno;

use self::files::FILES;
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
    flush_every: u64,
    refusal: fn(&Exchange) -> Option<&'static str>,
    functions: Functions,
}

/// Returns a participant for each file.
pub fn all() -> impl Iterator<Item = Participant> {
    FILES.iter().map(|file| Participant {
        name: file.name.into(),
        implementation: file.label,
        beside: file.beside,
        flush_every: file.flush_every,
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
    let numbers = &raw const numbers;
    // SAFETY: the numbers are those that `create` returned, in this process or in its parent, from which this one has
    // inherited the descriptors. `open` keeps none of the pointers.
    let opened = unsafe { (functions.open)(out, role, waiting, numbers, name.as_ptr(), setup.size) };
    checked(opened.into())?;
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
