//! Judges again each time a file is saved, and obeys keys where there is a terminal.

use std::io::{IsTerminal as _, Write, stdin, stdout};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::Duration;

use crossterm::cursor::MoveTo;
use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use crossterm::terminal::{self, Clear, ClearType};
use notify::{RecursiveMode, Watcher};

use crate::exercise::{Course, Exercise, Language};
use crate::judge::{Verdict, Workshop};
use crate::progress::Progress;
use crate::words::Words;
use crate::{Result, hint, reset, show};

/// The pause to wait for after the first change: an editor saves a file in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// How often to look for a change while waiting for a key.
const LOOK: Duration = Duration::from_millis(100);

type Changes = Receiver<notify::Result<notify::Event>>;

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
    let words = Words::of(language);
    let workshop = Workshop::given(course, language);
    let has_keys = stdin().is_terminal() && stdout().is_terminal();
    let mut current = first.or_else(|| show::next(course, progress));
    while let Some(exercise) = current {
        if has_keys {
            clear()?;
        }
        let verdict = workshop.judge(exercise)?;
        show::verdict(&workshop, exercise, &verdict, progress, language)?;
        if has_keys {
            match obey(course, progress, exercise, &changes, language)? {
                Next::Judge => {}
                Next::Exercise => current = show::next_after(course, progress, exercise),
                Next::End => break,
            }
        } else if verdict == Verdict::Passed {
            current = show::next_after(course, progress, exercise);
            writeln!(stdout())?;
        } else {
            let watching = "Watching. Save the file to judge it again; press Ctrl-C to stop.";
            writeln!(stdout(), "{}\n", words.say(watching))?;
            wait_for_change(&changes, &course.given(exercise))?;
        }
    }
    Ok(())
}

/// What comes after a key, or a change of the file.
enum Next {
    Judge,
    Exercise,
    End,
}

/// Waits for a change of the file, and meanwhile does what the keys say.
fn obey(
    course: &Course,
    progress: &mut Progress,
    exercise: &Exercise,
    changes: &Changes,
    language: Language,
) -> Result<Next> {
    let words = Words::of(language);
    let keys = "Watching the file.  h hint   n next   l list   r reset   q quit";
    writeln!(stdout(), "\n{}", words.say(keys))?;
    loop {
        let Some(key) = key_or_change(changes, &course.given(exercise))? else { return Ok(Next::Judge) };
        match key {
            'h' => hint(exercise, None, progress, language)?,
            'l' => show::overview(course, progress, language)?,
            'n' => return Ok(Next::Exercise),
            'q' => return Ok(Next::End),
            'r' => {
                let ask = format!("Reset {}? Your file is kept under another name. y/n", exercise.name);
                writeln!(stdout(), "{}", words.say(&ask))?;
                match key_or_change(changes, &course.given(exercise))? {
                    Some('y') => {
                        reset(course, exercise, progress, language)?;
                        return Ok(Next::Judge);
                    }
                    Some(_) => writeln!(stdout(), "{}", words.say("Not reset."))?,
                    None => return Ok(Next::Judge),
                }
            }
            _ => {}
        }
    }
}

/// The terminal, which hands over each key at once; as before when this is dropped, in a panic too. A signal does the
/// same: see [`restore_terminal`].
struct Keys;

impl Keys {
    fn new() -> Result<Self> {
        terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Leaves the terminal as it was found. Nothing happens if it is so already.
pub fn restore_terminal() {
    let _ = terminal::disable_raw_mode();
}

/// Returns the next key; nothing if the file changed before that.
fn key_or_change(changes: &Changes, file: &Path) -> Result<Option<char>> {
    let _keys = Keys::new()?;
    loop {
        loop {
            match changes.try_recv() {
                Ok(change) => {
                    if is_of(&change?, file) {
                        while changes.recv_timeout(QUIET).is_ok() {}
                        return Ok(None);
                    }
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err("the watch of the files has ended".into()),
            }
        }
        if event::poll(LOOK)?
            && let Event::Key(key) = event::read()?
            && key.is_press()
            && let KeyCode::Char(letter) = key.code
        {
            // Where each key is handed over, Ctrl-C is one too.
            let is_ctrl_c = key.modifiers.contains(KeyModifiers::CONTROL) && letter == 'c';
            return Ok(Some(if is_ctrl_c { 'q' } else { letter.to_ascii_lowercase() }));
        }
    }
}

fn clear() -> Result<()> {
    Ok(crossterm::execute!(stdout(), Clear(ClearType::All), MoveTo(0, 0))?)
}

/// Waits until the file changes.
fn wait_for_change(changes: &Changes, file: &Path) -> Result<()> {
    while !is_of(&changes.recv()??, file) {}
    while changes.recv_timeout(QUIET).is_ok() {}
    Ok(())
}

/// Whether this is a change of the file. Editors write the file, or write another one and rename it: both name the file
/// in the end.
fn is_of(change: &notify::Event, file: &Path) -> bool {
    !change.kind.is_access() && change.paths.iter().any(|path| path == file)
}

#[cfg(test)]
mod tests;
