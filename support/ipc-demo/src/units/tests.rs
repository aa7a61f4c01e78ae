use proptest::prelude::*;

use super::*;

#[test]
fn a_length_is_taken_as_people_write_it() {
    let known = [
        ("1", 1),
        ("64", 64),
        ("64B", 64),
        ("4K", 4096),
        ("4k", 4096),
        ("64Ki", 65_536),
        ("64KiB", 65_536),
        ("64 kib", 65_536),
        ("64KB", 64_000),
        ("64kB", 64_000),
        ("1M", 1 << 20),
        ("1MiB", 1 << 20),
        ("1MB", 1_000_000),
        ("2G", 2 << 30),
        ("2GiB", 2 << 30),
        ("2gb", 2_000_000_000),
        ("1.5K", 1536),
        ("0.5KiB", 512),
        ("1e6", 1_000_000),
        ("1_000_000", 1_000_000),
    ];
    for (text, size) in known {
        assert_eq!(parse_size(text), Ok(size), "{text}");
    }
    for text in [
        "", "K", "-1", "+1", "1.5", "0.3K", "1KK", "1Kb/s", "1T", "1e", "1e-1", "_1", "1_", "1__0", "1.2.3",
        ".",
    ] {
        let error = parse_size(text).unwrap_err();
        assert_eq!(
            error,
            "expected a length in bytes, such as 64, 4K, 64KiB or 1M; K and KiB are 1024 bytes, KB is 1000",
            "{text}"
        );
    }
    for text in ["0", "0K", "0.0", "0e99"] {
        assert_eq!(parse_size(text), Err("expected a length of at least 1 byte".into()), "{text}");
        assert_eq!(parse_size_or_zero(text), Ok(0), "{text}");
    }
}

#[test]
fn a_count_is_taken_as_people_write_it() {
    let known = [
        ("1", 1),
        ("10000", 10_000),
        ("20k", 20_000),
        ("20K", 20_000),
        ("1.5k", 1500),
        ("1M", 1_000_000),
        ("1e6", 1_000_000),
        ("1E+6", 1_000_000),
        ("2.5e3", 2500),
        ("100e-2", 1),
        ("1_000_000", 1_000_000),
        ("18446744073709551615", u64::MAX),
    ];
    for (text, count) in known {
        assert_eq!(parse_count(text), Ok(count), "{text}");
        assert_eq!(parse_number(text, count), Ok(count), "{text}");
    }
    for text in ["0", "-1", "1Ki", "1KB", "1.5", "1e400", "", "a", "1 2", "18446744073709551616"] {
        assert_eq!(
            parse_count(text),
            Err("expected a whole number of at least 1, such as 10000, 20k or 1e6".into()),
            "{text}"
        );
        assert_eq!(parse_number(text, 20), Err("expected a whole number from 1 to 20".into()), "{text}");
    }
    assert_eq!((parse_number("20", 20), parse_number("21", 20).is_err()), (Ok(20), true));
}

#[test]
fn a_rate_may_name_the_second() {
    for text in
        ["20000", "20k", "20k/s", "20 k/s", "20kHz", "20 khz", "20kfps", "20000Hz", "2e4/s", "20_000/s"]
    {
        assert_eq!(parse_rate(text, 1_000_000), Ok(20_000), "{text}");
    }
    for text in ["0", "1000001", "20k/m", "/s", "Hz", "", "0.5"] {
        assert_eq!(
            parse_rate(text, 1_000_000),
            Err("expected a number per second from 1 to 1000000, such as 20000, 20k, 20k/s, 20kHz or 60fps"
                .into()),
            "{text}"
        );
    }
}

#[test]
fn a_time_is_in_seconds_unless_its_unit_says_otherwise() {
    let known = [
        ("5", Duration::from_secs(5)),
        ("0.5", Duration::from_millis(500)),
        (".5", Duration::from_millis(500)),
        ("2s", Duration::from_secs(2)),
        ("2 s", Duration::from_secs(2)),
        ("100ms", Duration::from_millis(100)),
        ("1.5ms", Duration::from_micros(1500)),
        ("50us", Duration::from_micros(50)),
        ("50µs", Duration::from_micros(50)),
        ("50μs", Duration::from_micros(50)),
        ("7ns", Duration::from_nanos(7)),
        ("1m", Duration::from_secs(60)),
        ("1.5min", Duration::from_secs(90)),
        ("1h", Duration::from_secs(3600)),
        ("7d", Duration::from_secs(7 * 24 * 3600)),
        ("1e-3", Duration::from_millis(1)),
        ("0.3333333333333", Duration::from_nanos(333_333_333)),
    ];
    for (text, time) in known {
        assert_eq!(parse_duration(text), Ok(time), "{text}");
    }
    for text in ["", "s", "-1", "1y", "1 m s", "inf", "nan", "1e400", "1e18"] {
        let error = "expected a time, such as 5, 0.5, 2s, 100ms, 50us, 1m or 7d; seconds without a unit";
        assert_eq!(parse_duration(text), Err(error.into()), "{text}");
    }
    for text in ["0", "0ms", "0.1ns"] {
        assert!(parse_duration(text).unwrap_err().starts_with("expected a time longer than 0"), "{text}");
        assert_eq!(parse_duration_or_zero(text), Ok(Duration::ZERO), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in ".*", digits in "[0-9._eE+-]{0,50}", unit in "[a-zA-Z/µ]{0,3}") {
        for text in [text, format!("{digits}{unit}")] {
            let _ = (parse_size(&text), parse_count(&text), parse_rate(&text, 10), parse_duration(&text));
        }
    }

    #[test]
    fn each_whole_number_means_itself(number in 1..=u64::MAX) {
        prop_assert_eq!(parse_count(&number.to_string()), Ok(number));
        prop_assert_eq!(parse_rate(&format!("{number}/s"), u64::MAX), Ok(number));
        prop_assert_eq!(parse_size(&number.to_string()), Ok(number as usize));
    }

    #[test]
    fn a_unit_multiplies_and_what_does_not_fit_is_refused(number in 1..=u64::MAX) {
        for (unit, factor) in [("K", 1 << 10), ("KB", 1000), ("MiB", 1 << 20), ("GB", 1_000_000_000)] {
            let product = number.checked_mul(factor).map(|size| size as usize);
            prop_assert_eq!(parse_size(&format!("{number}{unit}")).ok(), product);
        }
        prop_assert_eq!(parse_count(&format!("{number}k")).ok(), number.checked_mul(1000));
    }

    #[test]
    fn a_fraction_means_what_its_digits_say(millis in 1..=10_000_000_u64) {
        let (seconds, rest) = (millis / 1000, millis % 1000);
        prop_assert_eq!(parse_duration(&format!("{seconds}.{rest:03}")), Ok(Duration::from_millis(millis)));
        prop_assert_eq!(parse_count(&format!("{seconds}.{rest:03}k")), Ok(millis));
        prop_assert_eq!(parse_count(&format!("{millis}000e-3")), Ok(millis));
    }
}
