//! A mapped file in its own directory, and the other process.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output};

pub use ipc_conformance::watchdog::PATIENCE;
use ipc_conformance::watchdog::over_this_test;
use ipc_conformance::{Bytes as _, other};
use ipc_core::pages::Pages;
use ipc_core::ring::{Region, SEGMENT_LEN};
use ipc_core::{Error, Mechanism, Options, Receiver, Sender, Setup};
use ipc_mmap::{File, FileOptions, Link, Mapping, Memfd};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use tempfile::TempDir;

pub fn setup<O: Options>() -> Setup<O> {
    with(O::default())
}

pub fn with<O>(options: O) -> Setup<O> {
    over_this_test();
    Setup { mode: 0o600, options }
}

/// A directory for files, removed at the end of its test.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        over_this_test();
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

/// A file of `len` bytes, all zero, and its mapping.
pub struct Mapped {
    _place: Place,
    pub path: String,
    pub file: fs::File,
    pub region: Region<Mapping>,
}

impl Mapped {
    pub fn new(len: usize) -> Self {
        let place = Place::new();
        let path = place.path("file");
        let file = fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.set_len(len as u64).unwrap();
        let region = map(&file);
        Self { _place: place, path, file, region }
    }

    /// Returns the bytes at `offset`, as the mapping shows them.
    pub fn bytes(&self, offset: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.region.read(offset, &mut bytes);
        bytes
    }
}

pub fn map(file: &fs::File) -> Region<Mapping> {
    Region::new(Mapping::new(file).unwrap()).unwrap()
}

/// Runs a shell command line with `$0` set to `argument` and returns its output.
pub fn shell(line: &str, argument: &str) -> String {
    let output = Command::new("/bin/sh").args(["-c", line, argument]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Lets another process play `part` to its end.
pub fn played(part: &str) -> (ExitStatus, String) {
    let Output { status, stdout, .. } = other::command(part).output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    let said = text.lines().find_map(|line| line.split_once("said: ").map(|(_, said)| said.to_owned()));
    (status, said.unwrap_or_default())
}

/// The main function of the tests' other process; not a test.
#[test]
#[ignore = "the other process of the tests"]
fn other_process_main() {
    other::main(play);
}

fn play(words: &[&str]) -> String {
    let open = |path: &str| map(&fs::File::options().read(true).write(true).open(path).unwrap());
    match *words {
        ["read", path, offset, len] => {
            let mut bytes = vec![0; len.parse().unwrap()];
            open(path).read(offset.parse().unwrap(), &mut bytes);
            String::from_utf8(bytes).unwrap()
        }
        ["write", path, offset, text] => {
            open(path).write(offset.parse().unwrap(), text.as_bytes());
            text.to_owned()
        }
        // Maps the file, has it truncated, and touches a page that is gone.
        ["truncate-and-touch", path] => {
            let region = open(path);
            let mut byte = [0];
            region.read(SEGMENT_LEN - 1, &mut byte);
            fs::File::options().write(true).open(path).unwrap().set_len(100).unwrap();
            region.read(SEGMENT_LEN - 1, &mut byte);
            "survived".into()
        }
        // Ends as by `kill -KILL`: nothing cleans up.
        ["create-and-die", path] => {
            let _meeting = File::create(Some(path), &setup()).unwrap();
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
            "survived".into()
        }
        ["create-memory-and-die", path] => {
            let _meeting = Memfd::create(Some(path), &setup()).unwrap();
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
            "survived".into()
        }
        // Leaks its link, which stays until this process is killed.
        ["join-memory", path, ..] => {
            let mut link = Memfd::join(path, &setup(), PATIENCE).unwrap();
            link.send(b"here").unwrap();
            std::mem::forget(link);
            "joined".into()
        }
        ["create-and-keep", path] => File::create(Some(path), &with(kept())).unwrap().describe(),
        // Tampers with open memory, as a peer could.
        ["tamper", path] => {
            let memory = fs::File::options().read(true).write(true).open(path).unwrap();
            let answer = |result: std::io::Result<()>| match result {
                Ok(()) => "done".to_owned(),
                Err(error) => format!("{:?}", Errno::from_raw(error.raw_os_error().unwrap())),
            };
            let [shorter, longer] = [0, 1 << 30].map(|length| answer(memory.set_len(length)));
            let sealed = fcntl(&memory, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE)).map(drop);
            let another = answer(sealed.map_err(Into::into));
            format!("shorter: {shorter}, longer: {longer}, another seal: {another}")
        }
        ["join-memory-as-nobody", path] => {
            nix::unistd::setuid(nix::unistd::Uid::from_raw(65534)).unwrap();
            let joined = Memfd::join(path, &setup(), PATIENCE);
            joined.map_or_else(|error| error.to_string(), |_| "joined".into())
        }
        // Returns the resident bytes of the mapping whose name ends with `name`.
        ["resident", "file", when, name] => {
            let options = FileOptions { pages: populated(when), ..FileOptions::default() };
            resident::<File>(&with(options), name)
        }
        ["resident", "memfd", when, name] => resident::<Memfd>(&with(populated(when)), name),
        ["create"] => File::create(None, &setup()).unwrap().describe(),
        ["own-and-keep", path, message] => {
            let mut link = File::create(Some(path), &with(kept())).unwrap().accept(PATIENCE).unwrap();
            link.send(message.as_bytes()).unwrap();
            assert!(matches!(link.recv(&mut []), Err(Error::Disconnected)));
            "sent".into()
        }
        ["join", path] => {
            let mut buffer = [0; 100];
            let len = File::join(path, &setup(), PATIENCE).unwrap().recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..len].to_vec()).unwrap()
        }
        _ => panic!("no part {words:?}"),
    }
}

fn kept() -> FileOptions {
    FileOptions { keep: true, ..FileOptions::default() }
}

fn populated(when: &str) -> Pages {
    Pages { populate: when == "now", ..Pages::default() }
}

fn resident<M: Mechanism>(setup: &Setup<M::Options>, name: &str) -> String {
    let _meeting = M::create(None, setup).unwrap();
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut mapping = smaps.lines().skip_while(|line| !line.contains(name));
    let rss = mapping.find_map(|line| line.strip_prefix("Rss:")).unwrap().trim().trim_end_matches(" kB");
    (rss.parse::<usize>().unwrap() * 1024).to_string()
}

/// Returns both ends of a link at a file of the given name, in this process: the owner's first.
pub fn pair(path: &str) -> (Link, Link) {
    let mut meeting = File::create(Some(path), &setup()).unwrap();
    let joiner = File::join(path, &setup(), PATIENCE).unwrap();
    (meeting.accept(PATIENCE).unwrap(), joiner)
}

pub fn exists(path: &str) -> bool {
    fs::symlink_metadata(PathBuf::from(path)).is_ok()
}
