//! The FIFOs of a scenario.

use std::cell::RefCell;
use std::path::PathBuf;

use ipc_core::{Advise as _, Call as _, Result};
use ipc_demo::scenario::{Directory, DirectoryOfScenario, Invited, KernelObject, PipeBuffer, State};
use ipc_demo::system_call::{Inode, SystemCall};
use ipc_fifo::Fifo;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::REQUESTS;
use super::performer::Performer;
use super::step::letters;

/// One FIFO, or two where processes talk both ways. The names are in a directory that goes with the scenario.
pub struct Fifos {
    directory: Directory,
    made: RefCell<Vec<Made>>,
}

struct Made {
    path: PathBuf,
    inode: Inode,
}

impl Fifos {
    /// Makes one more FIFO.
    pub fn make(&self, name: &str) -> Result<()> {
        let path = self.directory.path(name);
        mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).call("mkfifo").on(path.display())?;
        // Looks at the name without opening the FIFO.
        let found = open(&path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).call("open")?;
        self.made.borrow_mut().push(Made { inode: Inode::of(found)?, path });
        Ok(())
    }
}

impl KernelObject for Fifos {
    const MECHANISM: &'static str = "fifo";
    const NAME: &'static str = "FIFO";
    const TITLE: &'static str = "named pipe (FIFO)";

    type Part = ();
    type Performer = Performer;
    type Remains = DirectoryOfScenario;

    fn create() -> Result<Self> {
        let fifos = Self { directory: Directory::make::<Fifo>()?, made: RefCell::default() };
        fifos.make(REQUESTS)?;
        Ok(fifos)
    }

    fn describe(&self) -> String {
        self.directory.describe(REQUESTS)
    }

    fn invite(&self, (): ()) -> Result<Invited<PathBuf>> {
        Ok(Invited::with(self.directory.path("")))
    }

    /// Without a reader, nothing is known: to look, one would have to be the reader.
    fn state(&self, processes: &[u32]) -> Result<Option<State>> {
        let mut state = State { unit: Some("bytes"), ..State::default() };
        for Made { inode, .. } in &*self.made.borrow() {
            let Some(buffer) = PipeBuffer::look(*inode, processes)? else { continue };
            state.used = Some(state.used.unwrap_or(0) + buffer.used);
            state.capacity = Some(state.capacity.unwrap_or(0) + buffer.capacity);
            let contents = match buffer.text.as_deref() {
                Some(text) if !text.is_empty() => vec![letters(text)],
                _ => buffer.contents(),
            };
            state.contents.get_or_insert_default().extend(contents);
        }
        Ok(Some(state))
    }

    fn is_target(&self, call: &SystemCall, pid: u32) -> bool {
        let made = self.made.borrow();
        match call.number {
            libc::SYS_openat => {
                call.path(1, pid).is_some_and(|path| made.iter().any(|fifo| fifo.path == path))
            }
            libc::SYS_read | libc::SYS_write => {
                let inode = Inode::of_process(pid, call.int(0));
                made.iter().any(|fifo| Some(fifo.inode) == inode)
            }
            _ => false,
        }
    }
}
