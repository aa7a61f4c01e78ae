//! The variant `file`: a file made for its owner alone, and checked before it is mapped.

use std::env;
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::pages::{Pages, huge_pages, populated};
use ipc_core::ring::{Rendezvous, RingLink, SEGMENT_LEN};
use ipc_core::{
    Advise, Call, Clients, Mechanism, Options, Persistence, Profile, Reach, Result, Setup, Shared, Switch,
    Unit, Variant, random, shared_file,
};
use nix::errno::Errno;
use nix::libc::{O_NOCTTY, O_NOFOLLOW, O_NONBLOCK};

use crate::address::{advise_on_place, parse};
use crate::{Link, Mapping};

/// A mapped file, waiting for the other side. See the [crate].
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    /// True if the file stays.
    keep: bool,
    rendezvous: Rendezvous<Mapping>,
}

/// The options of a mapped file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// Leaves the file behind, with all that was written. Without an address, it has a fresh name in the directory for
    /// temporary files.
    pub keep: bool,
    /// The kind of pages in which to map the file.
    pub pages: Pages,
}

impl Options for FileOptions {
    const SWITCHES: &'static [Switch<Self>] = &[
        Switch {
            name: "keep",
            help: "Keep the mapped file after the run, and print its path",
            shown: "", // the measurement is the same
            only_for_owner: true,
            field: |options| &mut options.keep,
        },
        huge_pages(|options| &mut options.pages.huge),
        populated(|options| &mut options.pages.populate),
    ];
}

/// Advice on how to get huge pages.
const HUGE_PAGES: &str = "a file has those of its file system: choose the variant `memfd`";

impl Mechanism for File {
    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "file",
        type_path: "ipc_mmap::File",
        summary: "a regular file, a ring in each direction",
        unit: Unit::Page,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::FileSystem,
        remains: true,
        clients: Clients::One,
        server: None,
        lasting: None,
        shares: &[Shared::Directory],
    };

    type Options = FileOptions;
    type Link = Link;

    // ANCHOR: create
    /// Makes the file; an address is a path at which there is nothing yet. A [`mode`](Setup::mode) wider than 0600 needs
    /// one, since a fresh file is inside a private directory, or, if it is to stay, where others can also make files.
    fn create(address: Option<&str>, setup: &Setup<FileOptions>) -> Result<Self> {
        let FileOptions { keep, pages } = setup.options;
        let path = address.map(parse).transpose()?;
        let ownership = if keep {
            ownership::sweep::<Self>()?;
            None
        } else {
            Some(OwnershipLock::take::<Self>(None)?)
        };
        let path = match (path, &ownership) {
            (Some(path), _) => path,
            (None, Some(ownership)) => ownership.path("memory"),
            (None, None) => env::temp_dir().join(format!("ipc-mmap-{:016x}", random())),
        };
        let make = |path: &Path| make(path, setup.mode);
        let file =
            ownership.as_ref().map_or_else(|| make(&path), |ownership| ownership.publish(&path, make))?;
        let attached = shared_file::allocate(&file)
            .advise(Errno::ENOSPC, || format!("the disk has fewer than {SEGMENT_LEN} bytes left"))
            .and_then(|()| pages.prepare(Mapping::with_ownership(&file, ownership)?, HUGE_PAGES))
            .and_then(shared_file::attach);
        let attachment = attached.inspect_err(|_| {
            if keep {
                let _ = fs::remove_file(&path); // kept only if it was made; any other goes with its ownership lock
            }
        })?;
        Ok(Self { path, keep, rendezvous: Rendezvous::new(attachment, ()) })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.path.display().to_string()
    }

    fn describe(&self) -> String {
        let fate = if self.keep { ", to be kept" } else { "" };
        format!("file {}, mapped{fate}", self.path.display())
    }

    fn kept(&self) -> Option<&Path> {
        self.keep.then_some(&self.path)
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        let (attachment, ()) = self.rendezvous.accept(&self.address(), timeout)?;
        Ok(RingLink::new(attachment))
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, setup: &Setup<FileOptions>, timeout: Duration) -> Result<Link> {
        let path = parse(address)?;
        let no_peer = || format!("no peer is waiting at {address}");
        shared_file::join(timeout, no_peer, setup.options.pages, HUGE_PAGES, || open(&path, setup))
    }
    // ANCHOR_END: join
}

/// Makes the file, which must not exist yet. A symbolic link, even a dangling one, counts as existing.
fn make(path: &Path, mode: u32) -> Result<fs::File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600).custom_flags(O_NOFOLLOW);
    let file = advise_on_place(options.open(path).call("open"), path)?;
    // Exactly this mode, despite the umask.
    file.set_permissions(Permissions::from_mode(mode & 0o777)).call("fchmod")?;
    Ok(file)
}

/// Opens the file that the owner made; `None` if there is none, or if it is not complete yet.
fn open(path: &Path, setup: &Setup<FileOptions>) -> Result<Option<fs::File>> {
    let mut options = OpenOptions::new();
    // Never through a symbolic link, and without waiting for the other end of a FIFO.
    options.read(true).write(true).custom_flags(O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    let opened = options.open(path).call("open").on(path.display());
    let opened = opened.advise(Errno::ELOOP, || format!("{} is a symbolic link", path.display()));
    let file = match opened {
        Err(error) if error.errno() == Some(Errno::ENOENT) => return Ok(None),
        opened => opened.advise(Errno::EACCES, || format!("{} is another user's", path.display()))?,
    };
    Ok(shared_file::is_complete(&file, setup, path.display())?.then_some(file))
}
