//! A course of two exercises, in a folder of its own. Its packages need no other crate, so they are built in a second.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const WORKSPACE: &str = r#"
[workspace]
members = [".", "judge", "../solutions"]
resolver = "3"
"#;

const JUDGE: &str = r#"
#![cfg(test)]
fn prints(program: &str, right: &str) {
    let folder = std::path::PathBuf::from(std::env::var_os("JUDGED").unwrap());
    let output = std::process::Command::new(folder.join(program)).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.trim() == right, "it should print {right}\nand not {said}");
}
mod sum {
    mod one { #[test] fn one_and_one_are_two() { crate::prints("sum_one", "2"); } }
    mod two { #[test] fn two_and_two_are_four() { crate::prints("sum_two", "4"); } }
}
"#;

/// A program as it is given: `sum` stands there, but is not printed.
pub fn given(sum: &str) -> String {
    format!("fn main() {{ println!(\"{sum}\"); }}\n")
}

/// It prints what `sum` comes to.
pub fn solved(sum: &str) -> String {
    format!("fn main() {{ println!(\"{{}}\", {sum}); }}\n")
}

/// The folder is removed at the end.
pub struct Tiny(TempDir);

impl Tiny {
    pub fn new() -> Self {
        let tiny = Self(TempDir::new().expect("a folder"));
        tiny.write("exercises/Cargo.toml", &format!("{WORKSPACE}{}", package("exercises")));
        tiny.write(
            "solutions/Cargo.toml",
            &package("solutions").replace("[package]", "[package]\nworkspace = \"../exercises\""),
        );
        tiny.write("exercises/judge/Cargo.toml", "[package]\nname = \"judge\"\nedition = \"2024\"\n");
        tiny.write("exercises/judge/src/lib.rs", JUDGE);
        let list = ["one", "two"].map(|name| {
            format!(
                "[[exercise]]\nname = \"sum_{name}\"\nmechanism = \"sum\"\nkind = \"mend\"\nminutes = 1\n\
                 title = \"Sums\"\ntitle_ko = \"합\"\n\
                 why = \"It adds.\"\nwhy_ko = \"더한다.\"\npage = \"sums.md\"\nhints = [\"look\", \"add\"]\nhints_ko = [\"보라\", \"더하라\"]\n"
            )
        });
        tiny.write("exercises/exercises.toml", &list.concat());
        for (name, sum) in [("one", "1 + 1"), ("two", "2 + 2")] {
            tiny.write(&format!("exercises/sum/{name}.rs"), &given(sum));
            tiny.write(&format!("solutions/sum/{name}.rs"), &solved(sum));
        }
        let manifest = tiny.path("exercises/Cargo.toml");
        let mut lock = Command::new(env!("CARGO"));
        lock.args(["generate-lockfile", "--offline", "--quiet", "--manifest-path"]).arg(manifest);
        assert!(lock.status().expect("cargo starts").success());
        tiny
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("readable")
    }

    /// Puts the solution in the place of the exercise.
    pub fn solve(&self, name: &str) {
        self.write(&format!("exercises/sum/{name}.rs"), &self.read(&format!("solutions/sum/{name}.rs")));
    }

    pub fn commit(&self) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        for arguments in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "as given"]] {
            let git = Command::new("git").current_dir(&self.0).args(identity).args(arguments).status();
            assert!(git.expect("git starts").success());
        }
    }

    /// The runner, to be started on this course.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_course"));
        command.arg("--folder").arg(self.0.path()).args(arguments);
        command.env("CARGO_TARGET_DIR", self.path("target")).env("LC_ALL", "C");
        command
    }

    pub fn course(&self, arguments: &[&str]) -> Ended {
        Ended(self.command(arguments).output().expect("it starts"))
    }
}

/// How the runner ended, and what it printed.
pub struct Ended(Output);

impl Ended {
    #[track_caller]
    pub fn done(&self) -> String {
        self.ended_with(0)
    }

    #[track_caller]
    pub fn ended_with(&self, status: i32) -> String {
        let said = [&self.0.stdout[..], &self.0.stderr].concat();
        let said = String::from_utf8(said).expect("text");
        assert_eq!(self.0.status.code(), Some(status), "{said}");
        said
    }
}

fn package(name: &str) -> String {
    let bins =
        ["one", "two"].map(|name| format!("[[bin]]\nname = \"sum_{name}\"\npath = \"sum/{name}.rs\"\n"));
    format!("[package]\nname = \"{name}\"\nedition = \"2024\"\nautobins = false\n{}", bins.concat())
}
