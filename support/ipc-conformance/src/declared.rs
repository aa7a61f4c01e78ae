//! Cases in which a mechanism beyond the six promises something else, declared with the reason.
//!
//! A declared case is run all the same, and must fail: a list that is longer than it has to be is refused, as is a case
//! that does not exist.

use std::io::{self, Write as _};

use super::Outcome;

/// A case that is declared to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The case's name, without the variant and the wait strategy before it.
    pub case: &'static str,
    /// The reason why it cannot hold, and what holds instead.
    pub reason: &'static str,
}

impl Declared {
    fn is_about(self, name: &str) -> bool {
        name.strip_suffix(self.case).is_some_and(|before| before.ends_with("::"))
    }

    /// Turns the outcome of the case `name` around if it is declared to fail.
    pub(super) fn check(declared: &[Self], name: &str, outcome: Outcome) -> Outcome {
        match (declared.iter().any(|known| known.is_about(name)), outcome) {
            (false, outcome) => outcome,
            (true, Err(_)) => Ok(()),
            (true, Ok(())) => Err("it holds: do not declare otherwise".into()),
        }
    }

    /// # Panics
    /// A case does not exist.
    pub(super) fn check_names(declared: &[Self], names: &[&str]) {
        for known in declared {
            assert!(names.iter().any(|name| known.is_about(name)), "there is no case '{}'", known.case);
        }
    }

    /// Prints the list, for the reader of a test log.
    pub(super) fn print(declared: &[Self]) {
        for Self { case, reason } in declared {
            let _ = writeln!(io::stderr(), "DECLARED otherwise: {case}: {reason}"); // nothing depends on it
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[Declared] = &[Declared { case: "it counts", reason: "it cannot count" }];

    #[test]
    fn a_declared_case_must_fail() {
        let check = |name, outcome| Declared::check(LIST, name, outcome).is_ok();
        assert!(check("variant::block::it counts", Err("3".into())));
        assert!(!check("variant::block::it counts", Ok(())));
        assert!(!check("variant::block::it adds", Err("3".into())));
        assert!(!check("variant::block::if it counts", Err("3".into())), "another case");
        assert!(check("variant::block::it adds", Ok(())));
    }

    #[test]
    #[should_panic(expected = "there is no case 'it counts'")]
    fn a_declared_case_must_exist() {
        Declared::check_names(LIST, &["variant::block::it adds"]);
    }
}
