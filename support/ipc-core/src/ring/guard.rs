//! Surviving a peer that truncates the shared memory.
//!
//! Any process that may write to a file can truncate it under a mapping. The mapping stays, but its pages beyond the
//! new end are gone, and a plain load or store there raises the signal `SIGBUS`, which kills the process. With the
//! guard [installed](install), its handler maps a page of zeros in place of the lost page and marks the memory as
//! broken. The load or store is repeated and succeeds; its result means nothing, so the ring checks the mark after each
//! access and returns [`Corrupt`](crate::Error::Corrupt) instead of what it has read. (libwayland and systemd's journal
//! do the same.)
//!
//! Why this is sound:
//! - A page is replaced only within registered memory, and memory is registered only while it is mapped. So no other
//!   memory is changed, and what was mapped, readable and writable, remains so.
//! - Rust holds no reference to these bytes except to atomics, for which any bytes are valid: a peer can change them at
//!   any moment, to anything, without a signal, too.
//! - The handler calls `mmap` and, for a fault that is not ours, `sigaction` and `raise`. It takes no lock and
//!   allocates no memory. The fields that it reads of a registration never change, except for one atomic; the list
//!   grows only at its head.
//! - The mark is set before the page is replaced. So any thread that has read from the new page finds the mark at its
//!   next check, whether or not it was the one that faulted.
//!
//! Any other `SIGBUS` goes to the previous handler, or ends the process as it always did.
#![allow(unsafe_code)]

use std::mem::{MaybeUninit, transmute};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::libc::{self, c_int, c_void, siginfo_t};

use crate::Result;
use crate::error::Call;

/// A registered piece of memory. Never freed, since a handler may be reading it; reused for memory at the same address.
#[derive(Debug)]
struct Piece {
    start: usize,
    end: usize,
    /// One of [`FREE`], [`INTACT`] and [`BROKEN`].
    state: AtomicU32,
    next: *const Piece,
}

const FREE: u32 = 0;
const INTACT: u32 = 1;
const BROKEN: u32 = 2;

/// The list of all pieces, newest first.
static PIECES: AtomicPtr<Piece> = AtomicPtr::new(ptr::null_mut());

/// Held while a piece is added. The handler does not take it.
static ADDING: Mutex<()> = Mutex::new(());

/// Zero until the guard is installed.
static PAGE_SIZE: AtomicUsize = AtomicUsize::new(0);

/// The action for SIGBUS before the guard was installed.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Turns the truncation of shared memory into an error, [`Corrupt`](crate::Error::Corrupt), instead of the end of this
/// process: installs a handler for `SIGBUS`. Further calls do no harm.
///
/// The library does not do this by itself, since there is one handler for the whole process. The demos and the harness
/// do.
///
/// # Errors
/// `sigaction` fails.
pub fn install() -> Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if *installed {
        return Ok(());
    }
    // SAFETY: the call takes a number and returns one.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    PAGE_SIZE.store(page as usize, Ordering::Relaxed);
    let mut before = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: with no new action, the call only writes the old one, for which there is room.
    Errno::result(unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), before.as_mut_ptr()) })
        .call("sigaction")?;
    // SAFETY: the call succeeded, so it has been written. Stored before the handler can need it.
    BEFORE.get_or_init(|| unsafe { before.assume_init() });
    // SAFETY: numbers, a mask and a pointer, for all of which zero is valid.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = on_sigbus as *const () as usize;
    // On the signal stack, if there is one: the previous handler, such as Rust's own, may be there to report a stack
    // overflow.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler does only what is allowed in one, as the comment at the top explains.
    Errno::result(unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) })
        .call("sigaction")?;
    *installed = true;
    Ok(())
}

/// Memory under guard for as long as this value lives.
#[derive(Debug)]
pub(super) struct Guarded(&'static Piece);

// SAFETY: only the state of a piece ever changes, and it is an atomic.
unsafe impl Sync for Piece {}
// SAFETY: as above; a piece is never freed.
unsafe impl Send for Piece {}

impl Guarded {
    /// Registers the `size` bytes from `start` on.
    ///
    /// # Safety
    /// They are mapped, readable and writable, and belong to the caller alone, until the returned value is dropped. No
    /// Rust reference to them exists except to atomics.
    pub(super) unsafe fn new(start: *const u8, size: usize) -> Self {
        let (start, end) = (start as usize, start as usize + size);
        let _adding = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pieces().find(|piece| {
            (piece.start, piece.end) == (start, end) && piece.state.load(Ordering::Relaxed) == FREE
        });
        let piece = known.unwrap_or_else(|| {
            let next = PIECES.load(Ordering::Relaxed);
            let piece = Box::leak(Box::new(Piece { start, end, state: AtomicU32::new(FREE), next }));
            // Release: a handler that sees the piece in the list sees its contents.
            PIECES.store(piece, Ordering::Release);
            piece
        });
        piece.state.store(INTACT, Ordering::Release);
        Self(piece)
    }

    #[inline]
    pub(super) fn is_broken(&self) -> bool {
        fence(Ordering::Acquire); // a read before this check cannot move behind it
        self.0.state.load(Ordering::Relaxed) == BROKEN
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.state.store(FREE, Ordering::Release);
    }
}

fn pieces() -> impl Iterator<Item = &'static Piece> {
    // SAFETY: a piece in the list is never freed, and does not change except for atomics.
    let first = unsafe { PIECES.load(Ordering::Acquire).as_ref() };
    // SAFETY: as above.
    std::iter::successors(first, |piece| unsafe { piece.next.as_ref() })
}

extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a valid `siginfo_t` to a handler with `SA_SIGINFO`.
    let told = unsafe { &*info };
    // SAFETY: any `siginfo_t` of this signal has an address; that of a signal sent by a process is not used.
    let address = unsafe { told.si_addr() } as usize;
    // The code for a missing page, not for a broken memory chip or for kill(1).
    if told.si_code != libc::BUS_ADRERR || !replace_page(address) {
        pass_on(signal, info, context);
    }
}

/// Maps a page of zeros at `address`, if that is in a registered piece.
fn replace_page(address: usize) -> bool {
    let is_there = |piece: &&Piece| {
        piece.state.load(Ordering::Acquire) != FREE && (piece.start..piece.end).contains(&address)
    };
    let Some(piece) = pieces().find(is_there) else { return false };
    let size = PAGE_SIZE.load(Ordering::Relaxed);
    let page = (address & !(size - 1)) as *mut c_void;
    piece.state.store(BROKEN, Ordering::Release);
    let errno = Errno::last(); // the errno of the interrupted code
    let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the page lies in a piece that is mapped and registered for this; see the top of the file.
    let mapped = unsafe { libc::mmap(page, size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    errno.set();
    mapped != libc::MAP_FAILED
}

/// Acts as if this handler were not installed.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let before = BEFORE.get().expect("noted before the handler was installed");
    // SAFETY: as in `on_sigbus`. A signal sent by a process has a code of 0 or less.
    let was_sent = unsafe { (*info).si_code } <= 0;
    match before.sa_sigaction {
        libc::SIG_IGN if was_sent => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: numbers, a mask and a pointer, for all of which zero is valid; zero is SIG_DFL.
            let default: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
            // SAFETY: a valid action; the call is allowed in a handler. A fault recurs by itself when this handler
            // returns.
            unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
            if was_sent {
                // SAFETY: a number; allowed in a handler.
                unsafe { libc::raise(signal) };
            }
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the flag says that the function has this type.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = unsafe { transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without the flag, the function takes the signal's number alone.
            let handler: extern "C" fn(c_int) = unsafe { transmute(handler) };
            handler(signal);
        }
    }
}
