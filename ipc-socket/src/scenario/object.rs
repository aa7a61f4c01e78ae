//! The sockets of a scenario, and the directory of their paths.

use std::fs;
use std::path::PathBuf;

use ipc_core::{Call as _, Result};
use ipc_demo::scenario::{Directory, DirectoryOfScenario, Invited, KernelObject, State};
use ipc_demo::system_call::SystemCall;
use ipc_socket::UnixStream;

use super::performer::Performer;
use super::queues::{Waiting, is_socket};

/// The sockets that the processes make. Those end with their last descriptor, but their paths stay: they are in a
/// directory that goes with the scenario.
pub struct Sockets(Directory);

/// The calls on a socket in which a process may sleep.
const CALLS: [i64; 7] = [
    libc::SYS_connect,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
];

impl Sockets {
    /// Returns the path of that name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// Returns the paths that there are now, in words.
    fn paths(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.0.path("")).call("opendir")?;
        let mut names: Vec<_> =
            entries.flatten().map(|entry| format!("path: {}", entry.file_name().display())).collect();
        names.sort_unstable();
        Ok(names)
    }
}

impl KernelObject for Sockets {
    const MECHANISM: &'static str = "socket";
    const NAME: &'static str = "socket";
    const TITLE: &'static str = "sockets";

    type Part = ();
    type Performer = Performer;
    type Remains = DirectoryOfScenario;

    fn create() -> Result<Self> {
        Ok(Self(Directory::make::<UnixStream>()?))
    }

    fn describe(&self) -> String {
        format!("paths in {}", self.0.describe(""))
    }

    fn invite(&self, (): ()) -> Result<Invited<()>> {
        Ok(Invited::with(()))
    }

    fn state(&self, processes: &[u32]) -> Result<Option<State>> {
        let Some(Waiting { bytes, contents }) = Waiting::look(processes) else {
            return Ok(Some(State::default()));
        };
        let contents = self.paths()?.into_iter().chain(contents).collect();
        Ok(Some(State {
            used: Some(bytes),
            unit: Some("bytes"),
            contents: Some(contents),
            ..State::default()
        }))
    }

    fn is_target(&self, call: &SystemCall, pid: u32) -> bool {
        CALLS.contains(&call.number) && is_socket(pid, call.int(0))
    }
}
