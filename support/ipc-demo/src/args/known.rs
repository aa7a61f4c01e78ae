//! The command line's knowledge of the variants.

use ipc_core::{Mechanism, Options, Variant, Variants, Visitor};

/// The variants of a mechanism, in order.
#[derive(Default)]
pub(super) struct Known {
    pub variants: Vec<Offer>,
}

/// A variant, and its switches.
pub(super) struct Offer {
    pub variant: Variant,
    pub switches: Vec<Offered>,
}

/// A switch of at least one variant.
#[derive(Clone, Copy)]
pub(super) struct Offered {
    pub name: &'static str,
    pub help: &'static str,
    /// True if it means nothing to the side that joins.
    pub only_for_owner: bool,
}

impl Visitor for Known {
    fn variant<M: Mechanism + 'static>(&mut self) {
        let switches = M::Options::SWITCHES.iter().map(|switch| Offered {
            name: switch.name,
            help: switch.help,
            only_for_owner: switch.only_for_owner,
        });
        self.variants.push(Offer { variant: M::VARIANT, switches: switches.collect() });
    }
}

impl Known {
    pub(super) fn of<V: Variants>() -> Self {
        let mut known = Self::default();
        V::visit(&mut known);
        known
    }

    /// Returns the variant that the demo runs by default.
    pub(super) fn default_variant(&self) -> &Offer {
        &self.variants[0]
    }

    /// Returns the switches of all variants, each once, in order.
    pub(super) fn switches(&self) -> Vec<Offered> {
        let mut switches: Vec<Offered> = Vec::new();
        for &switch in self.variants.iter().flat_map(|offer| &offer.switches) {
            if switches.iter().all(|known| known.name != switch.name) {
                switches.push(switch);
            }
        }
        switches
    }

    pub(super) fn named(&self, name: &str) -> Option<&Offer> {
        self.variants.iter().find(|offer| offer.variant.name == name)
    }

    /// Returns the names of the variants that have the switch.
    pub(super) fn takers(&self, switch: &str) -> String {
        let takers = self.variants.iter().filter(|offer| offer.takes(switch));
        takers.map(|offer| offer.variant.name).collect::<Vec<_>>().join(", ")
    }
}

impl Offer {
    pub(super) fn takes(&self, switch: &str) -> bool {
        self.switches.iter().any(|known| known.name == switch)
    }
}
