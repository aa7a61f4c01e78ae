//! The errors that the manual pages list for the demos' system calls: section ERRORS of each, as far as a correct
//! program can meet them. Errors such as `EBADF` and `EFAULT` are left out, since they show a mistake in the program.
//!
//! Also left out on purpose:
//! - memory of the process itself (`brk`, `mmap` without a file, `mprotect`): a Rust program that cannot allocate a
//!   small object aborts, by design;
//! - `EACCES` when a path is only looked up: a file in a directory that may not be searched does not exist for this
//!   user;
//! - `close`: the descriptor is gone whatever it returns, and std treats an error for a directory, which has nothing to
//!   write back, as a mistake of the program;
//! - `EIDRM`: a removed object stays removed; `truncate.rs` tests that by removing it;
//! - calls that cannot fail, or whose failure the C library treats as its own mistake: `futex`, `rt_sigprocmask`,
//!   `exit_group`.

use nix::errno::Errno;

use crate::sys::Entered;

/// A system call: its number, its name, its possible errors, and whether it makes or removes something.
struct Call {
    number: i64,
    name: &'static str,
    errnos: &'static [Errno],
    makes: bool,
}

macro_rules! calls {
    ($($(#[$only:meta])* $number:ident $name:literal $makes:ident: $($errno:ident)*;)*) => {
        &[$($(#[$only])* Call { number: libc::$number, name: $name, errnos: &[$(Errno::$errno),*], makes: $makes }),*]
    };
}

const MAKES: bool = true;
const LOOKS: bool = false;

static CALLS: &[Call] = calls! {
    SYS_openat "openat" MAKES: EMFILE ENFILE ENOMEM EACCES ENOSPC EIO;
    SYS_mkdirat "mkdirat" MAKES: EACCES ENOSPC ENOMEM EROFS EDQUOT EIO;
    #[cfg(target_arch = "x86_64")] SYS_open "open" MAKES: EMFILE ENFILE ENOMEM EACCES ENOSPC EIO;
    #[cfg(target_arch = "x86_64")] SYS_mkdir "mkdir" MAKES: EACCES ENOSPC ENOMEM EROFS EDQUOT EIO;
    #[cfg(target_arch = "x86_64")] SYS_rmdir "rmdir" MAKES: EACCES EBUSY EPERM EROFS EIO;
    #[cfg(target_arch = "x86_64")] SYS_unlink "unlink" MAKES: EACCES EIO EPERM EROFS;
    #[cfg(target_arch = "x86_64")] SYS_chmod "chmod" MAKES: EIO EPERM EROFS;
    #[cfg(target_arch = "x86_64")] SYS_readlink "readlink" LOOKS: EACCES EIO ENOMEM;
    #[cfg(target_arch = "x86_64")] SYS_poll "poll" LOOKS: EINTR ENOMEM;
    #[cfg(target_arch = "x86_64")] SYS_rename "rename" MAKES: EACCES EIO ENOSPC EROFS;
    SYS_fchmod "fchmod" MAKES: EIO EPERM EROFS;
    SYS_fchmodat "fchmodat" MAKES: EIO EPERM EROFS;
    SYS_mknodat "mknodat" MAKES: EACCES EDQUOT ENOMEM ENOSPC EROFS;
    SYS_unlinkat "unlinkat" MAKES: EACCES EIO EPERM EROFS;
    SYS_renameat2 "renameat2" MAKES: EACCES EINVAL EIO ENOSPC EROFS;
    SYS_linkat "linkat" MAKES: EACCES EIO EPERM ENOSPC;
    SYS_readlinkat "readlinkat" LOOKS: EACCES EIO ENOMEM;
    SYS_ppoll "ppoll" LOOKS: EINTR ENOMEM;
    SYS_newfstatat "newfstatat" LOOKS: ENOMEM EIO;
    SYS_statx "statx" LOOKS: ENOMEM EIO;
    SYS_fstat "fstat" LOOKS: ENOMEM EIO;
    SYS_getdents64 "getdents64" LOOKS: EIO ENOENT;
    SYS_flock "flock" MAKES: EINTR ENOLCK EWOULDBLOCK;
    SYS_fcntl "fcntl" LOOKS: EINTR EMFILE ENOLCK EPERM;
    SYS_ftruncate "ftruncate" MAKES: EINTR EFBIG EIO ENOSPC EPERM;
    SYS_fallocate "fallocate" MAKES: EINTR EFBIG EIO ENOSPC EOPNOTSUPP;
    SYS_read "read" LOOKS: EINTR EIO;
    SYS_pread64 "pread64" LOOKS: EINTR EIO;
    SYS_write "write" MAKES: EINTR EIO ENOSPC EDQUOT EFBIG EPIPE;
    SYS_writev "writev" LOOKS: EINTR EIO ENOSPC;
    SYS_pipe2 "pipe2" MAKES: EMFILE ENFILE;
    SYS_dup3 "dup3" LOOKS: EMFILE EINTR;
    SYS_clone3 "clone3" MAKES: EAGAIN;
    SYS_clone "clone" MAKES: EAGAIN;
    SYS_wait4 "wait4" LOOKS: EINTR;
    SYS_waitid "waitid" LOOKS: EINTR;
    SYS_pidfd_open "pidfd_open" LOOKS: EMFILE ENFILE ENOMEM;
    SYS_sched_setaffinity "sched_setaffinity" LOOKS: EINVAL EPERM;
    SYS_sched_getaffinity "sched_getaffinity" LOOKS: EINVAL;
    SYS_socket "socket" MAKES: EMFILE ENFILE ENOMEM EACCES;
    SYS_socketpair "socketpair" MAKES: EMFILE ENFILE ENOMEM;
    SYS_bind "bind" MAKES: EACCES EADDRINUSE ENOMEM EROFS;
    SYS_listen "listen" MAKES: EADDRINUSE;
    SYS_accept4 "accept4" MAKES: EINTR EMFILE ENFILE ENOMEM ECONNABORTED EPERM;
    SYS_connect "connect" MAKES: EINTR EACCES ECONNREFUSED ENETUNREACH;
    SYS_setsockopt "setsockopt" LOOKS: ENOMEM ENOBUFS;
    SYS_getsockopt "getsockopt" LOOKS: ENOMEM;
    SYS_getsockname "getsockname" LOOKS: ENOBUFS;
    SYS_sendto "sendto" LOOKS: EINTR ENOBUFS ENOMEM ECONNRESET EPIPE;
    SYS_recvfrom "recvfrom" LOOKS: EINTR ENOMEM ECONNRESET;
    SYS_sendmsg "sendmsg" MAKES: EINTR ENOBUFS ENOMEM EPIPE;
    SYS_recvmsg "recvmsg" MAKES: EINTR ENOMEM EMFILE;
    SYS_shutdown "shutdown" LOOKS: ENOTCONN ENOBUFS;
    SYS_msgget "msgget" MAKES: EACCES EEXIST ENOMEM ENOSPC;
    SYS_msgsnd "msgsnd" LOOKS: EACCES EINTR ENOMEM;
    SYS_msgrcv "msgrcv" LOOKS: EACCES EINTR;
    SYS_msgctl "msgctl" MAKES: EACCES EPERM;
    SYS_shmget "shmget" MAKES: EACCES EEXIST ENFILE ENOMEM ENOSPC EPERM;
    SYS_shmat "shmat" MAKES: EACCES ENOMEM;
    SYS_shmctl "shmctl" MAKES: EACCES EPERM;
    SYS_semget "semget" MAKES: EACCES EEXIST ENOMEM ENOSPC;
    SYS_semop "semop" LOOKS: EINTR;
    SYS_semtimedop "semtimedop" LOOKS: EINTR;
    SYS_semctl "semctl" MAKES: EACCES EPERM;
    SYS_mq_open "mq_open" MAKES: EACCES EMFILE ENFILE ENOMEM ENOSPC EEXIST;
    SYS_mq_unlink "mq_unlink" MAKES: EACCES;
    SYS_mq_timedsend "mq_timedsend" LOOKS: EINTR;
    SYS_mq_timedreceive "mq_timedreceive" LOOKS: EINTR;
    SYS_memfd_create "memfd_create" MAKES: EMFILE ENFILE ENOMEM;
    SYS_pidfd_getfd "pidfd_getfd" LOOKS: EMFILE ENFILE EPERM;
};

/// Calls that change nothing that another process could see: being killed before such a call or after it is the same.
static UNSEEN: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_fstat,
    libc::SYS_getdents64,
    libc::SYS_geteuid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mprotect,
    libc::SYS_newfstatat,
    libc::SYS_prctl,
    libc::SYS_readlinkat,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_sched_getaffinity,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// Returns a call's name, or its number if the table does not list it.
pub fn name(number: i64) -> String {
    find(number).map_or_else(|| format!("system call {number}"), |call| call.name.to_owned())
}

/// True if another process could see that the call was made.
pub fn is_seen(number: i64) -> bool {
    !UNSEEN.contains(&number)
}

/// Returns the errors to try for a call that is the `nth` of its kind in a run: for calls that make or remove
/// something, all; for others, the next in turn.
pub fn to_try(call: &Entered, nth: usize, everything: bool) -> Vec<Errno> {
    let Some(known) = find(call.number) else { return Vec::new() };
    let mut errnos: Vec<_> = known.errnos.iter().copied().filter(|&errno| can_be(call, errno)).collect();
    if !makes_or_removes(call) && !everything && !errnos.is_empty() {
        errnos = vec![errnos[nth % errnos.len()]];
    }
    errnos
}

/// Returns whether a call makes or removes something.
pub fn makes_or_removes(call: &Entered) -> bool {
    find(call.number).is_some_and(|known| known.makes) && !only_looks(call)
}

/// Returns whether a call that can make or remove something does neither with these arguments.
fn only_looks(call: &Entered) -> bool {
    let creates = |flags: u64| flags & libc::O_CREAT as u64 != 0;
    match call.number {
        libc::SYS_openat => !creates(call.args[2]),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open => !creates(call.args[1]),
        libc::SYS_write => call.args[0] <= 2, // output for the user
        libc::SYS_msgctl | libc::SYS_shmctl => call.args[1] & 0xff != libc::IPC_RMID as u64,
        libc::SYS_semctl => call.args[2] & 0xff != libc::IPC_RMID as u64,
        _ => false,
    }
}

/// Returns whether these arguments can lead to that error: only a call that waits can be interrupted, and only a call
/// that does not wait can fail because it would have to.
pub fn can_be(call: &Entered, errno: Errno) -> bool {
    let [_, second, third, ..] = call.args;
    let waits = match call.number {
        libc::SYS_flock => second == libc::LOCK_SH as u64 || second == libc::LOCK_EX as u64,
        libc::SYS_msgrcv => call.args[4] & libc::IPC_NOWAIT as u64 == 0,
        libc::SYS_msgsnd => call.args[3] & libc::IPC_NOWAIT as u64 == 0,
        libc::SYS_fcntl => second == libc::F_SETLKW as u64,
        libc::SYS_sendto | libc::SYS_recvfrom => call.args[3] & libc::MSG_DONTWAIT as u64 == 0,
        libc::SYS_sendmsg | libc::SYS_recvmsg => third & libc::MSG_DONTWAIT as u64 == 0,
        _ => call.may_wait,
    };
    match errno {
        Errno::EINTR => waits,
        _ if call.number == libc::SYS_flock && errno == Errno::EAGAIN => !waits,
        _ if call.number == libc::SYS_fcntl => match second as i32 {
            libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => errno == Errno::EMFILE,
            libc::F_SETLK | libc::F_SETLKW | libc::F_OFD_SETLK | libc::F_OFD_SETLKW => errno == Errno::ENOLCK,
            libc::F_SETFL | libc::F_SETPIPE_SZ | libc::F_ADD_SEALS => errno == Errno::EPERM,
            _ => false,
        },
        _ => true,
    }
}

fn find(number: i64) -> Option<&'static Call> {
    CALLS.iter().find(|call| call.number == number)
}
