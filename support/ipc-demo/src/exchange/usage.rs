//! The cost of an exchange for the thread that runs it, or for a process with all its threads.

use std::time::Duration;

use ipc_core::{Call, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::time::{ClockId, clock_gettime};

/// The resources that a thread or a process has used, by the kernel's accounting.
///
/// The kernel knows exactly how long a thread had a CPU. The split into time in the program and time in the kernel may
/// be only an estimate from a few hundred samples per second: those two numbers say more about a second than about a
/// millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// CPU time, exact: `CLOCK_THREAD_CPUTIME_ID`, or `CLOCK_PROCESS_CPUTIME_ID`.
    pub cpu: Duration,
    /// CPU time in the program itself, as reported by `getrusage`.
    pub user: Duration,
    /// CPU time in the kernel, as reported by `getrusage`.
    pub system: Duration,
    /// The number of times it went to sleep.
    pub voluntary_switches: u64,
    /// The number of times its CPU was given to another thread.
    pub involuntary_switches: u64,
    /// Page faults for pages that were in memory but not yet mapped.
    pub minor_faults: u64,
    /// Page faults for pages that had to be read from a disk.
    pub major_faults: u64,
}

impl Usage {
    /// Returns the usage of the calling thread since it started.
    ///
    /// `int getrusage(int who, struct rusage *usage);` — [getrusage(2)](https://man7.org/linux/man-pages/man2/getrusage.2.html)
    ///
    /// # Errors
    /// The kernel does not account for threads separately: not Linux.
    pub fn now() -> Result<Self> {
        Self::of(UsageWho::RUSAGE_THREAD, ClockId::CLOCK_THREAD_CPUTIME_ID)
    }

    /// Returns the usage of the calling process with all its threads, since it started.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    pub fn of_process() -> Result<Self> {
        Self::of(UsageWho::RUSAGE_SELF, ClockId::CLOCK_PROCESS_CPUTIME_ID)
    }

    fn of(who: UsageWho, clock: ClockId) -> Result<Self> {
        let used = getrusage(who).call("getrusage")?;
        let cpu = clock_gettime(clock).call("clock_gettime")?;
        Ok(Self::from_kernel(&used, cpu.into()))
    }

    fn from_kernel(used: &nix::sys::resource::Usage, cpu: Duration) -> Self {
        Self {
            cpu,
            user: Duration::from_micros(used.user_time().num_microseconds() as u64),
            system: Duration::from_micros(used.system_time().num_microseconds() as u64),
            voluntary_switches: used.voluntary_context_switches() as u64,
            involuntary_switches: used.involuntary_context_switches() as u64,
            minor_faults: used.minor_page_faults() as u64,
            major_faults: used.major_page_faults() as u64,
        }
    }

    /// Returns the usage since `self`.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    pub fn until_now(&self) -> Result<Self> {
        Ok(Self::now()?.since(self))
    }

    /// Returns the usage between `before` and `self`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        self.combine(before, Duration::saturating_sub, u64::saturating_sub)
    }

    /// Returns the sum of both.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.combine(other, Duration::saturating_add, u64::saturating_add)
    }

    fn combine(
        &self,
        other: &Self,
        time: fn(Duration, Duration) -> Duration,
        number: fn(u64, u64) -> u64,
    ) -> Self {
        Self {
            cpu: time(self.cpu, other.cpu),
            user: time(self.user, other.user),
            system: time(self.system, other.system),
            voluntary_switches: number(self.voluntary_switches, other.voluntary_switches),
            involuntary_switches: number(self.involuntary_switches, other.involuntary_switches),
            minor_faults: number(self.minor_faults, other.minor_faults),
            major_faults: number(self.major_faults, other.major_faults),
        }
    }

    /// Returns its numbers, with times in nanoseconds.
    pub(super) fn numbers(&self) -> [u64; Self::NUMBERS] {
        let [cpu, user, system] = [self.cpu, self.user, self.system].map(|time| time.as_nanos() as u64);
        let Self { voluntary_switches, involuntary_switches, minor_faults, major_faults, .. } = *self;
        [cpu, user, system, voluntary_switches, involuntary_switches, minor_faults, major_faults]
    }

    /// Converts back from [`numbers`](Self::numbers).
    pub(super) fn from_numbers(numbers: [u64; Self::NUMBERS]) -> Self {
        let [cpu, user, system, voluntary_switches, involuntary_switches, minor_faults, major_faults] =
            numbers;
        let [cpu, user, system] = [cpu, user, system].map(Duration::from_nanos);
        Self { cpu, user, system, voluntary_switches, involuntary_switches, minor_faults, major_faults }
    }

    /// The number of values in it.
    pub(super) const NUMBERS: usize = 7;
}

