use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use crate::kernel;
use crate::program::{self, Running};

#[test]
fn each_byte_of_the_message_is_written_and_read() {
    let outcome = program::run("mmap_payload", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Two processes play round trips, and end.");
    let said = &outcome.stdout;
    let mut sizes = 0;
    for line in said.lines() {
        let numbers = line.split_once("sum ").and_then(|(_, rest)| rest.split_once(", expected "));
        let (sum, expected) = numbers.unwrap_or_else(|| panic!("a line without a sum: {line}"));
        assert_eq!(
            sum, expected,
            "the sum of the bytes that came is not that of the bytes that were to be sent: were all of them written, in \
             each round, and all of them read?\n{said}"
        );
        sizes += 1;
    }
    assert_eq!(sizes, 2, "two sizes are measured\n{said}");
}

/// The mapped file, in which the judge is one of the two: what it reads and writes is what the other has mapped.
struct Map(File);

const ROUNDS: u64 = 20;
const PAYLOAD: u64 = 24;

impl Map {
    fn new(path: &Path) -> Self {
        let file = File::options().read(true).write(true).create_new(true).open(path).expect("a file");
        file.set_len(PAYLOAD + (1 << 20)).expect("a length");
        Self(file)
    }

    fn word(&self, number: u64) -> u64 {
        let mut word = [0; 8];
        self.0.read_exact_at(&mut word, 8 * number).expect("the file");
        u64::from_ne_bytes(word)
    }

    fn store(&self, number: u64, value: u64) {
        self.0.write_all_at(&value.to_ne_bytes(), 8 * number).expect("the file");
    }

    fn wait_for_turn(&self, turn: u64) {
        assert!(kernel::comes_true(|| self.word(0) == turn), "the program should take its turn");
    }
}

fn start(arguments: &[&str], path: &Path) -> Running {
    let mut command = program::command("mmap_payload");
    program::start(command.arg(arguments[0]).arg(path).args(&arguments[1..]))
}

/// The judge receives.
#[test]
fn each_byte_is_in_the_mapping() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("map");
    let map = Map::new(&path);
    let mut sender = start(&["ping", "5000"], &path);
    for round in 0..ROUNDS {
        map.wait_for_turn(2 * round + 1);
        assert_eq!(map.word(1), 5000, "the size of the message of round {round}");
        let mut message = vec![0; 5001];
        map.0.read_exact_at(&mut message, PAYLOAD).expect("the file");
        let wrong =
            (0..5000).find(|index| u64::from(message[*index]) != (31 * round + *index as u64) % 250 + 1);
        assert_eq!(wrong, None, "a byte of the message of round {round} is not in the mapping");
        assert_eq!(message[5000], 0, "a byte behind the message was written");
        map.store(0, 2 * round + 2);
    }
    assert!(sender.succeeds_within(Duration::from_secs(30)), "the sender should end");
}

/// The judge sends, and not what the program would send.
#[test]
fn the_sum_is_that_of_the_bytes_in_the_mapping() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("map");
    let map = Map::new(&path);
    let mut receiver = start(&["pong"], &path);
    let mut sum = 0;
    for round in 0..ROUNDS {
        let message: Vec<u8> = (0..3000 - 7 * round).map(|index| (index * index + round) as u8).collect();
        sum += message.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        map.0.write_all_at(&message, PAYLOAD).expect("the file");
        map.store(1, message.len() as u64);
        map.store(0, 2 * round + 1);
        map.wait_for_turn(2 * round + 2);
        assert_eq!(
            map.word(2),
            sum,
            "the sum of the bytes up to round {round}, whose message is shorter than those before"
        );
    }
    assert!(receiver.succeeds_within(Duration::from_secs(30)), "the receiver should end");
}
