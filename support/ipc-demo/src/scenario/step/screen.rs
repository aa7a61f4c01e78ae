//! The screen: the claim, a lane for each process, what is in the object, and what has happened.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::player::{Doing, Player, is_of};
use crate::scenario::event::{Actor, Event, Kind, State};
use crate::scenario::timeline::{call_text, place, what};

/// The smallest screen that has room for everything.
const SMALLEST: (u16, u16) = (60, 16);

/// The width of a process's name and number.
const LABEL: usize = 19;

/// The least width of the call that a process is in.
const CALL: usize = 27;

const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const SLEEP: Style = Style::new().fg(Color::Yellow);
const GOOD: Style = Style::new().fg(Color::Green);
const BAD: Style = Style::new().fg(Color::Red);

/// Draws the screen.
pub fn lines(player: &Player<'_>, width: u16, height: u16) -> Vec<Line<'static>> {
    if width < SMALLEST.0 || height < SMALLEST.1 {
        let (columns, rows) = SMALLEST;
        return vec![format!("{width}x{height} is too small: {columns}x{rows} is needed (q ends)").into()];
    }
    let (width, height) = (usize::from(width), usize::from(height));
    let mut lines = heading(player, width);
    lines.push(Line::default());
    lines.extend(player.document.actors.iter().map(|actor| lane(player, actor, width)));
    lines.push(Line::styled(LEGEND, DIM));
    lines.push(Line::default());
    lines.extend(object(player, width));
    lines.push(Line::styled("─".repeat(width), DIM));
    let room = height.saturating_sub(lines.len() + 1);
    lines.extend(history(player, width, room));
    lines.resize(height - 1, Line::default());
    lines.push(keys(player));
    lines
}

const LEGEND: &str = "● start  ▶ call  z sleep  ◀ return  ✗ fails  ! signal  ■ end";

fn heading(player: &Player<'_>, width: usize) -> Vec<Line<'static>> {
    let name = format!("{} {}", player.document.mechanism, player.document.scenario);
    let event = player.event();
    let at = format!("{:.1} ms  {}/{}", event.t_ms, player.position() + 1, player.document.events.len());
    let gap = width.saturating_sub(name.chars().count() + at.chars().count());
    let mut lines = vec![Line::from(vec![
        Span::styled(name, BOLD.fg(Color::Cyan)),
        Span::raw(" ".repeat(gap)),
        Span::styled(at, DIM),
    ])];
    lines.extend(wrapped(player.document.claim, width).into_iter().map(Line::from));
    lines
}

/// Draws the lane of a process: its name, a mark for each event up to now, and the call that it is in.
fn lane(player: &Player<'_>, actor: &Actor, width: usize) -> Line<'static> {
    let doings = player.doings(actor);
    let now = doings[player.position()];
    let label = format!("{} {}", cut(&actor.name, LABEL - 8), actor.pid);
    let label_style = match now {
        Doing::NotStarted | Doing::Ended => DIM,
        Doing::Asleep => SLEEP,
        Doing::Idle | Doing::Calling => BOLD,
    };
    let mut spans = vec![Span::styled(format!("{label:<LABEL$}"), label_style)];
    let track = width - LABEL - CALL - 1;
    let first = (player.position() + 1).saturating_sub(track);
    let mut marks = 0;
    for (event, &doing) in player.document.events.iter().zip(&doings).skip(first) {
        let (mark, style) = mark(event, actor, doing);
        spans.push(Span::styled(mark.to_string(), style));
        marks += 1;
    }
    spans.push(Span::raw(" ".repeat(track - marks + 1)));
    let call = || player.call(actor).and_then(|event| event.call.as_ref()).map(call_text);
    let (text, style) = match now {
        Doing::Asleep => (call().unwrap_or_default(), SLEEP),
        Doing::Calling => (call().unwrap_or_default(), GOOD),
        Doing::Ended => ("has ended".into(), DIM),
        Doing::NotStarted | Doing::Idle => (String::new(), DIM),
    };
    spans.push(Span::styled(cut(&text, CALL), style));
    Line::from(spans)
}

/// Returns the mark of an event in the lane of a process.
fn mark(event: &Event, actor: &Actor, doing: Doing) -> (char, Style) {
    let own = is_of(event, actor).then_some(event.kind);
    match (own, doing) {
        (Some(Kind::Start), _) => ('●', BOLD),
        (Some(Kind::Begin), _) => ('▶', GOOD),
        (Some(Kind::Return), _) if event.ok == Some(false) => ('✗', BAD),
        (Some(Kind::Return), _) => ('◀', GOOD),
        (Some(Kind::Signal), _) => ('!', BAD),
        (Some(Kind::Exit | Kind::Kill), _) => ('■', BAD),
        (_, Doing::Asleep) => ('z', SLEEP),
        (_, Doing::Calling) => ('━', GOOD),
        (_, Doing::Idle) => ('─', DIM),
        (_, Doing::NotStarted | Doing::Ended) => (' ', DIM),
    }
}

/// Draws the object: how full it is, and what is in it.
fn object(player: &Player<'_>, width: usize) -> Vec<Line<'static>> {
    let title = Line::styled(cut(&player.document.object.what, width), BOLD);
    let Some(state) = &player.event().state else {
        return vec![title, Line::styled("does not exist any more", BAD), Line::default()];
    };
    let contents = match &state.contents {
        None => String::new(),
        Some(contents) if contents.is_empty() => "empty".into(),
        Some(contents) => contents.join(" │ "),
    };
    vec![title, gauge(state, width), Line::from(cut(&contents, width))]
}

fn gauge(state: &State, width: usize) -> Line<'static> {
    let unit = state.unit.unwrap_or_default();
    let Some(used) = state.used else { return Line::default() };
    let room = state.capacity.map(|capacity| format!(" of {capacity}")).unwrap_or_default();
    let messages = match state.items {
        None => String::new(),
        Some(1) => ", 1 message".into(),
        Some(items) => format!(", {items} messages"),
    };
    let text = format!("{used}{room} {unit}{messages}");
    let Some(capacity) = state.capacity.filter(|&capacity| capacity > 0) else { return Line::from(text) };
    let bar = width.saturating_sub(text.chars().count() + 3).min(40);
    // A byte in a large buffer is seen, too.
    let full = (used * bar).div_ceil(capacity).min(bar);
    let style = if used >= capacity { BAD } else { Style::new().fg(Color::Cyan) };
    Line::from(vec![
        Span::styled("█".repeat(full), style),
        Span::styled("░".repeat(bar - full), DIM),
        Span::raw("  "),
        Span::raw(text),
    ])
}

/// Draws the last events, the newest at the bottom; or the question at this place.
fn history(player: &Player<'_>, width: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = now(player, width);
    for event in player.document.events[..player.position()].iter().rev() {
        // The lanes show which calls have begun.
        if event.kind == Kind::Question || (event.kind == Kind::Begin && !event.is_announced) {
            continue;
        }
        let older: Vec<_> = told(event, width).into_iter().map(|line| Line::styled(line, DIM)).collect();
        if older.len() + lines.len() > room {
            break;
        }
        lines.splice(0..0, older);
    }
    lines.truncate(room);
    lines
}

fn now(player: &Player<'_>, width: usize) -> Vec<Line<'static>> {
    let event = player.event();
    let style = match (event.kind, event.ok) {
        (Kind::Question, _) => BOLD.fg(Color::Magenta),
        (Kind::Check, Some(true)) => GOOD.add_modifier(Modifier::BOLD),
        (Kind::Check, _) => BAD.add_modifier(Modifier::BOLD),
        _ => BOLD,
    };
    let mut lines: Vec<_> = told(event, width).into_iter().map(|line| Line::styled(line, style)).collect();
    let Some((question, chosen)) = player.question() else { return lines };
    for (number, option) in question.options.iter().enumerate() {
        let (sign, style) = match chosen {
            Some(_) if number == question.answer => ("✓", GOOD),
            Some(chosen) if number == chosen => ("✗", BAD),
            _ => (" ", Style::new()),
        };
        let first = format!("   {sign} {}  ", number + 1);
        let indents = textwrap::Options::new(width).initial_indent(&first).subsequent_indent("        ");
        let option = textwrap::wrap(option, indents).into_iter();
        lines.extend(option.map(|line| Line::styled(line.into_owned(), style)));
    }
    lines
}

/// Tells an event in words, with the line of code that has it happen.
fn told(event: &Event, width: usize) -> Vec<String> {
    let actor = event.actor.as_deref().map(|actor| format!("{actor}: ")).unwrap_or_default();
    let source = event.source.as_ref().map(|source| format!("  {}", place(source)));
    let question = if event.kind == Kind::Question { "? " } else { "" };
    let text = format!("{question}{actor}{}{}", what(event), source.unwrap_or_default());
    wrapped(&text, width - 2).into_iter().map(|line| format!(" {line}")).collect()
}

fn keys(player: &Player<'_>) -> Line<'static> {
    let play = if player.is_playing() { "pause" } else { "play" };
    let answer = if player.question().is_some() { "  1-9 answer" } else { "" };
    let keys = format!(" space {play}  → ← step  Home End{answer}  q quit");
    Line::styled(keys, Style::new().add_modifier(Modifier::REVERSED))
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, width).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Shortens a text to a width.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::step::player::tests::run;

    /// Returns the screen as text.
    fn shown(player: &Player<'_>, width: u16, height: u16) -> Vec<String> {
        lines(player, width, height).iter().map(ToString::to_string).collect()
    }

    /// At every place, the screen fits the terminal, and its last line names the keys.
    #[test]
    fn the_screen_fits() {
        let run = run();
        let mut player = Player::new(&run);
        for (width, height) in [(80, 24), (60, 16), (200, 60)] {
            for _ in &run.events {
                let screen = shown(&player, width, height);
                assert_eq!(screen.len(), usize::from(height));
                let fits = |line: &String| line.chars().count() <= usize::from(width);
                assert!(screen.iter().all(fits), "{screen:#?}");
                assert!(screen.last().is_some_and(|line| line.ends_with("q quit")), "{screen:#?}");
                player.step(1);
            }
            player.step(isize::MIN);
        }
        assert!(shown(&player, 59, 24)[0].starts_with("59x24 is too small"));
    }

    #[test]
    fn a_lane_shows_what_the_process_does() {
        let run = run();
        let mut player = Player::new(&run);
        player.step(5);
        let screen = shown(&player, 80, 24);
        let [reader, writer] = ["reader 7", "writer 8"]
            .map(|name| screen.iter().find(|line| line.starts_with(name)).expect("a lane").trim_end());
        assert!(reader.contains("●▶━zz ") && reader.ends_with("read(100 bytes)"), "{reader}");
        assert!(writer.contains("▶ ") && writer.ends_with("read(100 bytes)"), "{writer}");
        assert!(screen.iter().any(|line| line.starts_with(&"█".repeat(30)) && line.contains("3 of 4")));
        player.step(isize::MAX);
        let screen = shown(&player, 80, 24);
        let reader = screen.iter().find(|line| line.starts_with("reader 7")).expect("a lane");
        assert!(reader.contains("●▶━zz━◀■") && reader.ends_with("has ended"), "{reader}");
    }

    /// The right answer is shown once the user has chosen one, and not before.
    #[test]
    fn a_question_waits_for_an_answer() {
        let run = run();
        let mut player = Player::new(&run);
        player.step(3);
        let before = shown(&player, 80, 24).join("\n");
        assert!(before.contains("? Does it sleep?") && before.contains("1  yes") && before.contains("2  no"));
        assert!(!before.contains('✓') && before.contains("1-9 answer"), "{before}");
        player.answer(0);
        let after = shown(&player, 80, 24).join("\n");
        assert!(after.contains("✗ 1  yes") && after.contains("✓ 2  no"), "{after}");
    }
}
