//! One error type for all six mechanisms. Each variant tells the caller what to do next.

use std::fmt;
use std::time::Duration;

use nix::errno::Errno;

/// The return type of every fallible function in the suite. With an error of its own, it is the one of `std`.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why an operation failed.
///
/// `Debug` reads as `Display`: it is what a `main` prints that returns an error, and what `unwrap` panics with.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message is longer than the link can carry. Nothing was sent, and the link still works: send a shorter one.
    #[error("message of {len} bytes is too large: this link carries at most {max} bytes")]
    TooLarge {
        /// Length of the refused message, in bytes.
        len: usize,
        /// The longest message this link carries, in bytes.
        max: usize,
    },
    /// The next message does not fit the buffer. It was kept: receive again with a buffer of `needed` bytes.
    #[error("buffer too small: the next message has {needed} bytes")]
    BufferTooSmall {
        /// Length of the waiting message, in bytes.
        needed: usize,
    },
    /// The peer closed its end or died, and everything it sent has been received. The link is finished.
    #[error("the peer is gone (it closed its end or died)")]
    Disconnected,
    /// The peer broke the protocol; the text says how. The link can no longer be trusted: drop it.
    #[error("corrupt data from the peer: {0}")]
    Corrupt(&'static str),
    /// No peer connected, or no answer came, in time. The caller may try again.
    #[error("{what} (waited {})", Seconds(*.waited))]
    TimedOut {
        /// The thing that was waited for.
        what: String,
        /// The time spent waiting.
        waited: Duration,
    },
    /// The caller asked for something impossible; the text names it and says what would be right.
    #[error("{0}")]
    Usage(String),
    /// The request is valid, but the state of the system, or another program's object, does not permit it; the text says
    /// what is in the way. Once that has changed, the same request may succeed.
    #[error("{0}")]
    Refused(String),
    /// The kernel refused a system call.
    #[error(transparent)]
    Os(Box<OsError>),
}

impl Error {
    /// Returns the errno of the refused system call, if this is an error of the system.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Os(error) => Some(error.errno),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A refused system call: `msgget: File exists (EEXIST); choose another key`, or, with the object it was to act on,
/// `mkdir /tmp/talk: Read-only file system (EROFS)`.
#[derive(Debug)]
pub struct OsError {
    /// The system call's name, as in section 2 of the manual.
    pub call: &'static str,
    /// The path, key or address that was passed to the call, where naming it helps.
    pub object: Option<String>,
    /// The kernel's answer.
    pub errno: Errno,
    /// A remedy, if there is one.
    pub advice: Option<String>,
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.call)?;
        if let Some(object) = &self.object {
            write!(f, " {object}")?;
        }
        write!(f, ": {} ({:?})", self.errno.desc(), self.errno)?;
        match self.advice.as_deref().or_else(|| self.usual_advice()) {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl OsError {
    /// Returns advice for a limit that was reached, whatever the call was for.
    fn usual_advice(&self) -> Option<&'static str> {
        Some(match (self.call, self.errno) {
            ("clone", Errno::EAGAIN) => {
                "too many processes and threads: see ulimit -u, and pids.max of the container"
            }
            (_, Errno::EFBIG) => "the file would exceed the size limit: see ulimit -f",
            (_, Errno::EMFILE) => "this process has too many open files: see ulimit -n",
            (_, Errno::ENFILE) => "the system has too many open files: see sysctl fs.file-max",
            _ => return None,
        })
    }
}

impl std::error::Error for OsError {}

/// Names the system call behind a failed result.
pub trait Call<T> {
    /// Turns the failure into [`Error::Os`] for the system call `call`.
    ///
    /// # Errors
    /// The failure of `self`, with the name of the call.
    fn call(self, call: &'static str) -> Result<T>;
}

impl<T> Call<T> for nix::Result<T> {
    fn call(self, call: &'static str) -> Result<T> {
        self.map_err(|errno| Error::Os(Box::new(OsError { call, object: None, errno, advice: None })))
    }
}

impl<T> Call<T> for std::io::Result<T> {
    fn call(self, call: &'static str) -> Result<T> {
        self.map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)).call(call)
    }
}

