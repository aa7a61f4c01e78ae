use std::time::Duration;

use crate::program;

#[test]
fn each_client_gets_its_own_answers() {
    let outcome = program::run("msgq_clients", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Server and clients should end.");
    assert_eq!(
        outcome.stdout, "3 of 3 clients got their own answers\n",
        "each client should receive only the answers to its own questions"
    );
}
