use std::time::Duration;

use crate::program;

#[test]
fn the_lowest_type_comes_first() {
    let outcome = program::run("msgq_priority", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("All messages should be received.");
    assert_eq!(
        outcome.stdout, "fire\nphone\ndoor\ntidy up\nlater: holidays\n",
        "the lowest type should come first, and type 9 should stay until the end"
    );
}

#[test]
fn whatever_waits_the_lowest_type_comes_first() {
    let messages = ["4 d1", "7 late", "3 c1", "5 e", "4 d2", "6 later", "1 a", "3 c2", "5 e2", "2 b"];
    let outcome = program::run("msgq_priority", &messages, Duration::from_secs(30));
    outcome.expect_done("All messages should be received.");
    assert_eq!(
        outcome.stdout, "a\nb\nc1\nc2\nd1\nd2\ne\ne2\nlater: late\nlater: later\n",
        "those of one type come in the order in which they were sent, and types 6 and 7 stay until the end"
    );
}
