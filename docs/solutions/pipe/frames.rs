//! # Frames: solved
//!
//! Never more than one frame is read, so nothing is left over. That costs several `read`s for each message. A faster one
//! reads ahead into a buffer: `std::io::BufReader` around the pipe does it, and `receive` stays as it is.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// No message is longer: 1 MiB. A longer length is a mistake, or a peer that wants our memory.
const LONGEST: usize = 1 << 20;

/// Receives one message; `None` at the end.
fn receive(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    // The first byte by itself: only before it may the stream end. Of what has begun, the rest must come.
    let mut header = [0; 4];
    if stream.read(&mut header[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut header[1..])?; // reads again until all is there, or fails with `UnexpectedEof`
    let len = u32::from_le_bytes(header) as usize;
    // The length is what the other side says. Look at it before believing it: `vec![0; len]` could be 4 GiB.
    if len > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame longer than any message"));
    }
    let mut message = vec![0; len];
    stream.read_exact(&mut message)?;
    Ok(Some(message))
}

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
