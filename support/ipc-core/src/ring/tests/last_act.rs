//! The peer's actions between our last check of the ring and its end.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::process::Namespaces;
use crate::ring::{Attachment, CAPACITY, HeapMemory, Memory, Region, RingLink, SEGMENT_LEN};
use crate::{Error, Receiver, Result, Sender};

type Owner = Arc<Mutex<RingLink<HeapMemory>>>;
type Act = fn(&mut RingLink<HeapMemory>);

/// Memory whose owner is checked through the memory, as between two containers; the owner acts once more just before it
/// is found gone.
#[derive(Debug)]
struct Watched {
    memory: HeapMemory,
    last_act: Arc<Mutex<Option<Act>>>,
    owner: Owner,
}

// SAFETY: the memory is that of `HeapMemory`, which keeps the promise.
unsafe impl Memory for Watched {
    fn base(&self) -> NonNull<u8> {
        self.memory.base()
    }

    fn size(&self) -> usize {
        self.memory.size()
    }

    fn can_be_cut(&self) -> bool {
        false
    }

    /// Reports the owner's place as held already.
    fn hold(&self, side: usize) -> Result<bool> {
        Ok(side == 1)
    }

    fn is_held(&self, side: usize) -> Result<bool> {
        assert_eq!(side, 0, "the owner is asked after");
        let Some(act) = self.last_act.lock().unwrap().take() else { return Ok(true) };
        act(&mut self.owner.lock().unwrap());
        Ok(false)
    }
}

/// Returns a joined link whose owner performs `last_act` at the next check of the peer.
fn joined(last_act: Act) -> (RingLink<Watched>, Owner) {
    const NAMESPACES: usize = 128 + 16; // in the owner's side
    let memory = HeapMemory::new(SEGMENT_LEN);
    let attachment =
        Attachment::create(Region::new(memory.clone()).unwrap(), RingLink::<HeapMemory>::LAYOUT).unwrap();
    let elsewhere = Namespaces { pid: 7, time: 7 };
    attachment.region().u64_at(NAMESPACES).store(elsewhere.to_bits(), Ordering::Relaxed);
    let owner = Arc::new(Mutex::new(RingLink::new(attachment)));
    let (script, told) = (Arc::new(Mutex::new(None)), Arc::clone(&owner));
    let watched = Watched { memory, last_act: Arc::clone(&script), owner: told };
    let link = RingLink::join(Region::new(watched).unwrap()).unwrap().expect("the owner waits");
    *script.lock().unwrap() = Some(last_act);
    (link, owner)
}

const SHORT: Duration = Duration::from_millis(1);

#[test]
fn a_message_sent_just_before_the_end_is_received() {
    let (mut link, _owner) = joined(|owner| owner.send(b"last").unwrap());
    let mut buffer = [0; 8];
    assert_eq!(link.recv_timeout(&mut buffer, SHORT).unwrap(), Some(4));
    assert_eq!(&buffer[..4], b"last");
}

#[test]
fn room_made_just_before_the_end_is_used() {
    let (mut link, _owner) = joined(|owner| _ = owner.recv(&mut vec![0; CAPACITY]).unwrap());
    let quarter = vec![7; CAPACITY / 4 - 8];
    while link.try_send(&quarter).unwrap().is_some() {}
    assert_eq!(link.send_timeout(&quarter, SHORT).unwrap(), Some(()));
}

#[test]
fn an_end_without_a_last_act_is_the_end() {
    let (mut link, _owner) = joined(|_| {});
    assert!(matches!(link.recv_timeout(&mut [0; 8], SHORT), Err(Error::Disconnected)));
}

/// The lock on the memory decides, even if the segment says that the place is free.
#[test]
fn a_place_that_another_holds_is_not_taken() {
    let (link, owner) = joined(|_| {});
    let memory = HeapMemory::new(SEGMENT_LEN);
    let watched = Watched { memory, last_act: Arc::default(), owner };
    let taken = Attachment::create(Region::new(watched).unwrap(), RingLink::<HeapMemory>::LAYOUT);
    assert!(matches!(taken, Err(Error::Usage(_))), "{taken:?}");
    drop(link);
}
