//! The variants `unix-stream` and `unix-seqpacket`: two processes of one host meet at a path.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{
    Advise, Call, Clients, Framed, Mechanism, Persistence, Profile, Reach, Result, Setup, Shared, Split,
    Unit, Variant,
};
use nix::errno::Errno;
use nix::sys::socket::SockType;

use crate::greeting::Reception;
use crate::stream::{self, Closing};
use crate::{Packets, ReadEnd, WriteEnd, address, greeting, join};

/// The variant `unix-stream`. See the [crate](crate).
pub type UnixStream = Unix<Stream>;

/// The variant `unix-seqpacket`. See the [crate](crate).
pub type UnixSeqpacket = Unix<Seqpacket>;

/// A socket that listens at a path and waits for the other side.
#[derive(Debug)]
pub struct Unix<K> {
    address: String,
    /// `None` once `accept` has succeeded; dropping it stops listening.
    reception: Option<Reception>,
    /// Keeps the path; handed to the link.
    ownership: Option<OwnershipLock>,
    kind: PhantomData<K>,
}

/// The type of a UNIX socket, the second argument of socket(2).
pub trait Kind: fmt::Debug + Send + 'static {
    /// The type that `socket` takes.
    const TYPE: SockType;
    /// The description of this variant.
    const VARIANT: Variant;
    /// The transport of messages over such a socket.
    type Link: Split + Send;

    /// Makes the link over the two ends of a connected socket.
    ///
    /// # Errors
    /// The kernel refused to report, or to set, the size of a buffer.
    fn link(ends: (ReadEnd, WriteEnd)) -> Result<Self::Link>;
}

/// `SOCK_STREAM`: bytes, in which messages are framed.
#[derive(Debug)]
pub enum Stream {}

impl Kind for Stream {
    const TYPE: SockType = SockType::Stream;

    const VARIANT: Variant = Variant {
        name: "unix-stream",
        type_path: "ipc_socket::UnixStream",
        summary: "a stream between processes of this host",
        unit: Unit::ByteStream,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::Process,
        remains: true,
        clients: Clients::Many,
        server: None,
        lasting: None,
        shares: &[Shared::Directory],
    };

    type Link = Framed<ReadEnd, WriteEnd>;

    fn link((read, write): (ReadEnd, WriteEnd)) -> Result<Self::Link> {
        Ok(Framed::new(read, write))
    }
}

/// `SOCK_SEQPACKET`: packets, each of which is a message.
#[derive(Debug)]
pub enum Seqpacket {}

impl Kind for Seqpacket {
    const TYPE: SockType = SockType::SeqPacket;

    const VARIANT: Variant = Variant {
        name: "unix-seqpacket",
        type_path: "ipc_socket::UnixSeqpacket",
        summary: "packets between processes of this host",
        unit: Unit::WholeStruct,
        limits: &[("net.core.wmem_max", crate::MAX_PACKET)],
        ..Stream::VARIANT
    };

    type Link = Packets;

    fn link((read, write): (ReadEnd, WriteEnd)) -> Result<Self::Link> {
        Packets::new(read, write)
    }
}

impl<K: Kind> Mechanism for Unix<K> {
    const PROFILE: Profile = crate::PROFILE;
    const VARIANT: Variant = K::VARIANT;

    type Options = ();
    type Link = K::Link;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let ownership = OwnershipLock::take::<Self>(None)?;
        let path = address::path(address, &ownership)?;
        let to_be_noted = address.map(|_| &ownership); // a fresh path goes with the ownership lock's directory anyway
        let listener = address::listen_at_path(&path, K::TYPE, setup, to_be_noted)?;
        Ok(Self {
            address: path.display().to_string(),
            reception: Some(Reception::new(listener, is_for_all(setup))?),
            ownership: Some(ownership),
            kind: PhantomData,
        })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.address.clone()
    }

    fn describe(&self) -> String {
        format!("listening {} socket at {}", K::VARIANT.name, self.address)
    }

    // ANCHOR: accept
    /// Disconnects a visitor that does not say hello, and goes on waiting.
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link> {
        let socket = greeting::welcome(&mut self.reception, &self.address, timeout)?;
        K::link(stream::ends(socket, Closing::Release { _ownership: self.ownership.take() }))
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Self::Link> {
        let path = address::named_path(address)?;
        let connect = |left| address::connect_to_path(&path, K::TYPE, left);
        let check = |socket: &OwnedFd| {
            if is_for_all(setup) || greeting::belongs_to_us(socket)? {
                return Ok(());
            }
            Err(Errno::EACCES)
                .call("connect")
                .advise(Errno::EACCES, || format!("the program listening at {address} is another user's"))
        };
        let socket = join(address, timeout, connect, check)?;
        K::link(stream::ends(socket, Closing::Sweep(ownership::sweep::<Self>)))
    }
    // ANCHOR_END: join
}

/// Returns whether the setup lets other users join.
const fn is_for_all(setup: &Setup) -> bool {
    setup.mode & 0o077 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_permission_of_others_opens_the_door() {
        let with = |mode| is_for_all(&Setup { mode, options: () });
        assert_eq!([0o600, 0o700, 0o4600].map(with), [false; 3]);
        assert_eq!([0o620, 0o602, 0o640, 0o604, 0o666].map(with), [true; 5]);
    }
}
