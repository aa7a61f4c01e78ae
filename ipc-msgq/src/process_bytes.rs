//! A process in a message, in the byte order of the machine: links and servers tell each other which process to watch.

use ipc_core::process::{Namespaces, ProcessId};

/// The size of a process: pid, start time, and the namespaces in which they are valid.
pub(crate) const SIZE: usize = 4 + 8 + 8;

pub(crate) fn encode(process: ProcessId) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    bytes[..4].copy_from_slice(&process.pid.to_ne_bytes());
    bytes[4..12].copy_from_slice(&process.start_time.to_ne_bytes());
    bytes[12..].copy_from_slice(&process.namespaces.to_bits().to_ne_bytes());
    bytes
}

/// Returns `None` if `bytes` are not of the right length; any others name some process.
pub(crate) fn decode(bytes: &[u8]) -> Option<ProcessId> {
    let (pid, bytes) = bytes.split_first_chunk()?;
    let (start_time, namespaces) = bytes.split_first_chunk()?;
    let namespaces = Namespaces::from_bits(u64::from_ne_bytes(namespaces.try_into().ok()?));
    let (pid, start_time) = (u32::from_ne_bytes(*pid), u64::from_ne_bytes(*start_time));
    Some(ProcessId { pid, start_time, namespaces })
}
