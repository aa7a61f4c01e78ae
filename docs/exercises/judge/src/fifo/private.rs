use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::program::{self, Group};

/// The program, waiting for a line. It gives up by itself after ten seconds.
struct Waiting {
    child: Group,
    stdout: BufReader<ChildStdout>,
    fifo: PathBuf,
}

impl Waiting {
    fn start(folder: &Path) -> Self {
        let mut command = program::command("fifo_private");
        let child = command.arg(folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = Group(child.expect("the program can be started"));
        let mut stdout = BufReader::new(child.0.stdout.take().expect("piped"));
        let mut path = String::new();
        stdout.read_line(&mut path).expect("its first line");
        Self { child, stdout, fifo: PathBuf::from(path.trim()) }
    }

    /// Writes a line into the FIFO, and returns what the program then prints.
    fn tell(mut self, line: &str) -> String {
        // A FIFO, opened for both, lets in without waiting.
        let fifo = fs::File::options().read(true).write(true).open(&self.fifo);
        let sent = fifo.and_then(|mut fifo| fifo.write_all(line.as_bytes()).map(|()| fifo));
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).expect("what it prints");
        self.child.wait_for(Duration::from_secs(30)).expect("it should end");
        drop(sent);
        said
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o7777)
}

/// Whether nothing was left in this folder.
fn is_empty(dir: &Path) -> bool {
    dir.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}

#[test]
fn it_is_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    let waiting = Waiting::start(dir);
    let fifo = waiting.fifo.clone();
    let (is_fifo, fifo_mode) =
        (fs::metadata(&fifo).is_ok_and(|found| found.file_type().is_fifo()), mode(&fifo));
    let private = fifo.parent().unwrap_or(&fifo).to_owned();
    let (own_folder, private_mode) = (private != dir, mode(&private));
    let (name, process) = (private.file_name().unwrap_or_default(), waiting.child.0.id().to_string());
    let foretold = own_folder && process.len() > 3 && name.to_string_lossy().contains(&process);
    let said = waiting.tell("hello\n");
    assert!(is_fifo, "the path that it prints first should be a FIFO");
    assert!(own_folder, "the FIFO is in the folder where every user may write, and not in one of its own");
    assert_eq!(format!("{private_mode:o}"), "700", "the mode of the fresh folder");
    assert!(!foretold, "the name of the fresh folder has the process id in it: that can be foretold");
    assert_eq!(format!("{fifo_mode:o}"), "600", "the mode of the FIFO: which users may write into it?");
    assert!(said.contains("read: hello"), "it printed: {said}");
    assert!(is_empty(dir), "the FIFO and its folder should be gone");
}

#[test]
fn two_at_once_do_not_meet() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    let (one, other) = (Waiting::start(dir), Waiting::start(dir));
    let same = one.fifo == other.fifo;
    let said = (one.tell("for one\n"), other.tell("for the other\n"));
    assert!(!same, "two copies use one FIFO: who gets which line?");
    assert!(said.0.contains("for one") && said.1.contains("for the other"), "they printed: {said:?}");
    assert!(is_empty(dir), "both should have cleaned up");
}

#[test]
fn a_name_taken_by_another_user_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    let (victim, trap) = (dir.join("diary"), dir.join("course.fifo"));
    fs::write(&victim, "dear diary\n").expect("a folder of our own");
    symlink(&victim, &trap).expect("a folder of our own");
    let waiting = Waiting::start(dir);
    let trapped = fs::canonicalize(&waiting.fifo).ok() == fs::canonicalize(&victim).ok();
    let said = if trapped { String::new() } else { waiting.tell("hello\n") };
    assert!(
        !trapped,
        "it followed a link that another user had put there, to a file that is none of its business"
    );
    assert!(said.contains("read: hello"), "it printed: {said}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "dear diary\n");
    assert!(fs::symlink_metadata(&trap).is_ok(), "it removed what it had not made");
}

