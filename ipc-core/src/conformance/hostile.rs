//! Contract 7: a peer that writes garbage, past the protocol, while this side goes on working.

use libtest_mimic::Trial;

use super::{Bench, Outcome, ensure};
use crate::{Error, Mechanism, Transport};

/// Peers to survive, each with other garbage.
const PEERS: u64 = 8;

pub(super) fn trial<M: Mechanism + 'static>(bench: Bench<M>) -> Trial {
    bench.trial("garbage is called corrupt and does no harm", garbage)
}

fn garbage<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let mut corrupt = 0;
    for seed in 0..PEERS {
        let (mut link, _peer) = match bench.meet(&format!("vandalise {seed}")) {
            // In a shared memory the garbage may be there before this side has taken its place.
            Err(Error::Corrupt(_)) => {
                corrupt += 1;
                continue;
            }
            met => met?,
        };
        let mut buffer = vec![0; link.max_message()];
        let end = loop {
            // Garbage may look like a message: then it is one, within the buffer that was offered.
            if let Err(end) = link.recv(&mut buffer) {
                break end;
            }
            if let Err(end) = link.try_send(b"still here?") {
                break end;
            }
        };
        match end {
            Error::Corrupt(_) => corrupt += 1,
            Error::Disconnected => {}
            other => return Err(format!("garbage number {seed} made it fail with: {other}").into()),
        }
        // A link that has met garbage must go on answering, with whatever error.
        let _ = link.try_send(b"and now?");
        let _ = link.try_recv(&mut buffer);
    }
    ensure!(corrupt > 0, "none of {PEERS} hostile peers was called corrupt");
    Ok(())
}
