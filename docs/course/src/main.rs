//! The runner of the course's exercises: lists them, builds and judges one, watches the files, shows hints, and records
//! progress.
//!
//! In reading order: [`exercise`] is the list, [`judge`] builds a program and lets its judge check it, [`progress`]
//! remembers the state, [`show`] prints, [`watch`] judges on save, [`check`] is for authors and for CI, which try
//! the judges with [`attempts`]. What they say in Korean is in [`words`].

mod attempts;
mod check;
mod exercise;
mod judge;
mod progress;
mod show;
mod watch;
mod words;

use std::error::Error;
use std::fs;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use ipc_core::{Advise as _, Call as _};
use ipc_demo::{command_line, interrupt, save};

use exercise::{Course, Exercise, Language};
use judge::{Verdict, Workshop};
use progress::Progress;
use words::Words;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The exercises of the course: lists them, judges them, gives hints.
#[derive(Parser)]
#[command(version)]
#[command(after_help = "Exit status: 0 done, 1 not solved yet or failed, 2 wrong usage.")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Commands>,

    /// Language of all that is printed (default: that of the environment)
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,

    /// Folder that contains `exercises` and `solutions`
    #[arg(long, global = true, hide = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/.."))]
    folder: PathBuf,
}

#[derive(Subcommand)]
enum Commands {
    /// List all exercises, which are done, and which is next (the default)
    List,
    /// Build one exercise and judge it
    Run {
        /// Name of the exercise, as listed
        name: String,
    },
    /// Judge an exercise each time its file is saved; keys show a hint, the list, and the next exercise
    Watch {
        /// Exercise to start with (default: the first that is not solved)
        name: Option<String>,
    },
    /// Show the next hint: first where to look, then what is wrong, then nearly the solution
    Hint {
        /// Name of the exercise, as listed
        name: String,
        /// Show this hint instead of the next one
        #[arg(long)]
        stage: Option<usize>,
    },
    /// Show the worked solution of an exercise that you have solved
    Solution {
        /// Name of the exercise, as listed
        name: String,
        /// Show it even if the exercise is not solved yet
        #[arg(long)]
        anyway: bool,
    },
    /// Restore the file as last committed; yours is kept under another name
    Reset {
        /// Name of the exercise, as listed
        name: String,
    },
    /// For authors: check that each exercise fails as given and passes when solved, and that its judge is not fooled
    Check {
        /// Exercises to check (default: all)
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let words = Words::of(Language::of_command_line());
    let matches = match command_line::parse(in_words(Arguments::command().name("course"), &words)) {
        Ok(matches) => matches,
        Err(status) => return status,
    };
    let arguments = Arguments::from_arg_matches(&matches).expect("the same definition has parsed it");
    let ready = interrupt::on_signals(|signal| {
        watch::restore_terminal();
        interrupt::end_as(signal);
    });
    let ready = ready.map_err(Into::into);
    let language = arguments.lang.unwrap_or_else(Language::of_environment);
    match ready.and_then(|()| run(arguments, language)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.is::<exercise::Unknown>() => {
            ipc_demo::report(Err(ipc_core::Error::Usage(words.say(&error.to_string()))))
        }
        // As in `… | head -1`: the reader has enough.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", words.say(&format!("error: {}", words.say(&error.to_string()))));
            ExitCode::FAILURE
        }
    }
}

