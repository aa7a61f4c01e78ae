//! The same as `include/msgq_v1.h`, in Rust.

use ipc_msgq::ProjectId;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The second argument of `ftok`.
pub const PROJECT: ProjectId = ProjectId::new(b'M').expect("not 0");

// ANCHOR: file
/// `struct msgq_v1_file`: the announcement of a file. The derives refuse padding and pointers.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, Immutable, IntoBytes)]
#[repr(C)]
pub struct File {
    pub version: u32,
    /// Counts the messages, from 1.
    pub sequence: u32,
    /// The size of the file, in bytes.
    pub size: i64,
    /// The file's name, followed by zero bytes, at least one.
    pub name: [u8; 48],
}
// ANCHOR_END: file

impl File {
    /// Returns the file that the senders in C and C++ announce as `sequence`.
    pub fn announced(sequence: u32) -> Self {
        let mut file = Self { version: 1, sequence, size: i64::from(sequence) * 1000, name: [0; 48] };
        let name = format!("hello-{sequence}.txt");
        file.name[..name.len()].copy_from_slice(name.as_bytes());
        file
    }
}
