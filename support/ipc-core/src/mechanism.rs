//! The ways in which two processes meet, where the six really differ.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::note::Note;
use crate::profile::{Profile, Variant};
use crate::{Error, Result, Split};

/// A way for two processes to meet.
///
/// The owner calls [`create`](Self::create), makes the address known, and takes its end with
/// [`accept`](Self::accept). The other side calls [`join`](Self::join). When the peer is a child about to be
/// spawned, [`invite`](Self::invite) makes the address known on its command line:
///
/// ```no_run
/// # use std::process::Command;
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Result, Sender, Setup};
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
    /// The mechanism's row of the table: the same for all its variants.
    const PROFILE: Profile;

    /// The facts about this variant.
    const VARIANT: Variant;

    /// The variant's full name, where the title in the table belongs to another variant.
    const TITLE: &'static str = Self::PROFILE.title;

    /// True if the mechanism's objects belong to an IPC namespace, as System V objects and POSIX queues do: then only
    /// processes of that namespace [sweep](crate::ownership::sweep) them. An object at a path is swept from anywhere.
    /// The value is the same for all variants of a mechanism, as [`PROFILE`](Self::PROFILE) and
    /// [`reclaim`](Self::reclaim) are, since they share their ownership locks.
    const IN_IPC_NAMESPACE: bool = false;

    /// The options of this variant alone; `()` if it has none.
    type Options: Options;

    /// A connected end.
    type Link: Split + Send;

    /// Creates the kernel object; never blocks. Without an address, it generates one that no other process can guess or
    /// use. It first removes what dead processes left behind.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): the address is invalid. [`Os`](Error::Os): the kernel refused; `EEXIST` if the address
    /// is in use.
    fn create(address: Option<&str>, setup: &Setup<Self::Options>) -> Result<Self>;

    /// Returns the address where the other side finds this meeting point: a path, a key, `host:port`.
    fn address(&self) -> String;

    /// Describes the kernel object for a person who wants to inspect it from outside: its type, and its id or path.
    fn describe(&self) -> String;

    /// Returns the path of what stays when both sides have ended, if the options ask for that.
    fn kept(&self) -> Option<&Path> {
        None
    }

    /// Returns further facts about a link, each with its name, to be shown beside what is measured on it: about the server
    /// behind it, for example. None of the six has any.
    #[must_use]
    fn facts(link: &Self::Link) -> Vec<(&'static str, String)> {
        let _ = link;
        Vec::new()
    }

    /// Returns the options that a demo in another terminal needs besides the address; none of the six needs any.
    #[must_use]
    fn options_to_join() -> Vec<String> {
        Vec::new()
    }

    /// Makes the meeting point known to a child about to be spawned: the last argument of its command line is the
    /// address that the child passes to [`join`](Self::join).
    ///
    /// # Errors
    /// [`Os`](Error::Os): the kernel refused.
    fn invite(&mut self, child: &mut Command) -> Result<()> {
        child.arg(self.address());
        Ok(())
    }

    /// Waits for the other side and returns the owner's end. After [`TimedOut`](Error::TimedOut), call again to go on
    /// waiting. After success, the meeting is over, and the link takes care of removing the object.
    ///
    /// # Errors
    /// [`TimedOut`](Error::TimedOut): no peer connected. [`Corrupt`](Error::Corrupt): a process connected that does not
    /// speak the protocol.
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link>;

    /// Joins the meeting point at `address` and returns the other side's end. Waits up to `timeout` where the mechanism
    /// lets the two sides arrive in either order.
    ///
    /// # Errors
    /// [`TimedOut`](Error::TimedOut) or [`Os`](Error::Os): no owner is there. [`Usage`](Error::Usage): the address is
    /// invalid.
    fn join(address: &str, setup: &Setup<Self::Options>, timeout: Duration) -> Result<Self::Link>;

    /// Removes a kernel object that has no path and that no process holds, given what an ownership lock has
    /// [noted](crate::ownership::Note) about it. `Ok` means that no object of ours is there, whether or not there was
    /// one.
    ///
    /// # Errors
    /// [`Os`](Error::Os): the kernel refused. [`Refused`](Error::Refused): the object may belong to another program by
    /// now. [`Usage`](Error::Usage): it was noted by another mechanism.
    fn reclaim(note: &Note) -> Result<()> {
        Err(Error::Usage(format!("{note} is not an object of {}", Self::PROFILE.title)))
    }
}

/// The settings that the two sides agree on beforehand: those common to all variants, and the [`Options`] of one.
#[derive(Clone, Debug)]
pub struct Setup<O = ()> {
    /// Permission bits of the objects that are created; 0600, the owner alone, unless the caller wants wider access. A
    /// side that joins another user's object must also ask for a mode that gives other users access: see
    /// [`check_owner`](Self::check_owner).
    pub mode: u32,
    /// The settings that only this variant understands.
    pub options: O,
}

impl<O: Default> Default for Setup<O> {
    /// Returns a setup for the owner alone, with all options off.
    fn default() -> Self {
        Self { mode: 0o600, options: O::default() }
    }
}

impl<O> Setup<O> {
    /// Refuses `what`, created by the user `owner`, unless that is this user or root, or [`mode`](Self::mode) lets
    /// others read or write. Any user can create an object at any address and open it to all, and then controls its
    /// contents.
    ///
    /// # Errors
    /// [`Refused`](Error::Refused): the object belongs to another user.
    pub fn check_owner(&self, owner: u32, what: impl fmt::Display) -> Result<()> {
        if owner == nix::unistd::geteuid().as_raw() || owner == 0 || self.mode & 0o066 != 0 {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "{what} is another user's (uid {owner}) and is left alone: run both sides as one user (a program can let \
             others in, by the `mode` of its `Setup`)"
        )))
    }
}

/// The options of a variant: switches that are off unless they are asked for.
pub trait Options: Clone + fmt::Debug + Default + Send + 'static {
    /// The switches, for a command line.
    const SWITCHES: &'static [Switch<Self>];
}

impl Options for () {
    const SWITCHES: &'static [Switch<Self>] = &[];
}

/// One of the [`Options`].
#[derive(Debug)]
pub struct Switch<O> {
    /// The name on the command line, without the dashes.
    pub name: &'static str,
    /// The text that `--help` shows.
    pub help: &'static str,
    /// The text in a result if the switch was on; empty where it has no effect on the result.
    pub shown: &'static str,
    /// True if it means nothing to the side that joins.
    pub only_for_owner: bool,
    /// The field that stores it.
    pub field: fn(&mut O) -> &mut bool,
}

/// The variants of one mechanism, as a tuple of types; the first is the default. Each crate has one such list.
pub trait Variants {
    /// The mechanism's row of the table.
    const PROFILE: Profile;

    /// Calls the visitor with each variant, in order.
    fn visit(visitor: &mut impl Visitor);
}

/// An action for each of the [`Variants`]: a closure that is generic over the type.
pub trait Visitor {
    /// Visits one variant.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Trusts the objects of this user and of root; accepts another user's only if the mode gives others access.
    #[test]
    fn another_users_object_is_refused_unless_the_mode_lets_others_in() {
        let us = nix::unistd::geteuid().as_raw();
        for (mode, owner, refused) in [
            (0o600, us, false),
            (0o600, 0, false),
            (0o600, us + 1, true),
            (0o711, us + 1, true), // no read access for others
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
