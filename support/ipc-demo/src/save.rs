//! Atomic file writes, whose errors name the call and the path.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use ipc_core::{Advise, Call, Result, ownership};

/// Replaces the contents of the file `path` by `bytes`. The old contents stay until the new ones are on disk; after a
/// failure, or a signal that ends this process, they are still there, and no other file is left behind.
///
/// A file that is not regular, such as `/dev/stdout`, is written to and not replaced.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    // A symbolic link stays; the file that it leads to is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path).call("open").on(path.display())?;
        return file.write_all(bytes).call("write").on(path.display());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}-{}", std::process::id()));
    let _guard = ownership::CreationGuard::new(); // a signal waits until the file is in its place, or gone
    let written = write_whole(&aside, path, bytes).and_then(|file| {
        if let Some(old) = old {
            file.set_permissions(old.permissions()).call("fchmod").on(path.display())?;
        }
        fs::rename(&aside, path).call("rename").on(path.display())
    });
    written.inspect_err(|_| drop(fs::remove_file(&aside)))
}

/// Writes a file to the disk; an error names `path`, the name that it will have.
fn write_whole(aside: &Path, path: &Path, bytes: &[u8]) -> Result<File> {
    let mut file = File::create(aside).call("open").on(path.display())?;
    file.write_all(bytes).call("write").on(path.display())?;
    file.sync_all().call("fsync").on(path.display())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_behind_its_link_and_with_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let [path, link] = ["file", "link"].map(|name| dir.path().join(name));
        save(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        save(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let directory = dir.path().join("directory");
        fs::create_dir(&directory).unwrap();
        let error = save(&directory, b"new").unwrap_err().to_string();
        assert_eq!(error, format!("open {}: Is a directory (EISDIR)", directory.display()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_is_not_replaced() {
        save(Path::new("/dev/null"), b"text").unwrap();
        let error = save(Path::new("/dev/full"), b"text").unwrap_err().to_string();
        assert!(error.starts_with("write /dev/full: No space left on device (ENOSPC)"), "{error}");
    }
}
