//! The functions in C behind safe ones. The only file of these participants with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::str::FromStr;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::cpus::Role;
use nix::errno::Errno;

use crate::setup::{Setup, Waiting};

/// The numbers that a child inherits: as `NUMBERS` in `c/side.h`.
#[derive(Clone, Copy, Default)]
pub(super) struct Numbers([c_int; 4]);

/// `struct setup` of `c/side.h`.
#[repr(C)]
struct RawSetup {
    name: *const c_char,
    size: usize,
    numbers: [c_int; 4],
    role: c_int,
    waiting: c_int,
}

/// `struct order` of `c/side.h`.
#[repr(C)]
pub(super) struct Order {
    pub(super) round_trip: bool,
    pub(super) verify: bool,
    pub(super) size: usize,
    pub(super) count: u64,
}

/// `struct side`, of which each file has its own.
#[repr(C)]
struct RawSide {
    _private: [u8; 0],
}

/// `struct functions` of `c/side.h`: all that a file offers.
#[repr(C)]
pub(super) struct Functions {
    create: unsafe extern "C" fn(*mut RawSetup) -> c_int,
    open: unsafe extern "C" fn(*mut *mut RawSide, *const RawSetup) -> c_int,
    play: unsafe extern "C" fn(*mut RawSide, *const Order) -> i64,
    close: unsafe extern "C" fn(*mut RawSide),
    remove: Option<unsafe extern "C" fn(*const c_char)>,
}

// SAFETY: the files define them so.
unsafe extern "C" {
    pub(super) safe static peers_pipe: Functions;
    pub(super) safe static peers_pipe_blocks: Functions;
    pub(super) safe static peers_stream: Functions;
    pub(super) safe static peers_stream_blocks: Functions;
    pub(super) safe static peers_sysv: Functions;
    pub(super) safe static peers_posix: Functions;
    pub(super) safe static peers_slot: Functions;
    pub(super) safe static peers_ring: Functions;
    safe fn peers_compiler() -> *const c_char;
}

#[cfg(feature = "boost")]
// SAFETY: as above.
unsafe extern "C" {
    pub(super) safe static peers_boost: Functions;
    safe fn peers_boost_version() -> *const c_char;
}

impl Functions {
    /// Creates what the two sides need to meet.
    pub(super) fn create(&self, setup: &Setup) -> Result<Numbers> {
        let name = name(setup);
        let mut raw = raw(&name, setup, Role::Ping, Numbers::default())?;
        // SAFETY: `create` writes the numbers, and keeps neither the setup nor its name, which live until it returns.
        checked(unsafe { (self.create)(&raw mut raw) }.into())?;
        Ok(Numbers(raw.numbers))
    }

    /// Opens one side.
    pub(super) fn open(&'static self, setup: &Setup, role: Role, numbers: Numbers) -> Result<Opened> {
        let (name, mut side) = (name(setup), ptr::null_mut());
        let raw = raw(&name, setup, role, numbers)?;
        // SAFETY: the numbers are those that `create` returned, in this process or in its parent, from which this one has
        // inherited the descriptors. `open` keeps neither the setup nor its name.
        checked(unsafe { (self.open)(&raw mut side, &raw const raw) }.into())?;
        Ok(Opened { side, functions: self, size: setup.size })
    }

    /// Removes what a killed process has left.
    pub(super) fn remove(&self, setup: &Setup) {
        if let Some(remove) = self.remove {
            // SAFETY: the name ends with a zero, and is not kept.
            unsafe { remove(name(setup).as_ptr()) }
        }
    }
}

/// One side.
pub(super) struct Opened {
    side: *mut RawSide,
    functions: &'static Functions,
    /// The length of the messages for which it was opened.
    size: usize,
}

impl Opened {
    /// Plays one exchange, and returns its nanoseconds.
    pub(super) fn play(&mut self, order: &Order) -> Result<u64> {
        if order.size != self.size {
            return Err(Error::Usage(format!("opened for messages of {} bytes", self.size)));
        }
        // SAFETY: `side` is what `open` made, for messages of this length, and it is used by one thread at a time.
        checked(unsafe { (self.functions.play)(self.side, order) })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: it was opened once, and is closed once.
        unsafe { (self.functions.close)(self.side) }
    }
}

impl Numbers {
    /// Returns the argument that hands them to a child.
    pub(super) fn argument(self) -> String {
        self.0.map(|number| number.to_string()).join(",")
    }
}

impl FromStr for Numbers {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split(',').map(str::parse).collect::<std::result::Result<Vec<_>, _>>();
        let numbers = numbers.ok().and_then(|numbers| numbers.try_into().ok());
        numbers.map(Self).ok_or_else(|| Error::Usage(format!("invalid numbers '{text}'")))
    }
}

/// Returns the compiler of the files, with its version.
pub(super) fn compiler() -> String {
    text(peers_compiler())
}

/// Returns boost's version.
#[cfg(feature = "boost")]
pub(super) fn boost_version() -> String {
    text(peers_boost_version()).replace('_', ".")
}

fn text(constant: *const c_char) -> String {
    // SAFETY: the functions above return a constant that ends with a zero.
    unsafe { CStr::from_ptr(constant) }.to_string_lossy().into_owned()
}

fn name(setup: &Setup) -> CString {
    CString::new(setup.name.as_str()).expect("letters, digits and hyphens")
}

fn raw(name: &CStr, setup: &Setup, role: Role, Numbers(numbers): Numbers) -> Result<RawSetup> {
    let role = match role {
        Role::Ping => 0,
        Role::Pong => 1,
    };
    let waiting = match setup.waiting()? {
        Waiting::Sleep => 0,
        Waiting::Poll => 1,
        Waiting::PollAndYield => 2,
    };
    Ok(RawSetup { name: name.as_ptr(), size: setup.size, numbers, role, waiting })
}

/// Makes an error of a negative errno.
fn checked(returned: i64) -> Result<u64> {
    match Errno::from_raw(-returned.min(0) as i32) {
        _ if returned >= 0 => Ok(returned as u64),
        Errno::EPIPE | Errno::ECONNRESET | Errno::EIDRM => Err(Error::Disconnected),
        Errno::EBADMSG => Err(Error::Corrupt("a message that was not sent")),
        errno => Err(errno).call("a call in C"),
    }
}
