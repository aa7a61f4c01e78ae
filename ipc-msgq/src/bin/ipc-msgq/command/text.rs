//! Formatting of output.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use ipc_core::Result;
use ipc_demo::print;
use nix::unistd::{Gid, Group, Uid, User};

/// Prints one JSON document.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value).expect("plain data")))
}

/// Formats columns as wide as their content. The first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  "); // writing to a String cannot fail
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Formats a count with its noun: `1 byte`, `2 bytes`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Returns the text, or its beginning and a `+` if it is longer than `columns`.
pub fn shortened(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns - 1).chain(['+']).collect()
}

/// Returns the user's name, or the number if it has no name.
pub fn user(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// Returns the group's name, or the number if it has no name.
pub fn group(gid: u32) -> String {
    Group::from_gid(Gid::from_raw(gid)).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name)
}

/// Formats a time in RFC 3339.
pub fn moment(time: SystemTime) -> String {
    // A time that cannot be formatted comes from a wrong clock, which is no reason to fail.
    humantime::format_rfc3339_seconds(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

/// Formats the time since then, in its largest unit.
pub fn age(time: SystemTime) -> String {
    let seconds = time.elapsed().unwrap_or(Duration::ZERO).as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}min", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Formats bytes as hexdump(1) with `-C` does.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let mut digits = String::new();
        for (column, byte) in chunk.iter().enumerate() {
            let gap = if column == 8 { " " } else { "" };
            let _ = write!(digits, "{gap}{byte:02x} ");
        }
        let _ = writeln!(text, "{:08x}  {digits:<49} |{}|", row * 16, printable(chunk));
    }
    text
}

/// Formats bytes as text in one line, with a dot for each that cannot be shown.
pub fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| if byte.is_ascii_graphic() || byte == b' ' { byte.into() } else { '.' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_has_sixteen_bytes_a_row_and_dots_for_what_cannot_be_shown() {
        let dump = hex(b"0123456789abcdef\n");
        let rows = [
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|",
            "00000010  0a                                                |.|",
        ];
        assert_eq!(dump.lines().collect::<Vec<_>>(), rows);
        assert_eq!(hex(b""), "");
    }

    #[test]
    fn a_clock_before_1970_is_no_panic() {
        assert_eq!(moment(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn an_age_has_one_unit() {
        let ago = |seconds| age(SystemTime::now() - Duration::from_secs(seconds));
        assert_eq!(
            [0, 59, 60, 3599, 3600, 7199, 86_399, 86_400].map(ago),
            ["0s", "59s", "1min", "59min", "1h", "1h", "23h", "1d"]
        );
        assert_eq!(age(SystemTime::now() + Duration::from_secs(60)), "0s", "a clock that was set back");
    }
}
