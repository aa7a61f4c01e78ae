//! The place in the record of a run, and what the processes do there.

use crate::scenario::event::{Actor, Document, Event, Kind, Question};

/// The place in the record.
#[derive(Debug)]
pub struct Player<'a> {
    pub document: &'a Document,
    position: usize,
    is_playing: bool,
    /// The option that the user has chosen for the question at this place.
    chosen: Option<usize>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    NotStarted,
    /// It waits for its next step.
    Idle,
    Calling,
    Asleep,
    Ended,
}

impl<'a> Player<'a> {
    pub const fn new(document: &'a Document) -> Self {
        Self { document, position: 0, is_playing: false, chosen: None }
    }

    pub const fn position(&self) -> usize {
        self.position
    }

    pub const fn is_playing(&self) -> bool {
        self.is_playing
    }

    pub fn event(&self) -> &'a Event {
        &self.document.events[self.position]
    }

    /// Returns the question that is asked at this place, and the option that was chosen.
    pub fn question(&self) -> Option<(&'a Question, Option<usize>)> {
        self.event().question.as_ref().map(|question| (question, self.chosen))
    }

    fn last(&self) -> usize {
        self.document.events.len() - 1
    }

    /// Moves by this many events, forwards or backwards, as far as there are any.
    pub fn step(&mut self, events: isize) {
        self.is_playing = false;
        self.go(self.position.saturating_add_signed(events));
    }

    fn go(&mut self, position: usize) {
        self.position = position.min(self.last());
        self.chosen = None;
    }

    /// Goes on by itself, or stops. At the end, begins again.
    pub fn play_or_pause(&mut self) {
        self.is_playing = !self.is_playing;
        if self.is_playing {
            let is_at_end = self.position == self.last();
            self.go(if is_at_end { 0 } else { self.position + 1 });
        }
    }

    /// Goes to the next event of a run that is played; stops at a question and at the end.
    pub fn play_on(&mut self) {
        self.go(self.position + 1);
        self.is_playing = self.position < self.last() && self.question().is_none();
    }

    /// Chooses an option of the question at this place, if there is one.
    pub fn answer(&mut self, option: usize) {
        if let Some((question, None)) = self.question()
            && option < question.options.len()
        {
            self.chosen = Some(option);
        }
    }

    /// Returns what a process does just after each event up to this place.
    pub fn doings(&self, actor: &Actor) -> Vec<Doing> {
        let mut doing = Doing::NotStarted;
        let events = &self.document.events[..=self.position];
        let after = |event: &Event| {
            doing = match event.kind {
                Kind::Start | Kind::Return if is_of(event, actor) => Doing::Idle,
                Kind::Begin if is_of(event, actor) => Doing::Calling,
                Kind::Sleep if is_of(event, actor) => Doing::Asleep,
                Kind::Exit | Kind::Kill if is_of(event, actor) => Doing::Ended,
                _ if doing == Doing::Asleep && is_awake(event, actor) => Doing::Calling,
                _ => doing,
            };
            doing
        };
        events.iter().map(after).collect()
    }

    /// Returns the call that a process is in at this place.
    pub fn call(&self, actor: &Actor) -> Option<&'a Event> {
        let mut before = self.document.events[..=self.position].iter().rev();
        before.find(|event| is_of(event, actor) && event.kind == Kind::Begin)
    }
}

/// Returns whether the event is one of this process.
pub fn is_of(event: &Event, actor: &Actor) -> bool {
    event.pid == Some(actor.pid)
}

/// Returns whether the kernel says after the event that the process does not sleep any more.
fn is_awake(event: &Event, actor: &Actor) -> bool {
    event.state.as_ref().is_some_and(|state| !state.sleeping.contains(&actor.name))
}

#[cfg(test)]
pub mod tests {
    use super::Doing::{Asleep, Calling, Ended, Idle, NotStarted};
    use super::*;
    use crate::scenario::event::{Call, Object, State};

    /// Returns a run in which process 7 sleeps in its call until process 8 makes one.
    pub fn run() -> Document {
        let actor = |name: &str, pid| Actor { name: name.into(), pid };
        let event = |kind, pid: Option<u32>, sleeping: &[&str]| {
            let sleeping = sleeping.iter().map(|&name| name.to_owned()).collect();
            let state = State { used: Some(3), capacity: Some(4), sleeping, ..State::default() };
            let call = pid.map(|_| Call::new("read", ["100 bytes".into()]));
            Event { pid, call, state: Some(state), ..Event::new(kind) }
        };
        let question = Some(Question {
            options: vec![
                "yes",
                "no, since it is told that there is nothing to be read, and does something else",
            ],
            answer: 1,
        });
        Document {
            schema_version: 1,
            mechanism: "any",
            scenario: "test",
            claim: "It sleeps.",
            holds: true,
            object: Object { name: "buffer", what: "a buffer".into(), capacity: None, unit: None },
            actors: vec![actor("reader", 7), actor("writer", 8)],
            events: vec![
                event(Kind::Object, None, &[]),
                event(Kind::Start, Some(7), &[]),
                event(Kind::Begin, Some(7), &[]),
                Event { question, text: Some("Does it sleep?".into()), ..event(Kind::Question, None, &[]) },
                event(Kind::Sleep, Some(7), &["reader"]),
                event(Kind::Begin, Some(8), &["reader"]),
                event(Kind::Return, Some(8), &[]),
                event(Kind::Return, Some(7), &[]),
                event(Kind::Kill, Some(7), &[]),
            ],
        }
    }

    #[test]
    fn a_process_is_awake_once_the_kernel_says_so() {
        let run = run();
        let mut player = Player::new(&run);
        player.step(isize::MAX);
        let expected = [NotStarted, Idle, Calling, Calling, Asleep, Asleep, Calling, Idle, Ended];
        assert_eq!(player.doings(&run.actors[0]), expected);
        assert_eq!(player.doings(&run.actors[1])[5..], [Calling, Idle, Idle, Idle]);
    }

    #[test]
    fn stepping_stays_within_the_run() {
        let run = run();
        let mut player = Player::new(&run);
        let mut at = |events| {
            player.step(events);
            player.position()
        };
        assert_eq!([at(-1), at(1), at(isize::MAX), at(1), at(-1), at(isize::MIN)], [0, 1, 8, 8, 7, 0]);
    }

    /// Playing stops where the reader is asked, and at the end; from there it begins again.
    #[test]
    fn playing_stops_at_a_question() {
        let run = run();
        let mut player = Player::new(&run);
        let mut play = || {
            player.play_or_pause();
            while player.is_playing() {
                player.play_on();
            }
            player.position()
        };
        assert_eq!([play(), play(), play()], [3, 8, 3]);
    }

    #[test]
    fn an_answer_is_given_once_and_where_it_is_asked() {
        let run = run();
        let mut player = Player::new(&run);
        player.answer(0);
        player.step(3);
        assert_eq!(player.question().map(|(_, chosen)| chosen), Some(None));
        player.answer(2); // there are two
        player.answer(1);
        player.answer(0);
        assert_eq!(player.question().map(|(_, chosen)| chosen), Some(Some(1)));
        player.step(1);
        assert!(player.question().is_none());
    }
}
