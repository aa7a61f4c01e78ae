use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

fn echoed(len: &str) {
    let outcome = program::run("pipe_two_full", &[len], LIMIT);
    outcome.expect_done(&format!("{len} bytes should go out and come back. (If it hangs: who reads?)"));
    assert_eq!(outcome.stdout, format!("sent {len}, received {len}\n"));
}

#[test]
fn few_bytes_come_back() {
    echoed("1000");
}

#[test]
fn many_bytes_come_back() {
    echoed("2000000");
}
