//! Pages: made when they are touched, or populated; small ones, and huge ones where the system has some.

use std::fs;

use ipc_core::pages::{Pages, is_of_pool};
use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Error, Mechanism, Setup};
use ipc_shm::{Posix, Ring, Semaphores};

use crate::tools::{PATIENCE, played, with};

/// Returns the resident bytes of the only shared mapping of this process whose name contains `name`.
pub fn resident(name: &str) -> usize {
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut mapping = smaps.lines().skip_while(|line| !line.contains(name));
    let rss = mapping.find_map(|line| line.strip_prefix("Rss:")).expect("it is mapped");
    rss.trim().split(' ').next().unwrap().parse::<usize>().unwrap() * 1024
}

/// The kernel gives a page to a process when it is touched, so most of a fresh segment is not resident yet, even where
/// it has been allocated. Once populated, all of it is.
#[test]
fn pages_come_when_they_are_touched_or_beforehand() {
    for (variant, name) in [("ring", "/SYSV"), ("sem", "/SYSV"), ("posix", "/dev/shm/")] {
        let resident =
            |populate| played(&format!("resident {variant} {populate} {name}")).parse::<usize>().unwrap();
        assert!(resident("later") < SEGMENT_LEN / 2, "{variant}");
        assert!(resident("now") >= SEGMENT_LEN, "{variant}");
    }
}

/// A request for huge pages gives huge pages, or an error that says what the administrator can do: never small pages
/// silently.
#[test]
fn huge_pages_or_a_clear_word() {
    huge_pages::<Ring>("nr_hugepages");
    huge_pages::<Semaphores>("nr_hugepages");
    if huge_pages::<Posix>("huge=advise") {
        let mounts = fs::read_to_string("/proc/mounts").unwrap();
        let advised = mounts.lines().any(|line| line.contains(" /dev/shm ") && line.contains("huge="));
        assert!(advised, "small pages without a word");
    }
}

/// Returns whether two sides can meet in huge pages; if not, checks that the error has the advice.
fn huge_pages<M: Mechanism<Options = Pages>>(advice: &str) -> bool {
    match M::create(None, &huge()) {
        Ok(mut meeting) => {
            assert!(M::join(&meeting.address(), &huge(), PATIENCE).is_ok());
            meeting.accept(PATIENCE).unwrap();
            true
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.contains(advice) || told.contains("vm.hugetlb_shm_group"), "{told}");
            ipc_conformance::skipped(&format!("{}: {told}", M::VARIANT.name));
            false
        }
    }
}

fn huge() -> Setup<Pages> {
    with(Pages { huge: true, populate: false })
}

/// The kind of a segment's pages is chosen by its maker: a joiner that wants others is told.
#[test]
fn who_joins_cannot_choose_the_size_of_the_pages() {
    let scratch = crate::tools::Scratch::new(0o600);
    assert!(!is_of_pool(&scratch.segment.attach().unwrap()));
    let told = Ring::join(&scratch.key.to_string(), &huge(), PATIENCE).unwrap_err();
    assert!(matches!(&told, Error::Refused(text) if text.contains("without huge pages")), "{told}");
}
