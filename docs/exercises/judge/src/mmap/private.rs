use std::time::Duration;

use crate::program;

#[test]
fn what_one_process_stores_arrives_at_the_other() {
    for number in ["42", "3000000000", "7"] {
        let outcome = program::run("mmap_private", &[number], Duration::from_secs(30));
        outcome.expect_done("Two processes map a file, and end.");
        let said = &outcome.stdout;
        assert!(said.starts_with("before: 0\n"), "the file begins with zeros\n{said}");
        let stored = format!("stored {number}: true");
        assert!(said.contains(&stored), "the second process failed\n{said}{}", outcome.stderr);
        let loads = format!("this process loads {number}\n");
        assert!(said.contains(&loads), "the store stayed in the process that made it\n{said}");
        let file = format!("the file begins with {number}\n");
        assert!(said.contains(&file), "the store did not come to the file\n{said}");
    }
}