/// Returns the time of the clock that all processes of this host share, in nanoseconds: `CLOCK_MONOTONIC`.
pub(super) fn clock() -> Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).call("clock_gettime")?;
    Ok(now.num_nanoseconds() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn sleeping_is_a_switch_and_working_is_time() {
        let before = Usage::now().unwrap();
        for _ in 0..20 {
            thread::sleep(Duration::from_micros(100));
        }
        let slept = before.until_now().unwrap();
        // Not all of them: a thread that loses its CPU on the way to sleep may find the time over when it runs again.
        assert!(slept.voluntary_switches >= 10, "{slept:?}");
        let before = Usage::now().unwrap();
        while before.until_now().unwrap().cpu < Duration::from_millis(20) {}
        let worked = before.until_now().unwrap();
        assert!(worked.cpu >= Duration::from_millis(20), "{worked:?}");
    }
    /// Gives each number a distinct value, so that a mix-up shows.
    fn counted(by: u64) -> Usage {
        let [cpu, user, system] = [1, 2, 3].map(|nth| Duration::from_nanos(nth * by));
        let (voluntary_switches, involuntary_switches) = (4 * by, 5 * by);
        let (minor_faults, major_faults) = (6 * by, 7 * by);
        Usage { cpu, user, system, voluntary_switches, involuntary_switches, minor_faults, major_faults }
    }

    #[test]
    fn each_number_of_the_kernel_has_its_name() {
        let mut used = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
        let raw = used.as_mut();
        (raw.ru_utime.tv_sec, raw.ru_utime.tv_usec, raw.ru_stime.tv_sec, raw.ru_stime.tv_usec) = (1, 2, 3, 4);
        (raw.ru_nvcsw, raw.ru_nivcsw, raw.ru_minflt, raw.ru_majflt) = (5, 6, 7, 8);
        let expected = Usage {
            cpu: Duration::from_nanos(9),
            user: Duration::from_micros(1_000_002),
            system: Duration::from_micros(3_000_004),
            voluntary_switches: 5,
            involuntary_switches: 6,
            minor_faults: 7,
            major_faults: 8,
        };
        assert_eq!(Usage::from_kernel(&used, Duration::from_nanos(9)), expected);
    }

    #[test]
    fn numbers_are_added_and_taken_away_each_by_itself() {
        assert_eq!(counted(100).plus(&counted(1)), counted(101));
        assert_eq!(counted(100).since(&counted(1)), counted(99));
        assert_eq!(counted(1).since(&counted(100)), Usage::default(), "none is below 0");
        assert_eq!(counted(1).numbers(), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(Usage::from_numbers(counted(9).numbers()), counted(9));
    }

    #[test]
    fn a_process_has_used_what_its_threads_have() {
        let before = Usage::of_process().unwrap();
        let own = Usage::now().unwrap();
        let sleep = || (0..50).for_each(|_| thread::sleep(Duration::from_micros(100)));
        thread::spawn(sleep).join().unwrap();
        let of_process = Usage::of_process().unwrap().since(&before).voluntary_switches;
        let own = own.until_now().unwrap().voluntary_switches;
        assert!(of_process >= 25 && own < 25, "{of_process} {own}");
    }
}
