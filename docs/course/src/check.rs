//! For authors and for CI: each exercise fails as given, and passes as solved.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use crate::Result;
use crate::exercise::{Course, Exercise};
use crate::judge::{Verdict, Workshop};
use crate::progress::Progress;

/// Checks all exercises, several at a time, and prints the errors. True if there are none. An exercise that the student
/// of this clone has solved no longer counts as given.
pub fn check(course: &Course, progress: &Progress) -> Result<bool> {
    let (given, solved) = (Workshop::given(course), Workshop::solved(course));
    if !given.build_all()? || !solved.build_all()? {
        eprintln!("error: each exercise must compile, as given and as solved");
        return Ok(false);
    }
    eprintln!("All exercises are built. Some run until their time limit, because as given they hang.");
    let done = |exercise: &Exercise| progress.is_done(&exercise.name);
    for exercise in course.exercises.iter().filter(|exercise| done(exercise)) {
        eprintln!("note: you have solved {}: its original is not checked", exercise.name);
    }
    let waiting = Mutex::new(course.exercises.iter());
    let wrong = Mutex::new(Vec::new());
    let next = || waiting.lock().expect("no judge panics").next();
    // Most of the time they wait for time limits to expire, in exercises that hang as given.
    let workers = 6 * thread::available_parallelism().map_or(2, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(exercise) = next() {
                    let found = check_one(exercise, (!done(exercise)).then_some(&given), &solved)
                        .unwrap_or_else(|error| vec![error.to_string()]);
                    eprintln!("checked {}", exercise.name);
                    let found = found.into_iter().map(|what| format!("{}: {what}", exercise.name));
                    wrong.lock().expect("no judge panics").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no judge panics");
    for what in &wrong {
        eprintln!("error: {what}");
    }
    let count = course.exercises.len();
    println!("{count} exercises: {} wrong; the others fail as given and pass as solved", wrong.len());
    Ok(wrong.is_empty())
}

fn check_one(exercise: &Exercise, given: Option<&Workshop>, solved: &Workshop) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    if let Some(given) = given
        && given.judge_built(exercise)? == Verdict::Passed
    {
        wrong.push("passes as given: there is nothing to do".to_owned());
    }
    if let Verdict::Judged(points) = solved.judge_built(exercise)? {
        let failed = points.into_iter().filter_map(|(point, reason)| Some(format!("{point}: {}", reason?)));
        wrong.push(format!("the solution fails: {}", failed.collect::<Vec<_>>().join("; ")));
    }
    Ok(wrong)
}
