use std::time::Duration;

use crate::program;

#[test]
fn each_byte_of_the_message_is_written_and_read() {
    let outcome = program::run("mmap_payload", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Two processes play round trips, and end.");
    let said = &outcome.stdout;
    let mut sizes = 0;
    for line in said.lines() {
        let numbers = line.split_once("sum ").and_then(|(_, rest)| rest.split_once(", expected "));
        let (sum, expected) = numbers.unwrap_or_else(|| panic!("a line without a sum: {line}"));
        assert_eq!(
            sum, expected,
            "the sum of the bytes that came is not that of the bytes that were to be sent: were all of them written, in \
             each round, and all of them read?\n{said}"
        );
        sizes += 1;
    }
    assert_eq!(sizes, 2, "two sizes are measured\n{said}");
    let code: String = program::code("mmap_payload").split_whitespace().collect();
    assert!(
        code.matches(".payload").count() >= 2,
        "the sum is right, but the payload is not both written and read: the bytes must go through the mapping"
    );
}
