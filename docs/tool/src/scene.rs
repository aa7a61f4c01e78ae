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
use crate::transcript::Page;

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

/// Visits the texts for the reader: the claim, what an event says, the question and its options. The text of an object
/// is a key or a path.
fn each_caption(document: &mut Value, mut visit: impl FnMut(&mut String)) {
    let mut caption = |value: &mut Value| {
        if let Value::String(text) = value
            && text.contains(char::is_lowercase)
        {
            visit(text);
        }
    };
    caption(&mut document["claim"]);
    for event in document["events"].as_array_mut().into_iter().flatten().filter(|it| it["kind"] != "object") {
        caption(&mut event["text"]);
        if let Some(options) = event["question"]["options"].as_array_mut() {
            options.iter_mut().for_each(&mut caption);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"{"schema_version": 1, "claim": "It sleeps.", "holds": true, "events": [
        {"kind": "object", "text": "key 0x1"}, {"kind": "signal", "text": "SIGUSR1"},
        {"kind": "question", "text": "And now?", "question": {"options": ["It sleeps.", "It fails"], "answer": 0}}]}"#;

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
        assert_eq!(text.lines().filter(|line| line.contains("kind")).count(), 3, "{text}");
        assert_eq!(recorded(&text).expect("well formed"), text);
        for wrong in ["error", "{}", &PRINTED.replace("true", "false"), &PRINTED.replace(": 1,", ": 2,")] {
            assert!(recorded(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn captions_are_what_a_reader_reads() {
        let all = ["It sleeps.", "And now?", "It sleeps.", "It fails"];
        assert_eq!(captions(PRINTED).expect("well formed"), all);
    }

    #[test]
    fn a_scene_that_is_not_recorded_is_named() {
        let page = "<!-- transcript: scene -->\n```sh\nipc-none scenario such\n```\n```text\nx\n```\n";
        let error = embedded(page, |_| None).expect_err("not recorded").to_string();
        assert!(error.contains("none-such is not recorded"), "{error}");
    }
}
