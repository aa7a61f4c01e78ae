//! How two processes meet, which is where the six really differ, and the course's table as data.

use std::fmt;
use std::process::Command;
use std::time::Duration;

use crate::lease::Note;
use crate::{Error, Result, Transport};

/// A way for two processes to meet.
///
/// The owner calls [`create`](Self::create), makes the address known, and takes its end with
/// [`accept`](Self::accept). The other side calls [`join`](Self::join). When the peer is a child about to be
/// spawned, [`invite`](Self::invite) makes the address known on its command line:
///
/// ```no_run
/// # use std::process::Command;
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Result, Setup, Transport};
/// fn talk<M: Mechanism>() -> Result<()> {
///     let mut meeting = M::create(None, &Setup::default())?;
///     let mut child = Command::new("ipc-peer");
///     meeting.invite(&mut child)?;
///     let mut child = child.spawn().expect("the peer program is there");
///     let mut link = meeting.accept(Duration::from_secs(5))?;
///     link.send(b"hello")?;
///     drop(link);
///     child.wait().expect("a child can be waited for");
///     Ok(())
/// }
/// ```
pub trait Mechanism: Sized {
    /// The row of the table: the same for all variants of a mechanism.
    const PROFILE: Profile;

    /// What is true of this variant.
    const VARIANT: Variant;

    /// Its full name, where the table's is that of another variant.
    const TITLE: &'static str = Self::PROFILE.title;

    /// Whether its objects belong to an IPC namespace, as System V objects and POSIX queues do: then only processes of
    /// that namespace [sweep](crate::lease::sweep) them. Not so what a variant has at a path.
    const IN_IPC_NAMESPACE: bool = false;

    /// What can be asked of this variant alone; `()` if nothing.
    type Options: Options;

    /// A connected end.
    type Link: Transport + Send;

    /// Makes the kernel object and never blocks. Without an address, a fresh one is made that nobody else can guess
    /// or use. What dead processes left behind is removed first.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): the address is not one. [`Os`](Error::Os): the kernel refused; `EEXIST` when the
    /// address is in use.
    fn create(address: Option<&str>, setup: &Setup<Self::Options>) -> Result<Self>;

    /// Where the other side finds this meeting point: a path, a key, `host:port`.
    fn address(&self) -> String;

    /// The kernel object, for a person who wants to look at it from outside: what it is, its id or path.
    fn describe(&self) -> String;

    /// Makes the meeting point known to a child about to be spawned: the last argument of its command line is what
    /// the child gives to [`join`](Self::join).
    ///
    /// # Errors
    /// [`Os`](Error::Os): the kernel refused.
    fn invite(&mut self, child: &mut Command) -> Result<()> {
        child.arg(self.address());
        Ok(())
    }

    /// Waits for the other side and returns the owner's end. After [`TimedOut`](Error::TimedOut), call again to go
    /// on waiting; after success, the meeting is over and the object's removal is the link's business.
    ///
    /// # Errors
    /// [`TimedOut`](Error::TimedOut): nobody came. [`Corrupt`](Error::Corrupt): somebody came who does not speak
    /// the protocol.
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link>;

    /// Joins the meeting point at `address` and returns the other side's end. Waits up to `timeout` where the
    /// mechanism lets the two come in either order.
    ///
    /// # Errors
    /// [`TimedOut`](Error::TimedOut) or [`Os`](Error::Os): there is nobody. [`Usage`](Error::Usage): the address is
    /// not one.
    fn join(address: &str, setup: &Setup<Self::Options>, timeout: Duration) -> Result<Self::Link>;

    /// Removes a kernel object that has no path and that no process holds, by what a lease has
    /// [noted](crate::lease::Note) of it. `Ok`: nothing of ours is there, now or before.
    ///
    /// # Errors
    /// [`Os`](Error::Os): the kernel refused. [`Usage`](Error::Usage): it may be another's by now, or is noted by another
    /// mechanism.
    fn reclaim(note: &Note) -> Result<()> {
        Err(Error::Usage(format!("not something of {}: {note}", Self::PROFILE.title)))
    }
}

