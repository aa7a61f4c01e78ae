//! The demo with too few descriptors, and with memory that is truncated meanwhile.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::Call;
use tempfile::TempDir;

use super::demo::Demo;
use super::pong::Pong;
use super::remains::nothing_left;
use super::{Outcome, ensure, skipped};

/// Runs the demo that plays both sides with any number of descriptors: it succeeds, or says in one line what failed and
/// why. It never treats an object that it could not open as missing, and it leaves nothing behind.
pub(super) fn few_descriptors(demo: Demo, place: &TempDir) -> Outcome {
    any_number_of_descriptors(demo, place, "both")
}

/// Does the same for a process that waits for its peer.
pub(super) fn few_descriptors_of_pong(demo: Demo, place: &TempDir) -> Outcome {
    any_number_of_descriptors(demo, place, "pong")
}

/// Does the same for a process whose peer waits.
pub(super) fn few_descriptors_of_ping(demo: Demo, place: &TempDir) -> Outcome {
    any_number_of_descriptors(demo, place, "ping")
}

fn any_number_of_descriptors(demo: Demo, place: &TempDir, side: &str) -> Outcome {
    for descriptors in 3..=20 {
        let case = format!("{descriptors} descriptors, {side}");
        let pong = (side == "ping").then(|| Pong::start(demo, place, &[])).transpose()?;
        let address = pong.as_ref().map_or_else(String::new, |pong| pong.address().to_owned());
        let args: &[&str] = match side {
            "both" => &["--count", "5", "--timeout", "2"],
            "pong" => &["pong", "--timeout", "0.01"],
            _ => &["ping", &address, "--count", "5", "--timeout", "2"],
        };
        let plain = demo.command(place, args);
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--nofile={descriptors}")).arg(plain.get_program()).args(plain.get_args());
        let Ok(output) = limited.env("TMPDIR", place.path()).output() else {
            skipped("there is no prlimit(1) here");
            return Ok(());
        };
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(
            output.status.signal().is_none() && !told.contains("panicked"),
            "{case}: {}: {told}",
            output.status
        );
        let errors: Vec<_> = told.lines().filter(|line| line.starts_with("error: ")).collect();
        let came_to_nothing = side == "pong" && told.contains("no ping joined");
        if !output.status.success() && !came_to_nothing {
            // Each process has its line: the one without a descriptor, and the one that waits for it.
            ensure!(errors.len() <= if side == "both" { 2 } else { 1 }, "{case}: {told}");
            // The loader itself may lack a descriptor for the C library: that error is not ours to word.
            let ours = errors.iter().any(|error| error.contains("(EMFILE)"));
            ensure!(ours || told.contains("shared libraries"), "{case}: status {}: {told}", output.status);
        }
        drop(pong);
        demo.run(place, &["--count", "1"])?; // sweeps
        nothing_left(place.path(), &address)?;
    }
    Ok(())
}

/// Truncates a mapped file in the middle of a run: both sides say that the memory is corrupt, and end.
pub(super) fn cut_short(demo: Demo, place: &TempDir) -> Outcome {
    for length in [0, 4096] {
        let address = demo.fresh_address(place.path());
        let mut pong = demo.command(place, &["pong", &address]);
        pong.stderr(Stdio::piped());
        let mut pong = Pong::spawn_as_it_is(pong)?;
        let mut ping = demo.command(place, &["ping", &address, "--count", "1000000000"]);
        let file = &demo.files(&address).expect("memory has an owner")[0];
        // Opened before both are there: after that, the name of an object is gone.
        let file = OpenOptions::new().write(true).open(file).call("open")?;
        let ping = ping.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        thread::sleep(Duration::from_millis(300)); // time to begin; too short only makes the case easier
        let cut = Instant::now();
        file.set_len(length).call("ftruncate")?;
        let told = ping.wait_with_output()?;
        let mut pong_told = String::new();
        pong.child.stderr.take().expect("it is piped").read_to_string(&mut pong_told)?;
        let (ping, pong) = (told.status, pong.child.wait()?);
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        ensure!(
            ping.code() == Some(1) && told.contains("truncated"),
            "ping, cut to {length}: {ping}: {told}"
        );
        ensure!(
            pong.code() == Some(1) && pong_told.contains("truncated"),
            "pong, cut to {length}: {pong}: {pong_told}"
        );
        ensure!(cut.elapsed() < Duration::from_secs(10), "it took {:?}", cut.elapsed());
        let _ = fs::remove_file(&address);
        nothing_left(place.path(), &address)?;
    }
    Ok(())
}
