//! Virtual machines: whether this is one, and what an idle CPU does there.

use crate::doctor::files::Files;
use crate::doctor::finding::Finding;

pub(super) fn hypervisor(virtualised: Option<bool>) -> Finding {
    const WHAT: &str = "virtual machine";
    match virtualised {
        None => Finding::unknown(WHAT),
        Some(false) => Finding::good(WHAT, "no hypervisor seen"),
        Some(true) => Finding::note(
            WHAT,
            "yes: waking a sleeping core takes the help of the hypervisor",
            "Blocking between two cores pays for that; measure on the machine where the program will run",
        ),
    }
}

/// The parameter of the module `haltpoll`, the governor that decides how long an idle CPU of a guest polls.
const HALT_POLL: &str = "sys/module/haltpoll/parameters/guest_halt_poll_ns";
const POLLING: &str = "polling before a halt";

/// Checks how long an idle CPU of this guest polls before it halts, which takes the hypervisor's help to end. `None` on a
/// machine that is not virtual: there, an idle CPU needs no help.
pub(super) fn halt_polling(files: &Files, virtualised: Option<bool>) -> Option<Finding> {
    if virtualised != Some(true) {
        return None;
    }
    let of_cpuidle = |name: &str| files.text(format!("sys/devices/system/cpu/cpuidle/{name}"));
    let driver = of_cpuidle("current_driver").unwrap_or_else(|| "none".into());
    let governor = of_cpuidle("current_governor").or_else(|| of_cpuidle("current_governor_ro"));
    let governor = governor.unwrap_or_else(|| "none".into());
    let Some(nanos) = files.number::<u64>(HALT_POLL) else { return Some(Finding::unknown(POLLING)) };
    let cpuidle = format!("cpuidle driver {driver}, governor {governor}");
    // The parameter counts only while both are in use: another governor does not read it.
    if governor != "haltpoll" || driver != "haltpoll" {
        return Some(Finding::note(
            POLLING,
            format!("not in use ({cpuidle}): an idle CPU halts at once, or as the host decides"),
            "To let it poll first, where answers come within microseconds: sudo modprobe cpuidle_haltpoll force=Y",
        ));
    }
    let (found, advice) = if nanos == 0 {
        (
            format!("guest_halt_poll_ns is 0: an idle CPU halts at once ({cpuidle})"),
            format!(
                "So blocking between cores waits for the host. To poll for 200 µs first: echo 200000 | sudo tee /{HALT_POLL}"
            ),
        )
    } else {
        (
            format!(
                "guest_halt_poll_ns is {nanos}: an idle CPU polls for up to {} µs ({cpuidle})",
                nanos as f64 / 1e3
            ),
            "Until then it is woken without the host: compare blocking only with machines that poll, too"
                .to_owned(),
        )
    };
    Some(Finding::note(POLLING, found, advice))
}
