//! The scenes that a page plays: what `ipc-NAME scenario SCENE --json` prints, recorded in `docs/src/scenes`.
//!
//! `docs/transcripts` records them. A page shows the text of a scene; the built page has the recorded document beside it,
//! in which `theme/scene.js` finds what to draw. The captions in it are translated as the pages are.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::source;
use crate::text::Edits;
use crate::transcript::{Page, compare};

/// Returns the folder of the recorded scenes.
pub fn folder() -> PathBuf {
    source::docs().join("src/scenes")
}

/// Returns the name under which the scene of a command is recorded: `ipc-msgq scenario blocking` is `msgq-blocking`.
pub fn name(commands: &str) -> Option<String> {
    let words: Vec<_> = commands.split_whitespace().collect();
    match words[..] {
        [program, "scenario", scene] => Some(format!("{}-{scene}", program.strip_prefix("ipc-")?)),
        _ => None,
    }
}

/// Returns the path of a recorded scene.
pub fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}

/// Returns the recorded scenes that no page in `src` plays.
pub fn unplayed(src: &Path) -> Result<Vec<String>> {
    let mut names = source::files(&src.join("scenes"), "json").unwrap_or_default();
    for page in source::files(src, "md")? {
        let page = Page::read(&source::read(&src.join(&page))?).with_context(|| page.clone())?;
        let played: Vec<_> = page.blocks.into_iter().filter_map(|block| block.scene).collect();
        names.retain(|name| !played.iter().any(|scene| name.strip_suffix(".json") == Some(scene)));
    }
    Ok(names)
}

/// Returns a printed document in the form that is recorded: an event a line, so that a difference shows what happened.
pub fn recorded(printed: &str) -> Result<String> {
    let mut document: Value = serde_json::from_str(printed.trim()).context("not JSON")?;
    ensure!(document["schema_version"] == 1, "not version 1 of the schema");
    ensure!(document["holds"] == true, "its claim does not hold");
    let events = document["events"].as_array_mut().map(std::mem::take).unwrap_or_default();
    ensure!(!events.is_empty(), "it has no events");
    let fields = document.as_object().context("not an object")?;
    let mut text = "{\n".to_owned();
    for (key, value) in fields.iter().filter(|(key, _)| *key != "events") {
        writeln!(text, "{}: {value},", Value::from(key.as_str()))?;
    }
    let events: Vec<_> = events.iter().map(Value::to_string).collect();
    Ok(text + "\"events\": [\n" + &events.join(",\n") + "\n]\n}\n")
}

/// Returns the captions of a recorded scene, to be translated.
pub fn captions(document: &str) -> Result<Vec<String>> {
    let mut captions = Vec::new();
    each_caption(&mut serde_json::from_str(document)?, |caption| captions.push(caption.clone()));
    Ok(captions)
}

/// Returns the page with the recorded document around the text of each scene, its captions replaced by their
/// `translation`.
pub fn embedded<'a>(page: &str, translation: impl Fn(&str) -> Option<&'a str>) -> Result<String> {
    let mut edits = Edits::default();
    for block in Page::read(page)?.blocks {
        let (Some(name), Some(shown)) = (block.scene, block.shown) else { continue };
        let document = fs::read_to_string(path(&folder(), &name)).with_context(|| {
            format!("line {}: the scene {name} is not recorded: run docs/transcripts", block.line)
        })?;
        let mut document: Value = serde_json::from_str(&document).with_context(|| name.clone())?;
        each_caption(&mut document, |caption| {
            if let Some(text) = translation(caption) {
                text.clone_into(caption);
            }
        });
        // A blank line on either side of each tag: what is between them is Markdown again. No text ends the script.
        let document = document.to_string().replace("</", "<\\/");
        let fence = page[..shown.start].rfind("```").expect("a block begins");
        let script = format!("<script type=\"application/json\">{document}</script>");
        edits.replace(fence..fence, format!("<ipc-scene>\n\n{script}\n\n"));
        let end = shown.end + "```".len();
        edits.replace(end..end, "\n\n</ipc-scene>");
    }
    Ok(edits.apply(page))
}

/// Returns the first line that differs in more than numbers. What the object holds is not compared: it is looked at a
/// moment after the event, and another process may be faster or slower.
pub fn difference(recorded: &str, new: &str) -> Result<Option<String>> {
    let without_states = |document: &str| {
        let mut document: Value = serde_json::from_str(document)?;
        for event in document["events"].as_array_mut().into_iter().flatten() {
            event.as_object_mut().map(|event| event.remove("state"));
        }
        self::recorded(&document.to_string())
    };
    Ok(compare::difference(&without_states(recorded)?, &without_states(new)?))
}

/// Returns whether the calls of a scene are on other lines than when it was recorded.
pub fn has_other_lines(recorded: &str, new: &str) -> Result<bool> {
    let sources = |document: &str| -> Result<Vec<Value>> {
        let document: Value = serde_json::from_str(document)?;
        let events = document["events"].as_array().into_iter().flatten();
        Ok(events.map(|event| event["source"].clone()).collect())
    };
    Ok(sources(recorded)? != sources(new)?)
}

