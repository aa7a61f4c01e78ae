//! Tests of the helpers for a shell and its user: completions, manual pages, the doctor.

mod common;

use common::{bench, run};
use ipc_demo::cpus;
use serde_json::Value;

const COMMANDS: [&str; 12] = [
    "run",
    "history",
    "show",
    "prune",
    "report",
    "compare",
    "choose",
    "list",
    "clean",
    "doctor",
    "completions",
    "man",
];

/// In short help, an option has one line; the long one explains it, and `help` is the long one.
#[test]
fn help_is_short_or_long() {
    for command in [&[][..]].into_iter().chain(COMMANDS.each_ref().map(std::slice::from_ref)) {
        let help = |before: &[&str], after: &[&str]| {
            let output = run(bench().args(before).args(command).args(after));
            assert_eq!((output.status, output.stderr.as_str()), (Some(0), ""), "{command:?}");
            output.stdout
        };
        let (short, long) = (help(&[], &["-h"]), help(&[], &["--help"]));
        assert!(short.lines().chain(long.lines()).all(|line| line.chars().count() <= 80), "{short}{long}");
        let options = short.split("Options:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
        for option in options {
            let begins = option.starts_with("  -") || option.starts_with("      --");
            assert!(begins, "the second line of an option of {command:?}: {option}");
        }
        assert_eq!(help(&["help"], &[]), long, "help {command:?}");
    }
    let lines = |flag| run(bench().args(["run", flag])).stdout.lines().count();
    assert!(2 * lines("-h") < lines("--help"), "{} lines", lines("-h"));
}

/// There is a script for each shell, with every subcommand and its options.
#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(bench().args(["completions", shell]));
        assert_eq!((output.status, output.stderr.as_str()), (Some(0), ""));
        for word in COMMANDS.into_iter().chain(["threshold", "priority", "profile"]) {
            assert!(output.stdout.contains(word), "{word} for {shell}");
        }
    }
    let output = run(bench().args(["completions", "cmd.exe"]));
    assert_eq!((output.status, output.stderr.lines().count()), (Some(2), 1), "{}", output.stderr);
}

/// The completions that bash offers after Tab, from bash itself.
#[test]
fn bash_completes_commands_and_options() {
    let ask = "source <(\"$0\" completions bash); COMP_WORDS=(ipc-bench \"$@\"); COMP_CWORD=$#; \
               _ipc__bench ipc-bench \"${!#}\" && echo \"${COMPREPLY[*]}\"";
    let cases = [
        (&["comp"][..], "compare completions\n"),
        (&["compare", "--th"], "--threshold\n"),
        (&["choose", "--prio"], "--priority\n"),
        (&["doctor", "--j"], "--json\n"),
        (&["completions", "z"], "zsh\n"),
    ];
    for (words, offered) in cases {
        let bash = std::process::Command::new("bash")
            .args(["-c", ask, env!("CARGO_BIN_EXE_ipc-bench")])
            .args(words)
            .output();
        let Ok(output) = bash else {
            return ipc_conformance::skipped("there is no bash");
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), offered, "{words:?} {stderr}");
    }
}

/// There is a page for the whole program, and one for each subcommand.
#[test]
fn manual_pages() {
    let all = run(bench().arg("man"));
    assert_eq!((all.status, all.stderr.as_str()), (Some(0), ""));
    assert!(all.stdout.contains(".TH ipc-bench 1"), "{}", all.stdout);
    for command in COMMANDS {
        assert!(all.stdout.contains(&format!("ipc\\-bench\\-{command}(1)")), "{command}: {}", all.stdout);
        let page = run(bench().args(["man", command]));
        assert_eq!((page.status, page.stderr.as_str()), (Some(0), ""), "{command}");
        assert!(page.stdout.contains(&format!(".TH ipc-bench-{command} 1")), "{}", page.stdout);
        assert!(page.stdout.contains(&format!("ipc\\-bench {command}")), "{}", page.stdout);
    }
    let output = run(bench().args(["man", "woman"]));
    assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""));
    let expected = "error: invalid value 'woman' for '[COMMAND]' [possible values: run, ";
    assert!(output.stderr.starts_with(expected), "{}", output.stderr);
    assert!(output.stderr.ends_with("; try 'ipc-bench man --help'\n"), "{}", output.stderr);
}

/// The doctor reports the same to people and to programs, and has advice for every disturbance.
#[test]
fn the_doctor_examines() {
    let output = run(bench().args(["doctor", "--json"]));
    assert_eq!((output.status, output.stderr.as_str()), (Some(0), ""));
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    assert!(findings.len() >= 5, "{findings:?}");
    let between_cores = cpus::allowed().unwrap().len() > 1 && cpus::may_bind().unwrap();
    let has_handover = findings.iter().any(|finding| finding["what"] == "hand-over between cores");
    assert_eq!(has_handover, between_cores, "{findings:?}");
    let text = run(bench().arg("doctor"));
    assert_eq!(text.status, Some(0));
    for finding in findings {
        let what = finding["what"].as_str().unwrap();
        assert!(text.stdout.contains(what), "{what}");
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["good", "note", "disturbs", "unknown"].contains(&verdict), "{finding}");
        assert!(verdict != "disturbs" || finding["advice"].is_string(), "{finding}");
    }
}
