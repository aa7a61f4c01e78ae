use std::time::Duration;

use crate::program;

#[test]
fn head_tail_and_slots_have_lines_of_their_own() {
    let outcome = program::run("shm_false_sharing", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Two processes count, and the program says where everything lies.");
    let said = &outcome.stdout;
    let number = |name: &str| -> usize {
        let word = said.lines().find_map(|line| line.strip_prefix(name));
        word.and_then(|word| word.trim().parse().ok()).unwrap_or_else(|| panic!("no line '{name}'\n{said}"))
    };
    let (head, tail, slots) = (number("head at"), number("tail at"), number("slots at"));
    let line = |offset: usize| offset / 128;
    assert!(line(head) != line(tail), "head and tail lie in the same 128 bytes\n{said}");
    // The slots are 512 bytes, in as many lines.
    for (name, offset) in [("head", head), ("tail", tail)] {
        let shared = (line(slots)..=line(slots + 511)).contains(&line(offset));
        assert!(!shared, "{name} lies in a line of the slots\n{said}");
    }
    assert!(number("length") <= 4096, "it does not fit into a page\n{said}");
    assert!(said.contains("counted 100000 and 100000"), "both processes count to 100000\n{said}");
    assert!(
        said.contains("64 slots, the last one holds 0"),
        "there must still be 64 slots, and none was written\n{said}"
    );
}
