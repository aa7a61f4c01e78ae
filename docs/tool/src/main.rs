//! The book: built in English and Korean, and checked. `docs/build` and `docs/transcripts` run this program.
//!
//! `markdown` finds the parts of a page to translate, `po` reads and writes translations, `catalog` combines the two.
//! `book` runs mdBook, and `finish` adds the steps that it leaves out, and marks the pages that are on none of the `paths`.
//! `links` checks the result. `scene` has the recorded runs that the pages play.

mod book;
mod catalog;
mod finish;
mod html;
mod links;
mod markdown;
mod paths;
mod picture;
mod po;
mod scene;
mod search;
mod source;
mod text;
mod transcript;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

const USAGE: &str = "\
docs/build                          builds docs/book (English) and docs/book/ko (Korean), and checks links and translation
docs/build --draft                  the same, with English where the Korean is missing
docs/build po [CHAPTER...]          brings docs/po up to date with the English pages
docs/build po --prune [CHAPTER...]  the same, and forgets the translations of texts that are gone
docs/build po --check [CHAPTER...]  says what is untranslated, fuzzy or obsolete";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["build", "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        ["build"] => check_translation(&[]).and_then(|()| build()),
        ["build", "--draft"] => build(),
        ["build", "po", "--check", ref chapters @ ..] => check_translation(chapters),
        ["build", "po", "--prune", ref chapters @ ..] => catalog::update(chapters, true),
        ["build", "po", ref chapters @ ..] if !chapters.iter().any(|it| it.starts_with('-')) => {
            catalog::update(chapters, false)
        }
        ["transcripts", ref arguments @ ..] => transcript::command(arguments),
        _ => {
            eprintln!("error: invalid arguments '{}'; what is taken:\n{USAGE}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let start = Instant::now();
    book::build()?;
    let folder = source::docs().join("book");
    step("checking the links of both");
    let (links, wrong) = links::problems(&folder)?;
    fail_if_any("links", &wrong)?;
    fail_if_any("scenes that are recorded and not played", &scene::unplayed(&source::docs().join("src"))?)?;
    let pages = source::files(&folder, "html")?.len();
    println!("{pages} pages, {links} links, in {:.1} s", start.elapsed().as_secs_f64());
    println!("{}\n{}", folder.join("index.html").display(), folder.join("ko/index.html").display());
    Ok(())
}

fn check_translation(chapters: &[&str]) -> Result<()> {
    step("checking that the Korean is complete");
    fail_if_any("the Korean is not complete", &catalog::problems(chapters)?)
}

/// Says what is done next. On standard error, where `cargo` has said that this program was built.
pub fn step(what: &str) {
    eprintln!("{what}");
}

fn fail_if_any(what: &str, wrong: &[String]) -> Result<()> {
    if !wrong.is_empty() {
        bail!("{}\n{what}: {} problems", wrong.join("\n"), wrong.len());
    }
    Ok(())
}