/// Adds to a failure the object it concerns, and advice.
pub trait Advise {
    /// Names the `object` that the refused call was to act on: usually a path. If the error already names an object,
    /// that one is kept. Results other than system errors are left unchanged.
    #[must_use]
    fn on(self, object: impl fmt::Display) -> Self;

    /// Adds `advice` to a system error whose errno is `errno`; leaves any other result unchanged.
    #[must_use]
    fn advise(self, errno: Errno, advice: impl FnOnce() -> String) -> Self;
}

impl<T> Advise for Result<T> {
    fn on(mut self, object: impl fmt::Display) -> Self {
        if let Err(Error::Os(error)) = &mut self {
            error.object.get_or_insert_with(|| object.to_string());
        }
        self
    }

    fn advise(mut self, errno: Errno, advice: impl FnOnce() -> String) -> Self {
        if let Err(Error::Os(error)) = &mut self
            && error.errno == errno
        {
            error.advice = Some(advice());
        }
        self
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", (self.0.as_secs_f64() * 1e3).round() / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_os_error_carries_the_call_and_the_errno_by_name() {
        let error = Err::<(), _>(Errno::EEXIST).call("msgget").unwrap_err();
        assert_eq!(error.to_string(), "msgget: File exists (EEXIST)");
    }

    #[test]
    fn the_object_is_named_behind_the_call() {
        let error = Err::<(), _>(Errno::EROFS).call("mkdir").on("/tmp/talk").on("later").unwrap_err();
        assert_eq!(error.to_string(), "mkdir /tmp/talk: Read-only file system (EROFS)");
    }

    #[test]
    fn a_limit_is_named_unless_there_is_better_advice() {
        let refused = || Err::<(), _>(Errno::EMFILE).call("mq_open");
        for (call, errno, advice) in [
            ("open", Errno::EMFILE, "; this process has too many open files: see ulimit -n"),
            ("open", Errno::ENFILE, "; the system has too many open files: see sysctl fs.file-max"),
            ("write", Errno::EFBIG, "; the file would exceed the size limit: see ulimit -f"),
            ("clone", Errno::EAGAIN, "see ulimit -u, and pids.max of the container"),
            ("mq_send", Errno::EAGAIN, "(EAGAIN)"), // no limit
        ] {
            let told = Err::<(), _>(errno).call(call).unwrap_err();
            assert_eq!(told.errno(), Some(errno));
            assert!(told.to_string().ends_with(advice), "{told}");
        }
        let advised = refused().advise(Errno::EMFILE, || "see ulimit -q".into()).unwrap_err().to_string();
        assert!(advised.ends_with("(EMFILE); see ulimit -q"), "{advised}");
    }

    /// A `main` that returns it prints it so.
    #[test]
    fn an_error_is_debugged_as_it_is_displayed() {
        let error = Err::<(), _>(Errno::EEXIST).call("msgget").unwrap_err();
        assert_eq!(format!("{error:?}"), error.to_string());
    }

    #[test]
    fn a_wait_is_told_in_seconds() {
        let error = Error::TimedOut { what: "no peer connected".into(), waited: Duration::from_millis(1500) };
        assert_eq!((error.to_string().as_str(), error.errno()), ("no peer connected (waited 1.5 s)", None));
    }

    #[test]
    fn advice_follows_only_where_it_fits() {
        let advised =
            |errno| Err::<(), _>(errno).call("msgget").advise(Errno::EEXIST, || "choose another key".into());
        assert_eq!(
            advised(Errno::EEXIST).unwrap_err().to_string(),
            "msgget: File exists (EEXIST); choose another key"
        );
        assert_eq!(advised(Errno::EACCES).unwrap_err().to_string(), "msgget: Permission denied (EACCES)");
    }
}
