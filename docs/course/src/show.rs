//! The output: the list, and the judge's verdict.

use std::io::{IsTerminal, Write, stdout};

use crate::Result;
use crate::exercise::{Course, Exercise, Kind, Language};
use crate::judge::{Verdict, Workshop};
use crate::progress::Progress;

/// In a reason, what follows is the output of the program.
const PRINTED: &str = "\n--- it printed:";

/// Prints the list, by mechanism, and the next command to type.
pub fn list(course: &Course, progress: &Progress, language: Language) -> Result<()> {
    let mut out = stdout().lock();
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
        writeln!(out, "  {mark:4}  {name:width$}  {kind:5}  {minutes:2} min  {title}")?;
    }
    writeln!(out, "\n{} of {} done.", progress.done_of(course), course.exercises.len())?;
    if let Some(next) = next {
        writeln!(out, "Next: open {}", course.given(next).display())?;
        writeln!(out, "and   cargo run -p course -- run {}", next.name)?;
    }
    Ok(())
}

/// Prints a line for each mechanism, with the names of the exercises that are still to be solved.
pub fn overview(course: &Course, progress: &Progress) -> Result<()> {
    let mut out = stdout().lock();
    for of_one in course.exercises.chunk_by(|one, other| one.mechanism == other.mechanism) {
        let open: Vec<_> = of_one.iter().filter(|exercise| !progress.is_done(&exercise.name)).collect();
        let names = open.iter().map(|exercise| exercise.short_name()).collect::<Vec<_>>().join(", ");
        let (mechanism, count) = (&of_one[0].mechanism, of_one.len());
        writeln!(out, "  {mechanism:8}  {} of {count}  {names}", count - open.len())?;
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
    let (name, course) = (&exercise.name, workshop.course);
    progress.set_done(name, *verdict == Verdict::Passed)?;
    let mut out = stdout().lock();
    writeln!(out, "{}: {}", bold(name), exercise.title(language))?;
    match verdict {
        Verdict::Passed => {
            writeln!(out, "Solved. {}", exercise.why(language))?;
            writeln!(out, "The book: {}", course.page(exercise).display())?;
            writeln!(out, "{} of {} solved.", progress.done_of(course), course.exercises.len())?;
        }
        Verdict::NotBuilt => writeln!(out, "It does not compile: see above.")?,
        Verdict::Judged(points) => {
            let mut said: Vec<&str> = Vec::new();
            for (point, wrong) in points {
                writeln!(out, "  {}  {point}", if wrong.is_some() { "no " } else { "yes" })?;
                let Some(wrong) = wrong else { continue };
                let (reason, printed) = wrong.split_once(PRINTED).unwrap_or((wrong, ""));
                for line in reason.lines() {
                    writeln!(out, "         {line}")?;
                }
                // A program that fails at once does so at each point, and says the same.
                if said.contains(&printed) {
                    writeln!(out, "         (it printed the same as above)")?;
                } else if !printed.is_empty() {
                    said.push(printed);
                    writeln!(out, "         {}", PRINTED.trim())?;
                    for line in printed.trim_start().lines() {
                        writeln!(out, "         {line}")?;
                    }
                }
            }
        }
    }
    if *verdict == Verdict::Passed {
        writeln!(out, "A worked solution, to compare: cargo run -p course -- solution {name}")?;
        match next_after(course, progress, exercise) {
            Some(next) => writeln!(out, "Next: cargo run -p course -- run {}", next.name)?,
            None => writeln!(out, "That was the last one: all exercises are done.")?,
        }
    } else {
        writeln!(out, "The file: {}", course.given(exercise).display())?;
        if *verdict != Verdict::NotBuilt {
            writeln!(out, "The program, to try it by hand: {}", workshop.program(exercise).display())?;
        }
        writeln!(out, "A hint: cargo run -p course -- hint {name}")?;
    }
    Ok(())
}

fn bold(text: &str) -> String {
    if stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}
