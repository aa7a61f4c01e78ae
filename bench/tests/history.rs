//! Tests of the saved runs: their list, their names, which of them is taken, and which are removed.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Output, bench, run};
use ipc_bench::results::document::Document;
use ipc_bench::results::environment::Environment;
use ipc_bench::results::output::Output as Saved;
use serde_json::Value;

/// The home of a user with saved runs.
struct Home {
    dir: tempfile::TempDir,
    /// The results of a short real run.
    measured: Document,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let one = [
            "--mechanism",
            "pipe",
            "--kind",
            "round-trip",
            "--wait",
            "block",
            "--size",
            "64",
            "--count",
            "50",
        ];
        let output = run(bench().args(one).arg("--json"));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        Self { dir, measured: serde_json::from_str(&output.stdout).unwrap() }
    }

    fn place(&self) -> PathBuf {
        self.dir.path().join("ipc-bench")
    }

    /// Saves a run as if it had been measured on that day; `change` makes it another one.
    fn save(&self, day: u32, change: impl FnOnce(&mut Document)) -> PathBuf {
        let timestamp = format!("2001-01-{day:02}T10:20:30Z");
        let environment = Environment { timestamp, ..Environment::read() };
        let mut document = Document { took_s: 2.5, environment, ..self.measured.clone() };
        change(&mut document);
        let dir = self.place().join(format!("2001-01-{day:02}T10-20-30.123Z"));
        let file = Saved::create(&dir).unwrap().save(&document).unwrap();
        let time = humantime::parse_rfc3339(&document.environment.timestamp).unwrap();
        fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
        dir
    }

    fn run(&self, args: &[&str]) -> Output {
        run(bench().args(args).env("XDG_DATA_HOME", self.dir.path()))
    }

    fn printed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status, Some(0), "{args:?}: {}", output.stderr);
        output.stdout
    }
}

fn page_in(dir: &Path) -> String {
    format!("{}\n", dir.join("report.html").display())
}

#[test]
fn the_list_says_what_each_run_is() {
    let home = Home::new();
    let none = home.run(&["history"]);
    assert_eq!((none.status, none.stdout.as_str()), (Some(0), ""));
    assert!(none.stderr.contains("no saved run in"), "{}", none.stderr);

    home.save(1, |_| ());
    home.save(2, |run| run.complete = false);
    home.save(3, |run| run.took_s = 0.2);
    home.save(4, |run| run.environment.kernel = Some("Linux 1.2.3-45-other".into()));
    fs::create_dir(home.place().join("empty")).unwrap();
    fs::create_dir(home.place().join("broken")).unwrap();
    fs::write(home.place().join("broken/results.json"), "{}").unwrap();
    let text = home.printed(&["history"]);
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80) || text.contains(&home.place().display().to_string()), "{text}");
    let line = |number: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(number));
        line.unwrap_or_else(|| panic!("{number}: {text}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("1 "), "1 broken cannot be read");
    assert_eq!(line("2 "), "2 2001-01-04T10-20-30 quick 1 2.5 s 1.2.3 elsewhere");
    assert!(line("3 ").ends_with("short") && line("3 ").contains(" 0.2 s "), "{text}");
    assert!(line("4 ").ends_with("interrupted") && line("5 ").ends_with("complete"), "{text}");

    let json: Value = serde_json::from_str(&home.printed(&["history", "--json"])).unwrap();
    let runs = json["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 5);
    assert!(runs[0]["error"].as_str().unwrap().contains("not results of ipc-bench"), "{json}");
    assert_eq!(
        (&runs[4]["rows"], &runs[4]["complete"], &runs[4]["took_s"]),
        (&1.into(), &true.into(), &2.5.into())
    );
}

#[test]
fn a_run_is_shown_again_in_any_format() {
    let home = Home::new();
    let older = home.save(1, |run| run.profile = "thorough".into());
    home.save(2, |_| ());
    for name in ["2", "2001-01-01", older.to_str().unwrap()] {
        let json: Value = serde_json::from_str(&home.printed(&["show", name, "--json"])).unwrap();
        assert_eq!(json["profile"], "thorough", "{name}");
    }
    let latest = home.run(&["show", "--format", "csv"]);
    assert_eq!(latest.stdout.lines().count(), 2, "{}", latest.stdout);
    assert!(latest.stderr.contains("2001-01-02T10-20-30.123Z\n"), "{}", latest.stderr);
    let (few, all) = (home.printed(&["show"]), home.printed(&["show", "latest", "--verbose"]));
    assert!(few.lines().count() <= 23, "it fits a terminal: {few}");
    assert!(all.contains("Measured on:") && all.contains("Cost: ") && !few.contains("Measured on:"), "{all}");

    for (name, said) in
        [("7", "no saved run '7'"), ("2001", "2 saved runs begin with '2001'"), ("./none", "./none")]
    {
        let output = home.run(&["show", name]);
        assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""), "{name}");
        assert!(output.stderr.contains(said), "{name}: {}", output.stderr);
    }
}

