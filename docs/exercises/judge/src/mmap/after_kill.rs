use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use crate::program;

#[test]
fn a_reader_finds_whole_records_only() {
    let outcome = program::run("mmap_after_kill", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("A writer is killed, and the program reads what it left.");
    let said = &outcome.stdout;
    let after = |begin: &str| said.lines().find_map(|line| line.strip_prefix(begin)).unwrap_or_default();
    assert_eq!(
        after("after the kill: "),
        "11, 12",
        "the writer was killed in the middle of record 13: it must not count, and the two before must be there\n{said}"
    );
    assert_eq!(
        after("after the next writer: "),
        "11, 12, 14",
        "the next record goes where the torn one was\n{said}"
    );
}

/// The judge has the file, and looks at the words that are in it.
#[test]
fn the_kill_comes_when_half_of_the_record_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    fs::write(&path, vec![0; 4 + 32 * 64]).expect("a file");
    let log = path.as_os_str();
    let outcome =
        program::run("mmap_after_kill", &[log, "21".as_ref(), "13".as_ref()], Duration::from_secs(30));
    assert!(
        outcome.status.is_some_and(|status| status.signal() == Some(libc::SIGKILL)),
        "record 13 is where it is killed"
    );
    let words: Vec<_> = fs::read(&path).expect("the file");
    let words: Vec<_> =
        words.chunks(4).map(|word| u32::from_ne_bytes(word.try_into().expect("4 bytes"))).collect();
    assert_eq!(words[0], 1, "one record is whole, and so counts");
    assert_eq!(words[1..17], [21; 16], "the first record");
    assert_eq!(words[17..25], [13; 8], "half of the second record was to be written before `half_way`");
    assert_eq!(words[25..33], [0; 8], "the other half of it was to be written after `half_way`");
}

/// No program can show this on a processor that keeps stores in order, as x86-64 does.
#[test]
fn the_count_comes_last_on_every_processor() {
    let code: String = program::code("mmap_after_kill").split_whitespace().collect();
    let append =
        code.split("fnappend").nth(1).and_then(|rest| rest.split("fnmain").next()).unwrap_or_default();
    let calls = append.split(';').filter(|call| call.contains("count.") || call.contains("fence("));
    let releases =
        calls.filter(|call| ["Release", "AcqRel", "SeqCst"].iter().any(|order| call.contains(order)));
    assert!(
        releases.filter(|call| !call.contains(".load(")).count() > 0,
        "`append` stores the count with `Relaxed`: another processor may see it before the words"
    );
}
