use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::ipc::Queue;
use crate::program;

const LIMIT: Duration = Duration::from_secs(30);
const QUESTION: i64 = 1;

fn served(clients: &str) {
    let outcome = program::run("msgq_clients", &[clients], LIMIT);
    outcome.expect_done("Server and clients should end.");
    assert_eq!(
        outcome.stdout,
        format!("{clients} of {clients} clients got their own answers\n"),
        "each client should receive only the answers to its own questions"
    );
}

#[test]
fn each_client_gets_its_own_answers() {
    served("3");
}

#[test]
fn each_of_fifty_clients_gets_its_own_answers() {
    served("50");
}

/// The types of the answers to these processes, by the program itself.
fn types(processes: &[u32]) -> Vec<i64> {
    let processes: Vec<_> = processes.iter().map(ToString::to_string).collect();
    let arguments = [&["type".to_owned()], &processes[..]].concat();
    let outcome = program::run("msgq_clients", &arguments, LIMIT);
    outcome.expect_done("`answers_to` should have a type for each process id.");
    outcome.stdout.lines().map(|line| line.parse().expect("a type")).collect()
}

/// Those that run at the same time are luck, and often neighbours. These are not.
#[test]
fn no_two_processes_have_the_same_type() {
    let few = 1..=300;
    let steps = [256, 1000, 1024, 4096, 10_000, 32_768, 65_536, 1 << 20, 4_194_303];
    let processes: Vec<u32> =
        few.chain(steps.into_iter().flat_map(|step| [step, step + 1, step + 7])).collect();
    let processes: Vec<u32> =
        BTreeMap::from_iter(processes.into_iter().map(|id| (id, ()))).into_keys().collect();
    let mut seen = BTreeMap::new();
    for (process, mtype) in processes.iter().zip(types(&processes)) {
        assert!(mtype > 0, "the type of the answers to process {process} is {mtype}: a type is positive");
        assert_ne!(mtype, QUESTION, "the answers to process {process} have the type of the questions");
        let other = seen.insert(mtype, process);
        assert_eq!(
            other, None,
            "the answers to process {process} have the type {mtype}, as have those to another"
        );
    }
}

/// The judge is the server. The client's id is known before it starts, and an answer waits for it.
#[test]
fn an_older_answer_is_not_believed() {
    let queue = Queue::new();
    let mut shell = program::shell("read go; exec \"$0\" client \"$1\"");
    shell.arg(program::path("msgq_clients")).arg(queue.0.to_string());
    let mut client = program::start(shell.stdin(Stdio::piped()));
    let mtype = types(&[client.id])[0];
    queue.send(mtype, "4000000000 1");
    client.stdin().write_all(b"\n").expect("it waits for a line");
    for _ in 0..10 {
        let mut question = None;
        assert!(
            crate::kernel::comes_true(|| {
                question = queue.take(QUESTION);
                question.is_some()
            }),
            "the client should ask ten times"
        );
        let (_, text) = question.expect("there it is");
        let (from, number) = text.split_once(' ').expect("two numbers");
        assert_eq!(from, client.id.to_string(), "a question begins with the id of its process");
        let number: u32 = number.parse().expect("a number");
        queue.send(mtype, &format!("{number} {}", number.wrapping_mul(number)));
    }
    assert!(
        client.succeeds_within(LIMIT),
        "An answer was in the queue before the client asked, left by a process that had the same id. The client took \
         it for its own."
    );
}
