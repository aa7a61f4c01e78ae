//! Tests of the page of charts in a real browser, if there is a chromium. A missing one is reported loudly.
//!
//! The page is loaded into frames as wide as a phone, a tablet and a screen. In each, `check.js` uses it as a reader
//! would (every button, the pointer, the keys, both downloads of a chart) and reports errors.

#[path = "../common/mod.rs"]
mod common;
#[path = "../sample/mod.rs"]
mod sample;

use std::path::Path;
use std::process::Command;

use ipc_bench::present::report;
use ipc_bench::results::document::Document;
use ipc_bench::results::row::Row;
use ipc_bench::results::saved;
use serde_json::{Value, json};

/// The browser's names on different systems.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const WIDTHS: [u32; 3] = [360, 768, 1280];

fn browser() -> Option<&'static str> {
    let runs =
        |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = NAMES.into_iter().find(runs);
    if found.is_none() {
        ipc_conformance::skipped("no browser here: install chromium");
    }
    found
}

/// Returns the findings of `check.js` in each frame, by width; `Null` where it did not finish. The last one is the page
/// without its scripts.
fn checked(browser: &str, page: &str, widths: &[u32]) -> Vec<Value> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("frames.html");
    let checking =
        page.replacen("<script>", concat!("<script>", include_str!("watch.js"), "</script>\n<script>"), 1);
    let checking =
        checking.replace("</body>", concat!("<script>", include_str!("check.js"), "</script></body>"));
    let frames =
        json!({ "widths": widths, "page": checking, "plain": page }).to_string().replace('<', "\\u003c");
    std::fs::write(&file, include_str!("frames.html").replace("FRAMES", &frames)).expect("written");
    let flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--virtual-time-budget=60000",
        "--window-size=1300,900",
        "--dump-dom",
    ];
    let mut command = Command::new(browser);
    command.args(flags).arg(format!("--user-data-dir={}", dir.path().join("profile").display()));
    command.env("TMPDIR", dir.path()).env("HOME", dir.path());
    let output = common::run(command.arg(format!("file://{}", file.display())));
    let found =
        output.stdout.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (found, _) =
        found.unwrap_or_else(|| panic!("{browser} shows nothing ({:?}):\n{}", output.status, output.stderr));
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {found}"))
}

/// No errors, every chart drawn with its series, the buttons work, nothing overflows; and without its scripts, too.
fn the_page_works_at(width: u32) {
    let Some(browser) = browser() else { return };
    let found = checked(browser, &report::page(&sample::full()), &[width]);
    let [frame, plain] = &found[..] else { panic!("{found:?}") };
    assert_eq!(frame["problems"], json!([]), "{width} px");
    assert_eq!(frame["width"], width);
    assert_eq!(frame["figures"], 12);
    for counted in ["series", "toggles", "choices", "values", "saved"] {
        assert!(frame[counted].as_u64() > Some(7), "{width} px: {counted}: {frame}");
    }
    assert_eq!(plain["problems"], json!([]), "without scripts");
    assert!(plain["views"].as_u64() > Some(30));
}

#[test]
fn the_page_works_on_a_phone() {
    the_page_works_at(WIDTHS[0]);
}

#[test]
fn the_page_works_on_a_tablet() {
    the_page_works_at(WIDTHS[1]);
}

#[test]
fn the_page_works_on_a_screen() {
    the_page_works_at(WIDTHS[2]);
}

/// A run beside other libraries, whose names are longer than those of the suite: the ends of two of them are alike.
#[test]
fn a_page_of_other_libraries_works_on_a_phone() {
    let Some(browser) = browser() else { return };
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/others.json");
    let mut document = saved::load(&recorded).expect("results");
    let like = document.results.iter().find(|row| row.implementation.contains(" pipe")).expect("C").clone();
    let others = [
        ("C (gcc 12.2.0) pipe in blocks", "pipe", "anonymous"),
        ("C (gcc 12.2.0) unix stream in blocks", "socket", "unix-stream"),
        ("C (gcc 12.2.0) System V queue", "msgq", "sysv"),
        ("boost 1.81 message_queue", "shm", "posix"),
        ("in_place", "shm", "posix"),
        ("in_place", "mmap", "memfd"),
    ];
    document.results.extend(others.map(|(implementation, mechanism, variant)| Row {
        implementation: implementation.into(),
        mechanism: mechanism.into(),
        variant: variant.into(),
        ..like.clone()
    }));
    let found = checked(browser, &report::page(&document), &[360]);
    assert!(found.iter().all(|frame| frame["problems"] == json!([])), "{found:?}");
    assert!(found[0]["series"].as_u64() > Some(20), "{found:?}");
}

/// A page without results has no charts, and no errors either.
#[test]
fn a_page_of_nothing_works_too() {
    let Some(browser) = browser() else { return };
    for frame in checked(browser, &report::page(&Document::empty()), &WIDTHS) {
        assert_eq!(frame["problems"], json!([]), "{frame}");
    }
}

/// The checks detect errors: six at once, and each is named.
#[test]
fn what_is_wrong_is_found() {
    let Some(browser) = browser() else { return };
    let mut page = report::page(&sample::full());
    let wrong = [
        ("<main>", "<main><p style=\"width: 900px\">wide</p>", "wider than the window"),
        (".series.off { display: none; }", "", "still shown"),
        (
            ".plot.at-narrow { font-size: 11px; }",
            ".plot.at-narrow { font-size: 40px; }",
            "leaves the drawing",
        ),
        ("<header>", "<header style=\"height: 900px\">", "not on the first screen"),
        ("'beforeprint'", "'unfold'", "stays folded on paper"),
        ("<main>", "<main><img src=\"http://127.0.0.1:9/x\"/>", "error: <img src="),
    ];
    for (good, bad, _) in wrong {
        assert!(page.contains(good), "the page has changed: {good}");
        page = page.replace(good, bad);
    }
    let found = checked(browser, &page, &[360]);
    let problems = found[0]["problems"].to_string();
    for (_, bad, named) in wrong {
        assert!(problems.contains(named), "it goes unnoticed: {bad}: {problems}");
    }
}

/// A failing script is detected too: the checks do not finish, or report it.
#[test]
fn a_script_that_fails_is_found() {
    let Some(browser) = browser() else { return };
    let (good, bad) = ("'use strict';\n(() => {", "'use strict';\n(() => { nowhere();");
    let page = report::page(&sample::full());
    assert!(page.contains(good), "the page has changed: {good}");
    let found = checked(browser, &page.replace(good, bad), &[360]);
    assert!(found[0].is_null() || found[0]["problems"] != json!([]), "it goes unnoticed: {}", found[0]);
}
