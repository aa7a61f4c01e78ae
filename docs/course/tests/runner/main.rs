//! The runner itself, on a small course of two exercises that is made for each test.

mod keys;
mod tiny;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;

use ipc_conformance::first_process;
use ipc_conformance::watchdog::WHOLE_CASE;
use nix::sys::signal::Signal;
use tiny::{Tiny, given, solved};

#[test]
fn the_list_says_what_is_next() {
    let tiny = Tiny::new();
    let list = tiny.course(&[]).done();
    assert!(list.contains("next  sum_one") && list.contains("0 of 2 done."), "{list}");
    tiny.solve("one");
    tiny.course(&["run", "sum_one"]).done();
    let list = tiny.course(&["list"]).done();
    assert!(list.contains("done  sum_one") && list.contains("next  sum_two"), "{list}");
    assert!(list.contains("1 of 2 done."), "{list}");
}

#[test]
fn an_unsolved_exercise_is_told_why_in_the_words_of_its_judge() {
    let tiny = Tiny::new();
    let run = tiny.course(&["run", "sum_one"]).ended_with(1);
    assert!(run.contains("no   one and one are two"), "{run}");
    assert!(run.contains("it should print 2"), "{run}");
    assert!(!run.contains("RUST_BACKTRACE") && !run.contains("panicked"), "{run}");
}

#[test]
fn a_solved_exercise_says_why_where_to_read_and_how_far() {
    let tiny = Tiny::new();
    tiny.solve("one");
    let run = tiny.course(&["run", "sum_one"]).done();
    assert!(run.contains("Solved. It adds.") && run.contains("src/sums.md"), "{run}");
    assert!(run.contains("1 of 2 solved."), "{run}");
    assert!(tiny.course(&["run", "sum_one", "--lang", "ko"]).done().contains("더한다."));
}

#[test]
fn in_korean_no_line_of_the_runner_is_english() {
    let tiny = Tiny::new();
    let korean = |arguments: &[&str]| {
        tiny.command(&[arguments, &["--lang", "ko"]].concat()).output().expect("it runs")
    };
    let said = |arguments: &[&str], expected: &str| {
        let output = korean(arguments);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    };
    said(&[], "2개 중 0개 완료.");
    said(&["--help"], "연습 문제 하나를 빌드하고 판정한다");
    said(&["watch", "--help"], "시작할 연습 문제");
    said(&["run", "sum_one"], "  실패  ");
    said(&["hint", "sum_one"], "힌트 1/2: 보라");
    said(&["hint", "sum_one", "--stage", "3"], "3번은 없다");
    said(&["solution", "sum_one"], "아직 해결하지 않았다");
    said(&["run", "sum_three"], "연습 문제는 없다");
    tiny.solve("one");
    said(&["run", "sum_one"], "해결했다. 더한다.");
    said(&["run", "sum_one"], "2개 중 1개를 해결했다.");
    tiny.write("exercises/.progress.json", "{");
    said(&[], "오류: ");
}

#[test]
fn what_was_solved_and_is_broken_again_is_not_done() {
    let tiny = Tiny::new();
    tiny.solve("one");
    tiny.course(&["run", "sum_one"]).done();
    tiny.write("exercises/sum/one.rs", &given("1 + 1"));
    tiny.course(&["run", "sum_one"]).ended_with(1);
    assert!(tiny.course(&[]).done().contains("0 of 2 done."));
}

#[test]
fn a_mistake_of_one_exercise_does_not_stop_another() {
    let tiny = Tiny::new();
    tiny.write("exercises/sum/two.rs", "fn main() { not rust }");
    let run = tiny.course(&["run", "sum_two"]).ended_with(1);
    assert!(run.contains("It does not compile"), "{run}");
    tiny.solve("one");
    tiny.course(&["run", "sum_one"]).done();
}

