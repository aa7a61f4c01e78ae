//! Names: of the streams of a link, of their subjects, and the address where the two sides meet.

use std::fmt;
use std::str::FromStr;

use ipc_core::{Error, Result};

use crate::ServerOptions;

/// The longest name: with what is added, it is still a valid name of a stream, and of a file.
const LONGEST: usize = 100;

/// The side of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It created the streams.
    Owner,
    /// It joined.
    Joiner,
}

impl Side {
    /// Returns the other side.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Owner => Self::Joiner,
            Self::Joiner => Self::Owner,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Joiner => "joiner",
        }
    }
}

/// The name that a link's streams and subjects have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkName(String);

impl LinkName {
    /// Returns a name that no other link has.
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("{:016x}", ipc_core::random()))
    }

    /// Returns the name of the stream that carries what `side` sends.
    #[must_use]
    pub fn stream(&self, side: Side) -> String {
        format!("ipc-{}-{}", self.0, side.word())
    }

    /// Returns the name of the link that a stream belongs to.
    pub(crate) fn of_stream(stream: &str) -> Option<Self> {
        let rest = stream.strip_prefix("ipc-")?;
        let sides = [Side::Owner, Side::Joiner];
        let name = sides.into_iter().find_map(|side| rest.strip_suffix(side.word())?.strip_suffix('-'))?;
        name.parse().ok()
    }

    /// Returns the subject of the messages that `side` sends.
    #[must_use]
    pub fn data(&self, side: Side) -> String {
        format!("ipc.{}.{}.data", self.0, side.word())
    }

    /// Returns the subject of the last message that `side` sends, which says that no more will come.
    #[must_use]
    pub fn end(&self, side: Side) -> String {
        format!("ipc.{}.{}.end", self.0, side.word())
    }

    /// Returns the pattern of all subjects in the stream of `side`.
    #[must_use]
    pub fn all(&self, side: Side) -> String {
        format!("ipc.{}.{}.*", self.0, side.word())
    }

    /// Returns the subject at which `side` answers whether it is there. It is in no stream.
    #[must_use]
    pub fn presence(&self, side: Side) -> String {
        format!("ipc-presence.{}.{}", self.0, side.word())
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LinkName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(is_part) {
            return Err(Error::Usage(format!(
                "invalid name '{text}': expected up to {LONGEST} letters, digits, '-' and '_'"
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Where two sides meet: a server, and a name there. As text: `nats://HOST:PORT/NAME`, or `NAME` for the server that the
/// process uses anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The server.
    pub server: ServerOptions,
    /// The name.
    pub name: LinkName,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server.url, self.name)
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let chosen = ServerOptions::current();
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self { server: chosen, name: text.parse()? });
        };
        let Some((host, name)) = rest.split_once('/') else {
            return Err(Error::Usage(format!(
                "invalid address '{text}': expected nats://HOST:PORT/NAME, or NAME"
            )));
        };
        let server = ServerOptions { url: format!("{scheme}://{host}"), ..chosen };
        server.check()?;
        Ok(Self { server, name: name.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_server_or_not() {
        let address: Address = "nats://host:1/name_1-x".parse().unwrap();
        assert_eq!((&*address.server.url, &*address.name.0), ("nats://host:1", "name_1-x"));
        assert_eq!(address.to_string(), "nats://host:1/name_1-x");
        assert_eq!("name".parse::<Address>().unwrap().name.0, "name");
        let long = "x".repeat(101);
        for bad in [
            "",
            "a.b",
            "a b",
            "a>",
            "nats://host:1",
            "nats://host:1/",
            "http://h/n",
            "nats://u:p@h/n",
            "ü",
            &long,
        ] {
            assert!(matches!(bad.parse::<Address>(), Err(Error::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn a_stream_tells_its_link() {
        let name: LinkName = "a-owner".parse().unwrap();
        for side in [Side::Owner, Side::Joiner] {
            assert_eq!(LinkName::of_stream(&name.stream(side)), Some(name.clone()));
        }
        for other in ["ipc--owner", "ipc-a", "a-owner", "ipc-owner", "ipc-a-owne"] {
            assert_eq!(LinkName::of_stream(other), None, "{other}");
        }
    }

    #[test]
    fn names_are_fresh() {
        let names = [LinkName::fresh(), LinkName::fresh()];
        assert_ne!(names[0], names[1]);
        for name in names {
            assert_eq!(name.to_string().parse::<LinkName>().unwrap(), name);
        }
    }
}
