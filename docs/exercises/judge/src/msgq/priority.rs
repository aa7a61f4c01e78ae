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
