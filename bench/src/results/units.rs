//! Numbers, lengths and durations, for people.

use std::time::Duration;

/// Returns a length in the short form that the command line accepts: `64`, `4K`, `1M`, `2G`.
#[must_use]
pub fn size_name(size: usize) -> String {
    match size {
        0 => "0".into(),
        _ if size.is_multiple_of(1 << 30) => format!("{}G", size >> 30),
        _ if size.is_multiple_of(1 << 20) => format!("{}M", size >> 20),
        _ if size.is_multiple_of(1 << 10) => format!("{}K", size >> 10),
        _ => size.to_string(),
    }
}

/// Formats alternatives for people: `same, split or A,B`.
#[must_use]
pub fn alternatives(words: &[&str]) -> String {
    match words {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        _ => words.concat(),
    }
}

/// Formats a length for people: `64 bytes`, `4 KiB`.
#[must_use]
pub fn bytes(size: usize) -> String {
    let name = size_name(size);
    match name.strip_suffix(['K', 'M', 'G']) {
        Some(number) => format!("{number} {}iB", &name[number.len()..]),
        None if size == 1 => "1 byte".into(),
        None => format!("{name} bytes"),
    }
}

/// Formats a number with three significant digits.
pub(crate) fn figure(value: f64) -> String {
    match value {
        _ if !value.is_finite() => "–".into(),
        _ if value >= 1000.0 => grouped(value.round() as u64),
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ if value >= 0.9995 => format!("{value:.2}"),
        _ if value > 0.0 => format!("{value:.3}"),
        _ => "0".into(),
    }
}

/// Formats a duration for people: `45 s`, `2 min 5 s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Formats a number of clients for people: `1,000 clients`.
pub(crate) fn clients(number: usize) -> String {
    counted(number as u64, "client")
}

/// Formats a number of things: `1 message`, `1,030 messages`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{} {thing}s", grouped(number)) }
}

/// Formats `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Returns the batches in which messages leave: `batches of 32`; `None` if each leaves by itself.
#[must_use]
pub fn batches(flush_every: u64) -> Option<String> {
    (flush_every > 1).then(|| format!("batches of {}", grouped(flush_every)))
}

/// Formats the same for the end of a list: `, batches of 32`, or nothing where messages leave by themselves.
pub(crate) fn in_batches(flush_every: u64) -> String {
    batches(flush_every).map(|batches| format!(", {batches}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_listed() {
        let all = ["one", "two", "three"];
        assert_eq!(
            [0, 1, 2, 3].map(|len| alternatives(&all[..len])),
            ["", "one", "one or two", "one, two or three"]
        );
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [0, 12, 123, 1234, 123_456, 1_234_567].map(grouped).join(" "),
            "0 12 123 1,234 123,456 1,234,567"
        );
    }

    #[test]
    fn a_figure_keeps_three_digits() {
        let figures = [0.0, 0.0123, 0.9999, 9.999, 12.34, 99.96, 999.4, 1234.5, f64::NAN].map(figure);
        assert_eq!(figures.join(" "), "0 0.012 1.00 10.0 12.3 100 999 1,235 –"); // 1234.5 rounds away from 0
    }

    #[test]
    fn a_time_is_in_minutes_and_seconds() {
        let words = [0.0, 0.2, 59.1, 60.0, 61.0, 150.0].map(|time| duration(Duration::from_secs_f64(time)));
        assert_eq!(words.join(", "), "0 s, 1 s, 1 min, 1 min, 1 min 1 s, 2 min 30 s");
    }

    #[test]
    fn lengths_are_written_out() {
        assert_eq!(
            [1, 64, 1024, 65536, 1 << 20, 2 << 30].map(bytes).join(", "),
            "1 byte, 64 bytes, 1 KiB, 64 KiB, 1 MiB, 2 GiB"
        );
    }

    #[test]
    fn a_size_is_named_as_the_command_line_takes_it() {
        for size in [1, 64, 1000, 1024, 8192, 65536, 1 << 20, 3 << 20, (1 << 20) + 1, 2 << 30] {
            assert_eq!(ipc_demo::units::parse_size(&size_name(size)), Ok(size));
        }
    }
}
