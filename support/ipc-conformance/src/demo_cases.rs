//! The cases of a demo, from all the files that have some.

use libtest_mimic::Trial;

use super::demo::Demo;
use super::{
    command_line, first_process, inherited, namespaces, ownership, pid_namespaces, scarcity, terminals,
    threads, users,
};

pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    let mut trials = inherited::trials(demo);
    trials.extend(command_line::trials(demo));
    trials.push(demo.trial("threads in the background share no descriptors", threads::share_no_descriptors));
    let few = |of: &str| format!("few descriptors{of} are a success or an error in one line");
    trials.push(demo.trial(&few(""), scarcity::few_descriptors));
    if demo.is_default() {
        let name = "as process 1 of a container ends by SIGTERM and leaves nothing";
        trials.push(demo.trial(name, first_process::both_end));
    }
    if demo.has_two_terminals() {
        trials.extend(terminals::trials(demo));
        trials.push(demo.trial(&few(" of pong"), scarcity::few_descriptors_of_pong));
        trials.push(demo.trial(&few(" of ping"), scarcity::few_descriptors_of_ping));
        let name = "pong as process 1 of a container ends by a signal and leaves nothing";
        trials.push(demo.trial(name, first_process::pong_ends));
        let name = "pong killed is left to the next in its IPC namespace";
        trials.push(demo.trial(name, namespaces::killed_elsewhere));
        trials.extend(pid_namespaces::trials(demo));
        if demo.files("").is_some() {
            trials.push(demo.trial("what another user has made is left alone", users::refused));
        }
        if demo.can_be_cut() {
            trials.push(demo.trial("memory that is cut short is corrupt on both sides", scarcity::cut_short));
        }
        trials.extend(ownership::trials(demo));
    }
    trials
}
