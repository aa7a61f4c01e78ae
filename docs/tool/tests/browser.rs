//! The built book in a real browser, in both languages. It says so loudly if there is no chromium.
//!
//! Each page is loaded into a frame as wide as a phone, and then as wide as a screen. `browser/check.js` looks at it:
//! nothing failed to load or run, nothing is wider than the window, the pictures are seen and their labels are legible,
//! the other language can be reached, and the search finds things, by keys and in Korean. `browser/scenes.js` plays the
//! scenes of a page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use serde_json::{Value, json};

/// Names of the browser on different systems.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// How many pages one browser looks at: its virtual time must suffice for all.
const AT_ONCE: usize = 60;

fn browser() -> Option<&'static str> {
    let runs =
        |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = NAMES.into_iter().find(runs);
    if found.is_none() {
        eprintln!(
            "SKIPPED: no browser here, so the book was not looked at; install chromium ({})",
            NAMES.join(", ")
        );
    }
    found
}

/// The book as it is built now: a draft, since the translation has a check of its own.
fn book() -> &'static Path {
    static BOOK: OnceLock<PathBuf> = OnceLock::new();
    BOOK.get_or_init(|| {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool is in docs");
        let output =
            Command::new(env!("CARGO_BIN_EXE_book")).args(["build", "--draft"]).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        docs.join("book")
    })
}

/// Turns a page into the form that is looked at.
type Change<'a> = &'a dyn Fn(&str) -> String;

const CHECK: &str = include_str!("browser/check.js");
const SCENES: &str = include_str!("browser/scenes.js");

/// Copies the book, with the script that checks in each page, and names the pages.
fn copy(from: &Path, to: &Path, script: &str, change: Change) -> Vec<String> {
    fs::create_dir_all(to).expect("made");
    let mut pages = Vec::new();
    for entry in fs::read_dir(from).expect("built").map(|entry| entry.expect("readable")) {
        let (path, name) = (entry.path(), entry.file_name().into_string().expect("UTF-8"));
        if path.is_dir() {
            let inside = copy(&path, &to.join(&name), script, change);
            pages.extend(inside.into_iter().map(|page| format!("{name}/{page}")));
        } else if name.ends_with(".html") && name != "toc.html" {
            let page = change(&fs::read_to_string(&path).expect("UTF-8"));
            let watch = format!("<head>\n<script>{}</script>", include_str!("browser/watch.js"));
            let check = format!("<script>{script}</script>\n    </body>");
            let page = page.replacen("<head>", &watch, 1).replacen("</body>", &check, 1);
            fs::write(to.join(&name), page).expect("written");
            pages.push(name);
        } else {
            fs::copy(&path, to.join(&name)).expect("copied");
        }
    }
    pages
}

/// The report of `check.js` on each page; `Null` where it did not come to its end.
fn reports(browser: &str, folder: &Path, frames: &[Value]) -> Vec<Value> {
    let name = frames[0].to_string().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let file = folder.join(format!("frames-{name}.html"));
    let list = Value::from(frames).to_string();
    fs::write(&file, include_str!("browser/frames.html").replace("FRAMES", &list)).expect("written");
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
        "--allow-file-access-from-files", // errors in scripts are told in full
        "--virtual-time-budget=600000",
        "--window-size=1300,900",
        "--dump-dom",
    ];
    let mut command = Command::new("timeout");
    command.args(["900", browser]).args(flags).stdin(Stdio::null());
    command.arg(format!("--user-data-dir={}", folder.join(format!("profile-{name}")).display()));
    command.env("TMPDIR", folder).env("HOME", folder);
    let output = command.arg(format!("file://{}", file.display())).output().expect("timeout(1) is there");
    let shown = String::from_utf8_lossy(&output.stdout);
    let found = shown.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (found, _) = found.unwrap_or_else(|| {
        panic!("{browser} shows nothing ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr))
    });
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&");
    serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {found}"))
}

/// The reports on all frames, from several browsers at once.
fn all_reports<'a>(
    browser: &str,
    folder: &Path,
    frames: &'a [Value],
    at_once: usize,
) -> Vec<(&'a Value, Value)> {
    thread::scope(|scope| {
        let look = |frames| scope.spawn(move || reports(browser, folder, frames));
        let chunks: Vec<_> = frames.chunks(at_once).map(look).collect();
        let reports = chunks.into_iter().flat_map(|chunk| chunk.join().expect("it has reported"));
        frames.iter().zip(reports).collect()
    })
}

/// What is wrong with a page.
fn wrong(frame: &Value, report: &Value) -> Option<String> {
    let page = frame["page"].as_str().expect("a name");
    let language = if page.starts_with("ko/") { "ko" } else { "en" };
    let fine =
        report["problems"] == json!([]) && report["lang"] == language && report["width"] == frame["width"];
    (!fine).then(|| format!("{page} at {} px: {:#}", frame["width"], report["problems"]))
}

