//! A mechanism's library is light: it brings neither a command line nor JSON.

use std::process::Command;

/// The libraries of the six, as `cargo add ipc-NAME --no-default-features` would bring them.
const LIBRARIES: [&str; 6] = ["ipc-pipe", "ipc-fifo", "ipc-msgq", "ipc-shm", "ipc-mmap", "ipc-socket"];

/// The crates of the programs, and of the tests.
const NOT_IN_LIBRARIES: [&str; 13] = [
    "clap",
    "clap_complete",
    "clap_mangen",
    "crossterm",
    "hdrhistogram",
    "indicatif",
    "ipc-conformance",
    "ipc-demo",
    "ratatui",
    "serde",
    "serde_json",
    "signal-hook",
    "textwrap",
];

/// Returns the names of the crates that `package` is built from.
fn crates_of(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--offline", "--locked", "--package", package, "--no-default-features"])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names of crates are text");
    tree.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

#[test]
fn a_library_brings_no_command_line() {
    for library in LIBRARIES {
        let crates = crates_of(library);
        assert!(
            crates.iter().any(|name| name == "ipc-core"),
            "{library} is not built on ipc-core: {crates:?}"
        );
        for name in NOT_IN_LIBRARIES {
            assert!(!crates.iter().any(|other| other == name), "{library} brings {name}");
        }
    }
}
