//! Compares two outputs, apart from the parts that differ from run to run.

const DAYS: [&str; 19] = [
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
    "Sep", "Oct", "Nov", "Dec",
];

/// Returns the first line that differs in more than numbers, days, months and blanks.
pub fn difference(shown: &str, printed: &str) -> Option<String> {
    let (old, new) = (lines(shown), lines(printed));
    let at = (0..old.len().max(new.len())).find(|&at| core(&old, at) != core(&new, at))?;
    let line = |lines: &[&str]| lines.get(at).map_or("(nothing more)", |line| line.trim_end()).to_owned();
    Some(format!("    page:    {}\n    program: {}", line(&old), line(&new)))
}

fn lines(text: &str) -> Vec<&str> {
    // A release build does not print this.
    let debug = |line: &&str| line.starts_with("warning: this is a debug build");
    text.lines().filter(|line| !line.trim().is_empty() && !debug(line) && !tells_of_a_job(line)).collect()
}

/// Returns true if the shell reports a background job that was ended by a signal. It does so once it notices: after
/// this command or a later one. The mention of a core dump depends on the machine, too.
fn tells_of_a_job(line: &str) -> bool {
    let signals = ["Aborted ", "Bus error ", "Hangup ", "Killed ", "Segmentation fault ", "Terminated "];
    signals.iter().any(|signal| line.strip_prefix(signal).is_some_and(|rest| rest.starts_with("  ")))
}

fn core(lines: &[&str], at: usize) -> Option<String> {
    lines.get(at).map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
}

/// Returns a word with each number in it, decimal or hexadecimal, as `N`.
fn word(word: &str) -> String {
    if DAYS.contains(&word) {
        return "N".to_owned();
    }
    let mut result = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let hex = rest.find(|c: char| !matches!(c, '0'..='9' | 'a'..='f')).unwrap_or(rest.len());
        if rest[..hex].contains(|c: char| c.is_ascii_digit()) {
            // 12.5, 1,234 and 04:17 are one number each.
            let continues = ["N.", "N,", "N:"].iter().any(|end| result.ends_with(end));
            if continues {
                result.pop();
            } else {
                result.push('N');
            }
            rest = &rest[hex..];
        } else {
            let length = hex.max(first.len_utf8());
            result += &rest[..length];
            rest = &rest[length..];
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_do_not_matter() {
        let same = [
            ("took 12.5 µs", "took  7 µs\n"),
            ("key 0x1f00\n", "key 0x2"),
            ("Nov 23 04:17", "Dec  1 23:59:59"),
            ("a\n\nb", "a\nb"),
        ];
        for (one, other) in same {
            assert_eq!(difference(one, other), None);
        }
        assert_eq!(difference("x", "Bus error               ipc-mmap pong memory\nx"), None);
        assert_eq!(difference("x", "warning: this is a debug build; ...\nx"), None);
    }

    #[test]
    fn words_and_lines_do() {
        for (one, other) in [
            ("one 1", "two 1"),
            ("a", "a\nb"),
            ("a\nb", "a"),
            ("7 bytes", "7 B"),
            ("", "x"),
            ("", "Killed by a signal"),
        ] {
            assert!(difference(one, other).is_some(), "{one} {other}");
        }
    }
}
