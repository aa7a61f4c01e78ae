//! The two hosts, and what joins them.

use std::fmt;
use std::fs;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use ipc_core::{Error, Result};

use crate::ip::ip;
use crate::lane::Count;
use crate::userspace::{self, MTU, Wire};
use crate::{Conditions, Host, QUEUE, netem};

/// What joins the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A veth pair: a cable of no length, that loses nothing.
    Veth,
    /// A veth pair with the kernel's `netem` at both ends. Which packets are lost does not follow the seed.
    Netem,
    /// A thread of this program between two TUN devices.
    Userspace,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Veth => "a veth pair",
            Self::Netem => "a veth pair with netem",
            Self::Userspace => "a userspace wire between two TUN devices",
        })
    }
}

/// Two hosts and the wire between them. Dropping it kills the commands that were started there, and removes all.
#[derive(Debug)]
pub struct Hosts {
    a: Host,
    b: Host,
    kind: Kind,
    /// For [`Kind::Userspace`].
    wire: Option<Wire>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    conditions: Conditions,
    is_cut: bool,
}

impl Hosts {
    /// Makes two hosts, joined by a wire with these conditions: by `netem`, where this kernel has it and nothing is to
    /// follow a seed, otherwise by the wire in user space.
    ///
    /// # Errors
    /// It is not permitted, or something is missing; the error says what.
    pub fn new(conditions: &Conditions) -> Result<Self> {
        if conditions.seed != 0 {
            return Self::over(Kind::Userspace, conditions);
        }
        Self::over(Kind::Netem, conditions).or_else(|_| Self::over(Kind::Userspace, conditions))
    }

    /// Makes two hosts with a veth pair between them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn direct() -> Result<Self> {
        Self::over(Kind::Veth, &Conditions::default())
    }

    /// Makes two hosts joined by a wire of this kind.
    ///
    /// # Errors
    /// As [`new`](Self::new); or this kind does not do what is asked.
    pub fn over(kind: Kind, conditions: &Conditions) -> Result<Self> {
        check(kind, conditions)?;
        let (a, b) = (Host::new(Ipv4Addr::new(10, 0, 0, 1))?, Host::new(Ipv4Addr::new(10, 0, 0, 2))?);
        let wire = if kind == Kind::Userspace {
            let ends = [a.enter(|| userspace::tun("wire"))?, b.enter(|| userspace::tun("wire"))?];
            Some(Wire::between(ends, conditions)?)
        } else {
            let there = b.namespace();
            a.enter(|| ip(&format!("link add wire type veth peer name wire netns {}", there.display())))?;
            None
        };
        for host in [&a, &b] {
            host.enter(|| {
                // The kernel would send packets of its own, and each has its place among those that are lost.
                let _ = fs::write("/proc/sys/net/ipv6/conf/wire/disable_ipv6", "1"); // there may be no IPv6
                ip(&format!(
                    "address add {}/24 dev wire\nlink set lo up\nlink set wire mtu {MTU} txqueuelen {QUEUE} up\n",
                    host.address()
                ))
            })?;
        }
        let state = Mutex::new(State { conditions: *conditions, is_cut: false });
        let hosts = Self { a, b, kind, wire, state };
        if kind == Kind::Netem {
            netem::set([&hosts.a, &hosts.b], conditions, false)?;
        }
        Ok(hosts)
    }

    /// The first host.
    #[must_use]
    pub const fn a(&self) -> &Host {
        &self.a
    }

    /// The second host.
    #[must_use]
    pub const fn b(&self) -> &Host {
        &self.b
    }

    /// What joins them.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Changes the conditions. The seed begins anew. Packets on their way arrive as before.
    ///
    /// # Errors
    /// This kind of wire does not do that.
    pub fn set(&self, conditions: &Conditions) -> Result<()> {
        check(self.kind, conditions)?;
        self.change(|state| state.conditions = *conditions)?;
        if let Some(wire) = &self.wire {
            wire.set(conditions);
        }
        Ok(())
    }

    /// Cuts the wire somewhere in the middle: packets vanish in both directions, those on their way too, and neither
    /// host is told. A veth pair is unplugged instead, which both kernels notice.
    ///
    /// # Errors
    /// `ip` or `tc` refuses.
    pub fn cut(&self) -> Result<()> {
        self.change(|state| state.is_cut = true)?;
        if let Some(wire) = &self.wire {
            wire.cut();
        }
        Ok(())
    }

    /// Mends the wire.
    ///
    /// # Errors
    /// `ip` or `tc` refuses.
    pub fn mend(&self) -> Result<()> {
        self.change(|state| state.is_cut = false)?;
        if let Some(wire) = &self.wire {
            wire.mend();
        }
        Ok(())
    }

    /// What became of the packets from host a, and of those from host b; only the wire in user space counts them.
    #[must_use]
    pub fn counts(&self) -> Option<[Count; 2]> {
        self.wire.as_ref().map(Wire::counts)
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        match self.kind {
            Kind::Userspace => Ok(()),
            Kind::Netem => netem::set([&self.a, &self.b], &state.conditions, state.is_cut),
            Kind::Veth => {
                let word = if state.is_cut { "down" } else { "up" };
                [&self.a, &self.b]
                    .into_iter()
                    .try_for_each(|host| host.enter(|| ip(&format!("link set wire {word}"))))
            }
        }
    }
}

fn check(kind: Kind, conditions: &Conditions) -> Result<()> {
    if !(0.0..=1.0).contains(&conditions.loss) {
        return Err(Error::Usage(format!("a loss of {} is no share: expected 0 to 1", conditions.loss)));
    }
    if kind == Kind::Veth && (conditions.loss > 0.0 || !conditions.one_way_delay.is_zero()) {
        return Err(Error::Usage("a veth pair alone neither delays nor loses: use Hosts::new".into()));
    }
    Ok(())
}

/// Makes two hosts for the test that calls this. Where that is impossible, the test is skipped: that is said, with the
/// reason, and `None` returned.
#[must_use]
pub fn for_this_test(conditions: &Conditions) -> Option<Hosts> {
    Hosts::new(conditions).inspect_err(|error| ipc_conformance::skipped(&error.to_string())).ok()
}