#[test]
fn hints_come_in_stages() {
    let tiny = Tiny::new();
    for said in ["Hint 1 of 2: look", "Hint 2 of 2: add", "Hint 2 of 2: add"] {
        assert!(tiny.course(&["hint", "sum_one"]).done().contains(said));
    }
    assert!(tiny.course(&["hint", "sum_one", "--stage", "1"]).done().contains("look"));
    assert!(tiny.course(&["hint", "sum_one", "--lang", "ko"]).done().contains("더하라"));
    let wrong = tiny.course(&["hint", "sum_one", "--stage", "3"]).ended_with(2);
    assert!(wrong.contains("sum_one has hints 1 to 2, not 3"), "{wrong}");
}

#[test]
fn a_solution_is_shown_to_those_who_have_one() {
    let tiny = Tiny::new();
    tiny.course(&["solution", "sum_one"]).ended_with(1);
    assert!(tiny.course(&["solution", "sum_one", "--anyway"]).done().contains(&solved("1 + 1")));
    tiny.solve("one");
    tiny.course(&["run", "sum_one"]).done();
    assert!(tiny.course(&["solution", "sum_one"]).done().contains(&solved("1 + 1")));
}

#[test]
fn reset_puts_back_what_was_committed_and_keeps_the_other() {
    let tiny = Tiny::new();
    tiny.commit();
    tiny.solve("one");
    tiny.course(&["run", "sum_one"]).done();
    tiny.course(&["reset", "sum_one"]).done();
    assert_eq!(tiny.read("exercises/sum/one.rs"), given("1 + 1"));
    assert_eq!(tiny.read("exercises/.kept/sum_one.rs"), solved("1 + 1"));
    assert!(tiny.course(&[]).done().contains("0 of 2 done."));
}

#[test]
fn wrong_names_and_a_damaged_file_are_said_in_a_line() {
    let tiny = Tiny::new();
    let wrong = tiny.course(&["rum"]).ended_with(2);
    let expected =
        "error: unrecognized subcommand 'rum'; a similar subcommand exists: 'run'; try 'course --help'\n";
    assert_eq!(wrong, expected);
    let wrong = tiny.course(&["run", "sum_three"]).ended_with(2);
    assert!(wrong.starts_with("error: unknown exercise 'sum_three'"), "{wrong}");
    assert!(wrong.ends_with("; try 'course run --help'\n"), "{wrong}");
    tiny.write("exercises/.progress.json", "{");
    let wrong = tiny.course(&[]).ended_with(1);
    assert!(wrong.contains(".progress.json") && wrong.contains("remove the file"), "{wrong}");
    assert_eq!(wrong.lines().count(), 1, "{wrong}");
}

#[test]
fn reading_only_the_first_line_is_no_error() {
    let tiny = Tiny::new();
    for arguments in [&["list"][..], &["hint", "sum_one"], &["solution", "sum_one", "--anyway"]] {
        let (read, write) = std::io::pipe().expect("a pipe");
        drop(read); // as `head -1` does when it has read enough
        let output = tiny.command(arguments).stdout(write).stderr(Stdio::piped()).spawn();
        let output = output.and_then(Child::wait_with_output).expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

/// The program that watches, which is killed at the end of the test.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watch_judges_on_save_and_goes_on_to_the_next() {
    let tiny = Tiny::new();
    let mut child = Watching(tiny.command(&["watch"]).stdout(Stdio::piped()).spawn().expect("it starts"));
    let stdout = BufReader::new(child.0.stdout.take().expect("piped"));
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        stdout.lines().map_while(std::result::Result::ok).try_for_each(|line| sender.send(line))
    });
    // Reads up to a line with this text. A file may be judged more than once, also when half of it is written:
    // saving it is not as fast as the runner on each machine.
    let until = |text: &str| {
        let mut said = String::new();
        while !said.contains(text) {
            let Ok(line) = lines.recv_timeout(WHOLE_CASE) else {
                panic!("`{text}` never came, but:\n{said}")
            };
            said += &(line + "\n");
        }
        said
    };
    assert!(until("Watching").contains("sum_one"));
    tiny.write("exercises/sum/one.rs", &given("1 * 1")); // still wrong
    until("it should print 2");
    tiny.solve("one");
    assert!(until("Solved.").contains("sum_one"));
    assert!(until("Watching").contains("sum_two"));
    // As some editors save: into another file, which is then renamed.
    tiny.write("exercises/sum/two.rs.new", &solved("2 + 2"));
    fs::rename(tiny.path("exercises/sum/two.rs.new"), tiny.path("exercises/sum/two.rs")).expect("renamed");
    assert!(until("That was the last one").contains("sum_two"));
    assert!(child.0.wait().expect("it ends").success());
}

