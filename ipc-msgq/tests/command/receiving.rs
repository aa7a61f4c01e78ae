//! `recv` and `peek`.

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, pipe};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::tools::{Scratch, command, ended, listed, run, soon};

/// `recv` chooses by type as `msgrcv` does.
#[test]
fn recv_chooses_by_type() {
    let queue = Scratch::new();
    for (kind, text) in [(5, b"a"), (2, b"b"), (3, b"c"), (2, b"d")] {
        queue.put(kind, text);
    }
    let recv = |args: &[&str]| run(&[&["recv", "--nowait", &queue.id()], args].concat()).text();
    assert_eq!(recv(&["--up-to", "3"]), "b");
    assert_eq!(recv(&["--except", "5"]), "c");
    assert_eq!(recv(&["--type", "5", "--except"]), "d", "a flag, as for msgrcv");
    queue.put(2, b"e");
    assert_eq!(recv(&["--type", "2"]), "e");
    assert_eq!(recv(&[]), "a");
}

/// Without a message, the exit status is 3, at once or after the time, and nothing is written.
#[test]
fn recv_of_nothing_ends_with_status_3() {
    let queue = Scratch::new();
    queue.put(2, b"for others");
    for args in [
        &["--nowait"][..],
        &["--timeout", "0.05"],
        &["--timeout", "0"],
        &["--nowait", "--follow"],
        &["--nowait", "--count", "2"],
    ] {
        let ran = run(&[&["recv", &queue.id(), "--type", "1"], args].concat());
        assert_eq!((ran.status, &*ran.stdout, &*ran.stderr), (Some(3), &b""[..], ""), "{args:?}");
    }
    assert_eq!(run(&["peek", &queue.id(), "1"]).status, Some(3));
}

/// It waits, and takes the message that comes.
#[test]
fn recv_waits_for_a_message() {
    let queue = Scratch::new();
    for patience in [&[][..], &["--timeout", "20"]] {
        let receiver = command(&[&["recv", &queue.id()], patience].concat()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(50)); // if this is too short, the case is easier, not wrong
        queue.put(1, b"late");
        assert_eq!(ended(receiver).text(), "late");
    }
}

/// `--count` takes that many, `--lines` ends each, and fewer than requested is status 3.
#[test]
fn recv_takes_as_many_as_wanted() {
    let queue = Scratch::new();
    for text in [b"one", b"two", b"six"] {
        queue.put(1, text);
    }
    assert_eq!(run(&["recv", &queue.id(), "--count", "2"]).text(), "onetwo");
    let ran = run(&["recv", &queue.id(), "--count", "2", "--lines", "--nowait"]);
    assert_eq!((ran.status, &*ran.stdout), (Some(3), &b"six\n"[..]));
    queue.put(1, b"a line\n");
    assert_eq!(
        run(&["recv", &queue.id(), "--lines"]).text(),
        "a line\n\n",
        "one more, whatever it ends with"
    );
}

/// `--follow` writes each message at once, and ends in an error when the queue is removed.
#[test]
fn recv_follows_until_the_queue_is_gone() {
    let queue = Scratch::new();
    let mut receiver = command(&["recv", &queue.id(), "--follow", "--lines"]).spawn().unwrap();
    let mut lines = BufReader::new(receiver.stdout.take().unwrap()).lines();
    for text in ["one", "two"] {
        queue.put(1, text.as_bytes());
        assert_eq!(lines.next().unwrap().unwrap(), text);
    }
    drop(queue);
    let error = ended(receiver).error(1);
    assert!(error.contains("was removed in the meantime"), "{error}");
    // All messages present, and no more.
    let queue = Scratch::new();
    queue.put(1, b"one");
    queue.put(2, b"two");
    assert_eq!(run(&["recv", &queue.id(), "--follow", "--nowait"]).text(), "onetwo");
}

/// A message longer than `--size` stays, and is cut only with `--truncate`.
#[test]
fn recv_cuts_only_on_demand() {
    let queue = Scratch::new();
    queue.put(1, b"0123456789");
    let error = run(&["recv", &queue.id(), "--size", "4"]).error(1);
    assert!(error.contains("(E2BIG)") && error.contains("stays"), "{error}");
    assert_eq!(run(&["recv", &queue.id(), "--size", "4", "--truncate"]).text(), "0123");
    assert_eq!(queue.take(), None);
    queue.put(1, b"0123456789");
    assert_eq!(run(&["recv", &queue.id(), "--size", "0", "--truncate"]).text(), "");
    assert_eq!(queue.take(), None);
    // Uses as much memory as a message can need, not as much as the option says.
    queue.put(1, b"0123456789");
    assert_eq!(run(&["recv", &queue.id(), "--size", "99999999G"]).text(), "0123456789");
}

