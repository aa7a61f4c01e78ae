use std::time::Duration;

use crate::program;

#[test]
fn only_the_text_is_sent() {
    let outcome = program::run("msgq_size", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The letter should be sent and received.");
    assert_eq!(
        outcome.stdout, "received 16 bytes: see you at eight\n",
        "the message should be the text, without the 8 bytes behind it"
    );
}
