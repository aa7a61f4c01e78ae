use std::fs;
use std::time::Duration;

use crate::program;

#[test]
fn no_process_is_ended_by_sigbus() {
    let outcome = program::run("mmap_length", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The program starts processes that map files, and says how they fared.");
    let said = &outcome.stdout;
    let after = |begin: &str| said.lines().find_map(|line| line.strip_prefix(begin)).unwrap_or_default();
    assert_eq!(
        after("a new file: "),
        "the last byte is 7",
        "a new file has no bytes: `make` must give it `LENGTH` before it is mapped\n{said}"
    );
    assert_eq!(after("it has "), "12288 bytes", "the new file should have exactly `LENGTH` bytes\n{said}");
    assert_eq!(
        after("the same file, opened: "),
        "the last byte is 7",
        "a file that is long enough is welcome\n{said}"
    );
    assert!(
        after("a short file, opened: ").starts_with("refused: "),
        "`open` must return an error for a file that is too short, before it is mapped\n{said}"
    );
    assert_eq!(
        after("it holds "),
        "'too short'",
        "the short file is another program's: it must stay as it is\n{said}"
    );
}

/// The judge makes the files. A page of the file that is there in part can be touched up to its end.
#[test]
fn any_file_that_is_too_short_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for length in [0, 1, 4096, 8192, 8193, 12_287] {
        let (said, content) = opened(&folder.path().join("short"), length);
        assert!(
            said.starts_with("refused: "),
            "a file of {length} bytes is shorter than `LENGTH`: `open` must return an error. It printed: {said}"
        );
        assert!(
            content == vec![b'.'; length],
            "a file of {length} bytes is another program's: it must stay as it is"
        );
    }
}

#[test]
fn a_longer_file_is_welcome() {
    let folder = tempfile::tempdir().expect("a folder");
    for length in [12_288, 12_289, 40_000] {
        let (said, content) = opened(&folder.path().join("long"), length);
        assert_eq!(said, "the last byte is 7", "a file of {length} bytes is long enough");
        assert_eq!(content.len(), length, "a file that was opened keeps its length");
    }
}

/// What a process says that opens a file of this length, and what is in the file then.
fn opened(path: &std::path::Path, length: usize) -> (String, Vec<u8>) {
    fs::write(path, vec![b'.'; length]).expect("a file");
    let outcome = program::run("mmap_length", &["open".as_ref(), path.as_os_str()], Duration::from_secs(30));
    outcome.expect_done(&format!("A process opens a file of {length} bytes."));
    (outcome.stdout.trim_end().to_owned(), fs::read(path).expect("the file"))
}
