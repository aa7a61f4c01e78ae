use std::time::Duration;

use crate::ipc::Queue;
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

/// Into a queue of the judge's: what it receives is not what the program says it has received.
#[test]
fn only_the_text_is_in_the_queue() {
    let queue = Queue::new();
    let outcome = program::run("msgq_size", &[queue.0.to_string()], Duration::from_secs(30));
    outcome.expect_done("The letter should be sent.");
    let (mtype, text) = queue.take(0).expect("a message should be in the queue");
    assert_eq!(mtype, 1, "the type of the letter");
    assert_eq!(text, "see you at eight", "what the kernel took: {} bytes", text.len());
}
