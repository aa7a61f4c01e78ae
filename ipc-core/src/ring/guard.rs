//! Surviving a peer that cuts the shared memory short.
//!
//! A file can be truncated under a mapping by any process that may write to it. The mapping stays, but its pages behind
//! the new end are gone, and the answer to a plain load or store there is the signal `SIGBUS`, which ends the process.
//! With the guard [installed](install), its handler puts a page of zeros in the lost page's place and marks the memory as
//! broken. The load or store is repeated and succeeds; what it gives means nothing, so the ring asks for the mark after
//! each access and answers [`Corrupt`](crate::Error::Corrupt) in place of what it has read. (libwayland and systemd's journal
//! do the same.)
//!
//! Why that is sound:
//! - A page is replaced only within memory that is registered, and it is registered as long as it is mapped. So no memory
//!   of another owner is changed, and what was mapped, readable and writable, stays so.
//! - Rust holds no reference to these bytes except to atomics, and any bytes are valid in them: that they change at any
//!   moment, to anything, is what a peer may bring about without a signal, too.
//! - The handler calls `mmap` and, for a fault that is not ours, `sigaction` and `raise`. It takes no lock and no memory.
//!   What it reads of a registration never changes but for one atomic; the list only grows at its head.
//! - The mark is there before the page is. So any thread that has read from the new page finds the mark with its next
//!   look, whether it was the one that faulted or not.
//!
//! Any other `SIGBUS` goes to the handler that was there before, or ends the process as it always did.
#![allow(unsafe_code)]

use std::mem::{MaybeUninit, transmute};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::libc::{self, c_int, c_void, siginfo_t};

use crate::Result;
use crate::error::Call;

/// A registered piece of memory. Never freed, since a handler may be looking at it; used again for memory at the same
/// place.
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

/// Held while a piece is added. The handler does without.
static ADDING: Mutex<()> = Mutex::new(());

/// Zero until the guard is installed.
static PAGE_SIZE: AtomicUsize = AtomicUsize::new(0);

/// What was to happen on SIGBUS before.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Makes a shared memory that was cut short an error, [`Corrupt`](crate::Error::Corrupt), instead of the end of this process:
/// installs a handler for `SIGBUS`. Once is enough, and more does no harm.
///
/// A library does not do so by itself, since there is one handler for the whole process. The demos and the harness do.
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
    // SAFETY: the call succeeded, so it is written. Noted before the handler can need it.
    BEFORE.get_or_init(|| unsafe { before.assume_init() });
    // SAFETY: numbers, a mask and a pointer, for all of which zero is valid.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = on_sigbus as *const () as usize;
    // On the signal stack, if there is one: the handler before, as Rust's own, may be there for an overflown stack.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler keeps to what is allowed in one, as the page above says.
    Errno::result(unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) })
        .call("sigaction")?;
    *installed = true;
    Ok(())
}

/// Memory under guard, as long as this lives.
#[derive(Debug)]
pub(super) struct Guarded(&'static Piece);

// SAFETY: of a piece only the state ever changes, which is an atomic.
unsafe impl Sync for Piece {}
// SAFETY: as above; it lives for ever.
unsafe impl Send for Piece {}

impl Guarded {
    /// Registers the `size` bytes from `start` on.
    ///
    /// # Safety
    /// They are mapped, readable and writable, and they are nobody else's, until the returned value is dropped. No Rust
    /// reference to them exists except to atomics.
    pub(super) unsafe fn new(start: *const u8, size: usize) -> Self {
        let (start, end) = (start as usize, start as usize + size);
        let _adding = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pieces().find(|piece| {
            (piece.start, piece.end) == (start, end) && piece.state.load(Ordering::Relaxed) == FREE
        });
        let piece = known.unwrap_or_else(|| {
            let next = PIECES.load(Ordering::Relaxed);
            let piece = Box::leak(Box::new(Piece { start, end, state: AtomicU32::new(FREE), next }));
            // Release: the handler, which sees it in the list, sees what is in it.
            PIECES.store(piece, Ordering::Release);
            piece
        });
        piece.state.store(INTACT, Ordering::Release);
        Self(piece)
    }

    #[inline]
    pub(super) fn is_broken(&self) -> bool {
        fence(Ordering::Acquire); // what was read before this look was read before it
        self.0.state.load(Ordering::Relaxed) == BROKEN
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.state.store(FREE, Ordering::Release);
    }
}

fn pieces() -> impl Iterator<Item = &'static Piece> {
    // SAFETY: what is in the list is never freed, and does not change but for atomics.
    let first = unsafe { PIECES.load(Ordering::Acquire).as_ref() };
    // SAFETY: as above.
    std::iter::successors(first, |piece| unsafe { piece.next.as_ref() })
}

extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a valid `siginfo_t` to a handler with `SA_SIGINFO`.
    let told = unsafe { &*info };
    // SAFETY: any `siginfo_t` of this signal has an address; that of one that was sent is not used.
    let address = unsafe { told.si_addr() } as usize;
    // The code of a page that is not there: not of a broken memory chip, nor of kill(1).
    if told.si_code != libc::BUS_ADRERR || !replace_page(address) {
        pass_on(signal, info, context);
    }
}

/// Puts a page of zeros at `address`, if that is in a registered piece.
fn replace_page(address: usize) -> bool {
    let is_there = |piece: &&Piece| {
        piece.state.load(Ordering::Acquire) != FREE && (piece.start..piece.end).contains(&address)
    };
    let Some(piece) = pieces().find(is_there) else { return false };
    let size = PAGE_SIZE.load(Ordering::Relaxed);
    let page = (address & !(size - 1)) as *mut c_void;
    piece.state.store(BROKEN, Ordering::Release);
    let errno = Errno::last(); // of the code that was interrupted
    let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the page lies in a piece that is mapped and registered for this; see the page's head.
    let mapped = unsafe { libc::mmap(page, size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    errno.set();
    mapped != libc::MAP_FAILED
}

/// Does what would have been done without this handler.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let before = BEFORE.get().expect("noted before the handler was installed");
    // SAFETY: as in `on_sigbus`. A process sends with a code of 0 or less.
    let was_sent = unsafe { (*info).si_code } <= 0;
    match before.sa_sigaction {
        libc::SIG_IGN if was_sent => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: numbers, a mask and a pointer, for all of which zero is valid; zero is SIG_DFL.
            let default: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
            // SAFETY: a valid action; the call is allowed in a handler. A fault comes again by itself when this one returns.
            unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
            if was_sent {
                // SAFETY: a number; allowed in a handler.
                unsafe { libc::raise(signal) };
            }
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the flag says that it is such a function.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = unsafe { transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without the flag, it is a function of the signal's number.
            let handler: extern "C" fn(c_int) = unsafe { transmute(handler) };
            handler(signal);
        }
    }
}
