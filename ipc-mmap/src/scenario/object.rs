//! The file of a scenario.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use ipc_core::{Advise as _, Call as _, Result};
use ipc_demo::scenario::{Directory, DirectoryOfScenario, Invited, KernelObject, State};
use ipc_demo::system_call::SystemCall;

use super::performer::Performer;
use super::step::{pages, texts};

/// The name of the file.
const NAME: &str = "memory";

/// A file of two pages, in a directory that goes with the scenario.
pub struct FileOfScenario {
    directory: Directory,
}

impl FileOfScenario {
    fn path(&self) -> PathBuf {
        self.directory.path(NAME)
    }

    /// Returns the texts in the file, as a process reads them that maps nothing.
    pub fn read(&self) -> Result<Vec<String>> {
        let path = self.path();
        fs::read(&path).call("read").on(path.display()).map(|bytes| texts(&bytes))
    }
}

impl KernelObject for FileOfScenario {
    const MECHANISM: &'static str = "mmap";
    const NAME: &'static str = "file";
    const TITLE: &'static str = "memory map";

    type Part = ();
    type Performer = Performer;
    type Remains = DirectoryOfScenario;

    fn create() -> Result<Self> {
        let object = Self { directory: Directory::make::<ipc_mmap::File>()? };
        let path = object.path();
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.call("open").on(path.display())?.set_len(pages(2)).call("ftruncate")?;
        Ok(object)
    }

    fn describe(&self) -> String {
        format!("{}, {} bytes", self.directory.describe(NAME), pages(2))
    }

    fn invite(&self, (): ()) -> Result<Invited<PathBuf>> {
        Ok(Invited::with(self.path()))
    }

    fn state(&self, _: &[u32]) -> Result<Option<State>> {
        let file = File::open(self.path()).call("open")?;
        Ok(Some(State {
            used: Some(file.metadata().call("fstat")?.len() as usize),
            capacity: Some(pages(2) as usize),
            unit: Some("bytes"),
            contents: Some(self.read()?),
            ..State::default()
        }))
    }

    /// Loads and stores are not calls, and no call on a mapped file sleeps.
    fn is_target(&self, _: &SystemCall, _: u32) -> bool {
        false
    }
}
