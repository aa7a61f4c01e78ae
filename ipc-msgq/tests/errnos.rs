//! Every errno that the manual pages list for the four calls: 25 in all, 15 different ones. All but one are provoked,
//! here or in the crate's own tests where the typed interface cannot express the cause.
//!
//! | call | errno | provoked by |
//! |---|---|---|
//! | `msgget` | `EACCES` | another user |
//! | | `EEXIST` | creating twice |
//! | | `ENOENT` | opening a queue that does not exist |
//! | | `ENOMEM` | a control group without memory |
//! | | `ENOSPC` | one queue more than `kernel.msgmni`, in an IPC namespace of its own |
//! | `msgsnd` | `EACCES` | another user |
//! | | `EAGAIN` | a full queue; an `Option` here |
//! | | `EFAULT` | cannot be expressed; `sys/tests.rs` |
//! | | `EIDRM` | removal while waiting |
//! | | `EINTR` | a signal while waiting |
//! | | `EINVAL` | a queue that is gone, a message too long; a type below 1 cannot be expressed: `sys/tests.rs` |
//! | | `ENOMEM` | a control group without memory |
//! | `msgrcv` | `E2BIG` | a buffer too small |
//! | | `EACCES` | another user |
//! | | `EFAULT` | cannot be expressed; `sys/tests.rs` |
//! | | `EIDRM` | removal while waiting |
//! | | `EINTR` | a signal while waiting |
//! | | `EINVAL` | a queue that is gone; a wrong size or wrong flags cannot be expressed: `sys/tests.rs` |
//! | | `ENOMSG` | an empty queue, peeking beyond the end; an `Option` here |
//! | | `ENOSYS` | **simulated** by a filter (seccomp): it needs a kernel without `CONFIG_CHECKPOINT_RESTORE`: `sys/tests.rs` |
//! | `msgctl` | `EACCES` | another user |
//! | | `EFAULT` | cannot be expressed; `sys/tests.rs` |
//! | | `EIDRM` | many removals in a race with `IPC_STAT`: one comes in the middle |
//! | | `EINVAL` | a queue that is gone |
//! | | `EPERM` | another user; a capacity above `kernel.msgmnb` |

#[path = "errnos/calls.rs"]
mod calls;
#[path = "errnos/elsewhere.rs"]
mod elsewhere;
#[path = "errnos/tools.rs"]
mod tools;
