//! The cases that cannot be played with many clients, and the reason for each: one line for people.

use ipc_core::Wait;

use super::servers;
use crate::results::case::Case;
use crate::results::units;

/// The message for a strategy other than `block`.
pub const NEEDS_BLOCK: &str = "many clients are measured with --wait block only: a server that polls for a thousand \
                               clients leaves no CPU to any other process";

/// Returns the reason why a case of [`Kind::Clients`](crate::results::case::Kind::Clients) cannot be played here;
/// `None` if it can.
#[must_use]
pub fn refusal(case: &Case) -> Option<String> {
    if case.wait != Wait::Block {
        return Some(NEEDS_BLOCK.into());
    }
    let serving = match servers::serving(case.member.profile.name, case.variant) {
        Ok(serving) => serving,
        Err(reason) => return Some(reason.to_string()),
    };
    let longest = (serving.longest)();
    if case.size > longest {
        let longest = units::bytes(longest);
        let advice = case.variant().how_to_raise_limits(case.size);
        return Some(format!("a request is too long: {longest} at most from one of many clients{advice}"));
    }
    (serving.too_many)(case.clients)
}

/// Returns true if this harness can build a server of many clients from the case's mechanism.
#[must_use]
pub fn serves_many(case: &Case) -> bool {
    servers::serving(case.member.profile.name, case.variant).is_ok()
}
