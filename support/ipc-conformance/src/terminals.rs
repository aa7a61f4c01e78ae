//! The demo in two terminals: `pong` in one, `ping` in the other, in either order, or alone.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::demo::{Demo, check_document, ends_by};
use super::pong::Pong;
use super::remains::nothing_left;
use super::watchdog::Killed;
use super::{Outcome, ensure, run};

pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    vec![
        demo.trial("plays in two terminals", two_terminals),
        demo.trial("the command for the other terminal works as it is printed", other_terminal),
        demo.trial("ping finds the pong that waits", ping_without_address),
        demo.trial("ping first waits for pong", ping_first),
        demo.trial("a peer that goes silent is told", silent_peer),
        demo.trial("ping without pong is told", no_pong),
        demo.trial("an address in use is refused", address_in_use),
        demo.trial(
            "a path with a line break is noted whole, and no other file is touched",
            path_of_two_lines,
        ),
        demo.trial("pong without ping gives up and leaves nothing", no_ping),
        demo.trial("pong interrupted while it waits leaves nothing", interrupted_waiting),
        demo.trial("pong that was started to ignore a hangup goes on", hangup_ignored),
        demo.trial("pong interrupted while it starts leaves nothing", interrupted_starting),
        demo.trial("pong started with a signal waiting ends by it", interrupted_before),
        demo.trial("pong killed while it starts leaves nothing after the next", killed_starting),
    ]
}

fn two_terminals(demo: Demo, place: &TempDir) -> Outcome {
    for address in [None, Some(demo.fresh_address(place.path()))] {
        let mut pong = Pong::start(demo, place, address.as_deref().as_slice())?;
        ensure!(pong.ping.len() >= 3 && pong.ping[1] == "ping", "pong printed {:?}", pong.ping);
        let mut ping = Command::new(&pong.ping[0]);
        ping.args(&pong.ping[1..]).args(["--count", "50", "--json"]).env("TMPDIR", place.path());
        let (status, stdout, stderr) = run(&mut ping)?;
        ensure!(status == Some(0), "ping: status {status:?}: {stderr}");
        check_document(demo, &stdout, 50, 64)?;
        let status = pong.child.wait()?;
        ensure!(status.success(), "pong: {status}");
        nothing_left(place.path(), pong.address())?;
    }
    Ok(())
}

/// Runs `ping` in a shell with another working directory, though TMPDIR contains spaces and is relative to pong's.
fn other_terminal(demo: Demo, place: &TempDir) -> Outcome {
    let temporary = place.path().join("it's here");
    fs::create_dir(&temporary)?;
    let mut command = demo.command(place, &["pong"]);
    command.current_dir(place.path()).env("TMPDIR", "it's here");
    let mut pong = Pong::spawn(command)?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{} --count 5", pong.line)]).env("TMPDIR", &temporary).current_dir("/");
    let (status, _, stderr) = run(&mut shell)?;
    ensure!(status == Some(0), "{}: status {status:?}: {stderr}", pong.line);
    ensure!(pong.child.wait()?.success(), "pong failed");
    nothing_left(&temporary, pong.address())
}

fn ping_without_address(demo: Demo, place: &TempDir) -> Outcome {
    let (status, _, stderr) = demo.run(place, &["ping", "--timeout", "0.2"])?;
    ensure!(status == Some(1) && stderr.contains("pong"), "with no pong: status {status:?}: {stderr}");
    let mut pong = Pong::start(demo, place, &[])?;
    let (status, _, stderr) = demo.run(place, &["ping", "--count", "50"])?;
    ensure!(status == Some(0), "status {status:?}: {stderr}");
    ensure!(pong.child.wait()?.success(), "pong failed");
    nothing_left(place.path(), pong.address())
}

/// Starts `ping` before `pong` waits, with an address and without one.
fn ping_first(demo: Demo, place: &TempDir) -> Outcome {
    for address in [None, Some(demo.fresh_address(place.path()))] {
        let address = address.as_deref();
        let args = [&["ping"], address.as_slice(), &["--count", "50", "--json"]].concat();
        let mut ping = demo.command(place, &args);
        let mut ping = ping.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        thread::sleep(Duration::from_millis(300)); // time for it to find no pong; too short only makes the case easier
        ensure!(ping.try_wait()?.is_none(), "ping did not wait for pong at {address:?}");
        let mut pong = Pong::start(demo, place, address.as_slice())?;
        let output = ping.wait_with_output()?;
        ensure!(output.status.success(), "ping: {}", String::from_utf8_lossy(&output.stderr));
        check_document(demo, &String::from_utf8_lossy(&output.stdout), 50, 64)?;
        ensure!(pong.child.wait()?.success(), "pong failed");
        nothing_left(place.path(), pong.address())?;
    }
    Ok(())
}

