//! The example about killed peers prints a line with four times for each variant.

use ipc_conformance::example_with;

#[test]
fn each_variant_has_its_times() {
    let printed = example_with("end_noticed", &["1", "pipe", "shm"]);
    let mut lines = printed.lines().skip(2);
    for name in ["pipe anonymous", "shm ring", "shm sem", "shm posix"] {
        let line = lines.next().expect("a line for each variant");
        let times = line.strip_prefix(name).unwrap_or_else(|| panic!("'{name}' in '{line}'"));
        let times: Vec<f64> = times.split_whitespace().map(|time| time.parse().unwrap()).collect();
        assert_eq!(times.len(), 4, "{line}");
        assert!(times.iter().all(|time| (0.0..1000.0).contains(time)), "within the promised second: {line}");
    }
    assert_eq!(lines.next(), None);
}