#[test]
fn as_process_1_of_a_container_a_signal_ends_it() {
    let tiny = Tiny::new();
    first_process::ends_by(&tiny.command(&["watch"]), "Watching", Signal::SIGINT).expect("it ends");
}

#[test]
fn check_passes_where_all_is_as_it_should_be() {
    let tiny = Tiny::new();
    assert!(tiny.course(&["check"]).done().contains("2 exercises: 0 wrong"));
}

#[test]
fn what_a_student_has_solved_does_not_fail_the_check() {
    let tiny = Tiny::new();
    tiny.solve("one");
    tiny.course(&["run", "sum_one"]).done();
    assert!(tiny.course(&["check"]).done().contains("you have solved sum_one"));
}

#[test]
fn check_finds_an_exercise_that_is_solved_as_given() {
    let tiny = Tiny::new();
    tiny.solve("two");
    let found = tiny.course(&["check"]).ended_with(1);
    assert!(found.contains("sum_two: passes as given"), "{found}");
    assert!(!found.contains("sum_one:"), "{found}");
}

#[test]
fn check_finds_a_solution_that_fails() {
    let tiny = Tiny::new();
    tiny.write("solutions/sum/two.rs", &given("2 + 2"));
    let found = tiny.course(&["check"]).ended_with(1);
    assert!(found.contains("sum_two: the solution fails: two and two are four"), "{found}");
}

#[test]
fn check_finds_what_does_not_compile() {
    let tiny = Tiny::new();
    tiny.write("exercises/sum/two.rs", "fn main() { not rust }");
    let found = tiny.course(&["check"]).ended_with(1);
    assert!(found.contains("each exercise must compile"), "{found}");
}

#[test]
fn check_tells_wrong_attempts_from_right_ones() {
    let tiny = Tiny::new();
    let attempt = |list, from, to| {
        format!(
            "[[{list}]]\nexercise = \"sum_one\"\nwhat = \"{from} as {to}\"\nchange = [[\"{from}\", \"{to}\"]]\n"
        )
    };
    let attempts = attempt("wrong", "1 + 1", "1 * 1") + &attempt("right", "1 + 1", "5 - 3");
    tiny.write("solutions/attempts/sum.toml", &attempts);
    let said = tiny.course(&["check", "sum_one"]).done();
    assert!(said.contains("tried with 1 wrong attempts and 1 other right ones"), "{said}");
    let attempts = attempt("wrong", "1 + 1", "5 - 3") + &attempt("right", "1 + 1", "1 * 1");
    tiny.write("solutions/attempts/sum.toml", &attempts);
    let found = tiny.course(&["check"]).ended_with(1);
    assert!(found.contains("sum_one: accepts a wrong solution (1 + 1 as 5 - 3)"), "{found}");
    assert!(found.contains("sum_one: rejects a good solution (1 + 1 as 1 * 1)"), "{found}");
    tiny.write("solutions/attempts/sum.toml", &attempt("wrong", "3 + 3", "0"));
    let found = tiny.course(&["check"]).ended_with(1);
    assert!(found.contains("not once there: 3 + 3"), "{found}");
}
