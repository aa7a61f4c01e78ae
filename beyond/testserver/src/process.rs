//! The server as a process.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Starts the server, tells its pid, and ends it: when it is told to, and when the test is gone, with its folder. A shell
/// does this, since a process that was killed can do nothing any more. (A signal at the death of the parent would come
/// when the *thread* ends that started the server. The shell has one thread: the server dies with it, too, where there is
/// a `setpriv`.)
const KEEPER: &str = r#"
die=
setpriv --pdeathsig KILL true 2>/dev/null && die='setpriv --pdeathsig KILL'
$die "$1" --config "$2/server.conf" </dev/null >"$2/log" 2>&1 &
echo $!
read -r word; told=$?
kill -KILL $!
wait
[ $told = 0 ] || rm -rf "$2"
"#;

/// The time that a server may take to start on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Running {
    keeper: Child,
    orders: ChildStdin,
    pub pid: u32,
}

/// What the server writes beside its configuration once it listens.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

impl Running {
    /// Starts the server whose configuration is in `folder`; returns it and its port once it listens.
    pub fn start(program: &Path, folder: &Path) -> io::Result<(Self, u16)> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", KEEPER, "keeper"]).args([program, folder]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0); // Ctrl-C does not reach it
        let mut keeper = command.spawn()?;
        let orders = keeper.stdin.take().expect("it is a pipe");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("it is a pipe")).read_line(&mut line)?;
        let pid = line.trim().parse().map_err(io::Error::other)?;
        let running = Self { keeper, orders, pid };
        let port = running.port(folder);
        match port {
            Ok(port) => Ok((running, port)),
            Err(error) => {
                running.kill();
                Err(error)
            }
        }
    }

    /// Waits until it listens.
    fn port(&self, folder: &Path) -> io::Result<u16> {
        let file = folder.join(format!("nats-server_{}.ports", self.pid));
        let started = Instant::now();
        loop {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if let Ok(Ports { nats }) = serde_json::from_str(&text) {
                let port = nats.first().and_then(|url| url.rsplit_once(':')?.1.parse().ok());
                return port.ok_or_else(|| io::Error::other(format!("no port in {text}")));
            }
            if started.elapsed() > PATIENCE || self.has_ended() {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                let last = log.lines().last().unwrap_or("it says nothing").to_owned();
                return Err(io::Error::other(format!("nats-server does not start: {last}")));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn has_ended(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
    }

    /// Kills it and waits for its end.
    pub fn kill(mut self) {
        let _ = self.orders.write_all(b"end\n"); // it may have been killed from outside, keeper and all
        let _ = self.keeper.wait();
    }
}
