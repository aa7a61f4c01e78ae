//! The demo between two users: an object of another user is left alone, even if it is open to all.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::geteuid;
use tempfile::TempDir;

use super::demo::Demo;
use super::pong::Pong;
use super::remains::nothing_left;
use super::{Outcome, ensure, run, skipped};

/// Two ordinary users. They need no entry in `/etc/passwd`.
const OWNER: u32 = 1002;
const VISITOR: u32 = 1001;

/// Checks that a `ping` of another user, root included, is refused in one line, and takes no place: a `ping` of the
/// owner then succeeds.
pub(super) fn refused(demo: Demo, place: &TempDir) -> Outcome {
    let may_run = |user| {
        let tried = as_user(user, &demo.command(place, &["--help"])).stdout(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    if !geteuid().is_root() || !may_run(OWNER) || !may_run(VISITOR) {
        skipped("two ordinary users need root, setpriv(1), and a binary that they may run");
        return Ok(());
    }
    fs::set_permissions(place, Permissions::from_mode(0o755))?;
    let home = |user: u32| {
        let home = place.path().join(user.to_string());
        fs::create_dir(&home)?;
        chown(&home, Some(user), Some(user))?;
        Ok::<_, std::io::Error>(home)
    };
    let (of_owner, of_visitor, of_root) = (home(OWNER)?, home(VISITOR)?, home(0)?);
    let side = |user: u32, home: &Path, args: &[&str]| {
        let mut command = as_user(user, &demo.command(place, args));
        command.env("TMPDIR", home);
        command
    };
    let address = demo.fresh_address(&of_owner);
    let mut pong = Pong::spawn(side(OWNER, &of_owner, &["pong", &address]))?;
    open_to_all(demo, &address)?;
    for (user, home) in [(VISITOR, &of_visitor), (0, &of_root)] {
        let ping = ["ping", &address, "--count", "5", "--timeout", "1"];
        let (status, _, told) = run(&mut side(user, home, &ping))?;
        // Only root can open to all an object that is not a file.
        let said = told.contains("another user's") || user != 0 && told.contains("(EACCES)");
        let errors = told.lines().filter(|line| line.starts_with("error: ")).count();
        ensure!(matches!(status, Some(1 | 2)) && said && errors == 1, "user {user}: {status:?}: {told}");
    }
    let (status, _, told) = run(&mut side(OWNER, &of_owner, &["ping", &address, "--count", "5"]))?;
    ensure!(status == Some(0), "the owner's own ping: {told}");
    ensure!(pong.child.wait()?.success(), "pong failed");
    for home in [of_owner, of_visitor, of_root] {
        fs::remove_dir(home)?; // it is empty
    }
    nothing_left(place.path(), &address)
}

fn as_user(user: u32, command: &Command) -> Command {
    let mut there = Command::new("setpriv");
    there.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups"]);
    there.arg(command.get_program()).args(command.get_args());
    there.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    there
}

/// Gives mode 0666 to the owner's objects, as a user does to let others in.
fn open_to_all(demo: Demo, address: &str) -> Outcome {
    for path in demo.files(address).unwrap_or_default() {
        let path = path.as_path();
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                fs::set_permissions(path, Permissions::from_mode(0o777))?;
                for entry in fs::read_dir(path)? {
                    fs::set_permissions(entry?.path(), Permissions::from_mode(0o666))?;
                }
            }
            Ok(_) => fs::set_permissions(path, Permissions::from_mode(0o666))?,
            Err(_) => {} // a key; or /dev/mqueue is not mounted
        }
    }
    Ok(())
}
