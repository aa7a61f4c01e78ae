//! A process that a signal ends: its objects are removed, even one that is being made, and nothing new is made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::*;

fn file(path: &Path) -> Result<()> {
    fs::write(path, "").call("open")
}

#[test]
fn all_that_is_held_is_released() {
    alone(|place| {
        let paths = ["1", "2", "3"].map(|name| place.join(name));
        let locks = paths.each_ref().map(|path| {
            let ownership = OwnershipLock::take::<Thing>(None).unwrap();
            ownership.publish(path, file).unwrap();
            ownership
        });
        release_all();
        assert!(!paths.iter().any(|path| exists(path)) && !exists(&base(place)));
        std::mem::forget(locks); // as if the process ended here
    });
}

/// The end comes between making an object and noting it, and waits.
#[test]
fn what_is_being_made_is_noted_first() {
    alone(|place| {
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let path = place.join(".ipc-0123456789abcdef");
        let note = Note::Hidden(path.clone());
        let (made, is_made) = mpsc::channel();
        let maker = thread::spawn(move || {
            let making = CreationGuard::new();
            file(&path).unwrap();
            made.send(()).unwrap();
            thread::sleep(Duration::from_millis(50));
            ownership.record(note).unwrap();
            drop(making);
            std::mem::forget(ownership); // as if the process ended here
        });
        is_made.recv().unwrap();
        release_all();
        assert!(!exists(&place.join(".ipc-0123456789abcdef")));
        maker.join().unwrap();
    });
}

#[test]
fn nothing_is_made_any_more() {
    static MADE: AtomicBool = AtomicBool::new(false);
    alone(|_| {
        drop(CreationGuard::new());
        release_all();
        thread::spawn(|| {
            drop(CreationGuard::new());
            MADE.store(true, Ordering::Relaxed);
        });
        thread::sleep(Duration::from_millis(50)); // time for things to go wrong; too little only makes the case easier
        assert!(!MADE.load(Ordering::Relaxed));
    });
}
