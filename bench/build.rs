//! Notes which compiler built the harness: a figure without it cannot be compared with another one.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output().ok();
    if let Some(version) = version.and_then(|output| String::from_utf8(output.stdout).ok()) {
        println!("cargo::rustc-env=IPC_BENCH_RUSTC={}", version.trim());
    }
}
