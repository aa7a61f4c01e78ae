//! Moving files between two hosts by scp, as the course's page on files does on one: with a server and keys of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::{kill_descendants, over_this_test};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use wire::{Conditions, Hosts, Kind};

/// Two hosts, with an sshd on b that lets in the key in this folder.
struct Place {
    hosts: Hosts,
    folder: TempDir,
}

impl Place {
    /// `None`: the test is skipped.
    fn new(kind: Kind) -> Option<Self> {
        over_this_test();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let more = ["/usr/sbin".into(), "/usr/local/sbin".into()];
        if !std::env::split_paths(&paths).chain(more).any(|path| path.join("sshd").is_file()) {
            ipc_conformance::skipped("there is no sshd here");
            return None;
        }
        let hosts = match Hosts::over(kind, &Conditions::default()) {
            Ok(hosts) => hosts,
            Err(error) => {
                ipc_conformance::skipped(&error.to_string());
                return None;
            }
        };
        let place = Self { hosts, folder: tempfile::tempdir().unwrap() };
        // The server's user may be another than this one: see the script.
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/socket/private-sshd");
        let mut command = Command::new("bash");
        command.arg(script).arg(place.hosts.b().address().to_string()).current_dir(place.folder.path());
        let started = place.hosts.b().output(&mut command).unwrap();
        assert!(started.status.success(), "{started:?}");
        Some(place)
    }

    fn scp(&self, words: &[&str]) -> Output {
        let mut scp = Command::new("scp");
        scp.args(["-F", "ssh_config"]).args(words).current_dir(self.folder.path());
        self.hosts.a().output(&mut scp).unwrap()
    }

    /// The name of a file in the folder, on the other host.
    fn there(&self, name: &str) -> String {
        format!("other:{}/{name}", self.folder.path().display())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It has left the group of the script; and a session whose wire was cut outlives it.
        let Ok(pid) = fs::read_to_string(self.path("sshd.pid")) else { return };
        let pid: u32 = pid.trim().parse().unwrap();
        kill_descendants(pid);
        let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL); // it may just have ended
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_file_and_a_folder_are_copied_for_who_has_the_key() {
    let Some(place) = Place::new(Kind::Veth) else { return };
    fs::create_dir(place.path("there")).unwrap();
    fs::set_permissions(place.path("there"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    fs::write(place.path("configure.xml"), "<configuration/>\n").unwrap();
    fs::create_dir(place.path("logs")).unwrap();
    fs::write(place.path("logs/monday"), "one\n").unwrap();

    let copied = place.scp(&["configure.xml", &place.there("there")]);
    assert!(copied.status.success(), "{}", told(&copied));
    assert_eq!(fs::read_to_string(place.path("there/configure.xml")).unwrap(), "<configuration/>\n");
    let refused = place.scp(&["logs", &place.there("there")]);
    assert!(!refused.status.success(), "a folder needs -r");
    let copied = place.scp(&["-r", "logs", &place.there("there")]);
    assert!(copied.status.success(), "{}", told(&copied));
    assert_eq!(fs::read_to_string(place.path("there/logs/monday")).unwrap(), "one\n");

    // Another key is not enough.
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", "other_key"]).current_dir(place.folder.path());
    assert!(keygen.status().unwrap().success());
    let config = fs::read_to_string(place.path("ssh_config")).unwrap().replace("/my_key", "/other_key");
    fs::write(place.path("ssh_config"), config).unwrap();
    let refused = place.scp(&["configure.xml", &place.there("there")]);
    assert!(!refused.status.success() && told(&refused).contains("Permission denied"), "{}", told(&refused));
}

/// TCP alone would try again for a quarter of an hour.
#[test]
fn a_copy_over_a_wire_that_is_cut_ends_if_ssh_asks_for_answers() {
    let Some(place) = Place::new(Kind::Userspace) else { return };
    fs::create_dir(place.path("there")).unwrap();
    fs::set_permissions(place.path("there"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    fs::write(place.path("large"), vec![7; 4 << 20]).unwrap();
    let alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2", "-l", "8000"];
    let took = thread::scope(|scope| {
        let copying = scope.spawn(|| place.scp(&[&alive[..], &["large", &place.there("there")]].concat()));
        while fs::metadata(place.path("there/large")).map_or(0, |file| file.len()) == 0 {
            assert!(!copying.is_finished(), "{:?}", copying.join());
            thread::sleep(Duration::from_millis(5));
        }
        place.hosts.cut().unwrap();
        let cut = Instant::now();
        let ended = copying.join().unwrap();
        println!("{:?} after {:.1?}: {}", ended.status, cut.elapsed(), told(&ended));
        assert!(!ended.status.success(), "it was cut");
        cut.elapsed()
    });
    assert!(took >= Duration::from_secs(1), "it asked twice: {took:?}");
    let there = fs::metadata(place.path("there/large")).unwrap().len();
    assert!(there < 4 << 20, "part of the file is there, under its final name: {there}");
}
