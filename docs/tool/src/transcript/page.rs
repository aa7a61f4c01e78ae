//! The marked commands of a page.

use std::ops::Range;

use anyhow::{Context, Result, bail};

use crate::scene;
use crate::text::Edits;

/// A block of commands with a mark in front.
pub struct Block {
    /// The line of the mark.
    pub line: usize,
    /// The commands.
    pub commands: String,
    /// They run in the background, as if in another terminal.
    pub terminal: bool,
    /// Their output differs from run to run.
    pub varies: bool,
    /// The name under which their scene is recorded, if the page plays one.
    pub scene: Option<String>,
    /// The programs that they need.
    pub needs: Vec<String>,
    /// The place where the page shows their output; `None` if they are only run, and must not fail.
    pub shown: Option<Range<usize>>,
}

/// A page.
pub struct Page {
    /// Its marked blocks, in order.
    pub blocks: Vec<Block>,
    /// The number of blocks of commands without a mark.
    pub unmarked: usize,
}

impl Page {
    /// Finds the blocks of a page.
    pub fn read(text: &str) -> Result<Self> {
        let mut lines = Lines { text, at: 0, number: 0 };
        let mut page = Self { blocks: Vec::new(), unmarked: 0 };
        while let Some((line, _)) = lines.next() {
            let number = lines.number;
            let mark = line.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
            let (kind, words) = mark.map_or(("", ""), |mark| mark.split_once(':').unwrap_or((mark, "")));
            if !matches!(kind, "transcript" | "run") {
                if let Some(language) = line.trim_start().strip_prefix("```") {
                    page.unmarked += usize::from(language.trim() == "sh");
                    lines.fence_ends();
                }
                continue;
            }
            let Some(commands) = lines.block("sh") else {
                bail!("line {number}: no block of `sh` follows the mark");
            };
            let shown = if kind == "run" { None } else { lines.block("text") };
            if kind == "transcript" && shown.is_none() {
                bail!("line {number}: no block of `text` follows the commands");
            }
            let mut block = Block {
                line: number,
                commands: text[commands].to_owned(),
                terminal: false,
                varies: false,
                scene: None,
                needs: Vec::new(),
                shown,
            };
            block.marks(words).with_context(|| format!("line {number}"))?;
            page.blocks.push(block);
        }
        Ok(page)
    }

    /// Returns the page with the output of each block in its place. Blocks that were not run stay as they are.
    pub fn filled<'a>(&self, text: &str, printed: impl Iterator<Item = Option<&'a str>>) -> String {
        let mut edits = Edits::default();
        for (block, printed) in self.blocks.iter().zip(printed) {
            if let (Some(place), Some(printed)) = (&block.shown, printed) {
                edits.replace(place.clone(), printed);
            }
        }
        edits.apply(text)
    }
}

impl Block {
    /// Parses `terminal, varies, scene, needs strace lsof`.
    fn marks(&mut self, words: &str) -> Result<()> {
        let mut needs = false;
        for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
            match word {
                "terminal" => self.terminal = true,
                "varies" => self.varies = true,
                "scene" => {
                    let name = scene::name(&self.commands);
                    self.scene = Some(name.context("a scene is one command: ipc-NAME scenario SCENE")?);
                }
                "needs" => needs = true,
                program if needs => self.needs.push(program.to_owned()),
                unknown => bail!("unknown mark {unknown}"),
            }
        }
        Ok(())
    }
}

/// The lines of a page, with their places.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<(&'a str, Range<usize>)> {
        let line = self.text[self.at..].split_inclusive('\n').next()?;
        let place = self.at..self.at + line.len();
        self.at = place.end;
        self.number += 1;
        Some((line, place))
    }

    /// Returns the inside of the block of this language that follows after blank lines, if there is one.
    fn block(&mut self, language: &str) -> Option<Range<usize>> {
        let (at, number) = (self.at, self.number);
        while let Some((line, place)) = self.next() {
            if line.trim().is_empty() {
                continue;
            }
            if line.trim_end() == format!("```{language}") {
                return Some(place.end..self.fence_ends());
            }
            break;
        }
        (self.at, self.number) = (at, number);
        None
    }

    /// Advances past the end of a block, and returns the place of that end.
    fn fence_ends(&mut self) -> usize {
        while let Some((line, place)) = self.next() {
            if line.trim() == "```" {
                return place.start;
            }
        }
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_blocks_are_read() {
        let text = "a\n\n<!-- transcript: terminal varies, needs strace ss -->\n\n```sh\nls\n```\n\n```text\nold\n```\n<!-- run -->\n```sh\ntrue\n```\n```sh\nx\n```\n";
        let page = Page::read(text).expect("well formed");
        let first = &page.blocks[0];
        assert_eq!(
            (first.line, first.commands.as_str(), first.terminal, first.varies),
            (3, "ls\n", true, true)
        );
        assert_eq!(first.needs, ["strace", "ss"]);
        assert!(page.blocks[1].shown.is_none() && page.blocks.len() == 2 && page.unmarked == 1);
        assert_eq!(page.filled(text, [Some("new\n"), Some("")].into_iter()), text.replace("old", "new"));
    }

    #[test]
    fn a_mark_without_its_block_is_an_error() {
        for wrong in [
            "<!-- run -->\ntext\n",
            "<!-- transcript -->\n```sh\nls\n```\ntext\n",
            "<!-- run: often -->\n```sh\n```\n",
            "<!-- transcript: scene -->\n```sh\nls\n```\n```text\n```\n",
        ] {
            assert!(Page::read(wrong).is_err(), "{wrong}");
        }
    }
}