/// Has the help of a command say everything in these words.
fn in_words(mut command: clap::Command, words: &Words) -> clap::Command {
    if let Some(about) = command.get_about().map(|about| words.say(&about.to_string())) {
        command = command.about(about);
    }
    if let Some(after) = command.get_after_help().map(|after| words.say(&after.to_string())) {
        command = command.after_help(after);
    }
    let command =
        command.mut_args(|argument| match argument.get_help().map(|help| words.say(&help.to_string())) {
            Some(help) => argument.help(help),
            None => argument,
        });
    command.mut_subcommands(|command| in_words(command, words))
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Runs a subcommand; true if it succeeded.
fn run(arguments: Arguments, language: Language) -> Result<bool> {
    let course = Course::open(&arguments.folder)?;
    let mut progress = Progress::load(&course.folder)?;
    match arguments.command.unwrap_or(Commands::List) {
        Commands::List => show::list(&course, &progress, language)?,
        Commands::Run { name } => {
            let exercise = course.find(&name)?;
            let workshop = Workshop::given(&course, language);
            let verdict = workshop.judge(exercise)?;
            show::verdict(&workshop, exercise, &verdict, &mut progress, language)?;
            return Ok(verdict == Verdict::Passed);
        }
        Commands::Watch { name } => {
            let first = name.map(|name| course.find(&name)).transpose()?;
            watch::watch(&course, &mut progress, first, language)?;
        }
        Commands::Hint { name, stage } => hint(course.find(&name)?, stage, &mut progress, language)?,
        Commands::Solution { name, anyway } => {
            return solution(&course, course.find(&name)?, &progress, anyway, language);
        }
        Commands::Reset { name } => reset(&course, course.find(&name)?, &mut progress, language)?,
        Commands::Check { names } => return check::check(&course, &names, &progress),
    }
    Ok(true)
}

fn hint(
    exercise: &Exercise,
    stage: Option<usize>,
    progress: &mut Progress,
    language: Language,
) -> Result<()> {
    let hints = exercise.hints(language);
    let stage = stage.unwrap_or_else(|| (progress.hints_seen(&exercise.name) + 1).min(hints.len()));
    let Some(text) = stage.checked_sub(1).and_then(|index| hints.get(index)) else {
        let what = format!("{} has hints 1 to {}, not {stage}", exercise.name, hints.len());
        return Err(exercise::Unknown(what).into());
    };
    progress.saw_hint(&exercise.name, stage)?;
    let said = format!("Hint {stage} of {}: {text}", hints.len());
    Ok(writeln!(stdout(), "{}", Words::of(language).say(&said))?)
}

fn solution(
    course: &Course,
    exercise: &Exercise,
    progress: &Progress,
    anyway: bool,
    language: Language,
) -> Result<bool> {
    if !anyway && !progress.is_done(&exercise.name) {
        let not_yet = format!(
            "{} is not solved yet. Try `hint {0}` first, or use --anyway to see the solution.",
            exercise.name
        );
        eprintln!("{}", Words::of(language).say(&not_yet));
        return Ok(false);
    }
    let path = course.solution(exercise);
    let text = fs::read_to_string(&path).call("read").on(path.display())?;
    eprintln!("{}", path.display());
    stdout().write_all(text.as_bytes())?;
    Ok(true)
}

/// Restores the committed file, which counts as given. If a solution was committed, that is what comes back.
fn reset(course: &Course, exercise: &Exercise, progress: &mut Progress, language: Language) -> Result<()> {
    let words = Words::of(language);
    let path = course.given(exercise);
    let committed = committed(&path)?;
    if fs::read(&path).is_ok_and(|now| now == committed) {
        println!("{}", words.say(&format!("{} is already as it was given.", path.display())));
    } else {
        let kept = course.folder.join("exercises/.kept").join(&exercise.name).with_extension("rs");
        let folder = kept.parent().expect("it is in a folder");
        fs::create_dir_all(folder).call("mkdir").on(folder.display())?;
        if path.exists() {
            save(&kept, &fs::read(&path).call("read").on(path.display())?)?;
            println!("{}", words.say(&format!("Your file is kept: {}", kept.display())));
        }
        save(&path, &committed)?;
        println!("{}", words.say(&format!("{} is again as it was given.", path.display())));
    }
    progress.undo(&exercise.name)
}

fn committed(path: &Path) -> Result<Vec<u8>> {
    let (folder, name) = (path.parent().expect("in a folder"), path.file_name().expect("a file"));
    let object = format!("HEAD:./{}", name.to_string_lossy());
    let git = Command::new("git").current_dir(folder).args(["show", &object]).output();
    let git = git.call("execve").on("git")?;
    if !git.status.success() {
        let said = String::from_utf8_lossy(&git.stderr);
        return Err(format!("git does not have {}: {}", path.display(), said.trim()).into());
    }
    Ok(git.stdout)
}
