//! Pages: made when they are touched, or populated; small ones, and huge ones where the system has some.

use ipc_core::pages::Pages;
use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Error, Mechanism, Setup};
use ipc_mmap::{File, FileOptions, Memfd};

use crate::tools::{PATIENCE, played, with};

/// The kernel gives a page to a process when it is touched, even one that has long been in the page cache. Once
/// populated, all of them are resident.
#[test]
fn pages_come_when_they_are_touched_or_beforehand() {
    for (variant, name) in [("file", "/memory"), ("memfd", "/memfd:ipc-mmap")] {
        let resident =
            |when| played(&format!("resident {variant} {when} {name}")).1.parse::<usize>().unwrap();
        assert!(resident("later") < SEGMENT_LEN, "{variant}");
        assert!(resident("now") >= SEGMENT_LEN, "{variant}");
    }
}

/// A request for huge pages gives huge pages, or an error that says what can be done: never small pages silently.
#[test]
fn huge_pages_or_a_clear_word() {
    let pages = Pages { huge: true, ..Pages::default() };
    huge_pages::<File>(&with(FileOptions { pages, ..FileOptions::default() }), "variant `memfd`");
    if huge_pages::<Memfd>(&with(pages), "shmem_enabled") {
        let enabled = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
        let never = std::fs::read_to_string(enabled).is_ok_and(|text| text.contains("[never]"));
        assert!(!never, "small pages without a word");
    }
}

/// Returns whether two sides can meet in huge pages; if not, checks that the error has the advice.
fn huge_pages<M: Mechanism>(setup: &Setup<M::Options>, advice: &str) -> bool {
    match M::create(None, setup) {
        Ok(mut meeting) => {
            assert!(M::join(&meeting.address(), setup, PATIENCE).is_ok());
            meeting.accept(PATIENCE).unwrap();
            true
        }
        Err(error) => {
            assert!(matches!(&error, Error::Refused(text) if text.contains(advice)), "{error}");
            ipc_conformance::skipped(&format!("{}: {error}", M::VARIANT.name));
            false
        }
    }
}
