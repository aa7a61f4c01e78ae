use std::time::Duration;

use ipc_core::Wait;

use super::*;
use crate::invented::{NOISE, case, document, row};
use crate::results::case::Kind;
use crate::results::saved::{PAGE, remove};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Makes a place with runs of this age in days.
fn place(runs: &[(&str, u32)], now: SystemTime) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (name, days) in runs {
        let dir = place.path().join(name);
        fs::create_dir(&dir).unwrap();
        let file = fs::File::create(dir.join(FILE)).unwrap();
        file.set_modified(now - DAY * *days).unwrap();
    }
    place
}

const RUNS: [(&str, u32); 4] = [
    ("2001-01-04T10-00-00.000Z", 1),
    ("2001-01-03T10-00-00.123Z", 2),
    ("before", 3),
    ("2001-01-01T10-00-00.000Z", 4),
];

#[test]
fn a_run_is_found_by_its_number_its_name_and_its_path() {
    let place = place(&RUNS, SystemTime::now());
    let found = |text: &str| find(Some(place.path()), text).map(|dir| name(&dir));
    for (text, expected) in [
        ("latest", "2001-01-04T10-00-00"),
        ("1", "2001-01-04T10-00-00"),
        ("2", "2001-01-03T10-00-00"),
        ("3", "before"),
        ("2001-01-03", "2001-01-03T10-00-00"),
        ("2001-01-01T10-00-00", "2001-01-01T10-00-00"),
        ("bef", "before"),
    ] {
        assert_eq!(found(text).unwrap(), expected, "{text}");
    }
    for (text, said) in [
        ("0", "no saved run '0'"),
        ("5", "no saved run"),
        ("x", "no saved run"),
        ("", "no saved run"),
        ("2001-", "3 saved runs"),
    ] {
        assert!(found(text).unwrap_err().to_string().starts_with(said), "{text}");
    }
    assert!(find(None, "latest").is_err());
    let path = place.path().join("before");
    assert_eq!(find(None, path.to_str().unwrap()).unwrap(), path);
}

#[test]
fn a_trial_and_an_interrupted_run_are_passed_over() {
    let here = Environment::read();
    let good = Document {
        complete: true,
        took_s: 1.0,
        environment: here.clone(),
        ..document(vec![row(&case("pipe", "anonymous", Kind::RoundTrip, Wait::Block), 5e4, NOISE)])
    };
    assert_eq!(passed_over(&good, &here), None);
    let reason = |change: fn(&mut Document)| {
        let mut other = good.clone();
        change(&mut other);
        passed_over(&other, &here).expect("a reason")
    };
    assert_eq!(reason(|run| run.complete = false), "it was interrupted");
    assert_eq!(reason(|run| run.took_s = 0.94), "it took only 0.9 s");
    assert_eq!(reason(|run| run.results.clear()), "nothing was measured");
    assert!(
        reason(|run| run.environment.kernel = Some("Linux 1".into()))
            .starts_with("other kernel: Linux 1, then ")
    );
}

#[test]
fn only_what_all_conditions_name_is_removed_and_only_our_own() {
    let now = SystemTime::now();
    let place = place(&RUNS, now);
    let doomed = |keep, days: Option<u32>| {
        let pruning = Pruning { keep, older_than: days.map(|days| DAY * days) };
        pruning
            .doomed(place.path(), now)
            .iter()
            .map(|dir| name(dir)[8..10].to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(doomed(Some(0), None), "04 03 01");
    assert_eq!(doomed(Some(1), None), "03 01");
    assert_eq!(doomed(Some(3), None), "");
    assert_eq!(doomed(None, Some(3)), "01");
    assert_eq!(doomed(Some(2), Some(1)), "01");
    assert_eq!(doomed(Some(3), Some(1)), "");
}

#[test]
fn what_is_not_ours_stays_in_its_directory() {
    let place = place(&RUNS, SystemTime::now());
    let dir = |nth: usize| place.path().join(RUNS[nth].0);
    fs::write(dir(0).join(PAGE), "").unwrap();
    fs::write(dir(1).join("notes.txt"), "keep").unwrap();
    assert_eq!([remove(&dir(0)).unwrap(), remove(&dir(1)).unwrap()], [true, false]);
    assert!(!dir(0).exists() && dir(1).join("notes.txt").exists() && !dir(1).join(FILE).exists());
    assert!(is_ours(&dir(1)) && !is_ours(&dir(2)));
}
