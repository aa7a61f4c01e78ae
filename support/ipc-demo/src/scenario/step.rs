//! `--step`: a run on the whole terminal, event by event, forwards and backwards.
//!
//! The scenario has been run just before. What is shown is its record, so that stepping back is possible, and no process
//! waits meanwhile.
//!
//! | file | contents |
//! |---|---|
//! | `step/player.rs` | the place in the record, and what the processes do there |
//! | `step/screen.rs` | the screen at that place |

mod player;
mod screen;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use ipc_core::{Call as _, Error, Result};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use ratatui::widgets::Paragraph;

use super::event::Document;
use crate::interrupt;
use player::Player;

/// The time for which an event is shown while the run is played.
const PER_EVENT: Duration = Duration::from_millis(900);

/// The time within which a signal is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The signal that is to end the view; 0 if there is none.
static SIGNAL: AtomicI32 = AtomicI32::new(NOT_SHOWN);

/// While nothing is shown: a signal ends the process at once.
const NOT_SHOWN: i32 = -1;

/// Handles the signals that end a program: while the view is shown, the terminal is restored first.
pub(super) fn heed_signals() -> Result<()> {
    interrupt::on_signals(|signal| {
        if SIGNAL.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // The thread that draws ends the process. If it is stuck, as when the terminal is stopped:
            std::thread::sleep(Duration::from_secs(1));
        }
        interrupt::end_as(signal);
    })
}

/// Fails if there is no terminal to draw on, and none to read keys from.
pub(super) fn check_terminal() -> Result<()> {
    let missing = [("output", std::io::stdout().is_terminal()), ("input", std::io::stdin().is_terminal())];
    match missing.iter().find(|(_, is_terminal)| !is_terminal) {
        Some((name, _)) => Err(Error::Usage(format!(
            "--step needs a terminal, and standard {name} is none: leave it out, or use --json"
        ))),
        None => Ok(()),
    }
}

/// Shows the record until the user has seen enough.
pub(super) fn show(document: &Document) -> Result<()> {
    // This also restores the terminal if the program panics.
    let mut terminal = ratatui::try_init().call("tcsetattr")?;
    SIGNAL.store(0, Ordering::Relaxed);
    let mut player = Player::new(document);
    let shown = (|| {
        loop {
            terminal.draw(|frame| {
                let lines = screen::lines(&player, frame.area().width, frame.area().height);
                frame.render_widget(Paragraph::new(lines), frame.area());
            })?;
            match next_key(player.is_playing())? {
                Next::Key(key) if is_end(key) => return Ok(()),
                Next::Key(key) => turn(&mut player, key.code),
                Next::Time => player.play_on(),
                Next::Signal => return Ok(()),
                Next::Nothing => {}
            }
        }
    })();
    let signal = SIGNAL.swap(NOT_SHOWN, Ordering::Relaxed);
    ratatui::restore();
    if signal > 0 {
        interrupt::end_as(signal);
    }
    shown.map_err(|error: std::io::Error| error).call("write")
}

/// What the view reacts to.
enum Next {
    Key(KeyEvent),
    /// The next event is due.
    Time,
    Signal,
    /// The terminal has another size, for example.
    Nothing,
}

/// Waits for a key; while the run is played, not longer than an event is shown.
fn next_key(is_playing: bool) -> std::io::Result<Next> {
    let mut waited = Duration::ZERO;
    while !poll(LOOK_EVERY)? {
        waited += LOOK_EVERY;
        if SIGNAL.load(Ordering::Relaxed) > 0 {
            return Ok(Next::Signal);
        }
        if is_playing && waited >= PER_EVENT {
            return Ok(Next::Time);
        }
    }
    Ok(match read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => Next::Key(key),
        _ => Next::Nothing,
    })
}

fn is_end(key: KeyEvent) -> bool {
    let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}

fn turn(player: &mut Player<'_>, key: KeyCode) {
    match key {
        KeyCode::Char(' ') => player.play_or_pause(),
        KeyCode::Right | KeyCode::Char('l') => player.step(1),
        KeyCode::Left | KeyCode::Char('h') => player.step(-1),
        KeyCode::Home => player.step(isize::MIN),
        KeyCode::End => player.step(isize::MAX),
        KeyCode::Char(digit @ '1'..='9') => player.answer(digit as usize - '1' as usize),
        _ => {}
    }
}