/// Stops either side in the middle of the exchange, as with Ctrl-Z: the other one waits for as long as it was told to.
fn silent_peer(demo: Demo, place: &TempDir) -> Outcome {
    const TIMEOUT: Duration = Duration::from_secs(1);
    for stopped in ["ping", "pong"] {
        let mut pong =
            demo.command(place, &["pong", "--timeout", if stopped == "ping" { "1" } else { "60" }]);
        let mut pong = Killed(pong.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?);
        let mut line = String::new();
        BufReader::new(pong.0.stdout.as_mut().expect("it is piped")).read_line(&mut line)?;
        let words: Vec<_> = line.split_whitespace().collect();
        let timeout = if stopped == "ping" { "60" } else { "1" };
        let mut ping = Command::new(words[0]);
        ping.args(&words[1..]).args(["--count", "1000000000", "--timeout", timeout]);
        ping.env("TMPDIR", place.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut ping = Killed(ping.spawn()?);
        let mut story = BufReader::new(ping.0.stderr.take().expect("it is piped")).lines();
        story.find(|line| line.as_ref().is_ok_and(|line| line.contains("timed one by one")));
        let (mut silent, mut waiting) = if stopped == "ping" { (ping, pong) } else { (pong, ping) };
        kill(Pid::from_raw(silent.0.id().cast_signed()), Signal::SIGSTOP)?;
        let started = Instant::now();
        let status = waiting.0.wait()?; // or the watchdog
        ensure!(status.code() == Some(1), "{stopped} stopped, the other one ended with {status}");
        ensure!(started.elapsed() >= TIMEOUT, "it did not wait: {:?}", started.elapsed());
        let told = match waiting.0.stderr.take() {
            Some(stderr) => BufReader::new(stderr).lines().last(),
            None => story.last(),
        };
        let told = told.ok_or("it ended without a word")??;
        ensure!(told == "error: no message from the peer (waited 1 s)", "{stopped} stopped: {told}");
        silent.0.kill()?;
        silent.0.wait()?;
    }
    demo.run(place, &["--count", "1"])?; // sweeps what the killed ones have left
    nothing_left(place.path(), "")
}

/// Follows the advice that `ping` gives without a `pong`: the advised command, typed as it is, starts one to join.
fn no_pong(demo: Demo, place: &TempDir) -> Outcome {
    for address in [None, Some(demo.fresh_address(place.path()))] {
        let ping = [&["ping"], address.as_deref().as_slice()].concat();
        let (status, _, stderr) = demo.run(place, &[&*ping, &["--timeout", "0.3"]].concat())?;
        let last = stderr.lines().last().unwrap_or_default();
        let address = address.as_deref().unwrap_or_default();
        ensure!(status == Some(1), "status {status:?}: {stderr}");
        ensure!(last.starts_with("error: ") && last.contains(address), "it says: {last}");
        nothing_left(place.path(), address)?;

        let mut advised = last.split('`').nth(1).unwrap_or_default().split(' ');
        let program = format!("ipc-{}", demo.name()); // as it was called: maybe with its folder
        ensure!(advised.next().is_some_and(|called| called.ends_with(&program)), "it advises: {last}");
        let mut pong = Pong::spawn(demo.typed(place, advised))?;
        let (status, _, stderr) = demo.run(place, &[&*ping, &["--count", "5"]].concat())?;
        ensure!(status == Some(0), "after '{last}': status {status:?}: {stderr}");
        ensure!(pong.child.wait()?.success(), "pong failed");
        nothing_left(place.path(), pong.address())?;
    }
    Ok(())
}

/// Runs in a working directory with a line break. What a process makes is noted on lines of text; the note must not
/// become that of some other file.
fn path_of_two_lines(demo: Demo, place: &TempDir) -> Outcome {
    if !demo.fresh_address(place.path()).starts_with(&*place.path().to_string_lossy()) {
        return Ok(()); // no path
    }
    let (neighbour, folder) = (place.path().join("proj"), place.path().join("proj\nnew"));
    fs::write(&neighbour, "precious")?;
    fs::create_dir(&folder)?;
    let mut pong = demo.command(place, &["pong", "meet"]);
    pong.current_dir(&folder);
    let mut pong = Pong::spawn(pong)?;
    ends_by(&mut pong.child, Signal::SIGKILL)?;
    demo.run(place, &["pong", "--timeout", "0.01"])?;
    ensure!(fs::read_dir(&folder)?.count() == 0, "something is left");
    ensure!(fs::read(&neighbour).is_ok_and(|text| text == b"precious"), "it touched another file");
    fs::remove_dir(folder)?;
    fs::remove_file(neighbour)?;
    nothing_left(place.path(), "")
}

fn address_in_use(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let mut pong = Pong::start(demo, place, &[&address])?;
    let (status, _, stderr) = demo.run(place, &["pong", &address])?;
    let told = stderr.contains("EEXIST") || stderr.contains("EADDRINUSE");
    ensure!(status == Some(1) && told, "status {status:?}: {stderr}");
    // The one that was there first is unharmed.
    let (status, _, stderr) = demo.run(place, &["ping", &address, "--count", "20"])?;
    ensure!(status == Some(0), "the first pong was harmed: status {status:?}: {stderr}");
    ensure!(pong.child.wait()?.success(), "the first pong failed");
    nothing_left(place.path(), &address)
}

fn no_ping(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let (status, _, stderr) = demo.run(place, &["pong", &address, "--timeout", "0.3"])?;
    ensure!(status == Some(1) && stderr.contains("no ping joined"), "status {status:?}: {stderr}");
    nothing_left(place.path(), &address)
}

fn interrupted_waiting(demo: Demo, place: &TempDir) -> Outcome {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        for address in [None, Some(demo.fresh_address(place.path()))] {
            let mut pong = Pong::start(demo, place, address.as_deref().as_slice())?;
            let address = pong.address().to_owned();
            ends_by(&mut pong.child, signal)?;
            nothing_left(place.path(), &address)?;
        }
    }
    Ok(())
}

