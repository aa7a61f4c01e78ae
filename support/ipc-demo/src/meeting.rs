//! Lets `ping` without an address find the one `pong` that waits.

use std::fs;

use ipc_core::{
    Error, Mechanism, Result,
    ownership::{self, OwnershipLock},
    poll_for,
};

use crate::args::Parsed;

/// The file in an ownership lock's directory in which `pong` writes its address.
const FILE: &str = "waiting-at";

/// An announcement; withdrawn when dropped.
#[derive(Debug)]
pub(super) struct Announcement {
    _ownership: OwnershipLock,
}

/// Announces that a `pong` of this variant waits at `address`.
pub(super) fn announce<M: Mechanism>(address: &str) -> Result<Announcement> {
    let (variant, _guard) = (M::VARIANT.name, ownership::CreationGuard::new());
    let ownership = OwnershipLock::take::<M>(None)?;
    ownership.write(FILE, &format!("{variant} {address}"))?;
    Ok(Announcement { _ownership: ownership })
}

/// Returns the address of the only waiting `pong` of this variant; waits for one to start.
pub(super) fn find<M: Mechanism>(parsed: &Parsed) -> Result<String> {
    let (name, variant) = (M::PROFILE.name, M::VARIANT.name);
    let option = if parsed.is_default_variant { String::new() } else { format!(" --variant {variant}") };
    let no_peer = || {
        format!(
            "no pong of variant {variant} is waiting: start `ipc-{name} pong{option}` first, or give its address"
        )
    };
    poll_for(parsed.timeout, no_peer, || {
        let dirs = ownership::held::<M>()?.into_iter();
        let announced = dirs.filter_map(|dir| fs::read_to_string(dir.join(FILE)).ok());
        let mut addresses: Vec<_> = announced
            .filter_map(|text| Some(text.strip_prefix(variant)?.strip_prefix(' ')?.to_owned()))
            .collect();
        if addresses.len() > 1 {
            let all = addresses.join("  ");
            return Err(Error::Refused(format!("several pongs are waiting, give the address of one: {all}")));
        }
        Ok(addresses.pop())
    })
}
