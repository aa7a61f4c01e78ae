//! The last program of `cargo test --workspace`: counts the tests that could not run here, with the reasons.

fn main() {
    let reasons = ipc_conformance::skipped_tests();
    let count: usize = reasons.values().map(Vec::len).sum();
    println!("\nskipped: {count} tests or parts of tests");
    for (reason, tests) in reasons {
        println!("  {} × {reason}: {}", tests.len(), tests.join(", "));
    }
}
