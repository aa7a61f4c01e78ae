//! A thousand clients of one server.

use std::io::{Read as _, stdin};
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use ipc_core::process::ProcessId;
use ipc_msgq::Queue;
use ipc_msgq::server::{Client, Event};

use crate::tools::{Other, PATIENCE, Served, soon};

const PROCESSES: usize = 10;
const EACH: usize = 100;
const ROUNDS: usize = 3;

/// Ten processes with a hundred clients each, all present at once; each gets its own answers and none is rejected.
#[test]
fn a_thousand_clients_share_32_queues() {
    let served = Served::new();
    let started = Instant::now();
    let mut others: Vec<_> = (0..PROCESSES).map(|_| Other::start("hundred", *served.queue)).collect();
    for other in &mut others {
        other.says("joined");
    }
    assert_eq!(served.server.clients(), PROCESSES * EACH);
    eprintln!("a thousand have joined after {:?}", started.elapsed());
    others.iter_mut().for_each(Other::go);
    for other in &mut others {
        other.says("asked");
    }
    eprintln!("each has {ROUNDS} answers after {:?}", started.elapsed());
    // Half of them leave, half are killed.
    for (number, other) in others.iter_mut().enumerate() {
        if number % 2 == 0 { other.kill() } else { other.go() }
    }
    soon("all are gone", || served.server.clients() == 0);
    eprintln!("all are gone after {:?}", started.elapsed());
    assert_eq!(served.messages(), 0);
    let events = served.events.lock().unwrap();
    let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Joined(_))), PROCESSES * EACH);
    assert_eq!(count(|event| matches!(event, Event::Left(_))), PROCESSES * EACH / 2);
    assert_eq!(count(|event| matches!(event, Event::Killed(_))), PROCESSES * EACH / 2);
    assert_eq!(count(|event| matches!(event, Event::Rejected(_))), 0);
}

/// Runs one of the processes.
pub fn hundred(queue: Queue) {
    let (joined, asked) = (Barrier::new(EACH + 1), Barrier::new(EACH + 1));
    let (go_on, leave) = (Barrier::new(EACH + 1), Barrier::new(EACH + 1));
    let client = &|number: usize| {
        let mut client = Client::join(queue, PATIENCE).unwrap();
        joined.wait();
        go_on.wait();
        for round in 0..ROUNDS {
            let text = format!("{} {number} {round}", ProcessId::current().unwrap().pid);
            assert_eq!(client.request(text.as_bytes()).unwrap(), text.as_bytes());
        }
        asked.wait();
        leave.wait();
    };
    let wait_for_word = || stdin().read_exact(&mut [0]).unwrap();
    thread::scope(|scope| {
        for number in 0..EACH {
            let small = thread::Builder::new().stack_size(128 << 10);
            small.spawn_scoped(scope, move || client(number)).unwrap();
        }
        joined.wait();
        println!("said: joined");
        wait_for_word();
        go_on.wait();
        asked.wait();
        println!("said: asked");
        wait_for_word();
        leave.wait();
    });
}
