//! Contract 1, 4 and 7 for what is built on every link: structs as messages, and iterators over messages.

use std::time::Duration;

use ipc_core::{Endpoint, Error, Mechanism, Receiver, Result, Sender};
use libtest_mimic::Trial;

use super::deadlines::insist;
use super::scripts::numbered;
use super::{Bench, Outcome, ensure};

/// A struct, as good as any: 16 bytes without padding.
type Struct = [u64; 2];

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    vec![
        bench.trial("structs come back unchanged", unchanged),
        bench.trial("a struct of another length is refused", another_length),
        bench.trial("messages end when the peer has left", the_end),
        bench.trial("messages end after an error", an_error),
        bench.trial("halves have structs and messages", halves),
    ]
}

/// By each of the calls.
fn unchanged<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let mut structs = link.typed::<Struct>();
    ensure!(structs.try_recv()?.is_none(), "a struct came that no peer sent");
    ensure!(structs.recv_timeout(Duration::from_millis(1))?.is_none(), "a struct came that no peer sent");
    let short = Duration::from_millis(1);
    for number in 0..30 {
        let sent = [number, u64::MAX - number];
        let received = match number % 3 {
            0 => {
                structs.send(&sent)?;
                structs.recv()?
            }
            1 => {
                insist(|| structs.send_timeout(&sent, short))?;
                insist(|| structs.recv_timeout(short))?
            }
            _ => {
                insist(|| structs.try_send(&sent))?;
                insist(|| structs.try_recv())?
            }
        };
        ensure!(received == sent, "{sent:?} came back as {received:?}");
    }
    Ok(())
}

/// A longer message is kept, as with a buffer that is too small; a shorter one has been received.
fn another_length<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    for message in [&[1; size_of::<Struct>() - 1][..], &[2; size_of::<Struct>() + 1], &[]] {
        link.send(message)?;
        let refused = link.typed::<Struct>().recv();
        ensure!(matches!(refused, Err(Error::Corrupt(_))), "{} bytes: {refused:?}", message.len());
        if message.len() > size_of::<Struct>() {
            let mut kept = vec![0; message.len()];
            let len = link.recv(&mut kept)?;
            ensure!(kept[..len] == *message, "the longer message lost bytes: {len} of {}", message.len());
        }
    }
    let last = [3, 4];
    link.typed().send(&last)?;
    let received: Struct = link.typed().recv()?;
    ensure!(received == last, "after the refusals, {last:?} came back as {received:?}");
    Ok(())
}

fn the_end<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("emit 1000")?;
    let mut messages = link.messages();
    for number in 0..1000 {
        let message = messages.next().transpose()?;
        ensure!(message == Some(numbered(number)), "message {number} is {message:?}");
    }
    for _ in 0..2 {
        let end = messages.next();
        ensure!(end.is_none(), "after the end came {end:?}");
    }
    Ok(())
}

fn an_error<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let sent: Struct = [5, 6];
    link.typed().send(&sent)?;
    link.send(b"no struct")?;
    link.typed().send(&sent)?;
    let received: Vec<_> = link.typed::<Struct>().messages().take(3).collect();
    let as_it_should = matches!(&received[..], [Ok(first), Err(Error::Corrupt(_))] if *first == sent);
    ensure!(as_it_should, "a struct, another message and a struct were {received:?}");
    Ok(())
}

/// The peer ends when the sender is dropped, and with it the messages.
fn halves<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (link, _peer) = bench.meet("echo")?;
    let (mut sender, mut receiver) = link.split();
    let sent: [Struct; 3] = [[1, 2], [3, 4], [5, 6]];
    sent.iter().try_for_each(|one| sender.typed().send(one))?;
    let first: Struct = receiver.typed().recv()?;
    let second = receiver.messages().next().transpose()?;
    drop(sender);
    let rest = receiver.typed().messages().collect::<Result<Vec<Struct>>>()?;
    ensure!(first == sent[0], "{:?} came back as {first:?}", sent[0]);
    ensure!(second == Some(sent[1].map(u64::to_ne_bytes).concat()), "{:?} came back as {second:?}", sent[1]);
    ensure!(rest == sent[2..], "{:?} came back as {rest:?}", &sent[2..]);
    Ok(())
}
