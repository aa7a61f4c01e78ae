//! The programs in the README are those that the tests of the crates run, and what it tells a program to depend on is
//! there.

use std::fs;
use std::path::Path;
use std::process::Command;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in a workspace")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the code of an example, without the comment at its top.
fn code(example: &str) -> String {
    let text = read(example);
    let (_, code) = text.split_once("// ANCHOR: program\n").expect("its code begins there");
    code.split_once("// ANCHOR_END: program\n").expect("and ends there").0.to_owned()
}

/// Returns the README's blocks of code in a language.
fn blocks(language: &str) -> Vec<String> {
    let (text, opening) = (read("README.md"), format!("\n```{language}\n"));
    let blocks = text.split(&opening).skip(1);
    blocks.map(|rest| rest.split("```").next().expect("split gives one at least").to_owned()).collect()
}

#[test]
fn its_programs_are_the_examples_that_are_tested() {
    assert_eq!(blocks("rust"), ["ipc-shm/examples/receiver.rs", "ipc-shm/examples/sender.rs"].map(code));
}

/// As it says, nothing but the type changes.
#[test]
fn the_same_programs_use_a_message_queue() {
    for program in ["receiver.rs", "sender.rs"] {
        let shared_memory = code(&format!("ipc-shm/examples/{program}"));
        let queue = code(&format!("ipc-msgq/examples/{program}"));
        assert_eq!(shared_memory.replace("ipc_shm", "ipc_msgq").replace("Ring", "SystemV"), queue);
    }
}

/// Cargo finds what the README tells a program outside of this workspace to depend on; it is not built here.
#[test]
fn a_program_can_have_its_dependencies() {
    let [told] = &blocks("toml")[..] else { panic!("one block of TOML") };
    let here = repository().canonicalize().expect("it is there");
    let told = told.replace("../ipc/", &format!("{}/", here.display()));
    let program = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(program.path().join(name), text).expect("there is room");
    write("Cargo.toml", &format!("[package]\nname = \"mine\"\nedition = \"2024\"\n\n{told}"));
    write("Cargo.lock", &read("Cargo.lock")); // no network: the versions that are here
    fs::create_dir(program.path().join("src")).expect("there is room");
    write("src/main.rs", "fn main() {}");
    let cargo = Command::new(env!("CARGO")).args(["tree", "--offline"]).current_dir(program.path()).output();
    let cargo = cargo.expect("cargo can be run");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let workspace = read("Cargo.toml");
    let zerocopy = workspace.lines().find(|line| line.starts_with("zerocopy = ")).expect("it is there");
    let version = zerocopy.trim_start_matches("zerocopy = ");
    assert!(told.contains(&format!("zerocopy = {{ version = {version}")), "{told}");
}
