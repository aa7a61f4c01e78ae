//! Running the harness under a watchdog.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a run of the harness left.
pub struct Output {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// How long a run may take on a loaded machine. Reached only when something hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// The harness.
pub fn bench() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ipc-bench"))
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the harness is built");
    let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let status = thread::scope(|scope| {
        scope.spawn(|| out.read_to_string(&mut stdout).expect("UTF-8"));
        scope.spawn(|| err.read_to_string(&mut stderr).expect("UTF-8"));
        wait(&mut child)
    });
    Output { status, stdout, stderr }
}

/// Waits for a child to end, and kills one that does not.
pub fn wait(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + WATCHDOG;
    loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => return status.code(),
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = child.kill();
                panic!("the harness still runs after {} s", WATCHDOG.as_secs());
            }
        }
    }
}
