//! Compiles the peers in C and C++, and passes on which versions of the others are locked.

use std::fs;

/// The crates whose versions stand in the results.
const CRATES: [&str; 6] = ["iceoryx2", "interprocess", "ipc-channel", "rtrb", "shmem-ipc", "zmq"];

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    let lock = fs::read_to_string("Cargo.lock").expect("cargo has written it");
    for name in CRATES {
        let line = format!("name = \"{name}\"\nversion = \"");
        let rest = lock.split(&line).nth(1).unwrap_or_else(|| panic!("{name} is locked"));
        let version = rest.split('"').next().expect("the first part is there");
        let variable = name.replace('-', "_").to_uppercase();
        println!("cargo:rustc-env=VERSION_{variable}={version}");
    }

    println!("cargo:rerun-if-changed=c");
    let mut c = cc::Build::new();
    c.files(
        ["pipe", "blocks", "stream", "sysv", "posix", "slot", "ring", "compiler"]
            .map(|name| format!("c/{name}.c")),
    );
    c.opt_level(3).std("gnu11").warnings(true).compile("peers_c");
    println!("cargo:rustc-link-lib=rt"); // mq_open, where it is not part of libc

    if std::env::var_os("CARGO_FEATURE_BOOST").is_some() {
        let mut boost = cc::Build::new();
        boost.cpp(true).file("c/boost.cpp").std("c++17").opt_level(3).compile("peers_boost");
    }
}
