//! # Several writers: solved

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

/// Writes one record: `NAME TEXT\n`.
fn write_record(fifo: &mut File, name: &str, text: &str) -> io::Result<()> {
    // The promise is for one call of `write`. So the record is put together first, in memory.
    let record = format!("{name} {text}\n");
    // And it is for so many bytes. A longer write goes in by parts when the pipe is nearly full, which happens only under
    // load: it would work in each test, and not at night.
    if record.len() > PIPE_BUF {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a record longer than PIPE_BUF"));
    }
    // `write_all` calls `write` again for what is left over. Up to PIPE_BUF bytes nothing ever is.
    fifo.write_all(record.as_bytes())
}

/// The most that one `write` puts into a pipe as one piece: 4096 bytes on Linux (`limits.h`).
const PIPE_BUF: usize = 4096;

const WRITERS: [&str; 4] = ["anna", "berta", "clara", "dora"];
const RECORDS: usize = 20;

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let mut args = std::env::args().skip(1);
    let fifo =
        PathBuf::from(args.next().ok_or_else(|| io::Error::other("a directory, please"))?).join("records");
    let len = args.next().and_then(|len| len.parse().ok()).unwrap_or(100);
    if let Some(name) = args.next() {
        return write_all(&mut File::options().write(true).open(fifo)?, &name, len);
    }
    mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR)?;
    // Ours, for both: so no reader and no writer waits in `open`, and there is no end of file before all are done.
    let keep = File::options().read(true).write(true).open(&fifo)?;
    let mut reader = File::open(&fifo)?;
    let mut children = Vec::new();
    for name in WRITERS {
        let mut writer = Command::new(std::env::current_exe()?);
        children.push(writer.arg(fifo.with_file_name("")).args([&len.to_string(), name]).spawn()?);
    }
    let waiter = thread::spawn(move || {
        let ended = children.iter_mut().try_for_each(|child| child.wait().map(drop));
        drop(keep);
        ended
    });
    let mut said = String::new();
    let read = reader.read_to_string(&mut said);
    waiter.join().map_err(|_| io::Error::other("the thread failed"))??;
    fs::remove_file(&fifo)?;
    read?;
    let good = said.lines().filter(|line| is_whole(line, len)).count();
    println!("{good} good, {} bad", said.lines().count() - good);
    Ok(())
}

/// Many records, each the writer's first letter, `len` times.
fn write_all(fifo: &mut File, name: &str, len: usize) -> io::Result<()> {
    for _ in 0..RECORDS {
        if let Err(error) = write_record(fifo, name, &name[..1].repeat(len)) {
            println!("{name}: {:?}", error.kind());
            break;
        }
    }
    Ok(())
}

fn is_whole(line: &str, len: usize) -> bool {
    line.split_once(' ').is_some_and(|(name, text)| WRITERS.contains(&name) && text == name[..1].repeat(len))
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up: not done in time");
        std::process::exit(3);
    });
}
