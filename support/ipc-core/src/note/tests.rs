//! Notes that come back, and lines that are none.

use super::*;

fn some_of_each() -> Vec<Note> {
    let inode = Inode { device: 2049, number: 77, born: 1_700_000_000_123_456_789 };
    let key = Key::fresh();
    let name = PosixName::fresh();
    vec![
        Note::Hidden("/tmp/.ipc-0123456789abcdef".into()),
        Note::Marked("/home/a b/100%\n".into()),
        Note::Path(inode, 2050, OsString::from_vec(b"/\xff/x".to_vec()).into()),
        Note::SystemV(SystemV::Queue, key, None),
        Note::SystemV(SystemV::Semaphores, key, Some(Made { id: 65536, at: 1_700_000_000 })),
        Note::Queue(name.clone(), None),
        Note::Queue(name, Some((inode, "boot".into()))),
        Note::AtServer("nats://host:4222/name".into()),
    ]
}

#[test]
fn what_is_noted_comes_back() {
    let notes = some_of_each();
    let text: String = notes.iter().map(Note::line).collect();
    let records = Records::parse(text.as_bytes());
    assert_eq!((records.notes, records.unreadable), (notes, vec![]));
}

/// A file cut at any byte yields the notes that are complete, and nothing else.
#[test]
fn a_cut_line_is_no_note() {
    let notes = some_of_each();
    let text: String = notes.iter().map(Note::line).collect();
    for end in 0..text.len() {
        let whole = text[..end].matches('\n').count();
        let records = Records::parse(&text.as_bytes()[..end]);
        assert_eq!((&records.notes[..], &records.unreadable[..]), (&notes[..whole], &[][..]), "{end}");
    }
}

/// A line with one byte added, removed or changed is never another note.
#[test]
fn a_damaged_line_is_no_note() {
    for note in some_of_each() {
        let line = note.line().into_bytes();
        for at in 0..line.len() - 1 {
            let (mut less, mut more, mut other) = (line.clone(), line.clone(), line.clone());
            less.remove(at);
            more.insert(at, b'x');
            other[at] ^= 1;
            for damaged in [less, more, other] {
                let records = Records::parse(&damaged);
                assert_eq!(records.notes, [], "{}", String::from_utf8_lossy(&damaged));
                assert!(records.complaint(Path::new("records")).is_some());
            }
        }
    }
}

#[test]
fn only_a_name_of_ours_is_hidden() {
    for path in ["/home/da", "/home/.ipc-", "/home/.ipc-0123456789abcde", "/home/.ipc-0123456789ABCDEF"] {
        assert_eq!(Note::parse(Note::Hidden(path.into()).line().trim_end()), None, "{path}");
    }
}

/// Arbitrary bytes in the file: every note that is parsed comes from a line of the file, and survives a round trip.
#[test]
fn fuzz_records() {
    use ipc_conformance::fuzz;
    use proptest::prelude::*;

    let word = prop_oneof![
        Just("hidden"),
        Just("marked"),
        Just("path"),
        Just("mqueue"),
        Just("queue"),
        Just("segment"),
        Just("none")
    ];
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "[/.%0-9a-f]{0,30}",
        "/\\.ipc-[0-9a-f]{15,17}",
        "\\PC{0,12}",
    ];
    // With a correct checksum, so that the rest of the line is parsed.
    let signed = (word, prop::collection::vec(value, 0..6)).prop_map(|(word, values)| {
        let text = format!("{word} {}", values.join(" "));
        format!("{text} ={:016x}\n", checksum(text.as_bytes())).into_bytes()
    });
    let good = (0..7_usize).prop_map(|index| some_of_each()[index].line().into_bytes());
    let garbage = prop::collection::vec(any::<u8>(), 0..40);
    let part = prop_oneof![3 => signed, 2 => good, 1 => garbage];
    let damage = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
    fuzz(&(prop::collection::vec(part, 0..6), damage), |(parts, damage)| {
        let mut bytes = parts.concat();
        if let Some((at, byte)) = damage.filter(|_| !bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let records = Records::parse(&bytes);
        let lines = bytes.split(|&byte| byte == b'\n').count() - 1;
        prop_assert_eq!(records.notes.len() + records.unreadable.len(), lines);
        for note in records.notes {
            let again = note.line();
            prop_assert_eq!(Note::parse(again.trim_end_matches('\n')), Some(note.clone()));
            if let Note::Hidden(path) | Note::Marked(path) | Note::Path(_, _, path) = note {
                prop_assert!(path.is_absolute());
            }
        }
        Ok(())
    });
}
