use std::time::Duration;

use crate::ipc::Queue;
use crate::{kernel, program};

#[test]
fn the_client_gets_the_servers_answers() {
    let outcome = program::run("msgq_one_type", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Client and server should end.");
    assert_eq!(
        outcome.stdout, "twice 1 is 2\ntwice 10 is 20\ntwice 21 is 42\n",
        "the client should get the answers, not its own questions"
    );
}

/// The judge is the client, and looks at what the server puts into the queue.
#[test]
fn no_answer_looks_like_a_question() {
    let queue = Queue::new();
    [6, 500, 7].iter().for_each(|question: &u32| queue.send(1, &question.to_string()));
    let server = program::start(program::command("msgq_one_type").arg(queue.0.to_string()));
    assert!(
        kernel::waits_for_something(server.id),
        "having answered, the server should wait for the next question"
    );
    assert_eq!(
        queue.take(1),
        None,
        "an answer has the type of the questions: any server could take it for one"
    );
    let answers: Vec<_> = std::iter::from_fn(|| queue.take(0)).map(|(_, answer)| answer).collect();
    assert_eq!(answers, ["12", "1000", "14"], "the answers to 6, 500 and 7");
    queue.remove(); // this ends the server
    assert_eq!(server.rest(), "", "the server prints nothing");
}