/// What the two sides agree on beforehand: what every variant understands, and the [`Options`] of one.
#[derive(Clone, Debug)]
pub struct Setup<O = ()> {
    /// Permission bits of what is made; 0600, the owner alone, unless the caller wants it wider. A side that joins what
    /// another user has made must ask for a mode that lets others in, too: see [`check_owner`](Self::check_owner).
    pub mode: u32,
    /// What only this variant understands.
    pub options: O,
}

impl<O: Default> Default for Setup<O> {
    /// For the owner alone, with all options off.
    fn default() -> Self {
        Self { mode: 0o600, options: O::default() }
    }
}

impl<O> Setup<O> {
    /// Refuses `what`, made by the user `owner`, unless that is this user or root, or [`mode`](Self::mode) lets others
    /// read or write. Anyone can make an object for all to use at any address: what is in it then is that user's.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): it is another user's.
    pub fn check_owner(&self, owner: u32, what: impl fmt::Display) -> Result<()> {
        if owner == nix::unistd::geteuid().as_raw() || owner == 0 || self.mode & 0o066 != 0 {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{what} is another user's (uid {owner}) and is left alone: run both sides as one user (a program can let \
             others in, by the `mode` of its `Setup`)"
        )))
    }
}

/// The options of a variant: switches that are off unless they are asked for.
pub trait Options: Clone + fmt::Debug + Default + Send + 'static {
    /// What can be switched on, for a command line.
    const SWITCHES: &'static [Switch<Self>];
}

impl Options for () {
    const SWITCHES: &'static [Switch<Self>] = &[];
}

/// One of the [`Options`].
#[derive(Debug)]
pub struct Switch<O> {
    /// Its name on the command line, without the dashes.
    pub name: &'static str,
    /// What `--help` says of it.
    pub help: &'static str,
    /// What a result says if it was on; nothing where it has no effect on the result.
    pub shown: &'static str,
    /// Where it is kept.
    pub field: fn(&mut O) -> &mut bool,
}

/// The variants of one mechanism, as a tuple of types; the first is the default. Each crate has one such list.
pub trait Variants {
    /// The mechanism's row of the table.
    const PROFILE: Profile;

    /// Shows each variant to a visitor, in order.
    fn visit(visitor: &mut impl Visitor);
}

/// What is done with each of the [`Variants`]: a closure that is generic over the type.
pub trait Visitor {
    /// Is shown one variant.
    fn variant<M: Mechanism + 'static>(&mut self);
}

impl<A: Mechanism + 'static> Variants for (A,) {
    const PROFILE: Profile = A::PROFILE;

    fn visit(visitor: &mut impl Visitor) {
        visitor.variant::<A>();
    }
}

impl<A: Mechanism + 'static, B: Mechanism + 'static> Variants for (A, B) {
    const PROFILE: Profile = A::PROFILE;

    fn visit(visitor: &mut impl Visitor) {
        visitor.variant::<A>();
        visitor.variant::<B>();
    }
}

impl<A: Mechanism + 'static, B: Mechanism + 'static, C: Mechanism + 'static> Variants for (A, B, C) {
    const PROFILE: Profile = A::PROFILE;

    fn visit(visitor: &mut impl Visitor) {
        visitor.variant::<A>();
        visitor.variant::<B>();
        visitor.variant::<C>();
    }
}

/// A mechanism's row of the course's table. Each cell is proven by a test in that crate's `tests/behaviour.rs`.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Short name: of the demo (`ipc-NAME`), on command lines and in results.
    pub name: &'static str,
    /// Full name, as in the table.
    pub title: &'static str,
    /// Who can talk through it.
    pub between: Between,
    /// Where the data rests on its way.
    pub medium: Medium,
    /// What one read gives.
    pub unit: Unit,
    /// Whether one object carries both ways.
    pub direction: Direction,
    /// How far it goes.
    pub reach: Reach,
    /// What the address of a meeting point is, for a usage line: `PATH`, `KEY`, `HOST:PORT`; `None` where two
    /// processes that were started apart cannot meet.
    pub address: Option<&'static str>,
}

