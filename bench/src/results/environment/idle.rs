//! What an idle CPU does, as the kernel reports it: on a virtual machine the price of a wake-up depends on it.

use serde::{Deserialize, Serialize};

use super::files::{line, number};

/// The parts of the kernel that decide what an idle CPU does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// The driver of `cpuidle`.
    pub driver: Option<String>,
    /// The governor of `cpuidle`.
    pub governor: Option<String>,
    /// How long an idle CPU of a virtual machine polls before it halts, in nanoseconds. Only the governor `haltpoll`
    /// reads it.
    pub guest_halt_poll_ns: Option<u64>,
}

impl Idle {
    /// Reads them; `None` if the kernel reports none.
    pub(super) fn read() -> Option<Self> {
        let cpuidle = |name: &str| line(&format!("/sys/devices/system/cpu/cpuidle/{name}"));
        let idle = Self {
            driver: cpuidle("current_driver"),
            governor: cpuidle("current_governor").or_else(|| cpuidle("current_governor_ro")),
            guest_halt_poll_ns: number("/sys/module/haltpoll/parameters/guest_halt_poll_ns"),
        };
        (idle != Self { driver: None, governor: None, guest_halt_poll_ns: None }).then_some(idle)
    }

    /// Returns them in a line.
    pub(super) fn text(&self) -> String {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".into());
        let polling =
            self.guest_halt_poll_ns.map_or_else(String::new, |nanos| format!(", guest_halt_poll_ns {nanos}"));
        format!("driver {}, governor {}{polling}", name(&self.driver), name(&self.governor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let idle = |driver: Option<&str>, guest_halt_poll_ns| Idle {
            driver: driver.map(str::to_owned),
            governor: Some("menu".into()),
            guest_halt_poll_ns,
        };
        assert_eq!(idle(None, None).text(), "driver none, governor menu");
        assert_eq!(
            idle(Some("haltpoll"), Some(7)).text(),
            "driver haltpoll, governor menu, guest_halt_poll_ns 7"
        );
    }
}
