//! The parts of gettext's po files that are read and written here.

use anyhow::{Result, bail};

/// A message and its translation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The English text.
    pub id: String,
    /// The translation; empty if there is none yet.
    pub text: String,
    /// The pages that contain it.
    pub pages: Vec<String>,
    /// The translators' notes on it (`# ...`).
    pub notes: Vec<String>,
    /// True if the English text has changed since it was translated.
    pub fuzzy: bool,
    /// The English text that was translated, if it has changed.
    pub before: String,
    /// True if the English text was removed.
    pub obsolete: bool,
}

/// The length at which a line is broken.
const WIDTH: usize = 110;

/// Returns the entries of a file, without its header.
pub fn read(file: &str) -> Result<Vec<Entry>> {
    let mut entries = vec![Entry::default()];
    let mut field = "";
    let mut complete = false;
    for (number, line) in file.lines().enumerate() {
        let at = number + 1;
        let line = line.trim();
        let obsolete = line.starts_with("#~");
        let line = if obsolete { line[2..].trim_start() } else { line };
        let starts_next = complete && !line.starts_with('"') && !line.is_empty();
        if starts_next {
            entries.push(Entry::default());
            complete = false;
            field = "";
        }
        let entry = entries.last_mut().expect("there is one");
        entry.obsolete |= obsolete;
        let previous = line.strip_prefix("#|").map(str::trim_start);
        let words = previous.unwrap_or(line);
        let words = match words.split_once(' ') {
            Some((keyword @ ("msgid" | "msgstr"), rest)) => {
                field = if previous.is_some() { "before" } else { keyword };
                rest.trim()
            }
            _ => words,
        };
        if words.starts_with('"') {
            let Some(text) = unquoted(words) else { bail!("line {at}: a quote is missing: {line}") };
            match field {
                "msgid" => entry.id += &text,
                "msgstr" => {
                    entry.text += &text;
                    complete = true;
                }
                "before" => entry.before += &text,
                _ => bail!("line {at}: a text without `msgid` or `msgstr` before it"),
            }
        } else if let Some(pages) = line.strip_prefix("#:") {
            entry.pages.extend(pages.split_whitespace().map(str::to_owned));
        } else if let Some(flags) = line.strip_prefix("#,") {
            entry.fuzzy |= flags.contains("fuzzy");
        } else if let Some(note) = line.strip_prefix('#') {
            entry.notes.push(note.trim().to_owned());
        } else if !line.is_empty() {
            bail!("line {at}: not understood: {line}");
        }
    }
    entries.retain(|entry| !entry.id.is_empty());
    Ok(entries)
}

/// Returns a whole file.
pub fn written(entries: &[Entry], language: &str) -> String {
    let mut file = format!(
        "msgid \"\"\nmsgstr \"\"\n\"Language: {language}\\n\"\n\"MIME-Version: 1.0\\n\"\n\
         \"Content-Type: text/plain; charset=UTF-8\\n\"\n\"Content-Transfer-Encoding: 8bit\\n\"\n"
    );
    for entry in entries {
        file.push('\n');
        for note in &entry.notes {
            file += format!("# {note}").trim_end();
            file.push('\n');
        }
        if !entry.pages.is_empty() && !entry.obsolete {
            file.extend(["#: ", &entry.pages.join(" "), "\n"]);
        }
        if entry.fuzzy {
            file += "#, fuzzy\n";
        }
        let mark = if entry.obsolete { "#~ " } else { "" };
        if !entry.before.is_empty() && !entry.obsolete {
            file += &field("#| ", "msgid", &entry.before);
        }
        file += &field(mark, "msgid", &entry.id);
        file += &field(mark, "msgstr", &entry.text);
    }
    file
}

fn field(mark: &str, keyword: &str, text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    if text.chars().count() + keyword.len() + 3 <= WIDTH {
        return format!("{mark}{keyword} \"{text}\"\n");
    }
    let mut lines = format!("{mark}{keyword} \"\"\n");
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        if !line.is_empty() && line.chars().count() + word.chars().count() > WIDTH - 2 {
            lines.extend([mark, "\"", &line, "\"\n"]);
            line.clear();
        }
        line += word;
    }
    lines + &format!("{mark}\"{line}\"\n")
}

fn unquoted(words: &str) -> Option<String> {
    let inside = words.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut letters = inside.chars();
    while let Some(letter) = letters.next() {
        text.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            '"' => return None,
            other => other,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let long = "a \"quoted\" word, a \\| bar, ".repeat(12).trim().to_owned();
        let entries = [
            Entry {
                id: "one".into(),
                text: "하나".into(),
                pages: vec!["a.md".into(), "b.md".into()],
                ..Entry::default()
            },
            Entry { id: long.clone(), notes: vec!["a note".into()], ..Entry::default() },
            Entry { id: "new".into(), text: "전".into(), fuzzy: true, before: long, ..Entry::default() },
            Entry { id: "gone\\\nbye".into(), text: "끝".into(), obsolete: true, ..Entry::default() },
        ];
        let file = written(&entries, "ko");
        assert!(file.lines().all(|line| line.chars().count() <= WIDTH + 3), "{file}");
        assert_eq!(read(&file).expect("well formed"), entries);
    }

    #[test]
    fn what_is_malformed_is_named() {
        for wrong in ["msgid \"a", "\"alone\"", "hello", "msgid \"a\"b\""] {
            assert!(read(wrong).expect_err(wrong).to_string().starts_with("line 1"), "{wrong}");
        }
    }
}