/// One way to build a mechanism. What is true of all variants stands in the [`Profile`]; what is true of this one,
/// here. Proven by tests, like the cells of the table.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name on the command line and in results.
    pub name: &'static str,
    /// What it is, in half a line.
    pub summary: &'static str,
    /// What one read gives.
    pub unit: Unit,
    /// How far it goes.
    pub reach: Reach,
    /// How long data lives that nobody has read.
    pub persistence: Persistence,
    /// Whether something with a name stays behind if its users die and nobody removes it: a path, a key, an id.
    pub remains: bool,
    /// How many can talk to one server through what it has made.
    pub clients: Clients,
    /// What both sides must share, as two containers may or may not.
    pub shares: &'static [Shared],
}

/// Declares the values of one column of the table with the words that show them.
macro_rules! column {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $words:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$value_doc])* $value),+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$value => $words),+ })
            }
        }
    };
}

column!(
    /// Who can talk.
    Between {
        /// Relatives: a descriptor has to be inherited.
        ParentAndChild = "parent and child",
        /// Whoever knows the name and has the permission.
        AnyTwoProcesses = "any two processes",
        /// Processes of any hosts with a network between them.
        AnyTwoHosts = "any two hosts",
    }
);

column!(
    /// Where the data rests on its way.
    Medium {
        /// A file descriptor over a kernel buffer.
        File = "file",
        /// Kernel or shared memory without a file.
        Memory = "memory",
        /// The page cache of a file.
        FileAndMemory = "file + memory",
        /// The send and receive buffers of two sockets.
        Socket = "socket",
    }
);

column!(
    /// What one read gives.
    Unit {
        /// Bytes without boundaries.
        ByteStream = "byte stream",
        /// One message, whole.
        WholeStruct = "struct (whole message)",
        /// Memory, seen as a struct.
        Struct = "struct",
        /// Memory in pages of a file.
        Page = "page",
    }
);

column!(
    /// Whether one object carries both ways.
    Direction {
        /// Talking both ways takes two of them.
        OneWay = "one-way",
        /// One carries both.
        TwoWay = "two-way",
    }
);

column!(
    /// How far it goes.
    Reach {
        /// Both processes on one kernel.
        SameHost = "same host",
        /// Also across a network.
        SameHostAndBeyond = "same host and beyond",
    }
);

column!(
    /// How long data lives that nobody has read.
    Persistence {
        /// Until the last process that has it open ends.
        Process = "the processes",
        /// Until it is removed or the machine restarts, with no process at all.
        Kernel = "the kernel",
        /// On a disk, across restarts.
        FileSystem = "a disk",
    }
);

column!(
    /// What two processes of one host have in common, or not: see
    /// [namespaces(7)](https://man7.org/linux/man-pages/man7/namespaces.7.html).
    Shared {
        /// Pids mean the same to both, and `/proc` shows each to the other.
        PidNamespace = "a pid namespace",
        /// System V objects, and POSIX queues.
        IpcNamespace = "an IPC namespace",
        /// The file system of POSIX shared memory.
        DevShm = "/dev/shm",
        /// One that both can write to, on a volume say.
        Directory = "a directory",
        /// An address of one can be reached by the other.
        Network = "a network",
    }
);

column!(
    /// How many can talk to one server through what it has made.
    Clients {
        /// One: for each client the server makes an object of its own.
        One = "one each",
        /// All of them at one address.
        Many = "many",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    /// This user's and root's objects are trusted; another's only by one who lets others read or write.
    #[test]
    fn another_users_object_is_refused_unless_the_mode_lets_others_in() {
        let us = nix::unistd::geteuid().as_raw();
        for (mode, owner, refused) in [
            (0o600, us, false),
            (0o600, 0, false),
            (0o600, us + 1, true),
            (0o711, us + 1, true), // which lets nobody read
            (0o640, us + 1, false),
            (0o604, us + 1, false),
            (0o620, us + 1, false),
            (0o602, us + 1, false),
        ] {
            let setup = Setup { mode, options: () };
            let told = setup.check_owner(owner, "the object").map_err(|error| error.to_string());
            assert_eq!(told.is_err(), refused, "{mode:o}, owner {owner}, us {us}");
            let begin = format!("the object is another user's (uid {owner}) and is left alone: ");
            assert!(told.is_ok() || told.unwrap_err().starts_with(&begin));
        }
    }
}
