//! Judges again each time a file is saved.

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

use crate::exercise::{Course, Exercise, Language};
use crate::judge::{Verdict, Workshop};
use crate::progress::Progress;
use crate::{Result, show};

/// The pause to wait for after the first change: an editor saves a file in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// Watches from `first` (or the first exercise not done) on, until the last one is solved.
pub fn watch(
    course: &Course,
    progress: &mut Progress,
    first: Option<&Exercise>,
    language: Language,
) -> Result<()> {
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(sender)?;
    watcher.watch(&course.folder.join("exercises"), RecursiveMode::Recursive)?;
    let workshop = Workshop::given(course);
    let mut current = first.or_else(|| show::next(course, progress));
    while let Some(exercise) = current {
        let verdict = workshop.judge(exercise)?;
        show::verdict(&workshop, exercise, &verdict, progress, language)?;
        if verdict == Verdict::Passed {
            current = show::next_after(course, progress, exercise);
            writeln!(stdout())?;
            continue;
        }
        writeln!(stdout(), "Watching. Save the file to judge it again; press Ctrl-C to stop.\n")?;
        wait_for_change(&changes, &course.given(exercise))?;
    }
    Ok(())
}

/// Waits until the file changes. Editors write the file, or write another one and rename it: both name the file in the
/// end.
fn wait_for_change(changes: &Receiver<notify::Result<notify::Event>>, file: &Path) -> Result<()> {
    loop {
        let change = changes.recv()??;
        if !change.kind.is_access() && change.paths.iter().any(|path| path == file) {
            break;
        }
    }
    while changes.recv_timeout(QUIET).is_ok() {}
    Ok(())
}
