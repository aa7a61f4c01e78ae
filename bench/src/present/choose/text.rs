//! The recommendation for people: it fits a terminal of 80 columns and 24 lines, and says the rest only if asked.

use std::fmt::Write as _;

use super::facts::in_words;
use super::purpose::{Answer, Common, Partners, Priority, Purpose};
use super::{Candidate, Choice, Excluded, Recommendation};
use crate::present::grid::lines;
use crate::results::units::{bytes, clients};

/// Returns the recommendation, with prose no wider than `width` if given; with `all`, the whole ranking as well.
#[must_use]
pub fn text(choice: &Choice, all: bool, width: Option<u16>) -> String {
    let mut text = String::new();
    let prose = |line: &str| lines(line, width);
    match &choice.recommendation {
        None => text.push_str(nothing(choice)),
        Some(Recommendation { candidate, .. }) => {
            text += &prose(&format!("{}, crate {}\n", headline(candidate), candidate.package));
        }
    }
    for warning in &choice.warnings {
        text += &prose(&format!("Careful: {warning}.\n"));
    }
    if let Some(Recommendation { candidate, because, .. }) = &choice.recommendation {
        text += &prose(&format!("{because}\n{}\n", to_write(candidate)));
    }
    for note in &choice.notes {
        text += &prose(&format!("Note: {note}.\n"));
    }
    if let Some(Recommendation { lines, .. }) = &choice.recommendation {
        text.push('\n');
        text += &indented(&lines.dependencies);
        text += &lines.code.as_deref().map(indented).unwrap_or_default();
    }
    if let Some(second) = &choice.runner_up {
        text += &prose(&format!("Runner-up: {}: {}.\n", headline(&second.candidate), second.why_not));
    }
    if all {
        text += &prose(&everything(choice));
    } else if choice.recommendation.is_none() {
        text += &prose(&excluded(choice));
    } else {
        text += &prose(&left_out(choice));
    }
    text
}

/// Returns why nothing is recommended.
fn nothing(choice: &Choice) -> &'static str {
    if choice.some_unmeasured {
        "Not enough was measured: of what was, nothing does this.\n"
    } else if choice.excluded.iter().any(|one| one.too_slow) {
        "None of the six is fast enough for this.\n"
    } else {
        "None of the six does this.\n"
    }
}

/// Returns a variant, its waiting and its figure.
fn headline(one: &Candidate) -> String {
    let Candidate { mechanism, variant, wait, figure_text, .. } = one;
    format!("{mechanism} ({variant}), {wait}: {figure_text}")
}

/// Returns what is left to write, and what is not.
fn to_write(one: &Candidate) -> String {
    let work = format!("To write: {}", in_words(&one.work));
    if one.provided.is_empty() {
        return work + ".";
    }
    format!("{work}; the crate has {}.", in_words(&one.provided))
}

fn indented(code: &str) -> String {
    code.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}

/// Returns how much is not shown.
fn left_out(choice: &Choice) -> String {
    let shown = 1 + usize::from(choice.runner_up.is_some());
    let (more, not) = (choice.ranking.len().saturating_sub(shown), choice.excluded.len());
    match (more, not) {
        (0, 0) => String::new(),
        (0, not) => format!("Excluded: {not}; see `--all`.\n"),
        (more, 0) => format!("Also ranked: {more}; see `--all`.\n"),
        (more, not) => format!("Also ranked: {more}; excluded: {not}; see `--all`.\n"),
    }
}

/// Returns the purpose, the whole ranking, and what was excluded.
fn everything(choice: &Choice) -> String {
    let mut text = format!("\n{}\n", asked(choice));
    if !choice.ranking.is_empty() {
        let _ = writeln!(text, "{}\n", order(choice)); // writing to a String cannot fail
    }
    for (place, one) in choice.ranking.iter().enumerate() {
        let beside: String = one.beside.iter().flat_map(|said| ["; ", said]).collect();
        let _ = writeln!(text, "{:>2}. {}{beside}", place + 1, headline(one));
        let barely: String = one.barely.iter().flat_map(|reason| [reason, ". "]).collect();
        let _ = writeln!(text, "    {barely}{}", to_write(one));
    }
    text + &excluded(choice)
}

/// Returns the order of the ranking in words.
fn order(choice: &Choice) -> String {
    let equal = choice.ranking.iter().filter(|one| one.equals_best).count();
    match choice.purpose.priority {
        Priority::Simplicity => "The less there is to write and to understand, the earlier:".into(),
        _ if equal > 1 => format!(
            "The first {equal} cannot be told apart and are in the order of simplicity; the others follow by their \
             figures:"
        ),
        _ => "By their figures:".into(),
    }
}

fn asked(choice: &Choice) -> String {
    let Purpose { partners, common, ways, shape, size, outlive, priority, .. } = choice.purpose;
    let common = match common {
        Common::ALL => String::new(),
        _ if partners == Partners::OtherHost => String::new(),
        some => format!(" that share {}", some.words().collect::<Vec<_>>().join(",")),
    };
    let rate = choice.purpose.rate_per_s.map(|rate| format!(", {rate} a second")).unwrap_or_default();
    let deadline = choice
        .purpose
        .deadline
        .map(|deadline| format!(", 99 of 100 within {}", humantime::format_duration(deadline)))
        .unwrap_or_default();
    format!(
        "For {}{common}, {}, {} of {}, {}{rate}{deadline}, to outlive: {}. What counts: {}. \
         Measured at {} on cpus {}.",
        partners.word(),
        ways.word(),
        shape.word(),
        bytes(size),
        clients(choice.purpose.clients),
        outlive.word(),
        priority.word(),
        choice.measured_at,
        choice.cpus,
    )
}

fn excluded(choice: &Choice) -> String {
    let mut text = String::new();
    if !choice.excluded.is_empty() {
        text.push_str("\nNot for this:\n");
    }
    for Excluded { mechanism, variant, reason, .. } in &choice.excluded {
        let _ = writeln!(text, "   {mechanism} ({variant}): {reason}");
    }
    text
}
