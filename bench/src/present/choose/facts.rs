//! The facts of the profiles that matter for a purpose.

use ipc_core::{Between, Clients, Direction, Persistence, Profile, Reach, Unit, Variant};

use super::purpose::{Outlive, Partners, Purpose, Shape, Ways};

/// Returns the reason why this variant cannot be used, if it cannot.
pub(super) fn impossible(profile: &Profile, variant: &Variant, purpose: &Purpose) -> Option<String> {
    if purpose.partners != Partners::ParentChild && profile.between == Between::ParentAndChild {
        return Some(format!("it is between {} only", profile.between));
    }
    if purpose.partners == Partners::OtherHost && variant.reach == Reach::SameHost {
        return Some(format!("it reaches the {} only", variant.reach));
    }
    let between_hosts = purpose.partners == Partners::OtherHost;
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

/// Returns the code that the user has to write besides sending and receiving.
pub(super) fn work(profile: &Profile, variant: &Variant, purpose: &Purpose) -> Vec<&'static str> {
    let mut work = Vec::new();
    // All clients write into the same channel.
    let is_shared = purpose.clients > 1 && profile.direction == Direction::OneWay;
    match (variant.unit, purpose.shape) {
        (Unit::ByteStream, Shape::Stream) if is_shared => {
            work.push("frames, since the clients' bytes are mixed");
        }
        (Unit::ByteStream, Shape::Message) => work.push("frames, to keep messages apart"),
        (Unit::WholeStruct, Shape::Stream) => work.push("cutting the stream into messages"),
        (Unit::Struct | Unit::Page, _) => {
            work.extend(["a protocol for which side writes where and when", "a way to sleep and to wake up"]);
        }
        (Unit::ByteStream, Shape::Stream) | (Unit::WholeStruct, Shape::Message) => {}
    }
    if purpose.ways == Ways::TwoWay && profile.direction == Direction::OneWay {
        work.push("a second channel for the answers");
    }
    if is_shared && purpose.ways == Ways::TwoWay && variant.unit == Unit::ByteStream {
        work.push("one such channel for each client"); // a queue's messages can be taken by their type
    }
    if purpose.clients > 1 {
        work.push(match profile.direction {
            Direction::TwoWay => "a connection for each client",
            Direction::OneWay => "a way to tell the clients apart",
        });
    }
    let is_for_hosts = variant.reach != Reach::SameHost;
    let child = purpose.partners == Partners::ParentChild && profile.between != Between::ParentAndChild;
    if child && profile.between == Between::AnyTwoHosts && !is_for_hosts {
        work.push("a socketpair(2) for the child instead of the path"); // no path to pass on or remove
        return work;
    }
    if child {
        work.push("telling the child where to join");
    }
    if is_for_hosts {
        work.push("keeping strangers off the port"); // on one host too: any of its users can connect
        if purpose.ways == Ways::TwoWay {
            work.push("TCP_NODELAY, so that short messages are not kept back");
        }
    }
    if variant.remains {
        work.push("removing what a crash leaves behind");
    }
    work
}

/// Returns the code that the user has to write, as a part of a sentence.
pub(super) fn in_words(work: &[&str]) -> String {
    match work {
        [] => "nothing more to write".into(),
        [one] => format!("to write: {one}"),
        [most @ .., last] => format!("to write: {}, and {last}", most.join(", ")),
    }
}
