//! Sends structs to another program, `receiver.rs`: run that first, then `cargo run -p ipc-msgq --example msgq_sender ADDRESS`.

// ANCHOR: program
use std::time::Duration;

use ipc_msgq::{SystemV, prelude::*};
use zerocopy::{FromBytes, Immutable, IntoBytes};

#[derive(FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Reading {
    sensor: u32,
    celsius: f32,
}

fn main() -> Result<()> {
    let address = std::env::args().nth(1).expect("the address that the receiver prints");
    let mut link = SystemV::join(&address, &Setup::default(), Duration::from_secs(10))?;
    for sensor in 1..=3 {
        link.typed().send(&Reading { sensor, celsius: 20.5 })?;
    }
    Ok(())
}
// ANCHOR_END: program
