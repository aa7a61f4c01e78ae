use std::fs;
use std::io::Write;

use super::*;
use crate::sys;

#[test]
fn decimal_and_hexadecimal_name_the_same_key() {
    for (text, number) in [("42", 42), ("0x2a", 42), ("0X2A", 42), ("4294967295", -1), ("0xffffffff", -1)] {
        assert_eq!(text.parse::<Key>().unwrap().get(), number);
    }
    assert_eq!("-1".parse::<Key>().unwrap().to_string(), "0xffffffff");
}

/// No two processes pick the same key; and `ipcs` shows none as a negative number.
#[test]
fn a_fresh_key_is_positive_and_no_others() {
    let keys: std::collections::BTreeSet<_> = (0..100).map(|_| Key::fresh().get()).collect();
    assert!(keys.len() > 98 && keys.first() > Some(&0), "{keys:?}");
}

#[test]
fn what_is_no_key_is_a_usage_error() {
    for text in ["", "0", "0x0", "0x", "x", "4294967296", "-2147483649", "1 ", "0x-1"] {
        assert!(matches!(text.parse::<Key>(), Err(Error::Usage(_))), "{text}");
    }
}

/// The key is the same as in the C library, for every project and for files of several file systems.
#[test]
fn ftok_is_that_of_the_c_library() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in [file.path(), "/".as_ref(), "/proc/self/status".as_ref(), "/dev/null".as_ref(), ".".as_ref()]
    {
        let _open = fs::File::open(path).unwrap(); // while it is open, the kernel makes no other inode for it (/proc)
        for project in 1..=255 {
            let ours = Key::ftok(path, ProjectId::new(project).unwrap()).unwrap();
            assert_eq!(Some(ours.get()), sys::ftok(path, project.into()), "{path:?} {project}");
        }
    }
}

/// The reason why a project of 0 or of more than 255 is refused: in C, 0 and 256 are the same.
#[test]
fn in_c_projects_0_and_256_collide() {
    let path = "/".as_ref();
    assert_eq!(sys::ftok(path, 0), sys::ftok(path, 256));
    assert_eq!(sys::ftok(path, 1), sys::ftok(path, 257));
    for id in [0, 256, 257, -1, i32::MIN] {
        assert!(matches!(ProjectId::try_from(id), Err(Error::Usage(_))), "{id}");
    }
    for text in ["", "0", "256", "0x100", "-1", "AB", "ä"] {
        assert!(matches!(text.parse::<ProjectId>(), Err(Error::Usage(_))), "{text}");
    }
    assert_eq!("0xff".parse::<ProjectId>().unwrap().get(), 255);
    assert_eq!("9".parse::<ProjectId>().unwrap().get(), 9);
}

/// A file that is made again at the same path is a different file with a different key.
#[test]
fn a_file_made_again_has_another_key() {
    let dir = tempfile::tempdir().unwrap();
    let (path, project) = (dir.path().join("file"), ProjectId::new(1).unwrap());
    fs::write(&path, "old").unwrap();
    let before = Key::ftok(&path, project).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more").unwrap();
    assert_eq!(Key::ftok(&path, project).unwrap(), before, "what is in it does not matter");
    // An editor saves in this way: both files exist for a moment, so the inode number cannot be reused.
    fs::write(dir.path().join("new"), "new").unwrap();
    fs::rename(dir.path().join("new"), &path).unwrap();
    assert_ne!(Key::ftok(&path, project).unwrap(), before);
}

#[test]
fn a_missing_file_is_an_error_with_its_path() {
    let error = Key::ftok("/no/such/file", ProjectId::new(1).unwrap()).unwrap_err();
    assert_eq!(error.errno(), Some(nix::errno::Errno::ENOENT));
    assert!(error.to_string().contains("/no/such/file"), "{error}");
}

/// The key of a symbolic link is that of its target.
#[test]
fn a_link_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("file"), dir.path().join("link"));
    fs::write(&path, "").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let [of_file, of_link] = [path, link].map(|path| Key::ftok(path, ProjectId::new(1).unwrap()).unwrap());
    assert_eq!(of_file, of_link);
}

/// The value that C takes for the failure of ftok can be a valid key.
#[test]
fn a_valid_key_can_look_like_minus_one() {
    let key = Key::compose(0xffff, 0xff, ProjectId::new(255).unwrap());
    assert_eq!(key, Key::new(-1).unwrap());
}

/// Different files can have one key: only 16 bits of the inode's number count.
#[test]
fn files_65536_inodes_apart_collide() {
    let project = ProjectId::new(1).unwrap();
    assert_eq!(Key::compose(5, 1, project), Key::compose(5 + 65536, 1, project));
    assert_eq!(Key::compose(5, 1, project), Key::compose(5, 1 + 256, project));
}
