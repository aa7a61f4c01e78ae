use std::time::Duration;

use crate::program;

#[test]
fn a_name_ends_where_it_ends() {
    let outcome = program::run("shm_text", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Four names are written and read.");
    let said = &outcome.stdout;
    let says = |line: &str, wrong: &str| assert!(said.lines().any(|said| said == line), "{wrong}\n{said}");
    says("write 'Wilhelmina': taken; the reader reads 'Wilhelmina'", "a plain name must arrive");
    says(
        "write 'Ida': taken; the reader reads 'Ida'",
        "a short name: the bytes behind its end are left of the name before",
    );
    says(
        "write 'exactly 16 bytes': taken; the reader reads 'exactly 16 bytes'",
        "a name of 16 bytes fits, but has no zero: the reader must stop at the end of its place",
    );
    says(
        "write 'more than sixteen bytes': refused; the reader reads 'exactly 16 bytes'",
        "a name that is too long must be refused, and change nothing",
    );
    says("the secret is untouched", "the writer wrote beyond the place of the name");
}

#[test]
fn other_names_are_taken_and_refused_by_their_bytes() {
    let names = ["", "a", "sixteen letters!", "b", "seventeen letters", "Zoë", "Ünïcödé-Nämen-12"];
    let outcome = program::run("shm_text", &names, Duration::from_secs(30));
    outcome.expect_done("Some names are written and read.");
    let (mut last, mut expected) = ("", String::new());
    for name in names {
        let taken = name.len() <= 16;
        last = if taken { name } else { last };
        let verdict = if taken { "taken" } else { "refused" };
        expected += &format!("write '{name}': {verdict}; the reader reads '{last}'\n");
    }
    expected += "the secret is untouched\n";
    assert_eq!(outcome.stdout, expected, "16 bytes fit, and a letter may be several bytes");
}
