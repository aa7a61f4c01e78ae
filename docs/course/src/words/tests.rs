//! Nothing that a judge can say is without its Korean.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Words, translated};
use crate::exercise::{Course, Language};

#[test]
fn values_come_to_their_places_whatever_is_in_them() {
    let lines = [("{} of {} done.", "{2}개 중 {1}개"), ("{}: {}", "{1}={2}"), ("yes", "예")];
    let lines = lines.map(|(english, korean)| (english.to_owned(), korean.to_owned())).into();
    let say = |english| translated(&lines, english);
    assert_eq!(say("3 of 31 done.").as_deref(), Some("31개 중 3개"));
    assert_eq!(say("a{2}: b: c").as_deref(), Some("a{2}=b: c"));
    assert_eq!(say("yes").as_deref(), Some("예"));
    assert_eq!(say("yes or no"), None);
}

#[test]
fn each_template_has_a_place_for_each_value_it_names() {
    let words = Words::of(Language::Ko);
    for (english, korean) in words.runner.iter().chain(&words.points).chain(&words.reasons) {
        let sample = english.replace("{}", "1");
        assert!(
            translated(&[(english.clone(), korean.clone())].into(), &sample).is_some(),
            "{english}: {korean}"
        );
        assert!(!korean.contains("{}"), "{english}: {korean}");
    }
}

#[test]
fn each_exercise_has_its_task_in_korean() {
    let course = Course::open(&exercises().join("..")).expect("the course");
    let words = Words::of(Language::Ko);
    for exercise in &course.exercises {
        assert!(words.task(&exercise.name).is_some(), "no Korean for the task of {}", exercise.name);
    }
    assert_eq!(words.tasks.len(), course.exercises.len(), "tasks of no exercise");
}

#[test]
fn each_point_and_each_reason_of_a_judge_has_its_korean() {
    let words = Words::of(Language::Ko);
    let mut missing = Vec::new();
    let mut points = 0;
    for path in judges() {
        let text = fs::read_to_string(&path).expect("a judge");
        for test in text.split("#[test]").skip(1) {
            let name = test.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).expect("a test").0;
            let point = name.replace('_', " ");
            points += 1;
            if !words.points.contains_key(&point) {
                missing.push(point);
            }
        }
        missing.extend(messages(&text).into_iter().filter(|said| translated(&words.reasons, said).is_none()));
    }
    assert!(points > 100, "only {points} points found");
    assert_eq!(missing, [""; 0], "not in exercises/ko.toml");
}

fn exercises() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises")
}

/// The files of the judges, each in the folder of a mechanism.
fn judges() -> Vec<PathBuf> {
    let folders = fs::read_dir(exercises().join("judge/src")).expect("the judges").flatten();
    let folders = folders.filter(|folder| folder.path().is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).expect("a folder").flatten());
    files.map(|file| file.path()).collect()
}

/// The literals of an assertion, behind what it compares, and of `expect_done`: their first lines, a value for each `{…}`.
fn messages(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, skip) in [
        ("assert!(", 1),
        ("assert_eq!(", 2),
        ("assert_ne!(", 2),
        ("panic!(", 0),
        ("expect_done(", 0),
        // What these helpers say if it is not so.
        ("names_come_out(", 1),
        ("says(", 1),
    ] {
        for (at, _) in code.match_indices(start) {
            let arguments = arguments(&code[at + start.len()..]);
            let Some(message) = arguments.get(skip) else { continue };
            let message = message.trim().trim_start_matches("&format!(").trim();
            let Some(literal) = message.strip_prefix('"').and_then(|text| text.rsplit_once('"')) else {
                continue;
            };
            found.push(as_said(literal.0));
        }
    }
    found.retain(|said| said.contains(' '));
    found
}

/// The arguments up to the closing parenthesis, as they are written.
fn arguments(code: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    for letter in code.chars() {
        match letter {
            '"' if !escaped => in_text = !in_text,
            '(' | '[' | '{' if !in_text => depth += 1,
            ')' if !in_text && depth == 0 => break,
            ')' | ']' | '}' if !in_text => depth -= 1,
            ',' if !in_text && depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        all.last_mut().expect("never empty").push(letter);
    }
    all
}

/// The first line that a literal makes, with `1` for each value.
fn as_said(literal: &str) -> String {
    let mut joined = literal.to_owned();
    while let Some((before, after)) = joined.split_once("\\\n") {
        joined = format!("{before}{}", after.trim_start());
    }
    let line = joined.split("\\n").next().unwrap_or_default().replace("\\\"", "\"");
    let mut said = String::new();
    let mut rest = &*line;
    while let Some((before, after)) = rest.split_once('{') {
        said += before;
        said += "1";
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    said + rest
}
