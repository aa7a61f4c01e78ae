//! The faults: the columns of the matrix. Each is a test of each variant to which it applies.

use crate::pair::Part;
use crate::subject::Subject;
use crate::tally::Tally;
use crate::world::World;
use crate::{clock, errors, kills, limits, storage, truncate, users};

/// One kind of fault.
pub struct Fault {
    /// Its name in the matrix and in the names of tests.
    pub name: &'static str,
    /// Returns why it does not apply; `None` where it does.
    pub spares: fn(&Subject) -> Option<&'static str>,
    pub try_it: fn(&mut World) -> Tally,
}

/// The kinds of faults, in the order of the matrix.
pub static FAULTS: [Fault; 15] = [
    Fault {
        name: "pong-killed",
        spares: only_a_child_joins,
        try_it: |world| kills::sweep(world, &[Part::Pong]),
    },
    Fault {
        name: "ping-killed",
        spares: only_a_child_joins,
        try_it: |world| kills::sweep(world, &[Part::Ping]),
    },
    Fault {
        name: "family-killed",
        spares: none,
        try_it: |world| kills::sweep(world, &[Part::Parent, Part::Child]),
    },
    Fault { name: "pong-errors", spares: no_errors, try_it: |world| errors::sweep(world, &[Part::Pong]) },
    Fault { name: "ping-errors", spares: no_errors, try_it: |world| errors::sweep(world, &[Part::Ping]) },
    Fault {
        name: "family-errors",
        spares: no_registers,
        try_it: |world| errors::sweep(world, &[Part::Parent, Part::Child]),
    },
    Fault {
        name: "ownership-removed",
        spares: only_a_child_joins,
        try_it: |world| storage::ownership_removed(world),
    },
    Fault { name: "storage", spares: none, try_it: |world| storage::sweep(world) },
    Fault { name: "descriptors", spares: none, try_it: |world| limits::descriptors(world) },
    Fault { name: "limits", spares: none, try_it: |world| limits::of_the_kernel(world) },
    Fault { name: "users", spares: only_a_child_joins, try_it: |world| users::sweep(world) },
    Fault { name: "clock", spares: none, try_it: |world| clock::sweep(world) },
    Fault { name: "truncated", spares: no_file_to_cut, try_it: |world| truncate::memory(world) },
    Fault { name: "ipcrm", spares: goes_on_without_a_name, try_it: |world| truncate::removed(world) },
    Fault { name: "cut", spares: no_network, try_it: |world| truncate::network(world) },
];

impl Fault {
    pub fn named(name: &str) -> Option<&'static Self> {
        FAULTS.iter().find(|fault| fault.name == name)
    }
}

fn none(_subject: &Subject) -> Option<&'static str> {
    None
}

fn only_a_child_joins(subject: &Subject) -> Option<&'static str> {
    subject.address.is_none().then_some("a process that was started apart cannot join it")
}

fn no_registers(_subject: &Subject) -> Option<&'static str> {
    (!crate::tracer::CAN_FAIL_CALLS).then_some("the lab knows the registers of x86-64 alone")
}

fn no_errors(subject: &Subject) -> Option<&'static str> {
    only_a_child_joins(subject).or_else(|| no_registers(subject))
}

fn no_file_to_cut(subject: &Subject) -> Option<&'static str> {
    match subject.variant {
        "memfd" => Some("the kernel refuses: it is sealed"),
        "file" => None,
        "posix" if subject.mechanism == "shm" => None,
        _ => Some("it maps no file that anyone could cut"),
    }
}

fn goes_on_without_a_name(subject: &Subject) -> Option<&'static str> {
    let by_id = matches!(subject.name().as_str(), "msgq-sysv" | "shm-sem");
    (!by_id).then_some("one that is open goes on without its name")
}

fn no_network(subject: &Subject) -> Option<&'static str> {
    (subject.variant != "tcp").then_some("it does not leave the host")
}
