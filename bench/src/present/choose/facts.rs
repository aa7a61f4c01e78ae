//! The facts of the profiles that matter for a purpose.

use ipc_core::{Between, Clients, Direction, Persistence, Profile, Reach, Unit, Variant};

use super::purpose::{Outlive, Partners, Purpose, Shape, Ways};

/// Returns the reason why this variant cannot be used, if it cannot.
pub(super) fn impossible(profile: &Profile, variant: &Variant, purpose: &Purpose) -> Option<String> {
    if purpose.partners != Partners::ParentChild && profile.between == Between::ParentAndChild {
        return Some(format!("it is between {} only", profile.between));
    }
    let between_hosts = purpose.partners == Partners::OtherHost;
    if between_hosts && variant.reach == Reach::SameHost {
        return Some(format!("it reaches the {} only", variant.reach));
    }
    if let Some(lacking) = variant.shares.iter().find(|what| !between_hosts && !purpose.common.has(**what)) {
        return Some(format!("both sides must share {lacking}"));
    }
    let lasts = match purpose.outlive {
        Outlive::No => true,
        Outlive::Processes => variant.persistence != Persistence::Process,
        Outlive::Restart => variant.persistence == Persistence::FileSystem,
    };
    if !lasts {
        return Some(match variant.persistence {
            Persistence::Process => "its data goes with the last process that has it open".into(),
            _ => "its data is gone when the machine restarts".into(),
        });
    }
    if purpose.clients > 1 && variant.clients == Clients::One {
        return Some(format!("it serves one client; {} of them take {0} objects", purpose.clients));
    }
    None
}

/// The parts that a program needs besides sending and receiving.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Those that the user has to write.
    pub work: Vec<String>,
    /// Those that the variant's crate provides.
    pub provided: Vec<String>,
}

impl Parts {
    /// Returns the number of all parts. A part that a crate provides is not to be written, but still has to be
    /// understood by the person who looks for a fault.
    pub(super) fn count(&self) -> usize {
        self.work.len() + self.provided.len()
    }

    /// Returns the parts of a program that sends each message, or piece of a stream, as `pieces` messages.
    ///
    /// What the [`Transport`](ipc_core::Transport) and the [`Mechanism`](ipc_core::Mechanism) of every variant promise
    /// is provided: whole messages in both directions, waiting, a child that is told where to join, and the removal of
    /// what a crash leaves. But a meeting is one of two processes: a server of many clients, and data that outlives
    /// both, are provided only where the variant says so.
    pub(super) fn of(profile: &Profile, variant: &Variant, purpose: &Purpose, pieces: usize) -> Self {
        let mut parts = Self::default();
        let many = purpose.clients > 1;
        let has_server = many && variant.server.is_some();
        let is_meeting = !many && purpose.outlive == Outlive::No;
        // All clients write into the same channel.
        let is_shared = many && profile.direction == Direction::OneWay;
        match (variant.unit, purpose.shape) {
            (Unit::ByteStream, Shape::Stream) if is_shared => {
                parts.add(true, "frames, since clients mix their bytes");
            }
            (Unit::ByteStream, Shape::Message) => parts.add(true, "frames around messages"),
            (Unit::WholeStruct, Shape::Stream) => parts.add(false, "cutting the stream into messages"),
            (Unit::Struct | Unit::Page, _) => {
                parts.add(is_meeting, "a protocol in the memory");
                parts.add(is_meeting, "sleeping and waking");
            }
            (Unit::ByteStream, Shape::Stream) | (Unit::WholeStruct, Shape::Message) => {}
        }
        if pieces > 1 && purpose.shape == Shape::Message {
            parts.add(false, format!("cutting each message into {pieces} pieces"));
        }
        let two_way = purpose.ways == Ways::TwoWay;
        if two_way && profile.direction == Direction::OneWay {
            parts.add(is_meeting || has_server, "a second channel");
        }
        if is_shared && two_way && variant.unit == Unit::ByteStream {
            parts.add(has_server, "one such channel for each client"); // a queue's messages can be taken by their type
        }
        if many {
            parts.add(
                has_server,
                match profile.direction {
                    Direction::TwoWay => "a connection for each client",
                    Direction::OneWay => "a way to tell the clients apart",
                },
            );
        }
        let is_for_hosts = variant.reach != Reach::SameHost;
        if purpose.partners == Partners::ParentChild && profile.between != Between::ParentAndChild {
            parts.add(is_meeting, "telling the child where to join");
        }
        if is_for_hosts {
            parts.add(false, "keeping strangers off the port"); // on one host too: any of its users can connect
            if two_way {
                parts.add(is_meeting, "TCP_NODELAY for short messages");
            }
        }
        if variant.remains && purpose.outlive == Outlive::No {
            parts.add(is_meeting, "removal after a crash");
        }
        match purpose.outlive {
            Outlive::No => {}
            Outlive::Processes => parts.add(false, "removal of what has been read"),
            Outlive::Restart => {
                parts.add(false, "removal of what has been read");
                parts.add(false, "msync(2) before a message counts as kept");
            }
        }
        parts
    }

    fn add(&mut self, provided: bool, part: impl Into<String>) {
        if provided { &mut self.provided } else { &mut self.work }.push(part.into());
    }
}

/// Returns true if both sides have the same memory, which either can change at any time.
pub(super) fn is_memory(variant: &Variant) -> bool {
    matches!(variant.unit, Unit::Struct | Unit::Page)
}

/// Returns the order of two variants with equally many parts: the less its data outlives the processes, the less there
/// is to watch.
pub(super) fn outlasts(variant: &Variant) -> u8 {
    match variant.persistence {
        Persistence::Process => 0,
        Persistence::Kernel => 1,
        Persistence::FileSystem => 2,
    }
}

/// Returns the parts as a part of a sentence.
pub(super) fn in_words(parts: &[String]) -> String {
    match parts {
        [] => "nothing".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
