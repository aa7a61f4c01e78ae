//! Compilers, and a directory for their output.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ipc_conformance::watchdog::over_this_test;
use ipc_msgq::{Key, Queue};
use tempfile::TempDir;

use crate::children;
use crate::msgq_v1::PROJECT;

/// A directory of its own, with a file whose key names a queue. That queue is removed with it.
pub struct Place {
    dir: TempDir,
    pub key: Key,
}

impl Place {
    pub fn new() -> Self {
        over_this_test();
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("meeting-point");
        std::fs::write(&file, "").unwrap();
        Self { key: Key::ftok(&file, PROJECT).unwrap(), dir }
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("meeting-point")
    }

    /// Compiles `interop/SOURCE` without warnings. Returns `None`, and prints so, where there is no compiler.
    pub fn compile(&self, source: &str) -> Option<PathBuf> {
        let c = Path::new(source).extension().is_some_and(|extension| extension == "c");
        let compiler =
            env::var_os(if c { "CC" } else { "CXX" }).unwrap_or_else(|| if c { "cc" } else { "c++" }.into());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = self.dir.path().join(source.replace('.', "-"));
        let mut command = Command::new(&compiler);
        // A strict standard shows the functions of POSIX only on request.
        command.args([if c { "-std=c11" } else { "-std=c++17" }, "-D_XOPEN_SOURCE=700", "-pedantic"]);
        command.args(["-Wall", "-Wextra", "-Werror", "-I"]).arg(root.join("include")).arg("-o").arg(&program);
        match command.arg(root.join("interop").join(source)).output() {
            Ok(output) => {
                assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
                Some(program)
            }
            Err(error) => {
                ipc_conformance::skipped(&format!("{source} needs {}: {error}", compiler.display()));
                None
            }
        }
    }

    /// Runs a program with this directory's file.
    pub fn run(&self, program: &Path, more: &[&str]) -> String {
        said(Command::new(program).arg(self.file()).args(more))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(queue) = Queue::open(self.key) {
            let _ = queue.remove(); // a program may have just removed it
        }
    }
}

/// Returns the output of a program that must succeed.
pub fn said(command: &mut Command) -> String {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    ended(child)
}

/// Returns the same for a process started earlier.
pub fn ended(child: Child) -> String {
    let output = children::ended(child);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
