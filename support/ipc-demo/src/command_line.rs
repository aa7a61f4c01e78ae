//! What the command lines of all programs have in common: help in two lengths, errors in one line that end with the
//! command to ask for help, completion in a shell, and manual pages.

mod completions;
mod man;

use std::env;
use std::error::Error as _;
use std::ffi::OsString;
use std::io::{IsTerminal as _, stdout};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};

use super::USAGE;
use crate::output::{print, tell};

/// The widest help: that of a terminal as it usually is, whatever the width of this one.
const WIDTH: usize = 80;

/// The part of the command line that this process was started with: the program, and its command if there is one.
static ASKED: OnceLock<String> = OnceLock::new();

/// Parses the arguments of this process, after adding the commands that every program has. Carries out those itself, as
/// it does requests for help.
///
/// # Errors
/// The status with which to end: nothing is left to do, or the arguments are wrong.
pub fn parse(command: Command) -> Result<ArgMatches, ExitCode> {
    let mut whole = complete(command);
    let words: Vec<OsString> = env::args_os().collect();
    let _ = ASKED.set(asked(&whole, &words)); // set before: by a test
    let matches = whole.try_get_matches_from_mut(words).map_err(|error| refuse(&error))?;
    match matches.subcommand() {
        Some((completions::NAME, arguments)) => Err(crate::report(completions::run(whole, arguments))),
        Some((man::NAME, arguments)) => Err(crate::report(man::run(whole, arguments))),
        _ => Ok(matches),
    }
}

/// Returns the command line with what every program has.
fn complete(command: Command) -> Command {
    // A command has the width of its own.
    fn narrow(command: Command) -> Command {
        command.max_term_width(WIDTH).mut_subcommands(narrow)
    }
    let with_completions = command.subcommand(completions::command());
    let man = man::command(with_completions.get_subcommands().map(|known| known.get_name().to_owned()));
    narrow(with_completions.subcommand(man))
}

/// Returns the program and, if there is one among the words, its command.
fn asked(whole: &Command, words: &[OsString]) -> String {
    let known = words.iter().skip(1).find_map(|word| whole.find_subcommand(word));
    let names = [Some(whole.get_name()), known.map(Command::get_name)];
    names.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Returns where to find out what would be right, to stand behind an error of usage; nothing in a process that no user
/// has started.
pub(super) fn hint() -> String {
    ASKED.get().map(|asked| format!("; try '{asked} --help'")).unwrap_or_default()
}

/// Prints the requested help, or clap's error and its suggestion in one line; returns the exit status.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let help = error.render();
        let has_colours =
            stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        return crate::report(print(&if has_colours { help.ansi().to_string() } else { help.to_string() }));
    }
    tell(&format!("{}{}", in_one_line(error), hint()));
    ExitCode::from(USAGE)
}

/// Returns clap's error, with its suggestions but without its usage.
fn in_one_line(error: &clap::Error) -> String {
    let rendered = with_value_once(error);
    let mut lines = rendered.lines().map(str::trim);
    let wrong = lines.by_ref().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    // An option that does not exist is rarely meant as a value.
    let tips = lines.filter_map(|line| line.strip_prefix("tip: ")).filter(|tip| !tip.starts_with("to pass"));
    let behind_it =
        wrong.starts_with("error: the subcommand '").then_some("the options of a command follow it");
    [&*wrong].into_iter().chain(tips).chain(behind_it).collect::<Vec<_>>().join("; ")
}

/// Returns clap's error. It names the wrong value, so the reason need not: `invalid placement 'x': expected …` becomes
/// `expected …`.
fn with_value_once(error: &clap::Error) -> String {
    let rendered = error.to_string();
    let (Some(ContextValue::String(value)), Some(reason)) =
        (error.get(ContextKind::InvalidValue), error.source().map(ToString::to_string))
    else {
        return rendered;
    };
    match reason.split_once(&format!("'{value}': ")) {
        Some((_, expected)) => rendered.replace(&reason, expected),
        None => rendered,
    }
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn whole() -> Command {
        let size = Arg::new("size").long("size").value_parser(["small", "large"]);
        complete(Command::new("ipc-test").subcommands([Command::new("ping").arg(size), Command::new("pong")]))
    }

    #[test]
    fn the_hint_names_the_command_that_was_meant() {
        let asked = |line: &str| asked(&whole(), &line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked("target/debug/ipc-test"), "ipc-test");
        assert_eq!(asked("ipc-test pnig --size x"), "ipc-test");
        assert_eq!(asked("ipc-test ping --size x"), "ipc-test ping");
        assert_eq!(asked("ipc-test --lang ko man"), "ipc-test man");
    }

    #[test]
    fn an_error_is_one_line_with_its_suggestion() {
        let error = |words: &[&str]| {
            let words = [&["ipc-test"], words].concat();
            in_one_line(&whole().try_get_matches_from(words).unwrap_err())
        };
        assert_eq!(
            error(&["png"]),
            "error: unrecognized subcommand 'png'; some similar subcommands exist: 'ping', 'pong'"
        );
        assert_eq!(
            error(&["ping", "--size", "lrge"]),
            "error: invalid value 'lrge' for '--size <size>' [possible values: small, large]; \
             a similar value exists: 'large'"
        );
    }

    #[test]
    fn a_wrong_value_is_named_once() {
        let error = |value: &str, reason: &'static str| {
            let parse = move |_: &str| Err::<String, _>(reason);
            let size = Arg::new("size").long("size").value_delimiter(',').value_parser(parse);
            let command = Command::new("ipc-test").arg(size);
            in_one_line(&command.try_get_matches_from(["ipc-test", "--size", value]).unwrap_err())
        };
        let expected = "error: invalid value 'x' for '--size <size>': expected a or b";
        assert_eq!(error("x", "invalid size 'x': expected a or b"), expected);
        assert_eq!(error("x,y", "invalid size 'x': expected a or b"), expected, "one of a list");
        assert_eq!(error("x", "expected a or b"), expected);
        let part = "invalid unit 'y': expected a or b";
        assert_eq!(error("1y", part), format!("error: invalid value '1y' for '--size <size>': {part}"));
    }

    #[test]
    fn an_option_in_a_wrong_place_is_told_the_right_one() {
        let error = |command: Command, words: &[&str]| {
            let words = [&["ipc-test"], words].concat();
            in_one_line(&command.try_get_matches_from(words).unwrap_err())
        };
        let count = Arg::new("count").long("count");
        let before = whole().arg(count).args_conflicts_with_subcommands(true);
        assert_eq!(
            error(before, &["--count", "5", "ping"]),
            "error: the subcommand 'ping' cannot be used with '--count <count>'; the options of a command follow it"
        );
        assert_eq!(error(whole(), &["pong", "--size", "small"]), "error: unexpected argument '--size' found");
    }

    /// Help fits a terminal, in both lengths and for every command.
    #[test]
    fn help_is_no_wider_than_a_terminal() {
        let mut whole = whole();
        whole.build();
        for command in [&whole].into_iter().chain(whole.get_subcommands()) {
            for help in [command.clone().render_help(), command.clone().render_long_help()] {
                let help = help.to_string();
                assert!(help.lines().all(|line| line.chars().count() <= WIDTH), "{help}");
            }
        }
    }
}
