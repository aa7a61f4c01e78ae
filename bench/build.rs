//! Notes which compiler built the harness, and from which commit: a figure without them cannot be compared with another
//! one.

use std::process::Command;

fn main() {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    if let Some(version) = output(&compiler, &["--version"]) {
        println!("cargo::rustc-env=IPC_BENCH_RUSTC={version}");
    }
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=IPC_BENCH_COMMIT={commit}");
    }
}

/// The commit, with `-dirty` behind it if files were changed; `None` outside a checkout, and where there is no git.
fn commit() -> Option<String> {
    // Asked again when another commit is checked out, and when a file of the suite changes.
    println!("cargo::rerun-if-changed=build.rs");
    for file in ["HEAD", "logs/HEAD"] {
        let path = output("git", &["rev-parse", "--git-path", file])?;
        println!("cargo::rerun-if-changed={path}");
    }
    for package in [
        "bench",
        "ipc-fifo",
        "ipc-mmap",
        "ipc-msgq",
        "ipc-pipe",
        "ipc-shm",
        "ipc-socket",
        "support/ipc-core",
        "support/ipc-demo",
    ] {
        println!("cargo::rerun-if-changed=../{package}/src");
    }
    // A copy of these sources within the checkout of something else is not of that one's commit.
    output("git", &["ls-files", "--error-unmatch", "build.rs"])?;
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"])?;
    let changed = output("git", &["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}-dirty") })
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
