//! The arguments of `cargo bench`. They are criterion's, which explains them with `--help`.

use ipc_bench::measure::profile::RunProfile;

/// The arguments that decide what is run.
#[derive(Debug, PartialEq)]
pub struct Arguments {
    /// `--quick`: a check that everything works, with rough figures.
    pub quick: bool,
    /// `--verbose`: criterion's output is shown, not put into a file.
    pub verbose: bool,
    /// There are others, a filter or a baseline; or `cargo test` has started this program, to see whether it works.
    pub only_criterion: bool,
}

impl Arguments {
    /// Returns the arguments of this process.
    pub fn of_this_process() -> Self {
        let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
        let mut all = Self { quick: false, verbose: false, only_criterion: true };
        let mut others = false;
        for argument in arguments {
            match argument.as_str() {
                "--bench" => all.only_criterion = false, // from cargo, for `cargo bench`
                "--quick" => all.quick = true,
                "--verbose" | "-v" => all.verbose = true,
                _ => others = true,
            }
        }
        all.only_criterion |= others;
        all
    }

    /// Returns the extent of the rounds.
    pub fn profile(&self) -> RunProfile {
        if self.quick { RunProfile::Check } else { RunProfile::Page }
    }

    /// Returns the lengths of criterion's messages: all of them if one may be filtered for.
    pub fn sizes(&self) -> &'static [usize] {
        if self.only_criterion { RunProfile::Page.sizes() } else { self.profile().sizes() }
    }
}
