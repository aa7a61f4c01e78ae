//! What all stages need: two processes with the same segment, and bytes in it.

pub mod sys;

use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use sys::{OnlyAtomics, Shared};

/// How long a stage may take at most.
const SECONDS: u32 = 60;

// ANCHOR: play
/// Runs `writer` in this process and `reader` in a second one, the same program started again. Both see one `T`.
pub fn play<T: OnlyAtomics>(writer: fn(&T), reader: fn(&T)) {
    sys::alarm(SECONDS);
    if let Some(id) = env::args().nth(1) {
        let id = id.parse().expect("the id of a segment");
        return reader(&Shared::attach(id).expect("shmat"));
    }
    let shared = Shared::<T>::create().expect("shmget");
    let this = env::current_exe().expect("the path of this program");
    let mut child = Command::new(this).arg(shared.id().to_string()).spawn().expect("a second process");
    writer(&shared);
    let status = child.wait().expect("the second process has ended");
    assert!(status.success(), "the reader: {status}");
}
// ANCHOR_END: play

// ANCHOR: bytes
/// `N` bytes in a segment, and how many of them are used.
///
/// They are written and read one by one and `Relaxed`, which asks for no order at all: for the processor these are
/// plain stores and loads. Rust wants atomics where another process may write at the same time.
#[repr(C)]
#[allow(dead_code)] // one of the programs has no text to send
pub struct Bytes<const N: usize> {
    len: AtomicU32,
    bytes: [AtomicU8; N],
}

#[allow(dead_code)] // the same
impl<const N: usize> Bytes<N> {
    pub fn write(&self, text: &str) {
        assert!(text.len() <= N, "longer than its place");
        self.len.store(text.len() as u32, Ordering::Relaxed);
        for (place, byte) in self.bytes.iter().zip(text.bytes()) {
            place.store(byte, Ordering::Relaxed);
        }
    }

    pub fn read(&self) -> String {
        let len = self.len.load(Ordering::Relaxed) as usize;
        // Never more than there is, whatever the other process says.
        let bytes: Vec<u8> = self.bytes.iter().take(len).map(|byte| byte.load(Ordering::Relaxed)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
// ANCHOR_END: bytes
