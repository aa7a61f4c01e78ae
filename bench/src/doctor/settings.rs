//! The findings from the kernel's files.
//!
//! | file | contents |
//! |---|---|
//! | `settings.rs` | all of them, and those that need few lines |
//! | `cpu.rs` | frequency, hardware threads, mitigations |
//! | `virtual_machine.rs` | whether this is one, and what an idle CPU does there |
//! | `quota.rs` | the CPU time that control groups allow |
//! | `limits.rs` | the longest messages |

mod cpu;
mod limits;
mod quota;
#[cfg(test)]
mod tests;
mod virtual_machine;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};

use crate::doctor::files::Files;
use crate::doctor::finding::Finding;
use crate::results::environment::Environment;

pub(super) fn all(files: &Files) -> Vec<Finding> {
    let mut findings = vec![build(cfg!(debug_assertions))];
    findings.extend(of_machine(files));
    findings
}

/// Returns the findings about the machine alone, whatever program measures on it.
pub(super) fn of_machine(files: &Files) -> Vec<Finding> {
    let virtualised = Environment::read().virtualised;
    let mut findings = vec![
        cpu::governor(files),
        cpu::boost(files),
        cpu::threads_of_a_core(files),
        cpu::mitigations(files),
        virtual_machine::hypervisor(virtualised),
    ];
    findings.extend(virtual_machine::halt_polling(files, virtualised));
    findings.extend([quota::quota(files), clock(files), temporary_directory(), tracing(files)]);
    findings.extend(limits::limits(files));
    findings
}

fn build(debug: bool) -> Finding {
    const WHAT: &str = "build";
    if debug {
        let advice = "The figures of a debug build are meaningless: cargo run --release -p ipc-bench";
        return Finding::disturbs(WHAT, "without optimisation", advice);
    }
    Finding::good(WHAT, "optimised")
}

fn clock(files: &Files) -> Finding {
    const WHAT: &str = "clock";
    let source = files.text("sys/devices/system/clocksource/clocksource0/current_clocksource");
    match source.as_deref() {
        None => Finding::unknown(WHAT),
        Some(source @ ("tsc" | "kvm-clock" | "hyperv_clocksource_tsc_page" | "arch_sys_counter")) => {
            Finding::good(WHAT, format!("{source}, read without a system call"))
        }
        Some(source) => Finding::disturbs(
            WHAT,
            format!("{source}: each reading is a system call"),
            "Short exchanges are timed in batches all the same; see available_clocksource beside it for a better one",
        ),
    }
}

fn temporary_directory() -> Finding {
    const WHAT: &str = "temporary directory";
    let dir = std::env::temp_dir();
    match statfs(&dir) {
        Err(_) => Finding::unknown(WHAT),
        Ok(system) if system.filesystem_type() == TMPFS_MAGIC => {
            Finding::good(WHAT, format!("{} is in memory (tmpfs)", dir.display()))
        }
        Ok(_) => Finding::note(
            WHAT,
            format!(
                "{} is on a disk, not in memory (tmpfs): pages of its files are written back now and then",
                dir.display()
            ),
            "For the memory map without a disk: TMPDIR=/dev/shm, or --variant memfd",
        ),
    }
}

/// Checks whether system calls can be counted: Yama's restriction of ptrace(2).
fn tracing(files: &Files) -> Finding {
    const WHAT: &str = "counting system calls";
    match files.number::<u8>("proc/sys/kernel/yama/ptrace_scope") {
        None => Finding::good(WHAT, "a child may be traced: there is no Yama"),
        Some(scope @ (0 | 1)) => {
            Finding::good(WHAT, format!("a child may be traced: ptrace_scope is {scope}"))
        }
        Some(2) if nix::unistd::geteuid().is_root() => {
            Finding::good(WHAT, "root may trace: ptrace_scope is 2")
        }
        Some(scope) => Finding::note(
            WHAT,
            format!("a child may not be traced: ptrace_scope is {scope}"),
            "To include system calls in the costs: sudo sysctl kernel.yama.ptrace_scope=1 (3 stays until a restart)",
        ),
    }
}
