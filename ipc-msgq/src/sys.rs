//! The system calls, and the memory that they read and write. The only file of the crate with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

use nix::errno::Errno;

/// What tells the messages of one queue apart: a whole number from 1 up. The kernel refuses to send 0 or less, and
/// as a *selection* those mean something else; here they cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageType(c_long);

impl MessageType {
    /// The type `number`, or `None` if it is below 1.
    #[must_use]
    pub const fn new(number: c_long) -> Option<Self> {
        if number >= 1 { Some(Self(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> c_long {
        self.0
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One message as the kernel wants it: `struct msgbuf { long mtype; char mtext[]; }`.
///
/// It knows its own room, so the size given to the kernel is always that of the text, type excluded, and the kernel
/// cannot write past the end. The text begins at an address that is a multiple of eight.
pub struct Message {
    /// `memory[0]` is the type; the text follows.
    memory: Box<[c_long]>,
    /// Room for text, in bytes; `memory` has at least that much behind the type.
    capacity: usize,
    /// Length of the text, in bytes; at most `capacity`.
    len: usize,
}

const WORD: usize = size_of::<c_long>();

impl Message {
    /// An empty message of type 1 with room for `capacity` bytes of text.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut memory = vec![0; 1 + capacity.div_ceil(WORD)].into_boxed_slice();
        memory[0] = 1;
        Self { memory, capacity, len: 0 }
    }

    /// A message of type `kind` that holds `text` and has no more room.
    #[must_use]
    pub fn new(kind: MessageType, text: &[u8]) -> Self {
        let mut message = Self::with_capacity(text.len());
        message.set_kind(kind);
        message.set_text(text.len()).copy_from_slice(text);
        message
    }

    /// How many bytes of text fit.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> MessageType {
        MessageType::new(self.memory[0]).expect("neither we nor the kernel ever store a type below 1")
    }

    /// Changes the type.
    pub fn set_kind(&mut self, kind: MessageType) {
        self.memory[0] = kind.get();
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        // SAFETY: the pointer and the length are those of `memory`, all of it initialised, and a byte may have any
        // value. The borrow of `self` keeps it alive and unchanged.
        let bytes =
            unsafe { slice::from_raw_parts(self.memory.as_ptr().cast::<u8>(), size_of_val(&*self.memory)) };
        &bytes[WORD..][..self.len]
    }

    /// Makes the text `len` bytes long and lends it for writing. What it holds before that is unspecified.
    ///
    /// # Panics
    /// If `len` is more than [`capacity`](Self::capacity).
    pub fn set_text(&mut self, len: usize) -> &mut [u8] {
        assert!(len <= self.capacity, "{len} bytes of text do not fit {}", self.capacity);
        self.len = len;
        let size = size_of_val(&*self.memory);
        // SAFETY: as in `text`, and the borrow of `self` is exclusive. Any bytes make a valid `c_long`.
        let bytes = unsafe { slice::from_raw_parts_mut(self.memory.as_mut_ptr().cast::<u8>(), size) };
        &mut bytes[WORD..][..len]
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind()).field("text", &self.text()).finish()
    }
}

/// `int msgget(key_t key, int msgflg);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
pub(crate) fn msgget(key: libc::key_t, flags: c_int) -> nix::Result<c_int> {
    // SAFETY: takes two integers and touches no memory of ours.
    Errno::result(unsafe { libc::msgget(key, flags) })
}

/// `int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg);`
/// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
pub(crate) fn msgsnd(id: c_int, message: &Message, flags: c_int) -> nix::Result<()> {
    let memory = message.memory.as_ptr().cast();
    // SAFETY: the kernel reads the type and `len` bytes behind it; `memory` has `capacity`, which is not less.
    Errno::result(unsafe { libc::msgsnd(id, memory, message.len, flags) }).map(drop)
}

/// `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);`
/// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
pub(crate) fn msgrcv(id: c_int, message: &mut Message, select: c_long, flags: c_int) -> nix::Result<()> {
    let memory = message.memory.as_mut_ptr().cast();
    // SAFETY: the kernel writes the type and at most `capacity` bytes behind it; `memory` has them, and the borrow
    // of `message` is exclusive.
    let received = Errno::result(unsafe { libc::msgrcv(id, memory, message.capacity, select, flags) })?;
    message.len = received.cast_unsigned();
    Ok(())
}

/// `int msgctl(int msqid, IPC_STAT, struct msqid_ds *buf);`
/// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
pub(crate) fn msgctl_stat(id: c_int) -> nix::Result<libc::msqid_ds> {
    let mut stat = MaybeUninit::uninit();
    // SAFETY: the kernel writes one `msqid_ds`, and the pointer is to memory for exactly one.
    Errno::result(unsafe { libc::msgctl(id, libc::IPC_STAT, stat.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so the kernel has filled it in.
    Ok(unsafe { stat.assume_init() })
}

/// `int msgctl(int msqid, IPC_RMID, NULL);` — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
pub(crate) fn msgctl_remove(id: c_int) -> nix::Result<()> {
    // SAFETY: this command does not use the pointer.
    Errno::result(unsafe { libc::msgctl(id, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

/// The signal that gets a thread out of a wait. Without a handler it is ignored, so nobody is hurt by a stray one.
pub(crate) const WAKE_UP: nix::sys::signal::Signal = nix::sys::signal::Signal::SIGURG;

/// Has [`WAKE_UP`] interrupt system calls: installs a handler that does nothing, unless the program has its own.
/// `int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact);`
/// — [sigaction(2)](https://man7.org/linux/man-pages/man2/sigaction.2.html)
pub(crate) fn handle_wake_up() -> nix::Result<()> {
    extern "C" fn nothing(_signal: c_int) {}
    let mut old = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null action changes nothing; the kernel writes one `sigaction`, and there is memory for one.
    Errno::result(unsafe { libc::sigaction(WAKE_UP as c_int, ptr::null(), old.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it has been filled in.
    let old = unsafe { old.assume_init() };
    if matches!(old.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) {
        use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, sigaction};
        // Calls that can be restarted are (SA_RESTART); those on queues never are: signal(7).
        let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler does nothing, which is safe at any moment.
        unsafe { sigaction(WAKE_UP, &action) }?;
    }
    Ok(())
}

/// Sends [`WAKE_UP`] to the thread `tid` of this process and to no other.
/// `int tgkill(pid_t tgid, pid_t tid, int sig);` — [tgkill(2)](https://man7.org/linux/man-pages/man2/tgkill.2.html)
pub(crate) fn wake_up(tid: libc::pid_t) -> nix::Result<()> {
    let pid = std::process::id();
    // SAFETY: takes three integers and touches no memory of ours.
    Errno::result(unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, WAKE_UP as c_int) }).map(drop)
}
