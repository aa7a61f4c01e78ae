//! The example about readiness and completion prints a table with a figure for each way to wait, or the reason why there is
//! none.

use ipc_conformance::example;

#[test]
fn each_way_to_wait_has_its_figures() {
    let printed = example("readiness");
    let mut lines = printed.lines();
    let unit = lines.next().expect("a line that says what is measured");
    assert!(unit.starts_with("microseconds"), "{unit}");
    let heads = lines.next().expect("the heads of the columns");
    let loads = ["two peers", "1 client", "16, all", "16, one", "256, all", "256, one"];
    let heads = heads.split("  ").map(str::trim).filter(|head| !head.is_empty());
    assert_eq!(heads.collect::<Vec<_>>(), loads);
    for name in ["block, a thread each", "spin over all", "epoll", "io_uring", "io_uring, SQPOLL"] {
        let line = lines.next().expect("a line for each way to wait");
        let rest = line.strip_prefix(name).unwrap_or_else(|| panic!("'{name}' in '{line}'"));
        // A sandbox may forbid io_uring.
        if name.starts_with("io_uring") && rest.trim_start().starts_with("not available here: ") {
            continue;
        }
        let figures: Vec<f64> = rest.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
        assert_eq!(figures.len(), loads.len(), "{line}");
        assert!(figures.iter().all(|figure| *figure > 0.0 && figure.is_finite()), "{line}");
    }
    assert_eq!(lines.next(), None);
}
