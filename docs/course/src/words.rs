//! What the student reads, in the student's language. The code speaks English; `exercises/ko.toml` has the Korean of each
//! line, by the English one.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::exercise::Language;

const KOREAN: &str = include_str!("../../exercises/ko.toml");

/// The Korean by the English, in which `{}` stands for a value.
type Lines = BTreeMap<String, String>;

/// The lines of a language; none for English.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    runner: Lines,
    points: Lines,
    reasons: Lines,
    /// The head of the file of each exercise, by its name.
    tasks: Lines,
}

impl Words {
    pub fn of(language: Language) -> Self {
        match language {
            Language::En => Self::default(),
            Language::Ko => toml::from_str(KOREAN).expect("tested: it is read"),
        }
    }

    /// Returns a line of the runner itself.
    pub fn say(&self, english: &str) -> String {
        translated(&self.runner, english).unwrap_or_else(|| english.to_owned())
    }

    /// Returns what a test of a judge is about.
    pub fn point(&self, english: &str) -> String {
        translated(&self.points, english).unwrap_or_else(|| english.to_owned())
    }

    /// Returns a line of a judge's reason. What a program printed is among them, and stays as it is.
    pub fn reason(&self, english: &str) -> String {
        translated(&self.reasons, english).unwrap_or_else(|| english.to_owned())
    }

    /// Returns the task of an exercise, where the file of the exercise says it in another language.
    pub fn task(&self, exercise: &str) -> Option<&str> {
        self.tasks.get(exercise).map(|text| text.trim())
    }
}

/// Returns the Korean of a line: of the template with the most text of its own, if several have this form.
fn translated(lines: &Lines, english: &str) -> Option<String> {
    if let Some(korean) = lines.get(english) {
        return Some(korean.clone());
    }
    let found =
        lines.iter().filter_map(|(template, korean)| Some((template, korean, values(template, english)?)));
    let (_, korean, values) = found.max_by_key(|(template, ..)| template.replace("{}", "").len())?;
    let mut text = String::new();
    let mut rest = korean.as_str();
    // Not by replacing one after the other: a value may have such braces, too.
    while let Some((before, after)) = rest.split_once('{') {
        let (number, after) = after.split_once('}')?;
        text += before;
        text += values.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
        rest = after;
    }
    Some(text + rest)
}

/// Returns what stands for each `{}` of the template in this line, if the line has its form.
fn values<'a>(template: &str, line: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces: Vec<&str> = template.split("{}").collect();
    let last = pieces.pop()?;
    if pieces.is_empty() {
        return None; // without a value, it is the line or is not
    }
    let mut rest = line.strip_prefix(pieces[0])?.strip_suffix(last)?;
    let mut values = Vec::new();
    for piece in &pieces[1..] {
        let (value, after) = rest.split_once(piece)?;
        values.push(value);
        rest = after;
    }
    values.push(rest);
    Some(values)
}

#[cfg(test)]
mod tests;
