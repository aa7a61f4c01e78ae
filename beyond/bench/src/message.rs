//! The bytes of a message.

/// The length of the shortest message: it carries its number.
pub const SHORTEST: usize = size_of::<u64>();

/// Writes every byte of the message with this number, which has room for it.
pub fn write(number: u64, message: &mut [u8]) {
    message.fill(number as u8);
    message[..SHORTEST].copy_from_slice(&number.to_le_bytes());
}
