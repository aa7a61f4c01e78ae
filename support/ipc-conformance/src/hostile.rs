//! Contract 7: a peer that writes garbage outside the protocol, while this side goes on working; and one that ends in
//! the middle of a message.

use ipc_core::{Endpoint, Error, Mechanism, Receiver, Sender, Unit};
use libtest_mimic::{Failed, Trial};

use super::scripts::{self, longest};
use super::{Bench, Outcome, ensure};

/// The number of peers to survive, each with different garbage.
const PEERS: u64 = 8;

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    vec![
        bench.trial("garbage is called corrupt and does no harm", garbage),
        bench.trial("a message cut off by a kill is not given out", cut_off),
    ]
}

fn garbage<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let mut corrupt = 0;
    for seed in 0..PEERS {
        let (mut link, _peer) = match bench.meet(&format!("vandalise {seed}")) {
            // In shared memory, the garbage may be there before this side has taken its place.
            Err(Error::Corrupt(_)) => {
                corrupt += 1;
                continue;
            }
            met => met?,
        };
        let mut buffer = vec![0; link.max_message()];
        let end = loop {
            // Garbage may pass for a message: then it must fit the buffer.
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
        // A link that has met garbage must go on answering, with any error.
        let _ = link.try_send(b"and now?");
        let _ = link.try_recv(&mut buffer);
    }
    ensure!(corrupt > 0, "none of {PEERS} hostile peers was called corrupt");
    Ok(())
}

/// Kills the peer while it sends its longest messages, when the second one begins to arrive: over a stream, in the
/// middle of one. Only whole messages come out, and where part of one has arrived, the end is not a clean one.
fn cut_off<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    /// On a loaded machine a peer may have gone on to the end of a message before it is killed: then try again.
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        if is_cut(bench)? {
            return Ok(());
        }
    }
    Err(format!("of {TRIES} peers that were killed while they sent, none left part of a message").into())
}

/// Does this once; returns false if the peer was killed between two messages of a stream.
fn is_cut<M: Mechanism + 'static>(bench: Bench<M>) -> std::result::Result<bool, Failed> {
    let (mut link, mut peer) = bench.meet(scripts::LONGEST)?;
    let mut buffer = vec![0; link.max_message()];
    let len = link.recv(&mut buffer)?;
    ensure!(buffer[..len] == longest(0, buffer.len()), "the first message came with other bytes");
    let next = link.recv(&mut []); // it has begun to arrive; over a stream, most of it is still to be sent
    ensure!(matches!(next, Err(Error::BufferTooSmall { .. })), "the second message: {next:?}");
    peer.kill();
    peer.wait()?;
    let mut number = 1;
    let end = loop {
        match link.recv(&mut buffer) {
            Ok(len) => {
                ensure!(buffer[..len] == longest(number, buffer.len()), "message {number}: other bytes");
            }
            Err(end) => break end,
        }
        number += 1;
    };
    let is_a_stream = M::VARIANT.unit == Unit::ByteStream;
    match end {
        Error::Corrupt(_) if is_a_stream => {}
        Error::Disconnected if !is_a_stream => {}
        Error::Disconnected if number > 1 => return Ok(false), // the second had begun, and came whole
        end => return Err(format!("after {number} messages: {end}").into()),
    }
    // And the error repeats.
    let again = link.recv(&mut buffer);
    ensure!(matches!(again, Err(Error::Corrupt(_))) == is_a_stream, "asked again: {again:?}");
    Ok(true)
}
