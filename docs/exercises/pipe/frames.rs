//! # Frames (write, 25 minutes)
//!
//! A pipe carries bytes and not messages. So each message here is a *frame*: its length in 4 bytes, little-endian, and
//! then that many bytes. The sender (it is done) writes good frames in bad pieces. Write `receive`, which takes one
//! message out of the stream.
//!
//! **Goal**
//! - Each message comes out whole and alone, however the bytes arrive. An empty message is a message.
//! - At the end of file between two frames: `Ok(None)`.
//! - At the end of file within a frame: an error of the kind `UnexpectedEof`.
//! - A length above `LONGEST`: an error of the kind `InvalidData`, *before* memory is claimed for it.
//!
//! Read: the book, *Pipe*, "Messages in a stream".
//!
//! Run it: `cargo run -p course -- run pipe_frames`

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// No message is longer: 1 MiB. A longer length is a mistake, or a peer that wants our memory.
const LONGEST: usize = 1 << 20;

/// Receives one message; `None` at the end.
fn receive(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    // TODO: this takes whatever one `read` brings for a message.
    let mut bytes = vec![0; LONGEST];
    let len = stream.read(&mut bytes)?;
    bytes.truncate(len);
    Ok((len > 0).then_some(bytes))
}

// From here on, nothing is to be changed.

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let how = args.next().unwrap_or_else(|| "torn".into());
    if args.next().is_some() {
        return send(&how);
    }
    let (mut read, write) = io::pipe()?;
    let mut sender = Command::new(std::env::current_exe()?);
    let mut child = sender.args([&how, "send"]).stdout(Stdio::from(write)).spawn()?;
    drop(sender); // it holds the write end
    loop {
        match receive(&mut read) {
            Ok(Some(message)) => println!("{} bytes, sum {}", message.len(), sum(&message)),
            Ok(None) => break println!("end"),
            Err(error) => break println!("error {:?}", error.kind()),
        }
    }
    drop(read); // a sender that still writes is told so
    child.wait()?;
    Ok(())
}

fn sum(message: &[u8]) -> u32 {
    message.iter().map(|byte| u32::from(*byte)).sum()
}

fn frame(message: &[u8]) -> Vec<u8> {
    let mut frame = (message.len() as u32).to_le_bytes().to_vec();
    frame.extend(message);
    frame
}

/// Sends frames in bad pieces.
fn send(how: &str) -> io::Result<()> {
    let mut out = io::stdout();
    let mut put = |bytes: &[u8]| {
        let sent = out.write_all(bytes).and_then(|()| out.flush());
        thread::sleep(Duration::from_millis(2)); // so that the other side reads in between
        sent
    };
    match how {
        "torn" => {
            [frame(b"hello"), frame(b""), frame(b"world!")].concat().iter().try_for_each(|byte| put(&[*byte]))
        }
        "together" => put(&[frame(b"one"), frame(b"two"), frame(b"three")].concat()),
        "long" => put(&[frame(&vec![1; 300_000]), frame(b"after")].concat()),
        "cut" => put(&[frame(b"whole"), frame(b"never complete")[..9].to_vec()].concat()),
        "stub" => put(&[frame(b"whole"), vec![7, 0]].concat()),
        "huge" => put(&u32::MAX.to_le_bytes()),
        "limit" => put(&[frame(&vec![1; LONGEST]), frame(&vec![1; LONGEST + 1])].concat()),
        _ => Err(io::Error::other("torn, together, long, cut, stub, huge or limit?")),
    }
}