/// Without a name, a run that was interrupted, was only a trial, or is of another machine is passed over, and that is
/// said. By its name, each is taken.
#[test]
fn what_is_no_good_is_not_taken_without_being_asked_for() {
    let home = Home::new();
    let good = home.save(1, |_| ());
    assert!(!home.run(&["report"]).stderr.contains("passed over"));
    let short = home.save(2, |run| run.took_s = 0.9);
    let interrupted = home.save(3, |run| run.complete = false);
    let report = home.run(&["report"]);
    assert_eq!((report.status, &report.stdout), (Some(0), &page_in(&good)), "{}", report.stderr);
    let passed_over = "passed over: 2001-01-03T10-20-30, as it was interrupted; and 1 more\n";
    assert!(report.stderr.starts_with(passed_over), "{}", report.stderr);
    for (name, dir) in [("latest", &interrupted), ("2", &short)] {
        assert_eq!(home.printed(&["report", name]), page_in(dir));
    }
    let compare = home.run(&["compare", "2"]);
    assert!(compare.stderr.contains(passed_over) && compare.status == Some(0), "{}", compare.stderr);
}

#[test]
fn pruning_removes_what_it_names_and_nothing_else() {
    let home = Home::new();
    let dirs: Vec<_> = (1..=5).map(|day| home.save(day, |_| ())).collect();
    let mine = home.place().join("mine");
    fs::rename(&dirs[0], &mine).unwrap();
    fs::write(dirs[1].join("notes.txt"), "mine").unwrap();
    for args in
        [&["prune"][..], &["prune", "--keep", "-1"], &["prune", "9"], &["prune", "--older-than", "soon"]]
    {
        let output = home.run(args);
        let status = if args.contains(&"9") { 1 } else { 2 }; // there is no such run; the others are wrong usage
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (Some(status), ""),
            "{args:?}: {}",
            output.stderr
        );
    }
    let elsewhere = home.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(mine.join("results.json"), elsewhere.join("results.json")).unwrap();
    let output = home.run(&["prune", elsewhere.to_str().unwrap()]);
    assert_eq!(output.status, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("remove it by hand") && elsewhere.exists(), "{}", output.stderr);

    let would = home.printed(&["prune", "--keep", "2", "--dry-run"]);
    assert_eq!(would.lines().count(), 2, "{would}");
    assert!(dirs[1..].iter().all(|dir| dir.join("results.json").exists()));
    let removed = home.printed(&["prune", "--keep", "2"]);
    let other_files = format!("removed the results in {}; other files in it stay\n", dirs[1].display());
    assert_eq!(removed, format!("{other_files}removed {}\n", dirs[2].display()));
    assert!(!dirs[2].exists() && dirs[1].join("notes.txt").exists() && mine.exists());
    assert!(dirs[3].exists() && dirs[4].exists());

    assert_eq!(
        home.printed(&["prune", "--older-than", "7d", "--keep", "1"]),
        format!("removed {}\n", dirs[3].display())
    );
    let named = home.printed(&["prune", "1", "mine"]);
    assert_eq!(named, format!("removed {}\nremoved {}\n", dirs[4].display(), mine.display()));
    let nothing = home.run(&["prune", "--keep", "0"]);
    assert_eq!((nothing.status, nothing.stdout.as_str()), (Some(0), ""), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("no run to remove"), "{}", nothing.stderr);
}
