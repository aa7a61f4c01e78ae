//! Too little of each limited kernel resource: descriptors, and the sizes and numbers of System V and POSIX objects.

use std::fs;

use crate::demo;
use crate::tally::Tally;
use crate::world::World;

/// Tries 3 descriptors, which are standard input, output and error, and each number up to one that is enough.
pub fn descriptors(world: &World) -> Tally {
    let mut tally = Tally::default();
    for number in 3..=20 {
        let limited = |args: &[&str]| {
            let mut command = demo::powerless(&world.subject, args);
            command.env(demo::DESCRIPTORS, number.to_string());
            command
        };
        world.attempt(&format!("{number} descriptors"), limited, &mut tally);
    }
    tally
}

/// Settings of an IPC namespace, with values that are too small.
const SETTINGS: [(&str, &[&str]); 9] = [
    ("kernel/msgmnb", &["0", "40", "100", "1000"]),
    ("kernel/msgmax", &["0", "40", "100"]),
    ("kernel/msgmni", &["0", "1"]),
    ("kernel/sem", &["3 32000 500 128", "250 3 500 128", "250 32000 500 0", "250 32000 1 128"]),
    ("kernel/shmmax", &["0", "4095", "8192"]),
    ("kernel/shmall", &["0", "1"]),
    ("kernel/shmmni", &["0", "1"]),
    ("fs/mqueue/queues_max", &["0", "1"]),
    ("fs/mqueue/msgsize_max", &["128", "200"]),
];

/// Tries each of the settings, one at a time.
pub fn of_the_kernel(world: &World) -> Tally {
    let mut tally = Tally::default();
    for (setting, values) in SETTINGS {
        let path = format!("/proc/sys/{setting}");
        let Ok(usual) = fs::read_to_string(&path) else { continue };
        for value in values {
            if fs::write(&path, value).is_err() {
                continue; // this kernel lets only root of the host do that
            }
            world.attempt(
                &format!("{setting} = {value}"),
                |args| demo::powerless(&world.subject, args),
                &mut tally,
            );
        }
        fs::write(&path, usual).expect("what was there may be there again");
    }
    tally
}