#[test]
fn every_page_works_in_both_languages() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let pages = copy(book(), dir.path(), CHECK, &str::to_owned);
    assert!(pages.iter().any(|page| page.starts_with("ko/")) && pages.len() > 20, "{pages:?}");
    let frames: Vec<_> = pages
        .iter()
        .flat_map(|page| [360, 1280].map(|width| json!({ "page": page, "width": width })))
        .collect();
    let all = all_reports(browser, dir.path(), &frames, AT_ONCE);
    assert_eq!(all.len(), frames.len());
    let sum = |what: &str| all.iter().map(|(_, report)| report[what].as_u64().unwrap_or(0)).sum::<u64>();
    let (searches, pictures) = (sum("searches"), sum("pictures"));
    let wrong: Vec<_> = all.iter().filter_map(|(frame, report)| wrong(frame, report)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(searches > 100 && pictures > 0, "{searches} searches, {pictures} pictures");
    println!("{} pages, {pictures} times a picture, {searches} searches", pages.len());
}

/// Returns the pages that play scenes.
fn pages_with_scenes(folder: &Path, pages: Vec<String>) -> Vec<String> {
    let plays =
        |page: &String| fs::read_to_string(folder.join(page)).is_ok_and(|page| page.contains("<ipc-scene>"));
    pages.into_iter().filter(plays).collect()
}

#[test]
fn every_scene_plays_in_both_languages() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let pages = copy(book(), dir.path(), SCENES, &str::to_owned);
    let pages = pages_with_scenes(dir.path(), pages);
    assert!(pages.iter().any(|page| page.starts_with("ko/")) && pages.len() > 8, "{pages:?}");
    let frames: Vec<_> = pages
        .iter()
        .flat_map(|page| {
            let width = |width| json!({ "page": page, "width": width });
            [width(360), width(1000), json!({ "page": page, "width": 360, "scripts": false })]
        })
        .collect();
    let all = all_reports(browser, dir.path(), &frames, 12);
    let wrong: Vec<_> = all.iter().filter_map(|(frame, report)| wrong(frame, report)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sum = |what: &str| all.iter().map(|(_, report)| report[what].as_u64().unwrap_or(0)).sum::<u64>();
    // Each of the 17 of the message queue in two languages, at two widths and without scripts. Korean may be missing in a
    // draft, but not that of all others.
    assert!(sum("scenes") >= 17 * 6 && sum("questions") >= 17 * 4 && sum("translated") >= 17, "{all:?}");
    println!("{} scenes, {} events, {} questions", sum("scenes"), sum("events"), sum("questions"));
}

/// The checks of the scenes do find what is wrong.
#[test]
fn a_scene_that_does_not_play_is_found() {
    let Some(browser) = browser() else { return };
    let book = book();
    let broken: [(&str, Change); 4] = [
        ("no component", &|page| page.replace("theme/scene-", "theme/gone-")),
        ("a component of another name", &|page| page.replace("ipc-scene>", "other-scene>")),
        ("a broken document", &|page| page.replace("\"schema_version\"", "schema_version")),
        ("a document without events", &|page| page.replace("\"events\"", "\"none\"")),
    ];
    for (what, change) in broken {
        let dir = tempfile::tempdir().expect("a directory");
        copy(book, dir.path(), SCENES, change);
        let frame = json!({ "page": "message-queue/scenarios-waiting.html", "width": 360 });
        let report = &reports(browser, dir.path(), &[frame])[0];
        assert!(report["problems"] != json!([]) || report["scenes"] == 0, "{what} goes unnoticed: {report}");
    }
}

/// The checks do find what is wrong.
#[test]
fn what_is_broken_is_found() {
    let Some(browser) = browser() else { return };
    let book = book();
    let broken: [(&str, Change); 6] = [
        ("a script that fails", &|page| page.replacen("<main", "<script>nowhere()</script><main", 1)),
        ("a script that is missing", &|page| page.replace("course-", "gone-")),
        ("a page that is too wide", &|page| {
            page.replace("</main>", "<p style=\"width: 900px\">wide</p></main>")
        }),
        ("a picture that is missing", &|page| {
            page.replace("</main>", "<img src=\"gone.png\" alt=\"x\"></main>")
        }),
        ("a label outside", &|page| {
            page.replace("</main>", "<span class=\"picture-box\"><svg aria-label=\"x\" viewBox=\"0 0 9 9\"><text x=\"5\">long</text></svg></span></main>")
        }),
        ("no other language", &|page| page.replace("class=\"language\"", "class=\"gone\"")),
    ];
    for (what, change) in broken {
        let dir = tempfile::tempdir().expect("a directory");
        copy(book, dir.path(), CHECK, change);
        let report = &reports(browser, dir.path(), &[json!({ "page": "index.html", "width": 360 })])[0];
        assert!(report.is_null() || report["problems"] != json!([]), "{what} goes unnoticed: {report}");
    }
}
