//! The saved run that the program takes, or measures.

use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::registry::{self, Member};
use ipc_bench::results::row::Row;
use ipc_core::{Clients, Variant, Wait};
use serde_json::Value;

use crate::common::{bench, run};
use crate::invented::{NOISE, case, document, row, ten_thousand};
use crate::program::figures;

/// Without `--results` the newest run of this machine is used and named; one of another machine is not used.
#[test]
fn the_newest_run_of_this_machine_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("ipc-bench");
    let save = |name: &str, document: &Document| {
        ipc_bench::results::output::Output::create(place.join(name)).unwrap().save(document).unwrap();
    };
    let here = || Document { environment: ipc_bench::results::environment::Environment::read(), ..figures() };
    let later = || std::thread::sleep(std::time::Duration::from_millis(20));
    let without_fifo = |mut document: Document| {
        document.results.retain(|row| row.mechanism != "fifo");
        document
    };
    let mut skipped = without_fifo(here());
    for kind in Kind::USUAL {
        skipped.skipped.push(NotMeasured::new(&case("fifo", "fifo", kind, Wait::Block), "no room".into()));
    }
    save("b-older", &here());
    later();
    save("a-newer", &skipped);
    later();
    save("elsewhere", &figures());
    save("nobody-tried-fifo", &without_fifo(here()));
    save("ended-early", &Document { complete: false, ..here() });
    std::fs::create_dir(place.join("empty")).unwrap();
    // The binary and this test are of the same build, and thus have the same environment.
    let output = run(bench().args(["choose", "--size", "64", "--all"]).env("XDG_DATA_HOME", home.path()));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("a-newer\n"), "{}", output.stderr);
    assert!(output.stdout.contains("fifo (fifo): no room"), "{}", output.stdout);
}

/// For many clients the newest run with that many is used, although there is nothing else in it; if there is none, they
/// are measured.
#[test]
fn a_run_with_so_many_clients_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let save = |name: &str, results: Vec<Row>| {
        let document = Document {
            environment: ipc_bench::results::environment::Environment::read(),
            results,
            ..document(Vec::new())
        };
        let place = home.path().join("ipc-bench").join(name);
        ipc_bench::results::output::Output::create(place).unwrap().save(&document).unwrap();
    };
    let many = registry::all().filter(|(_, variant)| variant.clients == Clients::Many);
    let of_clients = |(member, variant): (&Member, &Variant)| {
        let case = case(member.profile.name, variant.name, Kind::Clients, Wait::Block);
        let case = Case { clients: 10, ..case };
        Row { rtt_ns: Some(ten_thousand(10)), ..row(&case, 1e4, NOISE) }
    };
    save("ten-clients", many.map(of_clients).collect());
    std::thread::sleep(std::time::Duration::from_millis(20));
    save("newer", figures().results);
    let measured = "no figures of this size with 2 clients on this machine: starting a quick run\n";
    for (clients, expected) in [("10", "ten-clients\n"), ("1", "newer\n"), ("2", measured)] {
        let args = ["choose", "--size", "64", "--json", "--clients", clients, "--duration", "50ms"];
        let output = run(bench().args(args).env("XDG_DATA_HOME", home.path()));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        assert!(output.stderr.contains(expected), "{clients}: {}", output.stderr);
        let choice: Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(!choice["notes"].to_string().contains("clients"), "{choice:#}");
        let ranked = choice["ranking"].as_array().unwrap();
        assert!(
            clients != "2" || ranked.iter().all(|one| one["figure_text"].to_string().contains("an answer"))
        );
    }
}
