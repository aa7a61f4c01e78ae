//! The system calls that neither `nix` nor std wraps. The only file of the lab with `unsafe`.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// A system call about to be made: its number, its arguments, and its place in the program.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    pub number: i64,
    pub args: [u64; 6],
    pub site: Site,
    /// True if it may wait, judged by its descriptor or its operation.
    pub may_wait: bool,
}

/// The place of a call in the program: its instruction, and the depth of the stack. The instruction alone is one of the
/// C library's; the depth tells its callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    instruction: u64,
    stack: u64,
}

/// Returns the call that the thread `tid` is about to make; `None` if it has just made one.
///
/// `long ptrace(PTRACE_GET_SYSCALL_INFO, pid_t pid, size_t size, struct ptrace_syscall_info *info);`
/// — [ptrace(2)](https://man7.org/linux/man-pages/man2/ptrace.2.html)
pub fn entered(tid: Pid) -> nix::Result<Option<Entered>> {
    /// The beginning of `struct ptrace_syscall_info`, which the libc crate declares for glibc only.
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        op: u8,
        arch: u32,
        instruction_pointer: u64,
        stack_pointer: u64,
        number: u64,
        args: [u64; 6],
    }
    const PTRACE_GET_SYSCALL_INFO: libc::c_uint = 0x420e;
    const ENTRY: u8 = 1;

    let mut info = Info::default();
    let (pid, size) = (tid.as_raw(), size_of::<Info>());
    // SAFETY: the kernel writes at most `size` bytes, all of which may have any value.
    let answer =
        unsafe { libc::syscall(libc::SYS_ptrace, PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info) };
    Errno::result(answer)?;
    if info.op != ENTRY {
        return Ok(None);
    }
    let (number, args) = (info.number as i64, info.args);
    let may_wait = match number {
        libc::SYS_read | libc::SYS_write | libc::SYS_writev | libc::SYS_connect | libc::SYS_accept4 => {
            flags(tid, args[0]).is_some_and(|flags| flags & libc::O_NONBLOCK == 0)
        }
        // `struct sembuf` is three numbers of 16 bits; the flags come last.
        libc::SYS_semtimedop => {
            let operation = ptrace::read(tid, args[1] as ptrace::AddressType)?;
            operation >> 32 & libc::c_long::from(libc::IPC_NOWAIT) == 0
        }
        _ => true,
    };
    let site = Site { instruction: info.instruction_pointer, stack: info.stack_pointer };
    Ok(Some(Entered { number, args, site, may_wait }))
}

/// Returns the flags of another process's descriptor; `None` if it has no such descriptor.
fn flags(tid: Pid, fd: u64) -> Option<i32> {
    let info = std::fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    i32::from_str_radix(flags.trim(), 8).ok()
}
