//! Tests that the facts used by `choose` are proven: each fact of each variant by a test of that crate, named here.

use std::fs;
use std::path::Path;

use ipc_bench::results::registry::SIX;
use ipc_core::Reach;

/// The facts of a variant (or of all variants of a mechanism, `*`), the file, and the test that proves them.
const PROOFS: &[(&str, &str, &[&str], &str, &str)] = &[
    ("pipe", "*", &["unit"], "behaviour/table.rs", "unit_is_a_stream_that_loses_boundaries"),
    ("pipe", "*", &["reach", "clients"], "behaviour/table.rs", "reach_is_the_same_host"),
    ("pipe", "*", &["persistence", "remains"], "behaviour/table.rs", "between_a_pipe_has_no_name_to_join_by"),
    ("fifo", "*", &["unit"], "behaviour/table.rs", "unit_is_a_stream_that_loses_boundaries"),
    ("fifo", "*", &["reach"], "behaviour/table.rs", "reach_is_the_same_host"),
    ("fifo", "*", &["persistence"], "behaviour/table.rs", "medium_is_a_file_of_type_p_that_stays_empty"),
    ("fifo", "*", &["remains"], "behaviour/talking.rs", "a_name_outlives_its_users_unless_removed"),
    ("fifo", "*", &["clients"], "behaviour/talking.rs", "two_writers_are_torn_only_above_pipe_buf"),
    ("msgq", "sysv", &["unit"], "behaviour/table.rs", "unit_is_a_whole_message"),
    ("msgq", "sysv", &["reach"], "behaviour/table.rs", "reach_ends_at_the_ipc_namespace"),
    ("msgq", "sysv", &["persistence", "remains"], "behaviour/calls.rs", "a_queue_outlives_its_creator"),
    ("msgq", "sysv", &["clients"], "server/thousand.rs", "a_thousand_clients_share_32_queues"),
    ("msgq", "posix", &["unit", "reach", "clients"], "posix.rs", "the_highest_priority_comes_first"),
    (
        "msgq",
        "posix",
        &["persistence", "remains"],
        "behaviour/posix_link.rs",
        "the_next_create_sweeps_what_a_killed_owner_left",
    ),
    ("shm", "*", &["unit"], "behaviour/table.rs", "unit_is_a_struct_seen_in_place"),
    ("shm", "*", &["clients"], "behaviour/table.rs", "direction_a_link_has_one_segment"),
    ("shm", "ring", &["reach"], "behaviour/table.rs", "reach_is_the_same_host_and_namespace"),
    ("shm", "ring", &["persistence", "remains"], "behaviour/segments.rs", "a_segment_outlives_its_process"),
    ("shm", "sem", &["reach"], "behaviour/table.rs", "reach_is_the_same_host_and_namespace"),
    ("shm", "sem", &["persistence", "remains"], "behaviour/segments.rs", "a_segment_outlives_its_process"),
    ("shm", "posix", &["reach"], "behaviour/posix.rs", "reach_is_that_of_the_file_system"),
    (
        "shm",
        "posix",
        &["persistence", "remains"],
        "behaviour/posix.rs",
        "the_object_of_a_killed_owner_is_removed_by_the_next_create",
    ),
    ("mmap", "*", &["unit"], "behaviour/table.rs", "unit_is_a_page_of_which_the_file_may_end_in_the_middle"),
    ("mmap", "*", &["reach"], "behaviour/table.rs", "reach_ends_with_the_kernel_that_caches_the_file"),
    ("mmap", "*", &["clients"], "behaviour/table.rs", "direction_a_link_has_one_file"),
    (
        "mmap",
        "file",
        &["persistence", "remains"],
        "behaviour/pitfalls.rs",
        "the_bytes_are_there_when_both_processes_are_gone",
    ),
    ("mmap", "memfd", &["persistence", "remains"], "behaviour/memory.rs", "memory_has_no_name"),
    ("socket", "unix-stream", &["unit"], "behaviour/table.rs", "unit_is_a_stream_that_loses_boundaries"),
    ("socket", "unix-seqpacket", &["unit"], "behaviour/table.rs", "unit_of_seqpacket_is_a_whole_message"),
    ("socket", "tcp", &["unit"], "behaviour/table.rs", "unit_is_a_stream_that_loses_boundaries"),
    ("socket", "*", &["reach"], "behaviour/table.rs", "reach_is_the_same_host_by_path_ipv4_and_ipv6"),
    ("socket", "*", &["clients"], "behaviour/peers.rs", "strangers_do_not_keep_the_right_one_out"),
    ("socket", "*", &["persistence"], "behaviour/talking.rs", "a_lost_peer_is_an_error_and_not_a_signal"),
    (
        "socket",
        "unix-stream",
        &["remains"],
        "behaviour/addresses.rs",
        "an_abandoned_path_is_refused_with_advice",
    ),
    (
        "socket",
        "unix-seqpacket",
        &["remains"],
        "behaviour/addresses.rs",
        "an_abandoned_path_is_refused_with_advice",
    ),
    ("socket", "tcp", &["remains"], "behaviour/addresses.rs", "an_address_without_a_listener_is_waited_at"),
];

/// Each fact has an existing test.
#[test]
fn each_fact_of_each_variant_has_its_proof() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut wrong = Vec::new();
    for (mechanism, _, _, file, test) in PROOFS {
        let path = repository.join(format!("ipc-{mechanism}/tests/{file}"));
        let code = fs::read_to_string(&path).unwrap_or_default();
        if !code.contains(&format!("fn {test}(")) {
            wrong.push(format!("{}: no test {test}", path.display()));
        }
    }
    for (profile, variant) in
        SIX.iter().flat_map(|member| member.variants().map(move |variant| (&member.profile, variant)))
    {
        for fact in ["unit", "reach", "persistence", "remains", "clients"] {
            let proofs = PROOFS.iter().filter(|(mechanism, of, facts, ..)| {
                *mechanism == profile.name && (*of == "*" || *of == variant.name) && facts.contains(&fact)
            });
            if proofs.count() != 1 {
                wrong.push(format!("{} ({}): the fact '{fact}' needs one proof", profile.name, variant.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The table's row is that of the default variant; its reach is the longest of all variants.
#[test]
fn the_table_agrees_with_the_variants() {
    for member in SIX.iter() {
        let profile = member.profile;
        assert_eq!(
            Some(profile.unit),
            member.variants().map(|variant| variant.unit).next(),
            "{}",
            profile.name
        );
        let beyond = member.variants().any(|variant| variant.reach == Reach::SameHostAndBeyond);
        assert_eq!(profile.reach == Reach::SameHostAndBeyond, beyond, "{}", profile.name);
    }
}
