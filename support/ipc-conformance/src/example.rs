//! The examples of a crate, for its own tests.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::watchdog::{WHOLE_CASE, Watchdog};

/// Runs the example `name` of the crate under test to its end, and returns what it printed. `cargo test` builds the
/// examples beside the tests.
///
/// # Panics
/// The example fails, or is not there: `cargo test --test …` builds the named tests alone.
#[must_use]
pub fn example(name: &str) -> String {
    example_with(name, &[])
}

/// Does the same with arguments.
///
/// # Panics
/// As [`example()`].
#[must_use]
pub fn example_with(name: &str, arguments: &[&str]) -> String {
    let _watchdog = Watchdog::over(format!("the example '{name}'"), WHOLE_CASE);
    run(name, arguments)
}

/// Runs two examples that meet: `receiver`, whose first line ends with an address, and `sender` with that address.
/// Returns the other lines of the receiver, up to its end.
///
/// # Panics
/// As [`example()`].
#[must_use]
pub fn pair_of_examples(receiver: &str, sender: &str) -> String {
    let _watchdog = Watchdog::over(format!("the examples '{receiver}' and '{sender}'"), WHOLE_CASE);
    let mut waiting = Command::new(program(receiver)).stdout(Stdio::piped()).spawn().expect(BUILT);
    let mut printed = BufReader::new(waiting.stdout.take().expect("it is a pipe"));
    let mut first = String::new();
    printed.read_line(&mut first).expect("it prints text");
    let address = first.split_whitespace().last().expect("its first line ends with its address");
    assert_eq!(run(sender, &[address]), "");
    let mut rest = String::new();
    printed.read_to_string(&mut rest).expect("it prints text");
    let status = waiting.wait().expect("a child can be waited for");
    assert!(status.success(), "{receiver}: {status}");
    rest
}

/// Compiles a program of one file in C, runs it in a folder of its own, and returns what it printed.
///
/// # Panics
/// It does not compile without a warning, or it fails.
#[must_use]
pub fn example_in_c(source: &str) -> String {
    let _watchdog = Watchdog::over(format!("the example '{source}'"), WHOLE_CASE);
    let folder = tempfile::tempdir().expect("a fresh folder");
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compile = Command::new(&compiler);
    compile.args(["-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-o"]);
    let status = compile.arg(folder.path().join("example")).arg(source).status();
    let status = status.unwrap_or_else(|error| panic!("{}: {error}", compiler.display()));
    assert!(status.success(), "{source} does not compile");
    let mut program = Command::new(folder.path().join("example"));
    printed(program.current_dir(folder.path()), source)
}

const BUILT: &str = "`cargo build --examples` makes it";

/// Returns the path of an example.
fn program(name: &str) -> PathBuf {
    let this = env::current_exe().expect("a program has a path"); // in `deps`, beside `examples`
    let folder = this.ancestors().nth(2).expect("a test is in a folder of the build");
    folder.join("examples").join(name)
}

/// Runs an example to its end, and returns what it printed.
fn run(name: &str, arguments: &[&str]) -> String {
    let program = program(name);
    assert!(program.exists(), "{} is not there; {BUILT}", program.display());
    printed(Command::new(program).args(arguments), name)
}

/// Runs a program to its end, and returns what it printed.
fn printed(program: &mut Command, name: &str) -> String {
    let Output { status, stdout, stderr } =
        program.output().unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(status.success(), "{name}: {status}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("it prints text")
}
