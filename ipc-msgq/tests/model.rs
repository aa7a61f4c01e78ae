//! The rules of selection, as stated in the manual page, against the kernel: for any sequence of sends, receives and
//! peeks, the kernel's queue and a queue written from msgop(2) give the same answers.

use ipc_conformance::watchdog::over_this_test;
use ipc_core::Error;
use ipc_msgq::{Message, MessageType, OwnedQueue, Queue, Select, Settings};
use nix::errno::Errno;
use proptest::prelude::*;

/// The capacity of the queue, in bytes: small, so that it is sometimes full.
const CAPACITY: usize = 40;

/// A queue as msgop(2) describes it: the oldest message first.
#[derive(Default)]
struct Model(Vec<(MessageType, Vec<u8>)>);

/// The result of an operation: a message and whether it was cut, "not now", or an error.
type Answer = Result<Option<(MessageType, Vec<u8>, bool)>, Errno>;

impl Model {
    /// "Full if adding a new message would cause the total number of bytes, or the total number of messages, to
    /// exceed the queue's maximum size."
    fn send(&mut self, kind: MessageType, text: &[u8]) -> bool {
        let bytes: usize = self.0.iter().map(|(_, text)| text.len()).sum();
        let fits = bytes + text.len() <= CAPACITY && self.0.len() < CAPACITY;
        if fits {
            self.0.push((kind, text.to_vec()));
        }
        fits
    }

    /// Returns the position of the message that is selected.
    // ANCHOR: select
    fn select(&self, select: Select) -> Option<usize> {
        let mut kinds = self.0.iter().map(|(kind, _)| *kind);
        match select {
            Select::Any => (!self.0.is_empty()).then_some(0),
            Select::Exactly(wanted) => kinds.position(|kind| kind == wanted),
            Select::Except(unwanted) => kinds.position(|kind| kind != unwanted),
            Select::UpTo(highest) => {
                let lowest = kinds.filter(|kind| *kind <= highest).min()?;
                self.0.iter().position(|(kind, _)| *kind == lowest)
            }
        }
    }
    // ANCHOR_END: select

    fn recv(&mut self, select: Select, capacity: usize, truncating: bool) -> Answer {
        let Some(position) = self.select(select) else { return Ok(None) };
        let longer = self.0[position].1.len() > capacity;
        if longer && !truncating {
            return Err(Errno::E2BIG); // and it stays
        }
        let (kind, mut text) = self.0.remove(position);
        text.truncate(capacity);
        Ok(Some((kind, text, longer)))
    }

    fn peek(&self, position: usize, capacity: usize) -> Answer {
        match self.0.get(position) {
            Some((_, text)) if text.len() > capacity => Err(Errno::E2BIG),
            message => Ok(message.map(|(kind, text)| (*kind, text.clone(), false))),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(MessageType, Vec<u8>),
    Receive { select: Select, capacity: usize, truncating: bool },
    Peek { position: usize, capacity: usize },
}

/// Generates a type: few different ones, so that they collide; and the highest, whose negative is the lowest number but
/// one.
fn kind() -> impl Strategy<Value = MessageType> {
    prop_oneof![9 => (1..6i64).prop_map(|number| MessageType::new(number).unwrap()), 1 => Just(MessageType::MAX)]
}

fn select() -> impl Strategy<Value = Select> {
    prop_oneof![
        Just(Select::Any),
        kind().prop_map(Select::Exactly),
        kind().prop_map(Select::UpTo),
        kind().prop_map(Select::Except),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop::collection::vec(any::<u8>(), 0..12);
    prop_oneof![
        4 => (kind(), text).prop_map(|(kind, text)| Step::Send(kind, text)),
        3 => (select(), 0..14usize, any::<bool>())
            .prop_map(|(select, capacity, truncating)| Step::Receive { select, capacity, truncating }),
        2 => (0..8usize, 0..14usize).prop_map(|(position, capacity)| Step::Peek { position, capacity }),
    ]
}

fn queue() -> OwnedQueue {
    over_this_test();
    let queue = Queue::private(0o600).unwrap().owned();
    queue.set(&Settings { capacity: Some(CAPACITY), ..Settings::default() }).unwrap();
    queue
}

/// Converts the kernel's answer to the model's.
fn answer(received: Result<Option<()>, Error>, message: &Message) -> Answer {
    let content = || (message.kind(), message.text().to_vec(), message.is_truncated());
    received
        .map(|received| received.map(|()| content()))
        .map_err(|error| error.errno().expect("of a system call"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kernel_selects_as_the_manual_page_says(steps in prop::collection::vec(step(), 0..60)) {
        let (queue, mut model) = (queue(), Model::default());
        for step in steps {
            match step {
                Step::Send(kind, text) => {
                    let sent = queue.try_send(&Message::new(kind, &text)).unwrap();
                    prop_assert_eq!(sent.is_some(), model.send(kind, &text));
                }
                Step::Receive { select, capacity, truncating } => {
                    let make = if truncating { Message::truncating } else { Message::with_capacity };
                    let mut message = make(capacity);
                    let received = queue.try_recv(select, &mut message);
                    prop_assert_eq!(answer(received, &message), model.recv(select, capacity, truncating));
                }
                Step::Peek { position, capacity } => {
                    let mut message = Message::with_capacity(capacity);
                    let peeked = queue.peek(position, &mut message);
                    if peeked.as_ref().is_err_and(|error| error.errno() == Some(Errno::ENOSYS)) {
                        ipc_conformance::skipped("this kernel cannot peek");
                        continue;
                    }
                    prop_assert_eq!(answer(peeked, &message), model.peek(position, capacity));
                }
            }
            let stat = queue.stat().unwrap();
            let bytes: usize = model.0.iter().map(|(_, text)| text.len()).sum();
            prop_assert_eq!((stat.messages, stat.bytes), (model.0.len(), bytes));
        }
    }
}
