//! Memory and paths that are refused, and why.

use nix::libc::{F_SEAL_EXEC, FD_CLOEXEC};

use super::*;

#[test]
fn only_a_descriptor_of_a_process_is_followed() {
    assert!(is_proc_path(Path::new("/proc/12/fd/3")));
    for other in
        ["/proc/self/fd/3", "/proc/12/fd/", "/proc/12/fd/3/x", "proc/12/fd/3", "/proc/12/root", "/dev/tty"]
    {
        assert!(!is_proc_path(Path::new(other)), "{other}");
    }
}

/// A number of an inode means nothing without its file system. The roots of these two have the same.
#[test]
fn another_file_system_is_another_link() {
    let [first, second] = ["/proc", "/sys"].map(|path| fs::metadata(path).unwrap());
    if first.ino() != second.ino() {
        return ipc_conformance::skipped("/proc and /sys have different numbers here");
    }
    assert_ne!(identity(&first), identity(&second));
    assert_eq!(identity(&first), identity(&fs::metadata("/proc/.").unwrap()));
}

#[test]
fn the_memory_is_sealed_and_for_its_owner_alone() {
    let memory = create().unwrap();
    assert_eq!(memory.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fcntl(&memory, FcntlArg::F_GETFD), Ok(FD_CLOEXEC), "no child of ours has it");
    check(&memory, &Setup::default()).unwrap();
    let no_program = MFdFlags::from_bits_retain(MFD_NOEXEC_SEAL);
    if memfd_create(NAME, no_program).is_ok() {
        let seals = SealFlag::from_bits_retain(fcntl(&memory, FcntlArg::F_GET_SEALS).unwrap());
        assert!(seals.contains(SealFlag::from_bits_retain(F_SEAL_EXEC)), "{seals:?}");
    }
}

/// Makes sealed memory, as a hostile owner could.
fn sealed(length: u64) -> File {
    let memory = File::from(memfd_create(NAME, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING).unwrap());
    memory.set_len(length).unwrap();
    fcntl(&memory, FcntlArg::F_ADD_SEALS(SEALS)).unwrap();
    memory
}

/// Neither a file on a file system without seals nor memory that was made without them.
#[test]
fn memory_without_seals_is_refused() {
    let on_disk = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let memory = File::from(memfd_create(NAME, MFdFlags::MFD_CLOEXEC).unwrap());
    for file in [on_disk, memory] {
        file.set_len(SEGMENT_LEN as u64).unwrap();
        let refused = check(&file, &Setup::default()).unwrap_err();
        assert!(matches!(refused, Error::Corrupt(text) if text.contains("not sealed")), "{refused}");
    }
}

#[test]
fn memory_of_another_length_is_refused() {
    let right = SEGMENT_LEN as u64;
    check(&sealed(right), &Setup::default()).unwrap();
    for wrong in [0, 4096, right - 1, right + 1, 2 * right] {
        let refused = check(&sealed(wrong), &Setup::default()).unwrap_err();
        assert!(matches!(refused, Error::Corrupt(text) if text.contains("unexpected length")), "{wrong}");
    }
}

#[test]
fn memory_of_another_user_is_refused() {
    let memory = sealed(SEGMENT_LEN as u64);
    if std::os::unix::fs::fchown(&memory, Some(65534), None).is_err() {
        return ipc_conformance::skipped("giving memory away needs root");
    }
    let refused = check(&memory, &Setup::default()).unwrap_err().to_string();
    assert!(refused.starts_with("that memory is another user's (uid 65534)"), "{refused}");
    check(&memory, &Setup { mode: 0o666, ..Setup::default() }).unwrap();
}
