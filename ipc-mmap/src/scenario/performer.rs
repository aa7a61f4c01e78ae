//! A process of a scenario, from the inside: what it does with the file, by calls and without.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use ipc_core::{Advise as _, Call as _, Error, Result};
use ipc_demo::scenario::{self, Value};

use super::step::{Flag, Step, pages, texts};
use super::sys::Pages;

/// A process that knows the path of the file, and maybe has mapped it.
pub struct Performer {
    path: PathBuf,
    mapped: Option<Pages>,
}

impl Performer {
    fn open(&self) -> Result<File> {
        let opened = OpenOptions::new().read(true).write(true).open(&self.path);
        opened.call("open").on(self.path.display())
    }

    fn mapped(&self) -> Result<&Pages> {
        self.mapped.as_ref().ok_or_else(|| Error::Usage("nothing is mapped".into()))
    }
}

impl scenario::Performer for Performer {
    type Start = PathBuf;

    type Step = Step;

    fn enter(path: PathBuf, _: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { path, mapped: None })
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        match step {
            Step::Map { flag } => {
                let (file, len) = (self.open()?, pages(2) as usize);
                let map = match flag {
                    Flag::Shared => Pages::shared,
                    Flag::Private => Pages::private,
                };
                self.mapped = Some(map(&file, len).call("mmap")?);
                Ok(Value::default())
            }
            Step::Store { at, text } => {
                self.mapped()?.store(at as usize, text.as_bytes());
                Ok(Value::default())
            }
            Step::InCopy(step) => self.perform(*step),
            Step::Load { at, len } => Ok(found(&self.mapped()?.load(at as usize, len))),
            Step::Read { at, len } => {
                let mut buffer = vec![0; len];
                let read = self.open()?.read_at(&mut buffer, at).call("pread")?;
                Ok(found(&buffer[..read]))
            }
            Step::Truncate { len } => {
                self.open()?.set_len(len).call("ftruncate")?;
                Ok(Value::default())
            }
        }
    }
}

/// Returns how many bytes there are, and the text in them.
fn found(bytes: &[u8]) -> Value {
    Value::received(bytes.len() as i64, texts(bytes).join(" ").as_bytes())
}
