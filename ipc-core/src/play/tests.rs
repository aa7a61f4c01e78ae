//! Orders: on the wire, and too large.

use super::*;
use crate::Wait;

#[test]
fn an_order_survives_the_wire_and_garbage_does_not() {
    let order = Order { exchange: Exchange::Stream, verify: true, size: 4096, count: 7 };
    let mut bytes = order.encode();
    assert_eq!(Order::decode(&bytes).unwrap(), order);
    for at in 0..8 {
        bytes[at] ^= 0x80;
        assert!(matches!(Order::decode(&bytes), Err(Error::Corrupt(_))), "byte {at}");
        bytes[at] ^= 0x80;
    }
}

/// A link of 64 bytes on which one order stands.
struct Ordered(Order);

impl Transport for Ordered {
    fn send(&mut self, _message: &[u8]) -> Result<()> {
        Ok(())
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        buffer[..Order::LEN].copy_from_slice(&self.0.encode());
        Ok(Order::LEN)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.send(message).map(Some)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.recv(buffer).map(Some)
    }

    fn max_message(&self) -> usize {
        64
    }
}

#[test]
fn an_order_that_is_too_large_is_the_fault_of_who_gave_it() {
    for exchange in [Exchange::RoundTrip, Exchange::Stream] {
        let order = Order { exchange, verify: false, size: 65, count: 1 };
        let told = pong(&mut Waiting::new(Ordered(order), Wait::Block), |_| {});
        assert!(matches!(told, Err(Error::Corrupt(_))), "{told:?}");
    }
}
