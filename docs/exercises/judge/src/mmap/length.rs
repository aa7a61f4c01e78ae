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
