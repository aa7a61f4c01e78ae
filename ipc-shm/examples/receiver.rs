//! Receives structs from another program, `sender.rs`: `cargo run -p ipc-shm --example shm_receiver`.

// ANCHOR: program
use std::time::Duration;

use ipc_shm::{Ring, prelude::*};
use zerocopy::{FromBytes, Immutable, IntoBytes};

#[derive(FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Reading {
    sensor: u32,
    celsius: f32,
}

fn main() -> Result<()> {
    let mut meeting = Ring::create(None, &Setup::default())?;
    println!("waiting at {}", meeting.address());
    let mut link = meeting.accept(Duration::from_secs(60))?;
    for reading in link.typed::<Reading>().messages() {
        let Reading { sensor, celsius } = reading?;
        println!("sensor {sensor}: {celsius} °C");
    }
    Ok(()) // the sender has ended
}
// ANCHOR_END: program
