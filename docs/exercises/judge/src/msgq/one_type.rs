use std::time::Duration;

use crate::program;

#[test]
fn the_client_gets_the_servers_answers() {
    let outcome = program::run("msgq_one_type", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Client and server should end.");
    assert_eq!(
        outcome.stdout, "twice 1 is 2\ntwice 10 is 20\ntwice 21 is 42\n",
        "the client should get the answers, not its own questions"
    );
}
