//! The pages of mapped memory: allocated before they are needed, and larger than usual.
//!
//! The kernel gives a page to a process when the process touches it for the first time: a *page fault* of about a
//! microsecond, somewhere in the middle of the first messages. [`populate`] allocates all of them in advance.
//!
//! A processor caches the addresses of recently used pages (in its TLB). With pages of 2 MiB instead of 4 KiB, the
//! cache covers 512 times as much memory. The kernel has two kinds: *transparent* huge pages, which it makes out of
//! free memory when it is [advised](ask_for_huge) to, and those of a pool that the administrator has reserved, for
//! memory that was requested as such.
//! as such.

use std::fs;

use nix::errno::Errno;

use crate::error::{Advise, Call};
use crate::ready::retry_on_eintr;
use crate::ring::{self, Memory};
use crate::{Error, Options, Result, Switch};

/// The options for mapped memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// True for huge pages. Fails where there are none.
    pub huge: bool,
    /// True to have all pages allocated in advance, on this side.
    pub populate: bool,
}

impl Options for Pages {
    const SWITCHES: &'static [Switch<Self>] =
        &[huge_pages(|pages| &mut pages.huge), populated(|pages| &mut pages.populate)];
}

impl Pages {
    /// Prepares the fresh pages of `memory` according to the options; `advice` says what to do where there are no huge
    /// ones.
    ///
    /// # Errors
    /// As [`ask_for_huge`] and [`populate`].
    pub fn prepare<M: Memory>(self, memory: M, advice: &str) -> Result<M> {
        if self.huge {
            ask_for_huge(&memory, advice)?;
        }
        if self.populate {
            populate(&memory)?;
        }
        Ok(memory)
    }
}

/// Returns the switch for [`Pages::huge`], stored in the option's `field`.
#[must_use]
pub const fn huge_pages<O>(field: fn(&mut O) -> &mut bool) -> Switch<O> {
    let help = "Use 2 MiB pages where the system has them";
    Switch { name: "huge-pages", help, shown: "huge pages", only_for_owner: false, field }
}

/// Returns the switch for [`Pages::populate`].
#[must_use]
pub const fn populated<O>(field: fn(&mut O) -> &mut bool) -> Switch<O> {
    let help = "Create all pages before the first message";
    Switch { name: "populate", help, shown: "populated", only_for_owner: false, field }
}

/// Allocates all pages of `memory` now, ready to be written to.
///
/// `int madvise(void *addr, size_t length, MADV_POPULATE_WRITE);` —
/// [madvise(2)](https://man7.org/linux/man-pages/man2/madvise.2.html). The flag `MAP_POPULATE` of mmap(2) does almost
/// the same, but reports no failure.
///
/// # Errors
/// `EINVAL`: Linux before 5.14. `ENOMEM`: out of memory. `EFAULT`: out of space in the underlying file system.
#[doc(alias = "MADV_POPULATE_WRITE")]
pub fn populate(memory: &impl Memory) -> Result<()> {
    retry_on_eintr(|| ring::advise(memory, libc::MADV_POPULATE_WRITE))
        .call("madvise")
        .advise(Errno::EINVAL, || "populating needs Linux 5.14".into())
}

/// Requests transparent huge pages; fails with `advice` if the kernel will make none here, which the call itself would
/// not report. Call it before the pages are touched.
///
/// `int madvise(void *addr, size_t length, MADV_HUGEPAGE);`
///
/// # Errors
/// [`Refused`](Error::Refused): this system makes none for such memory. `EINVAL`: the kernel does not support them.
#[doc(alias = "MADV_HUGEPAGE")]
pub fn ask_for_huge(memory: &impl Memory, advice: &str) -> Result<()> {
    ring::advise(memory, libc::MADV_HUGEPAGE)
        .call("madvise")
        .advise(Errno::EINVAL, || "this kernel has no transparent huge pages".into())?;
    let eligible = of_mapping(memory, "THPeligible:").is_some_and(|value| value == "1");
    if eligible { Ok(()) } else { Err(Error::Refused(format!("no huge pages for this memory: {advice}"))) }
}

/// Returns whether `memory` consists of pages from the administrator's pool.
#[must_use]
pub fn is_of_pool(memory: &impl Memory) -> bool {
    let size = of_mapping(memory, "KernelPageSize:").and_then(|value| value.split(' ').next()?.parse().ok());
    size.is_some_and(|kib: usize| kib >= 1024)
}

/// Returns the kernel's value for the mapping at `memory`, given the name of the line.
fn of_mapping(memory: &impl Memory, name: &str) -> Option<String> {
    let smaps = fs::read("/proc/self/smaps").ok()?;
    let smaps = String::from_utf8_lossy(&smaps); // it contains paths, which may be any bytes
    let begin = format!("{:x}-", memory.base().as_ptr() as usize);
    let mapping = smaps.lines().skip_while(|line| !line.trim_start_matches('0').starts_with(&begin));
    mapping.skip(1).find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{HeapMemory, SEGMENT_LEN};

    #[test]
    fn memory_can_be_populated_and_is_of_no_pool() {
        let memory = HeapMemory::new(SEGMENT_LEN);
        populate(&memory).unwrap();
        assert!(!is_of_pool(&memory));
    }
}
