//! The output: the list, and the judge's verdict.

use std::io::{IsTerminal, Write, stdout};

use crate::Result;
use crate::exercise::{Course, Exercise, Kind, Language};
use crate::judge::{self, Verdict, Workshop};
use crate::progress::Progress;
use crate::words::Words;

/// In a reason, what follows is the output of the program.
const PRINTED: &str = "\n--- it printed:";

/// Prints the list, by mechanism, and the next command to type.
pub fn list(course: &Course, progress: &Progress, language: Language) -> Result<()> {
    let mut out = stdout().lock();
    let words = Words::of(language);
    let next = next(course, progress);
    let width = course.exercises.iter().map(|exercise| exercise.name.len()).max().unwrap_or(0);
    let mut mechanism = "";
    for exercise in &course.exercises {
        if exercise.mechanism != mechanism {
            mechanism = &exercise.mechanism;
            writeln!(out, "{}", bold(mechanism))?;
        }
        let mark = if progress.is_done(&exercise.name) {
            "done"
        } else if next.is_some_and(|next| next.name == exercise.name) {
            "next"
        } else {
            ""
        };
        let kind = match exercise.kind {
            Kind::Write => "write",
            Kind::Mend => "mend",
        };
        let (name, minutes, title) = (&exercise.name, exercise.minutes, exercise.title(language));
        let (mark, kind) = (padded(&words.say(mark), 4), padded(&words.say(kind), 5));
        let minutes = words.say(&format!("{minutes:2} min"));
        writeln!(out, "  {mark}  {name:width$}  {kind}  {minutes}  {title}")?;
    }
    let done = format!("{} of {} done.", progress.done_of(course), course.exercises.len());
    writeln!(out, "\n{}", words.say(&done))?;
    if let Some(next) = next {
        let open = format!("Next: open {}", course.given(next).display());
        writeln!(out, "{}", words.say(&open))?;
        writeln!(out, "{}", words.say(&format!("and   cargo run -p course -- run {}", next.name)))?;
    }
    Ok(())
}

/// Prints a line for each mechanism, with the names of the exercises that are still to be solved.
pub fn overview(course: &Course, progress: &Progress, language: Language) -> Result<()> {
    let mut out = stdout().lock();
    let words = Words::of(language);
    for of_one in course.exercises.chunk_by(|one, other| one.mechanism == other.mechanism) {
        let open: Vec<_> = of_one.iter().filter(|exercise| !progress.is_done(&exercise.name)).collect();
        let names = open.iter().map(|exercise| exercise.short_name()).collect::<Vec<_>>().join(", ");
        let (mechanism, count) = (&of_one[0].mechanism, of_one.len());
        let done = words.say(&format!("{} of {count}", count - open.len()));
        writeln!(out, "  {mechanism:8}  {done}  {names}")?;
    }
    Ok(())
}

/// Returns the first exercise that is not done.
pub fn next<'a>(course: &'a Course, progress: &Progress) -> Option<&'a Exercise> {
    course.exercises.iter().find(|exercise| !progress.is_done(&exercise.name))
}

/// Returns the first exercise after this one that is not done; if there is none, the first of all.
pub fn next_after<'a>(course: &'a Course, progress: &Progress, solved: &Exercise) -> Option<&'a Exercise> {
    let behind = course.exercises.iter().skip_while(|exercise| exercise.name != solved.name);
    behind.chain(&course.exercises).find(|exercise| !progress.is_done(&exercise.name))
}

/// Prints the judge's verdict, and the next step. Records the verdict, too.
pub fn verdict(
    workshop: &Workshop,
    exercise: &Exercise,
    verdict: &Verdict,
    progress: &mut Progress,
    language: Language,
) -> Result<()> {
    let (name, course, words) = (&exercise.name, workshop.course, Words::of(language));
    progress.set_done(name, *verdict == Verdict::Passed)?;
    let say = |english: String| writeln!(stdout(), "{}", words.say(&english));
    say(format!("{}: {}", bold(name), exercise.title(language)))?;
    match verdict {
        Verdict::Passed => {
            say(format!("Solved. {}", exercise.why(language)))?;
            say(format!("The book: {}", course.page(exercise).display()))?;
            say(format!("{} of {} solved.", progress.done_of(course), course.exercises.len()))?;
            say(format!("A worked solution, to compare: cargo run -p course -- solution {name}"))?;
            match next_after(course, progress, exercise) {
                Some(next) => say(format!("Next: cargo run -p course -- run {}", next.name))?,
                None => say("That was the last one: all exercises are done.".to_owned())?,
            }
            return Ok(());
        }
        Verdict::NotBuilt => say("It does not compile: see above.".to_owned())?,
        Verdict::Judged(points) => {
            show_points(points, &words)?;
        }
    }
    say(format!("The file: {}", course.given(exercise).display()))?;
    if let Some(task) = words.task(name) {
        writeln!(stdout(), "{task}")?;
    }
    if *verdict != Verdict::NotBuilt {
        say(format!("The program, to try it by hand: {}", workshop.program(exercise).display()))?;
    }
    Ok(say(format!("A hint: cargo run -p course -- hint {name}"))?)
}

/// Prints each point, and why it was not reached.
fn show_points(points: &[(String, Option<String>)], words: &Words) -> Result<()> {
    let mut out = stdout().lock();
    let width = ["yes", "no"].map(|word| columns(&words.say(word))).into_iter().max().unwrap_or(0);
    let mut said: Vec<&str> = Vec::new();
    for (point, wrong) in points {
        let mark = padded(&words.say(if wrong.is_some() { "no" } else { "yes" }), width);
        writeln!(out, "  {mark}  {}", words.point(point))?;
        let Some(wrong) = wrong else { continue };
        let (reason, printed) = wrong.split_once(PRINTED).unwrap_or((wrong, ""));
        for line in reason.lines() {
            writeln!(out, "         {}", judge::shortened(&words.reason(line)))?;
        }
        // A program that fails at once does so at each point, and says the same.
        if said.contains(&printed) {
            writeln!(out, "         {}", words.say("(it printed the same as above)"))?;
        } else if !printed.is_empty() {
            said.push(printed);
            writeln!(out, "         {}", words.say(PRINTED.trim()))?;
            for line in printed.trim_start().lines() {
                writeln!(out, "         {}", judge::shortened(line))?;
            }
        }
    }
    Ok(())
}

/// Returns the text with spaces behind it, up to this number of columns.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Returns the columns that a text takes in a terminal, where a Korean syllable takes two.
fn columns(text: &str) -> usize {
    text.chars().map(|letter| if ('가'..='힣').contains(&letter) { 2 } else { 1 }).sum()
}

fn bold(text: &str) -> String {
    if stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}
