//! Energy, where the machine reports it: the counters of `/sys/class/powercap`, one for each package.
//!
//! They count what the whole package uses, including other programs and idle cores, and are updated about once per
//! millisecond.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The directory of the counters.
const ROOT: &str = "/sys/class/powercap";

/// The counters of a machine.
#[derive(Debug)]
pub struct Meter {
    packages: Vec<Package>,
}

#[derive(Debug)]
struct Package {
    counter: PathBuf,
    /// The value at which the counter wraps around to 0, in microjoules.
    range: u64,
}

/// The values of the counters at one moment, in microjoules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading(Vec<u64>);

impl Meter {
    /// Returns the meter of this machine, or the reason why there is none.
    ///
    /// # Errors
    /// The reason.
    pub fn of_this_machine() -> Result<&'static Self, &'static str> {
        static METER: OnceLock<Result<Meter, &'static str>> = OnceLock::new();
        METER.get_or_init(|| Meter::at(Path::new(ROOT))).as_ref().map_err(|reason| *reason)
    }

    fn at(root: &Path) -> Result<Self, &'static str> {
        const NONE: &str =
            "energy was not measured: this machine has no counters of it in /sys/class/powercap";
        let entries = fs::read_dir(root).map_err(|_| NONE)?.flatten();
        let mut packages = Vec::new();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            // `intel-rapl:0` is a package, `intel-rapl:0:1` a part of it; AMD's have the same names. The whole
            // platform, which contains the packages, has a similar name: its file `name` tells it apart.
            let is_whole = name.starts_with("intel-rapl:") && name.matches(':').count() == 1;
            let says = fs::read_to_string(entry.path().join("name")).unwrap_or_default();
            if !is_whole || !says.starts_with("package") {
                continue;
            }
            let range = number(&entry.path().join("max_energy_range_uj")).unwrap_or(u64::MAX);
            packages.push(Package { counter: entry.path().join("energy_uj"), range });
        }
        let meter = Self { packages };
        match meter.read() {
            _ if meter.packages.is_empty() => Err(NONE),
            None => Err("energy was not measured: its counters in /sys/class/powercap are for root only"),
            Some(_) => Ok(meter),
        }
    }

    /// Reads the counters; `None` if one of them cannot be read.
    #[must_use]
    pub fn read(&self) -> Option<Reading> {
        self.packages.iter().map(|package| number(&package.counter)).collect::<Option<_>>().map(Reading)
    }

    /// Returns the energy used since `before`, in microjoules.
    #[must_use]
    pub fn since(&self, before: &Reading) -> Option<u64> {
        let now = self.read()?;
        let used = self.packages.iter().zip(before.0.iter().zip(&now.0)).map(|(package, (before, now))| {
            // A counter wraps around at most once between two readings some milliseconds apart.
            if now >= before { now - before } else { package.range - before + now }
        });
        Some(used.sum())
    }
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_added_up_and_a_counter_may_begin_again() {
        let root = tempfile::TempDir::new().unwrap();
        assert!(Meter::at(root.path()).unwrap_err().contains("no counters"));
        let write = |zone: &str, energy: u64| {
            let dir = root.path().join(zone);
            fs::create_dir_all(&dir).unwrap();
            let name = if zone == "intel-rapl:2" { "psys" } else { "package-0" };
            fs::write(dir.join("name"), format!("{name}\n")).unwrap();
            fs::write(dir.join("energy_uj"), format!("{energy}\n")).unwrap();
            fs::write(dir.join("max_energy_range_uj"), "1000\n").unwrap();
        };
        write("intel-rapl", 9);
        write("intel-rapl:0", 100);
        write("intel-rapl:1", 990);
        write("intel-rapl:0:0", 50);
        write("intel-rapl:2", 70);
        let meter = Meter::at(root.path()).unwrap();
        let before = meter.read().unwrap();
        write("intel-rapl:0", 130);
        write("intel-rapl:1", 5);
        write("intel-rapl:2", 170);
        assert_eq!(meter.since(&before), Some(30 + 15));
        fs::remove_file(root.path().join("intel-rapl:1/energy_uj")).unwrap();
        assert_eq!(meter.since(&before), None);
        assert!(Meter::at(root.path()).unwrap_err().contains("for root only"));
    }
}
