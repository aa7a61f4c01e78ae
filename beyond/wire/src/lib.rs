//! Two hosts on one machine, joined by a wire that delays, loses and cuts.
//!
//! A host is a network namespace: it has its own interfaces, addresses, ports and connections, loopback included. The
//! namespaces have no names. They live as long as a descriptor or a process refers to them, so they vanish with the
//! program, even if it is killed.
//!
//! ```
//! use std::net::UdpSocket;
//! use std::time::Duration;
//! use wire::Conditions;
//!
//! let slow = Conditions { one_way_delay: Duration::from_millis(10), ..Conditions::default() };
//! let Some(hosts) = wire::for_this_test(&slow) else { return Ok(()) };
//! let server = hosts.b().enter(|| UdpSocket::bind((hosts.b().address(), 0)))?;
//! let client = hosts.a().enter(|| UdpSocket::bind((hosts.a().address(), 0)))?;
//! client.send_to(b"hello", server.local_addr()?)?;
//! assert_eq!(server.recv(&mut [0; 5])?, 5);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `hosts.rs` | [`Hosts`]: the two, and what joins them |
//! | `host.rs` | [`Host`]: a place where code and commands run |
//! | `namespace.rs` | a network namespace, held by a descriptor |
//! | `conditions.rs` | [`Conditions`]: delay and loss; [`Losses`]: the packets that a seed loses |
//! | `userspace.rs` | a wire made of a thread between two TUN devices |
//! | `lane.rs` | one direction of it: packets on their way |
//! | `netem.rs` | the same by the kernel's `netem`, where there is one |
//! | `ip.rs` | running `ip` and `tc` |

mod conditions;
mod host;
mod hosts;
mod ip;
mod lane;
mod namespace;
mod netem;
mod sys;
mod userspace;

pub use conditions::{Conditions, Losses};
pub use host::Host;
pub use hosts::{Hosts, Kind, for_this_test};
pub use lane::{Count, QUEUE};
pub use namespace::become_root;