/// Starts the demo as `nohup` does.
fn hangup_ignored(demo: Demo, place: &TempDir) -> Outcome {
    let pong = demo.command(place, &["pong"]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(pong.get_program()).args(pong.get_args());
    shell.env("TMPDIR", place.path());
    let mut pong = Pong::spawn(shell)?;
    kill(Pid::from_raw(pong.child.id() as i32), Signal::SIGHUP)?;
    let (status, _, stderr) = demo.run(place, &["ping", pong.address(), "--count", "20"])?;
    ensure!(status == Some(0), "ping: status {status:?}: {stderr}");
    ensure!(pong.child.wait()?.success(), "pong failed");
    Ok(())
}

/// Interrupts a starting process: whatever it is just making is removed as well.
/// Starts with all signals blocked, so that one waits before there is a thread for signals. The thread takes it at once.
fn interrupted_before(demo: Demo, place: &TempDir) -> Outcome {
    for _ in 0..20 {
        let address = demo.fresh_address(place.path());
        let mut command = demo.command(place, &["pong", &address]);
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let started = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        before.thread_set_mask()?;
        ends_by(&mut started?, Signal::SIGTERM)?;
        nothing_left(place.path(), &address)?;
    }
    Ok(())
}

fn interrupted_starting(demo: Demo, place: &TempDir) -> Outcome {
    for attempt in 0..150 {
        let address = demo.fresh_address(place.path());
        let mut command = demo.command(place, &["pong", &address]);
        let mut pong = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        thread::sleep(Duration::from_micros(attempt * 40));
        ends_by(&mut pong, Signal::SIGTERM)?;
        nothing_left(place.path(), &address)?;
    }
    Ok(())
}

/// Kills a starting process: even what it had made when it could no longer clean up is known to the next one, wherever
/// it was.
fn killed_starting(demo: Demo, place: &TempDir) -> Outcome {
    let mut addresses = Vec::new();
    for attempt in 0..60 {
        let address = demo.fresh_address(place.path());
        let mut command = demo.command(place, &["pong", &address]);
        let before = entries(place)?;
        let mut pong = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        addresses.push(address);
        // At some moment of its first milliseconds, and often just when something new appears.
        let latest = Instant::now() + Duration::from_micros(attempt * 200);
        while Instant::now() < latest && entries(place)?.is_subset(&before) {}
        pong.kill()?;
        pong.wait()?;
    }
    let (_, _, complaint) = demo.run(place, &["pong", "--timeout", "0.01"])?;
    ensure!(complaint.contains("no ping joined"), "the next one: {complaint}");
    addresses.iter().try_for_each(|address| nothing_left(place.path(), address))
}

/// Returns the contents of a directory, apart from the ownership locks.
fn entries(place: &TempDir) -> std::io::Result<HashSet<OsString>> {
    let names = fs::read_dir(place)?.flatten().map(|entry| entry.file_name());
    Ok(names.filter(|name| !name.to_string_lossy().starts_with("ipc-suite")).collect())
}
