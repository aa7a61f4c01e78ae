//! The examples of a crate, for its own tests.

use std::process::Command;

use crate::watchdog::{WHOLE_CASE, Watchdog};

/// Runs the example `name` of the crate under test to its end, and returns what it printed. `cargo test` builds the
/// examples beside the tests.
///
/// # Panics
/// The example fails, or is not there: `cargo test --test …` builds the named tests alone.
#[must_use]
pub fn example(name: &str) -> String {
    let _watchdog = Watchdog::over(format!("the example '{name}'"), WHOLE_CASE);
    let this = std::env::current_exe().expect("a program has a path"); // in `deps`, beside `examples`
    let folder = this.ancestors().nth(2).expect("a test is in a folder of the build");
    let program = folder.join("examples").join(name);
    let output = Command::new(&program).output().unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo build --examples` makes it", program.display());
    });
    assert!(
        output.status.success(),
        "{name}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("it prints text")
}
