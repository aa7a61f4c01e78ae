//! For authors and for CI: each exercise fails as given, and passes as solved; and its judge tells wrong attempts from
//! right ones.

use std::fs::{self, File};
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use ipc_core::{Advise as _, Call as _, flock};

use crate::Result;
use crate::attempts::{self, Attempt};
use crate::exercise::{Course, Exercise, Language};
use crate::judge::{self, Verdict, Workshop};
use crate::progress::Progress;

/// What is judged, and what the judge has to say.
enum Subject<'a> {
    Given(&'a Exercise),
    Solved(&'a Exercise),
    Attempt(&'a Attempt<'a>),
}

/// Waits until no other check uses `target`: each writes its attempts there. The file is unlocked when it is closed.
fn lock(target: &Path) -> Result<File> {
    fs::create_dir_all(target).call("mkdir").on(target.display())?;
    let path = target.join("check.lock");
    let file = File::create(&path).call("open").on(path.display())?;
    if !flock::try_lock(&file).on(path.display())? {
        eprintln!("Waiting for another check of the exercises to end.");
        flock::lock(&file).on(path.display())?;
    }
    Ok(file)
}

/// Checks these exercises, or all, several at a time, and prints the errors. True if there are none. An exercise that the
/// student of this clone has solved no longer counts as given.
pub fn check(course: &Course, names: &[String], progress: &Progress) -> Result<bool> {
    let named = names.iter().map(|name| course.find(name)).collect::<Result<Vec<_>>>()?;
    let exercises = if named.is_empty() { course.exercises.iter().collect() } else { named };
    let (given, solved) = (Workshop::given(course, Language::En), Workshop::solved(course));
    let _lock = lock(&given.target)?;
    if !given.build_these(&exercises)? || !solved.build_these(&exercises)? {
        eprintln!("error: each exercise must compile, as given and as solved");
        return Ok(false);
    }
    let Some(attempts) = attempts::build(&solved, &exercises)? else {
        eprintln!("error: each attempt must compile");
        return Ok(false);
    };
    eprintln!("All exercises are built. Some run until their time limit, because as given they hang.");
    let done = |exercise: &&&Exercise| progress.is_done(&exercise.name);
    for exercise in exercises.iter().filter(done) {
        eprintln!("note: you have solved {}: its original is not checked", exercise.name);
    }
    let as_given =
        exercises.iter().filter(|exercise| !done(exercise)).map(|exercise| Subject::Given(exercise));
    let as_solved = exercises.iter().map(|exercise| Subject::Solved(exercise));
    let subjects = as_given.chain(as_solved).chain(attempts.iter().map(Subject::Attempt));
    let waiting = Mutex::new(subjects);
    let wrong = Mutex::new(Vec::new());
    let next = || waiting.lock().expect("no judge panics").next();
    // Most of the time they wait for time limits to expire, in programs that hang.
    let workers = 6 * thread::available_parallelism().map_or(2, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(subject) = next() {
                    let found = match &subject {
                        Subject::Given(exercise) => check_one(&given, &subject, exercise),
                        Subject::Solved(exercise) => check_one(&solved, &subject, exercise),
                        Subject::Attempt(attempt) => check_one(&solved, &subject, attempt.exercise),
                    };
                    wrong.lock().expect("no judge panics").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no judge panics");
    for what in &wrong {
        eprintln!("error: {what}");
    }
    let rejected = attempts.iter().filter(|attempt| !attempt.is_right).count();
    println!(
        "{} exercises: {} wrong; the others fail as given and pass as solved",
        exercises.len(),
        wrong.len()
    );
    if !attempts.is_empty() {
        println!("tried with {rejected} wrong attempts and {} other right ones", attempts.len() - rejected);
    }
    Ok(wrong.is_empty())
}

/// Judges one of them; returns what is wrong with the exercise or its judge.
fn check_one(workshop: &Workshop, subject: &Subject, exercise: &Exercise) -> Option<String> {
    let verdict = match subject {
        Subject::Attempt(attempt) => workshop.judge_in(exercise, &attempt.folder, &attempt.folder),
        _ => workshop.judge_built(exercise),
    };
    let passed = matches!(verdict, Ok(Verdict::Passed));
    let failed = match verdict {
        Ok(Verdict::Judged(points)) => {
            let failed = points
                .into_iter()
                .filter_map(|(point, reason)| Some(format!("{point}: {}", shortened(&reason?))));
            failed.collect::<Vec<_>>().join("; ")
        }
        Ok(_) => String::new(),
        Err(error) => return Some(format!("{}: {error}", exercise.name)),
    };
    let (what, wrong) = match subject {
        Subject::Given(_) => {
            ("as given", passed.then(|| "passes as given: there is nothing to do".to_owned()))
        }
        Subject::Solved(_) => ("as solved", (!passed).then(|| format!("the solution fails: {failed}"))),
        Subject::Attempt(Attempt { what, is_right: true, .. }) => {
            (&**what, (!passed).then(|| format!("rejects a good solution ({what}): {failed}")))
        }
        Subject::Attempt(Attempt { what, .. }) => {
            (&**what, passed.then(|| format!("accepts a wrong solution ({what})")))
        }
    };
    eprintln!("checked {}, {what}", exercise.name);
    Some(format!("{}: {}", exercise.name, wrong?))
}

/// Returns a reason of which no line is too long.
fn shortened(reason: &str) -> String {
    reason.lines().map(judge::shortened).collect::<Vec<_>>().join("\n")
}
