//! What the profiles say about a purpose.

use ipc_core::{Between, Clients, Direction, Persistence, Profile, Reach, Unit, Variant};

use super::{Outlive, Partners, Purpose, Shape, Ways};

/// Why this one cannot be used, if it cannot.
pub(super) fn impossible(profile: &Profile, variant: &Variant, purpose: &Purpose) -> Option<String> {
    if purpose.partners != Partners::ParentChild && profile.between == Between::ParentAndChild {
        return Some(format!("it is between {} only", profile.between));
    }
    if purpose.partners == Partners::OtherHost && variant.reach == Reach::SameHost {
        return Some(format!("it reaches the {} only", variant.reach));
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

/// What its user has to write beside sending and receiving.
pub(super) fn work(profile: &Profile, variant: &Variant, purpose: &Purpose) -> Vec<&'static str> {
    let mut work = Vec::new();
    match (variant.unit, purpose.shape) {
        (Unit::ByteStream, Shape::Message) => work.push("frames, to keep messages apart"),
        (Unit::WholeStruct, Shape::Stream) => work.push("cutting the stream into messages"),
        (Unit::Struct | Unit::Page, _) => {
            work.extend(["an order for who writes where and when", "a way to sleep and to wake"]);
        }
        (Unit::ByteStream, Shape::Stream) | (Unit::WholeStruct, Shape::Message) => {}
    }
    if purpose.ways == Ways::TwoWay && profile.direction == Direction::OneWay {
        work.push("a second channel for the answers");
    }
    if purpose.clients > 1 {
        work.push(match profile.direction {
            Direction::TwoWay => "a connection for each client",
            Direction::OneWay => "a way to tell the clients apart",
        });
    }
    if purpose.partners == Partners::ParentChild && profile.between != Between::ParentAndChild {
        work.push("telling the child where to join");
    }
    if variant.remains {
        work.push("removing what a crash leaves behind");
    }
    work
}
