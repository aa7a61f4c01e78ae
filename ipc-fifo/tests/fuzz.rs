//! Fuzzes the owner's FIFO with any bytes in place of a hello.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use ipc_conformance::fuzz;
use ipc_core::{Error, Mechanism, Setup};
use ipc_fifo::Fifo;
use nix::fcntl::OFlag;
use proptest::prelude::*;

#[test]
fn fuzz_hello() {
    let number = 0_u64..3;
    let word = prop_oneof![Just(*b"fifo1 j\n"), Just(*b"fifo1 h\n"), Just(*b"fifo1 g\n"), any::<[u8; 8]>()];
    let said = (word, number).prop_map(|(word, number)| [word, number.to_ne_bytes()].concat());
    let part = prop_oneof![4 => said, 1 => prop::collection::vec(any::<u8>(), 0..40)];
    let setup = Setup::default();
    fuzz(&(prop::collection::vec(part, 1..12), any::<bool>()), |(parts, listens)| {
        let mut meeting = Fifo::create(None, &setup).unwrap();
        let dir = meeting.address();
        let open = |name: &str, read| {
            let path = Path::new(&dir).join(name);
            OpenOptions::new()
                .read(read)
                .write(!read)
                .custom_flags(OFlag::O_NONBLOCK.bits())
                .open(path)
                .unwrap()
        };
        let _ear = listens.then(|| open("to-joiner", true));
        let mut mouth = open("to-owner", false);
        for part in &parts {
            mouth.write_all(part).unwrap();
        }
        for _ in 0..parts.concat().len() {
            match meeting.accept(Duration::ZERO) {
                // A word is read whole, so the right words can emerge from wrong pieces: but not without those words.
                Ok(_) => {
                    let all = parts.concat();
                    let said = |word: &[u8], number: u64| {
                        let word = [word, &number.to_ne_bytes()].concat();
                        all.windows(word.len()).any(|part| part == word)
                    };
                    let welcome = |number| said(b"fifo1 j\n", number) && said(b"fifo1 g\n", number);
                    prop_assert!(listens && (0..3).any(welcome));
                    break;
                }
                Err(Error::TimedOut { .. } | Error::Corrupt(_)) => {}
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
        Ok(())
    });
}
