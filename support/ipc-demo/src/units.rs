//! Numbers on a command line, in the forms that people write: `64KiB`, `20k`, `1e6`, `100ms`, `20k/s`.
//!
//! A number is digits with an optional fraction and exponent, `_` between digits, and a unit; the case of a unit does
//! not matter. The arithmetic is exact: a length that is not a whole number of bytes is refused, not rounded. The
//! crates for this know either sizes or durations, take `K` for 1000, or refuse `0.5s`.

use std::time::Duration;

/// The forms of a length, for a help text: `K` as in `dd` and `ls`, `KB` as in the International System of Units.
pub const SIZES: &str = "64, 4K, 64KiB or 1M; K and KiB are 1024 bytes, KB is 1000";
/// The forms of a count, for a help text.
pub const COUNTS: &str = "10000, 20k or 1e6";
/// The forms of a time, for a help text.
pub const TIMES: &str = "5, 0.5, 2s, 100ms, 50us, 1m or 7d; seconds without a unit";
/// The forms of a rate, for a help text.
pub const RATES: &str = "20000, 20k, 20k/s, 20kHz or 60fps";

type Parsed<T> = Result<T, String>;

/// Parses a length in bytes: see [`SIZES`].
///
/// # Errors
/// The text is not such a length, or is 0.
pub fn parse_size(text: &str) -> Parsed<usize> {
    match parse_size_or_zero(text) {
        Ok(0) => Err("expected a length of at least 1 byte".into()),
        other => other,
    }
}

/// Parses a length in bytes, which may be 0.
///
/// # Errors
/// The text is not such a length.
pub fn parse_size_or_zero(text: &str) -> Parsed<usize> {
    let size =
        Number::of(text).and_then(|number| number.times(bytes(&number.unit)?)).and_then(Product::whole);
    let size = size.and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| format!("expected a length in bytes, such as {SIZES}"))
}

/// Parses a count, a whole number of at least 1: see [`COUNTS`].
///
/// # Errors
/// The text is not such a number.
pub fn parse_count(text: &str) -> Parsed<u64> {
    let count = Number::of(text).and_then(|number| number.count()).filter(|&count| count > 0);
    count.ok_or_else(|| format!("expected a whole number of at least 1, such as {COUNTS}"))
}

/// Parses a whole number from 1 to `most`, in the forms of a count.
///
/// # Errors
/// The text is not such a number.
pub fn parse_number(text: &str, most: u64) -> Parsed<u64> {
    let number = Number::of(text).and_then(|number| number.count());
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("expected a whole number from 1 to {most}"))
}

/// Parses a rate, a whole number of events per second from 1 to `most`: see [`RATES`].
///
/// # Errors
/// The text is not such a rate.
pub fn parse_rate(text: &str, most: u64) -> Parsed<u64> {
    let lower = text.to_lowercase();
    let number = ["/s", "hz", "fps"].iter().find_map(|unit| lower.strip_suffix(unit)).unwrap_or(&lower);
    let rate = Number::of(number).and_then(|number| number.count());
    rate.filter(|rate| (1..=most).contains(rate))
        .ok_or_else(|| format!("expected a number per second from 1 to {most}, such as {RATES}"))
}

/// Parses a time longer than 0: see [`TIMES`]. What is finer than a nanosecond is cut off.
///
/// # Errors
/// The text is not such a time, or is shorter than a nanosecond.
pub fn parse_duration(text: &str) -> Parsed<Duration> {
    match parse_duration_or_zero(text) {
        Ok(Duration::ZERO) => Err(format!("expected a time longer than 0, such as {TIMES}")),
        other => other,
    }
}

/// Parses a time, which may be 0.
///
/// # Errors
/// The text is not such a time.
pub fn parse_duration_or_zero(text: &str) -> Parsed<Duration> {
    let nanos = Number::of(text).and_then(|number| number.times(nanoseconds(&number.unit)?));
    // The kernel counts nanoseconds in an i64: 292 years.
    let nanos = nanos.map(|nanos| nanos.quotient).filter(|&nanos| i64::try_from(nanos).is_ok());
    nanos.map(Duration::from_nanos).ok_or_else(|| format!("expected a time, such as {TIMES}"))
}

/// A number as it was written: `digits` × 10^`exponent` of a unit.
struct Number {
    digits: u128,
    exponent: i32,
    /// In lower case.
    unit: String,
}

/// A number multiplied by the factor of its unit.
struct Product {
    /// Rounded down.
    quotient: u64,
    is_whole: bool,
}

impl Number {
    fn of(text: &str) -> Option<Self> {
        let (mantissa, rest) =
            text.split_at(end_of(text, |char| char.is_ascii_digit() || "._".contains(char)));
        let (exponent, unit) = exponent(rest)?;
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (integer, fraction) = (digits(integer)?, digits(fraction)?);
        if integer.is_empty() && fraction.is_empty() {
            return None;
        }
        Some(Self {
            digits: format!("{integer}{fraction}").parse().ok()?,
            exponent: exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?,
            unit: unit.trim_start().to_lowercase(),
        })
    }

    /// Returns the product; `None` if it does not fit.
    fn times(&self, factor: u64) -> Option<Product> {
        if self.digits == 0 {
            return Some(Product { quotient: 0, is_whole: true });
        }
        let product = self.digits.checked_mul(factor.into())?;
        let power = 10_u128.checked_pow(self.exponent.unsigned_abs())?;
        let (quotient, remainder) = if self.exponent < 0 {
            (product / power, product % power)
        } else {
            (product.checked_mul(power)?, 0)
        };
        Some(Product { quotient: quotient.try_into().ok()?, is_whole: remainder == 0 })
    }

    fn count(&self) -> Option<u64> {
        let factor = match &*self.unit {
            "" => 1,
            "k" => 1_000,
            "m" => 1_000_000,
            "g" => 1_000_000_000,
            _ => return None,
        };
        self.times(factor)?.whole()
    }
}

impl Product {
    fn whole(self) -> Option<u64> {
        self.is_whole.then_some(self.quotient)
    }
}

/// Returns the bytes of a unit.
fn bytes(unit: &str) -> Option<u64> {
    Some(match unit {
        "" | "b" => 1,
        "k" | "ki" | "kib" => 1 << 10,
        "m" | "mi" | "mib" => 1 << 20,
        "g" | "gi" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    })
}

/// Returns the nanoseconds of a unit. The micro sign and the Greek letter look alike.
fn nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "" | "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

/// Splits `e6` or `E-3` from the unit behind it. No unit begins with `e`.
fn exponent(text: &str) -> Option<(i32, &str)> {
    let Some(rest) = text.strip_prefix(['e', 'E']) else { return Some((0, text)) };
    let (exponent, unit) = rest.split_at(end_of(rest, |char| char.is_ascii_digit() || "+-".contains(char)));
    Some((exponent.parse().ok()?, unit))
}

/// Returns the digits without the `_` between them.
fn digits(text: &str) -> Option<String> {
    let is_right = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    (is_right && !text.contains('.')).then(|| text.replace('_', ""))
}

fn end_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|char| !belongs(char)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
