//! The pages of mapped memory: there before they are needed, and larger than usual.
//!
//! The kernel gives a page to a process when that process touches it for the first time: a *page fault*, a microsecond
//! or so, somewhere in the middle of the first messages. [`populate`] has all of them made beforehand.
//!
//! A processor remembers where the last pages were (in its TLB). Pages of 2 MiB in place of 4 KiB let it remember
//! 512 times as much. The kernel has two kinds: *transparent* huge pages, which it makes out of free memory when it is
//! [advised](ask_for_huge) to, and those of a pool that the administrator has set aside, for memory that was asked for
//! as such.

use std::fs;

use nix::errno::Errno;

use crate::error::{Advise, Call};
use crate::ring::Memory;
use crate::{Error, Options, Result, Switch, sys};

/// What can be asked of mapped memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// In huge pages. An error where there are none.
    pub huge: bool,
    /// With all pages made beforehand, on this side.
    pub populate: bool,
}

impl Options for Pages {
    const SWITCHES: &'static [Switch<Self>] =
        &[huge_pages(|pages| &mut pages.huge), populated(|pages| &mut pages.populate)];
}

impl Pages {
    /// Makes fresh pages of `memory` as they are asked for; `advice` says what to do where there are no huge ones.
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

/// The switch for [`Pages::huge`], wherever an option keeps it.
#[must_use]
pub const fn huge_pages<O>(field: fn(&mut O) -> &mut bool) -> Switch<O> {
    let help = "Pages of 2 MiB, where the system has some";
    Switch { name: "huge-pages", help, shown: "huge pages", field }
}

/// The switch for [`Pages::populate`].
#[must_use]
pub const fn populated<O>(field: fn(&mut O) -> &mut bool) -> Switch<O> {
    Switch { name: "populate", help: "Make all pages before the first message", shown: "populated", field }
}

/// Has all pages of `memory` made now, ready to be written to.
///
/// `int madvise(void *addr, size_t length, MADV_POPULATE_WRITE);` —
/// [madvise(2)](https://man7.org/linux/man-pages/man2/madvise.2.html). The flag `MAP_POPULATE` of mmap(2) does almost
/// the same, but tells of no failure.
///
/// # Errors
/// `EINVAL`: Linux before 5.14. `ENOMEM`: there is no memory left. `EFAULT`: nor in the file system below it.
#[doc(alias = "MADV_POPULATE_WRITE")]
pub fn populate(memory: &impl Memory) -> Result<()> {
    loop {
        match sys::advise(memory, libc::MADV_POPULATE_WRITE) {
            Err(Errno::EINTR) => {}
            populated => {
                return populated
                    .call("madvise")
                    .advise(Errno::EINVAL, || "populating needs Linux 5.14".into());
            }
        }
    }
}

/// Asks for transparent huge pages, and fails with `advice` if the kernel will make none here, which it would not say.
/// To be asked for before the pages are touched.
///
/// `int madvise(void *addr, size_t length, MADV_HUGEPAGE);`
///
/// # Errors
/// [`Usage`](Error::Usage): this system makes none for such memory. `EINVAL`: a kernel without them.
#[doc(alias = "MADV_HUGEPAGE")]
pub fn ask_for_huge(memory: &impl Memory, advice: &str) -> Result<()> {
    sys::advise(memory, libc::MADV_HUGEPAGE)
        .call("madvise")
        .advise(Errno::EINVAL, || "this kernel has no transparent huge pages".into())?;
    let eligible = of_mapping(memory, "THPeligible:").is_some_and(|value| value == "1");
    if eligible { Ok(()) } else { Err(Error::Usage(format!("no huge pages for this memory: {advice}"))) }
}

/// Whether `memory` is made of pages of the administrator's pool.
#[must_use]
pub fn is_of_pool(memory: &impl Memory) -> bool {
    let size = of_mapping(memory, "KernelPageSize:").and_then(|value| value.split(' ').next()?.parse().ok());
    size.is_some_and(|kib: usize| kib >= 1024)
}

/// What the kernel tells of the mapping at `memory`, by the name of the line.
fn of_mapping(memory: &impl Memory, name: &str) -> Option<String> {
    let smaps = fs::read("/proc/self/smaps").ok()?;
    let smaps = String::from_utf8_lossy(&smaps); // there are paths in it, which may be any bytes
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
