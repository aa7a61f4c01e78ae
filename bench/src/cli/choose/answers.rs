//! The purpose: from the arguments, or from a dialogue.

use std::io::{IsTerminal as _, stderr, stdin};
use std::time::Duration;

use clap::ArgMatches;
use ipc_bench::present::choose::purpose::{Answer, Burn, Common, Outlive, Partners, Priority, Purpose};
use ipc_bench::present::choose::rate::Rate;
use ipc_core::{Error, Result};
use ipc_demo::cpus::Cpus;
use ipc_demo::units::{SIZES, TIMES, parse_duration, parse_number, parse_size};

use crate::cli::ask::ask;

pub(super) const SHARE: &str = Common::QUESTION;
pub(super) const SIZE: &str = "How long is a message, or a chunk of the stream?";
pub(super) const CLIENTS: &str = "How many clients does a server have?";
pub(super) const RATE: &str = "How many messages in a second, from all clients together?";
pub(super) const DEADLINE: &str = "How long may 99 of 100 messages, or answers, take at most?";

/// The word for a rate or a deadline that there is not.
const NONE: &str = "none";

/// Returns the things that can be shared, each with its word, as a help text.
pub(super) fn common() -> String {
    let each: Vec<_> = Common::EACH.iter().map(|(what, word)| format!("{word} ({what})")).collect();
    format!("all, or a comma-separated list of {}", each.join(", "))
}

pub(super) fn parse_common(text: &str) -> Result<Common> {
    Common::parse(text)
}

pub(super) fn parse_clients(text: &str) -> Result<usize> {
    let number = parse_number(text, 1_000_000);
    let wrong = |_| Error::Usage(format!("invalid number of clients '{text}': expected 1 to 1000000"));
    number.map(|number| number as usize).map_err(wrong)
}

/// Returns all answers: from the command line, or from questions.
pub(super) fn purpose(matches: &ArgMatches) -> Result<Purpose> {
    let mut clerk = Clerk { matches, asks: stdin().is_terminal(), taken: Vec::new() };
    let partners = clerk.one_of("between")?;
    let common = clerk.common(partners)?;
    let (ways, shape) = (clerk.one_of("direction")?, clerk.one_of("unit")?);
    let size = clerk.find("size", SIZE, &format!("  {SIZES}"), "64", |text| usage(parse_size(text)))?;
    let clients = clerk.find("clients", CLIENTS, "  a number", "1", parse_clients)?;
    let rate: Option<Rate> = clerk.perhaps("rate", RATE, &Rate::forms(), Rate::parse)?;
    let deadline: Option<Duration> =
        clerk.perhaps("deadline", DEADLINE, TIMES, |text| usage(parse_duration(text)))?;
    let outlive = clerk.one_of("outlive")?;
    let is_about_speed = rate.is_none() && deadline.is_none() && outlive == Outlive::No;
    let usual = if is_about_speed { Priority::Latency } else { Priority::Simplicity };
    let priority = clerk.one_of_with("priority", usual)?;
    // Only where it changes anything.
    let burn_cores = match priority {
        Priority::Cpu | Priority::Simplicity => said(matches, "burn-cores").unwrap_or(Burn::No),
        _ if Cpus::available() == Cpus::Same => said(matches, "burn-cores").unwrap_or(Burn::No),
        _ => clerk.one_of("burn-cores")?,
    };
    if !clerk.taken.is_empty() {
        eprintln!("assumed: {}", clerk.taken.join(" "));
    }
    let rate_per_s = rate.map(|rate| rate.messages(size));
    Ok(Purpose {
        partners,
        common,
        ways,
        shape,
        size,
        clients,
        outlive,
        rate_per_s,
        deadline,
        priority,
        burn_cores,
    })
}

fn usage<T>(parsed: std::result::Result<T, String>) -> Result<T> {
    parsed.map_err(Error::Usage)
}

fn said<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.get_one::<T>(name).cloned()
}

/// The collector of the answers.
struct Clerk<'a> {
    matches: &'a ArgMatches,
    asks: bool,
    /// The defaults that were taken without asking.
    taken: Vec<String>,
}

impl Clerk<'_> {
    /// Returns what the two share. Two containers share a network, unless told otherwise; two processes of one host
    /// everything, without being asked.
    fn common(&mut self, partners: Partners) -> Result<Common> {
        match said(self.matches, "share") {
            Some(common) if partners != Partners::OtherHost => Ok(common), // between hosts only the network counts
            None if partners == Partners::Containers => {
                self.find("share", SHARE, &format!("  {}", common()), "net", Common::parse)
            }
            _ => Ok(Common::ALL),
        }
    }

    fn one_of<T: Answer + Send + Sync>(&mut self, name: &'static str) -> Result<T> {
        self.one_of_with(name, T::ALL[0].0)
    }

    /// Returns one of a few answers, `usual` if it is not given.
    fn one_of_with<T: Answer + Send + Sync>(&mut self, name: &'static str, usual: T) -> Result<T> {
        let width = T::ALL.iter().map(|(_, word, _)| word.len()).max().unwrap_or(0);
        let hint: Vec<_> =
            T::ALL.iter().map(|(_, word, meaning)| format!("  {word:width$}  {meaning}")).collect();
        self.find(name, T::QUESTION, &hint.join("\n"), usual.word(), T::parse)
    }

    /// Returns something that there may be none of, which is not worth a word if there is none.
    fn perhaps<T: Clone + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        question: &str,
        forms: &str,
        read: impl Fn(&str) -> Result<T>,
    ) -> Result<Option<T>> {
        let found = said(self.matches, name);
        if found.is_some() || !self.asks {
            return Ok(found);
        }
        let read = |text: &str| if text == NONE { Ok(None) } else { read(text).map(Some) };
        ask(&mut stdin().lock(), &mut stderr(), question, &format!("  {forms}"), NONE, read)
    }

    fn find<T: Clone + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        question: &str,
        hint: &str,
        usual: &str,
        read: impl Fn(&str) -> Result<T>,
    ) -> Result<T> {
        if let Some(said) = said(self.matches, name) {
            return Ok(said);
        }
        if self.asks {
            return ask(&mut stdin().lock(), &mut stderr(), question, hint, usual, read);
        }
        self.taken.push(format!("--{name} {usual}"));
        read(usual)
    }
}
