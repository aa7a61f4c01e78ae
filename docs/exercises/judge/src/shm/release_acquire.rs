use std::time::Duration;

use crate::program;

#[test]
fn no_order_shows_the_flag_without_the_datum() {
    let outcome = program::run("shm_release_acquire", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The program plays all orders, and then ends.");
    let said = &outcome.stdout;
    assert!(
        said.contains("the reader read 42"),
        "between two real processes the datum must arrive, too\n{said}"
    );
    assert!(
        said.contains(" orders played, 0 of them wrong"),
        "the rules of memory allow an order in which the reader sees the flag and not the datum: who says that the datum \
         comes first, and who says that it is read last?\n{said}"
    );
    let orders: u32 =
        said.lines().last().and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or_default();
    assert!(
        orders >= 2,
        "the reader must look at the flag, which may be set or not: there are two orders at least\n{said}"
    );
}

#[test]
fn no_order_is_stronger_than_it_must_be() {
    let outcome = program::run("shm_release_acquire", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The program plays all orders, and then ends.");
    let calls = outcome.stdout.lines().find_map(|line| line.strip_prefix("calls: ")).unwrap_or_default();
    for (call, weakest) in [
        ("store flag", "Release"),
        ("load flag", "Acquire"),
        ("store datum", "Relaxed"),
        ("load datum", "Relaxed"),
    ] {
        for said in calls.split(", ").filter(|said| said.starts_with(call)) {
            assert_eq!(
                said,
                format!("{call} {weakest}"),
                "the weakest order that does it, for each call: {calls}"
            );
        }
    }
}
