//! The wires.

use std::fmt;
use std::time::Duration;

use ipc_core::Result;
use serde::{Deserialize, Serialize};
use wire::{Conditions, Hosts};

/// A wire between the two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wire {
    /// The time from one host to the other, in milliseconds. A round trip takes twice as long.
    pub one_way_delay_ms: u64,
    /// The share of the packets that are lost in each direction: 0.01 is 1 %.
    pub loss: f64,
}

impl Wire {
    /// The wires of the table.
    pub const ALL: [Self; 3] = [
        Self { one_way_delay_ms: 0, loss: 0.0 },
        Self { one_way_delay_ms: 10, loss: 0.0 },
        Self { one_way_delay_ms: 10, loss: 0.01 },
    ];

    /// Makes two hosts, joined by this wire.
    pub(super) fn join(&self) -> Result<Hosts> {
        if self.one_way_delay_ms == 0 && self.loss == 0.0 {
            return Hosts::direct();
        }
        let one_way_delay = Duration::from_millis(self.one_way_delay_ms);
        Hosts::new(&Conditions { one_way_delay, loss: self.loss, seed: 0 })
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.one_way_delay_ms {
            0 => "0 ms".to_owned(),
            delay => format!("{delay} ms each way"),
        };
        let loss = if self.loss == 0.0 { String::new() } else { format!(", {} % lost", self.loss * 100.0) };
        f.pad(&(text + &loss))
    }
}
