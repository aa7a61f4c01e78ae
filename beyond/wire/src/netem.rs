//! Delay, loss and cuts by the kernel's own `netem`, on a veth pair.

use ipc_core::Result;

use crate::ip::{ip, tc};
use crate::{Conditions, Host, QUEUE};

/// Sets the conditions at both ends.
///
/// # Errors
/// This kernel has no `netem`, or there is no `tc`.
pub(crate) fn set(hosts: [&Host; 2], conditions: &Conditions, is_cut: bool) -> Result<()> {
    let delay = conditions.one_way_delay.as_micros();
    let loss = if is_cut { 100.0 } else { conditions.loss * 100.0 };
    for host in hosts {
        host.enter(|| {
            // Packets, not bundles of up to 64 KiB, are to be lost.
            ip("link set wire gso_max_segs 1")?;
            tc(&format!("qdisc replace dev wire root netem limit {QUEUE} delay {delay}us loss {loss}%"))
        })?;
    }
    Ok(())
}
