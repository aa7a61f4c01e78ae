//! # Opens that wait for each other: solved

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let mut args = std::env::args_os().skip(1);
    let dir = PathBuf::from(args.next().ok_or_else(|| io::Error::other("a directory, please"))?);
    match args.next().and_then(|arg| arg.into_string().ok()).as_deref() {
        Some("child") => child(&dir),
        question => parent(&dir, question.unwrap_or("6 7")),
    }
}

fn parent(dir: &Path, numbers: &str) -> io::Result<()> {
    for name in ["question", "answer"] {
        mkfifo(&dir.join(name), Mode::S_IRUSR | Mode::S_IWUSR)?;
    }
    let mut child = Command::new(std::env::current_exe()?).arg(dir).arg("child").spawn()?;

    // An `open` of a FIFO is a meeting. The child comes to `question` first, so that is where we have to be first. A rule
    // that also works for more than two: all open the FIFOs in the same order, by name for example.
    let mut question = File::options().write(true).open(dir.join("question"))?;
    let mut answer = BufReader::new(File::open(dir.join("answer"))?);

    writeln!(question, "{numbers}")?;
    let mut line = String::new();
    answer.read_line(&mut line)?;
    println!("the answer is {}", line.trim());
    child.wait()?;
    ["question", "answer"].iter().try_for_each(|name| fs::remove_file(dir.join(name)))
}

/// Multiplies the numbers of a question. It comes late, and thinks for as long, if `CHILD_MS` says so.
fn child(dir: &Path) -> io::Result<()> {
    let pause = std::env::var("CHILD_MS").ok().and_then(|pause| pause.parse().ok()).unwrap_or(0);
    let pause = Duration::from_millis(pause);
    thread::sleep(pause);
    let mut question = BufReader::new(File::open(dir.join("question"))?);
    let mut answer = File::options().write(true).open(dir.join("answer"))?;

    let mut line = String::new();
    question.read_line(&mut line)?;
    let product: u32 = line.split_whitespace().filter_map(|word| word.parse::<u32>().ok()).product();
    thread::sleep(pause);
    writeln!(answer, "{product}")
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up: still waiting for the other side to open");
        std::process::exit(3);
    });
}