/// Visits the texts for the reader: the names of the processes, the claim, what an event says, the question and its
/// options; and calls and outcomes in words. The text of an object is a key or a path.
fn each_caption(document: &mut Value, mut visit: impl FnMut(&mut String)) {
    let mut caption = |value: &mut Value, most_words: usize| {
        if let Value::String(text) = value
            && words(text) > most_words
        {
            visit(text);
        }
    };
    caption(&mut document["claim"], 0);
    for actor in document["actors"].as_array_mut().into_iter().flatten() {
        caption(&mut actor["name"], 0);
    }
    // A name that recurs gets the same translation, by which the player finds the lane.
    for event in document["events"].as_array_mut().into_iter().flatten() {
        caption(&mut event["actor"], 0);
        for sleeper in
            event.pointer_mut("/state/sleeping").and_then(Value::as_array_mut).into_iter().flatten()
        {
            caption(sleeper, 0);
        }
    }
    for event in document["events"].as_array_mut().into_iter().flatten().filter(|it| it["kind"] != "object") {
        caption(&mut event["text"], 0);
        if let Some(options) = event.pointer_mut("/question/options").and_then(Value::as_array_mut) {
            for option in options {
                caption(option, 0);
            }
        }
        if event["call"].is_object() {
            caption(&mut event["call"]["name"], 1);
        }
        caption(&mut event["outcome"], 1); // not `done`, not `id 3`
    }
}

/// Returns the number of lower-case words outside quotation marks. A name with dots, such as `client.request`, is none.
fn words(text: &str) -> usize {
    let outside: String = text.split('"').step_by(2).collect();
    let words = outside.split_whitespace().filter(|word| !word.trim_end_matches(['.', ':']).contains('.'));
    let words = words.flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    words.filter(|word| word.len() > 1 && word.chars().all(char::is_lowercase)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"{"schema_version": 1, "claim": "It sleeps.", "holds": true, "events": [
        {"kind": "object", "text": "key 0x1"}, {"kind": "signal", "text": "SIGUSR1"},
        {"kind": "question", "text": "And now?", "question": {"options": ["It sleeps.", "It fails"], "answer": 0}},
        {"kind": "return", "text": null, "call": {"name": "serves 3 clients"}, "outcome": "no room (EAGAIN)"},
        {"kind": "return", "call": {"name": "msgrcv"}, "outcome": "type 1, \"for window 2\"", "state": {"used": 1}}]}"#;

    #[test]
    fn a_scene_has_the_name_of_its_command() {
        assert_eq!(name("ipc-msgq scenario blocking\n").as_deref(), Some("msgq-blocking"));
        for other in ["ipc-msgq scenario", "ipc-msgq ls blocking", "scenario", "ipc-msgq scenario a\nls"] {
            assert_eq!(name(other), None);
        }
    }

    #[test]
    fn a_scene_is_recorded_with_an_event_a_line() {
        let text = recorded(PRINTED).expect("well formed");
        assert!(text.contains("\"claim\": \"It sleeps.\",\n"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("kind")).count(), 5, "{text}");
        assert_eq!(recorded(&text).expect("well formed"), text);
        for wrong in ["error", "{}", &PRINTED.replace("true", "false"), &PRINTED.replace(": 1,", ": 2,")] {
            assert!(recorded(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn captions_are_what_a_reader_reads() {
        let all =
            ["It sleeps.", "And now?", "It sleeps.", "It fails", "serves 3 clients", "no room (EAGAIN)"];
        assert_eq!(captions(PRINTED).expect("well formed"), all);
    }

    #[test]
    fn a_call_of_a_client_is_no_caption() {
        for (text, number) in
            [("client.request", 0), ("message.double_ack", 0), ("10077 maximum exceeded", 2)]
        {
            assert_eq!(words(text), number, "{text}");
        }
    }

    #[test]
    fn a_process_has_one_name_wherever_it_appears() {
        let document = r#"{"actors": [{"name": "reader", "pid": 7}], "events": [
            {"kind": "sleep", "actor": "reader", "call": null, "state": {"sleeping": ["reader"]}},
            {"kind": "check", "actor": null, "call": null, "state": null}]}"#;
        assert_eq!(captions(document).expect("well formed"), ["reader", "reader", "reader"]);
        let mut document: Value = serde_json::from_str(document).expect("well formed");
        each_caption(&mut document, |caption| caption.push('!'));
        assert_eq!(document["actors"][0]["name"], "reader!");
        assert_eq!(document["events"][0]["actor"], "reader!");
        assert_eq!(document["events"][0]["state"]["sleeping"][0], "reader!");
        assert_eq!(document["events"][1]["actor"], Value::Null, "nothing is added where no process acts");
        assert_eq!(document["events"][1]["state"], Value::Null);
    }

    #[test]
    fn a_recorded_scene_that_no_page_plays_is_found() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("scenes")).expect("made");
        let page = "<!-- transcript: scene -->\n```sh\nipc-pipe scenario one\n```\n```text\nx\n```\n";
        for (name, text) in [("a.md", page), ("scenes/pipe-one.json", "{}"), ("scenes/pipe-two.json", "{}")] {
            fs::write(dir.path().join(name), text).expect("written");
        }
        assert_eq!(unplayed(dir.path()).expect("read"), ["pipe-two.json"]);
    }

    #[test]
    fn states_and_numbers_are_no_difference() {
        let same = PRINTED.replace("{\"used\": 1}", "null").replace("3 clients", "4 clients");
        assert_eq!(difference(PRINTED, &same).expect("well formed"), None);
        assert!(difference(PRINTED, &PRINTED.replace("msgrcv", "msgsnd")).expect("well formed").is_some());
        let moved = PRINTED.replace("{\"used\": 1}", "null, \"source\": {\"file\": \"a.rs\", \"line\": 7}");
        assert!(has_other_lines(PRINTED, &moved).expect("well formed"));
        assert!(!has_other_lines(&moved, &moved).expect("well formed"));
    }

    #[test]
    fn a_scene_that_is_not_recorded_is_named() {
        let page = "<!-- transcript: scene -->\n```sh\nipc-none scenario such\n```\n```text\nx\n```\n";
        let error = embedded(page, |_| None).expect_err("not recorded").to_string();
        assert!(error.contains("none-such is not recorded"), "{error}");
    }
}
