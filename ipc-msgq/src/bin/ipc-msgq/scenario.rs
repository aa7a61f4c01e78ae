//! The scenarios of the course: real processes, a timeline, and a claim that is checked.
//!
//! | file | what it is |
//! |---|---|
//! | `mod.rs` | the list of scenes, and the code that plays one |
//! | `stage.rs` | [`Stage`](stage::Stage): the queue, the clock, and the claims |
//! | `player.rs` | [`Player`](player::Player): another process, told line by line what to do |
//! | `actor.rs` | the work of such a process |
//! | `reply.rs` | its answers |
//! | `story.rs` | the wording of the story |
//! | `waiting.rs`, `routing.rs`, `meeting.rs`, `limits.rs`, `removing.rs` | the scenes |

mod actor;
mod limits;
mod meeting;
mod player;
mod removing;
mod reply;
mod routing;
mod stage;
mod story;
mod waiting;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Command};
use ipc_core::Result;
use ipc_demo::print;

use crate::command::Outcome;
use stage::{Failure, Played, Stage};

pub use actor::Actor;
pub use stage::Guard;

/// A scene.
struct Scene {
    name: &'static str,
    /// The fact that it demonstrates, as a sentence.
    claim: &'static str,
    play: fn(&mut Stage) -> Played,
}

const SCENES: [Scene; 18] = [
    waiting::BLOCKING,
    waiting::NONBLOCKING,
    routing::TWO_RECEIVERS,
    routing::ROUTE_BY_TYPE,
    meeting::SENDER_FIRST,
    meeting::MULTI_CLIENT,
    removing::REMOVE_TOO_EARLY,
    removing::REMOVE_SAFELY,
    meeting::SAME_KEY_SAME_QUEUE,
    limits::SIZE_EXCLUDES_TYPE,
    routing::SELECT_ORDER,
    limits::TOO_LONG,
    limits::QUEUE_FULL,
    limits::FULL_BOTH_WAYS,
    waiting::REMOVED_WHILE_WAITING,
    waiting::INTERRUPTED,
    removing::ORPHAN,
    FALSE_CLAIM,
];

/// A scene that is not listed, for the test that a false claim ends with an error.
const FALSE_CLAIM: Scene = Scene {
    name: "false-claim",
    claim: "An empty queue has a message.",
    play: |stage| {
        let mut receiver = stage.player("receiver")?;
        let reply = receiver.does("try-recv any 100")?;
        stage.claim(reply.text() == Some("a message"), "there was a message")
    },
};

/// Plays a scene with real processes, tells what happens, and checks that it is so
#[derive(Args, Debug)]
#[command(after_help = "Exit status 1 if the kernel behaved otherwise. No queue is left, even after Ctrl-C.")]
#[group(required = true, multiple = false)]
pub struct Scenario {
    /// Which one
    #[arg(value_parser = PossibleValuesParser::new(names()), hide_possible_values = true)]
    name: Option<String>,
    /// Show which there are
    #[arg(long)]
    list: bool,
}

impl Scenario {
    pub fn run(self) -> Result<Outcome> {
        match self.name {
            Some(name) => play(&name),
            None => list().map(|()| Outcome::Done),
        }
    }
}

/// Returns the names, for the error message about an unknown scene.
fn names() -> impl Iterator<Item = PossibleValue> {
    SCENES.iter().map(|scene| PossibleValue::new(scene.name).hide(scene.name == FALSE_CLAIM.name))
}

/// Limits the shell's completion to the listed scenes: it would offer the hidden one, too.
pub fn listed_only(scenario: Command) -> Command {
    let shown = names().filter(|name| !name.is_hide_set());
    scenario.mut_arg("name", |name| {
        name.value_parser(PossibleValuesParser::new(shown)).hide_possible_values(false)
    })
}

fn list() -> Result<()> {
    let mut listed = SCENES.iter().filter(|scene| scene.name != FALSE_CLAIM.name);
    listed.try_for_each(|scene| print(&format!("{:<22} {}\n", scene.name, scene.claim)))
}

fn play(name: &str) -> Result<Outcome> {
    let scene = SCENES.iter().find(|scene| scene.name == name).expect("clap has looked");
    print(&format!("{}: {}\n", scene.name, scene.claim))?;
    let mut stage = Stage::set()?;
    let played = (scene.play)(&mut stage);
    stage.clear();
    match played {
        Ok(()) => print("It is so.\n").map(|()| Outcome::Done),
        Err(Failure::Error(error)) => Err(error),
        Err(Failure::Otherwise(how)) => {
            eprintln!("error: the kernel behaved otherwise: {how}");
            Ok(Outcome::Failed)
        }
    }
}