/// A number that counts up, or a process id in any form, is nearly the same at the next run.
#[test]
fn its_name_cannot_be_foretold() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    let all: Vec<_> = (0..4).map(|_| Waiting::start(dir)).collect();
    let name = |waiting: &Waiting| {
        let private = waiting.fifo.parent().and_then(Path::file_name).unwrap_or_default();
        private.to_string_lossy().into_owned()
    };
    let names: Vec<_> = all.iter().map(name).collect();
    // A number that carries changes in many places, but not each time.
    for (at, one) in names.iter().enumerate() {
        for other in &names[at + 1..] {
            let differences = one.chars().zip(other.chars()).filter(|(one, other)| one != other).count();
            assert!(
                differences >= 3,
                "the names of two runs differ in {differences} places: {one} and {other}. From one, others can be guessed."
            );
        }
    }
    for waiting in all {
        waiting.tell("hello\n");
    }
}

/// A name that is made from the clock is one of few, for any process that sees when the program starts.
#[test]
fn its_name_is_not_made_from_the_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    let told = (0..4).map(|_| {
        let from = clocks();
        let waiting = Waiting::start(dir);
        let until = clocks();
        let private = waiting.fifo.parent().and_then(Path::file_name).unwrap_or_default();
        let name = private.to_string_lossy().into_owned();
        waiting.tell("hello\n");
        let times = from.iter().zip(&until).flat_map(|(from, until)| readings(*from, *until));
        let times: Vec<_> = times.collect();
        let is_time = numbers(&name).iter().any(|number| times.iter().any(|time| time.contains(number)));
        (name, is_time)
    });
    let told: Vec<_> = told.collect();
    // By chance one random name may look like a time; and of the time, by chance, one may have too few digits.
    assert!(
        told.iter().filter(|(_, is_time)| *is_time).count() < 3,
        "the name {} has the time in it at which it was made: that can be foretold",
        told[0].0
    );
}

/// What the clocks show that a program may ask: the time of day, and the time since the start of the machine.
fn clocks() -> [Duration; 2] {
    [ClockId::CLOCK_REALTIME, ClockId::CLOCK_MONOTONIC].map(|clock| {
        let now = clock_gettime(clock).expect("each machine has it");
        Duration::from(now)
    })
}

/// The numbers by which a time between these two can be told: since the beginning, in four units, and since the last full
/// second, in two. A process id may be added, or mixed in.
fn readings(from: Duration, until: Duration) -> [RangeInclusive<u128>; 8] {
    const MIXED: u128 = 1 << 22; // above each process id
    let within = |from: u128, until: u128| from.saturating_sub(MIXED)..=until + MIXED;
    let elapsed = until.saturating_sub(from);
    let nanos = u128::from(from.subsec_nanos());
    let micros = u128::from(from.subsec_micros());
    let (last_nano, last_micro) = (nanos + elapsed.as_nanos(), micros + elapsed.as_micros() + 1);
    [
        within(from.as_nanos(), until.as_nanos()),
        within(from.as_micros(), until.as_micros()),
        from.as_millis()..=until.as_millis(),
        from.as_secs().into()..=until.as_secs().into(),
        nanos..=last_nano,
        micros..=last_micro,
        // Where a full second passes in between, these begin again at 0.
        0..=last_nano.saturating_sub(1_000_000_000),
        0..=last_micro.saturating_sub(1_000_000),
    ]
}

/// The numbers that a name may show, in decimal and in hexadecimal digits.
fn numbers(name: &str) -> Vec<u128> {
    let parts = |is_digit: fn(char) -> bool, radix| {
        let parts = name.split(move |letter| !is_digit(letter)).filter(|part| part.len() >= 5);
        parts.filter_map(move |part| u128::from_str_radix(part, radix).ok())
    };
    parts(|letter| letter.is_ascii_digit(), 10)
        .chain(parts(|letter| letter.is_ascii_hexdigit(), 16))
        .collect()
}