/// `--hex` shows type, length and bytes.
#[test]
fn recv_and_peek_show_bytes_as_hexdump_does() {
    let queue = Scratch::new();
    queue.put(7, b"a\0\xff");
    let shown = "type 7, 3 bytes\n00000000  61 00 ff                                          |a..|\n";
    assert_eq!(run(&["peek", &queue.id(), "--hex"]).text(), shown);
    assert_eq!(run(&["recv", &queue.id(), "--hex"]).text(), shown);
}

/// `peek` shows any message and leaves all of them.
#[test]
fn peek_takes_nothing() {
    let queue = Scratch::new();
    queue.put(2, b"first");
    queue.put(1, b"second\n");
    queue.put(3, b"3");
    assert_eq!(run(&["peek", &queue.id()]).text(), "first");
    assert_eq!(run(&["peek", &queue.id(), "1"]).text(), "second\n");
    assert_eq!(run(&["peek", &queue.id(), "--lines"]).text(), "first\n");
    let all = run(&["peek", &queue.id(), "--all"]).text();
    assert_eq!(all, "0: type 2, 5 bytes  first\n1: type 1, 7 bytes  second.\n2: type 3, 1 byte  3\n");
    assert_eq!(queue.stat().unwrap().messages, 3);
    // Forty bytes are shown, with a sign that there are more.
    let queue = Scratch::new();
    queue.put(1, &[b'x'; 40]);
    queue.put(1, &[b'x'; 41]);
    let (all, forty) = (run(&["peek", &queue.id(), "--all"]).text(), "x".repeat(40));
    assert_eq!(all, format!("0: type 1, 40 bytes  {forty}\n1: type 1, 41 bytes  {forty}…\n"));
}

/// If its output is not read, `recv` takes nothing, or puts the message back.
#[test]
fn a_message_that_cannot_be_written_is_not_lost() {
    let queue = Scratch::new();
    queue.put(7, b"precious");
    let (reader, writer) = pipe().unwrap();
    close(reader, &writer);
    let receiver = command(&["recv", &queue.id()]).stdout(writer).spawn().unwrap();
    let error = ended(receiver).error(1);
    assert!(error.contains("(EPIPE); standard output is closed: nothing was received"), "{error}");
    // Closed, as by `>&-`: the runtime opens /dev/null in its place, into which a message would vanish.
    let plain = command(&["recv", &queue.id()]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$@\" >&-", "sh"]).arg(plain.get_program()).args(plain.get_args());
    let error = ended(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).error(1);
    assert!(error.contains("(EBADF); standard output is closed: nothing was received"), "{error}");
    assert_eq!(queue.take(), Some((7, b"precious".to_vec())));
    // The reader leaves during the wait, so `recv` cannot notice it earlier.
    let (reader, writer) = pipe().unwrap();
    let stdout = writer.try_clone().unwrap();
    let receiver = command(&["recv", &queue.id(), "--follow"]).stdout(stdout).spawn().unwrap();
    soon("it sleeps", || listed(*queue).unwrap()["sleepers"][0] == receiver.id());
    close(reader, &writer);
    queue.put(7, b"precious");
    let error = ended(receiver).error(1);
    assert!(error.contains("the message of type 7 with 8 bytes was put back"), "{error}");
    assert_eq!(queue.take(), Some((7, b"precious".to_vec())));
}

/// A reader that has read enough of a table or a scenario gets no error about the rest.
#[test]
fn a_listing_ends_quietly_when_its_reader_closes() {
    let queue = Scratch::new(); // so that there is something to show
    for args in [&["ls"][..], &["ls", "--json"], &["watch"], &["limits"], &["scenario", "blocking"]] {
        let (reader, writer) = pipe().unwrap();
        close(reader, &writer);
        let ran = ended(command(args).stdout(writer).spawn().unwrap());
        assert_eq!((ran.status, &*ran.stderr), (Some(1), ""), "{args:?}");
    }
    // The reader leaves when all has been written.
    let (reader, writer) = pipe().unwrap();
    let stdout = writer.try_clone().unwrap();
    let watch = command(&["watch", "--interval", "0.01"]).stdout(stdout).spawn().unwrap();
    let name = format!("queue {} ", queue.id());
    let mut lines = BufReader::new(reader).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains(&name)));
    drop((lines, writer));
    let ran = ended(watch);
    assert_eq!((ran.status, &*ran.stderr), (Some(1), ""));
}

/// Closes the reading end of a pipe. A process that another test starts at this moment may have it open for a while
/// longer, until it becomes another program.
fn close(reader: PipeReader, writer: &PipeWriter) {
    drop(reader);
    soon("nobody reads", || {
        let mut fds = [PollFd::new(writer.as_fd(), PollFlags::empty())];
        poll(&mut fds, PollTimeout::ZERO) == Ok(1)
    });
}
