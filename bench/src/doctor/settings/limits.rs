//! The kernel's limits on the length of a message.

use crate::doctor::files::Files;
use crate::doctor::finding::Finding;

/// The length of messages that are measured by default, and that exceed a queue's default limit.
const LARGE: u64 = 64 << 10;

/// Checks each limit.
pub(super) fn limits(files: &Files) -> Vec<Finding> {
    const SKIPPED: &str = "longer messages are skipped there";
    let limit = |what, path: &str, effect: &str, setting: &str, wanted: u64| match files.number::<u64>(path) {
        None => Finding::unknown(what),
        Some(limit) if limit >= wanted => Finding::good(what, format!("{limit} bytes")),
        Some(limit) => Finding::note(
            what,
            format!("{limit} bytes: {effect}"),
            format!("To change that: sudo sysctl {setting}={wanted}"),
        ),
    };
    vec![
        limit("longest System V message", "proc/sys/kernel/msgmax", SKIPPED, "kernel.msgmax", LARGE),
        limit("capacity of a System V queue", "proc/sys/kernel/msgmnb", SKIPPED, "kernel.msgmnb", LARGE),
        limit(
            "longest POSIX message",
            "proc/sys/fs/mqueue/msgsize_max",
            SKIPPED,
            "fs.mqueue.msgsize_max",
            LARGE,
        ),
        limit(
            "largest pipe",
            "proc/sys/fs/pipe-max-size",
            "a writer of large amounts has to wait more often",
            "fs.pipe-max-size",
            1 << 20,
        ),
    ]
}
