//! The results as comma-separated values (RFC 4180): one line per row, for a spreadsheet or a plotting program. A cell
//! without a value is empty.

use crate::results::document::Document;
use crate::results::latency::Latency;
use crate::results::row::Row;

/// A column: its name, with its unit, and the function that fills it from a row.
type Column = (&'static str, fn(&Row) -> Option<String>);

const COLUMNS: &[Column] = &[
    ("mechanism", |row| Some(row.mechanism.clone())),
    ("variant", |row| Some(row.variant.clone())),
    ("implementation", |row| Some(row.implementation.clone())),
    ("kind", |row| Some(row.kind.name().into())),
    ("size_bytes", |row| number(Some(row.size))),
    ("wait", |row| Some(row.wait.clone())),
    ("cpus", |row| Some(row.cpus.clone())),
    ("ping_cpu", |row| number(Some(row.ping_cpu))),
    ("pong_cpu", |row| number(Some(row.pong_cpu))),
    ("clients", |row| number(Some(row.clients))),
    ("client_processes", |row| number(row.client_processes)),
    ("clients_run", |row| row.clients_run.map(|way| way.name().into())),
    ("rate_per_s", |row| number(row.rate_per_s)),
    ("achieved_per_s", |row| number(row.pacing.map(|pacing| pacing.achieved_per_s))),
    ("kept_up", |row| number(row.pacing.map(|pacing| pacing.kept_up))),
    ("late", |row| number(row.pacing.map(|pacing| pacing.late))),
    ("flush_every", |row| number(Some(row.flush_every))),
    ("piece_bytes", |row| number(row.piece)),
    ("count", |row| number(Some(row.count))),
    ("batch", |row| number(row.batch)),
    ("rtt_min_ns", |row| rtt(row, |times| times.min)),
    ("rtt_p50_ns", |row| rtt(row, |times| times.p50)),
    ("rtt_p90_ns", |row| rtt(row, |times| times.p90)),
    ("rtt_p99_ns", |row| rtt(row, |times| times.p99)),
    ("rtt_p999_ns", |row| rtt(row, |times| times.p999)),
    ("rtt_max_ns", |row| rtt(row, |times| times.max)),
    ("rtt_mean_ns", |row| number(row.rtt_ns.as_ref().map(|times| times.mean))),
    ("rtt_mean_low_ns", |row| number(row.rtt_ns.as_ref().and_then(|times| Some(times.mean_interval?[0])))),
    ("rtt_mean_high_ns", |row| number(row.rtt_ns.as_ref().and_then(|times| Some(times.mean_interval?[1])))),
    ("service_p50_ns", |row| number(row.service_ns.as_ref().map(|times| times.p50))),
    ("service_p99_ns", |row| number(row.service_ns.as_ref().map(|times| times.p99))),
    ("service_max_ns", |row| number(row.service_ns.as_ref().map(|times| times.max))),
    ("one_way_p50_ns", |row| number(row.one_way_ns.as_ref().map(|times| times.p50))),
    ("one_way_p99_ns", |row| number(row.one_way_ns.as_ref().map(|times| times.p99))),
    ("one_way_max_ns", |row| number(row.one_way_ns.as_ref().map(|times| times.max))),
    ("messages_per_s", |row| number(row.messages_per_s)),
    ("bytes_per_s", |row| number(row.bytes_per_s)),
    ("fairness_min", |row| number(row.fairness.map(|fairness| fairness.min))),
    ("fairness_median", |row| number(row.fairness.map(|fairness| fairness.median))),
    ("fairness_max", |row| number(row.fairness.map(|fairness| fairness.max))),
    ("fairness_index", |row| number(row.fairness.map(|fairness| fairness.index))),
    ("rounds", |row| number(row.rounds.as_ref().map(|rounds| rounds.count))),
    ("rounds_p25_ns", |row| number(row.rounds.as_ref().map(|rounds| rounds.ns.p25))),
    ("rounds_median_ns", |row| number(row.rounds.as_ref().map(|rounds| rounds.ns.median))),
    ("rounds_p75_ns", |row| number(row.rounds.as_ref().map(|rounds| rounds.ns.p75))),
    ("spread", |row| number(row.rounds.as_ref().map(|rounds| rounds.spread))),
    ("agree", |row| number(row.rounds.as_ref().map(|rounds| rounds.agree))),
    ("ping_user_ns", |row| number(row.cost.map(|cost| cost.ping.user_ns))),
    ("ping_system_ns", |row| number(row.cost.map(|cost| cost.ping.system_ns))),
    ("ping_voluntary_switches", |row| number(row.cost.map(|cost| cost.ping.voluntary_switches))),
    ("ping_involuntary_switches", |row| number(row.cost.map(|cost| cost.ping.involuntary_switches))),
    ("ping_minor_faults", |row| number(row.cost.map(|cost| cost.ping.minor_faults))),
    ("ping_major_faults", |row| number(row.cost.map(|cost| cost.ping.major_faults))),
    ("ping_syscalls", |row| number(row.cost.and_then(|cost| cost.ping.syscalls))),
    ("pong_user_ns", |row| number(row.cost.map(|cost| cost.pong.user_ns))),
    ("pong_system_ns", |row| number(row.cost.map(|cost| cost.pong.system_ns))),
    ("pong_voluntary_switches", |row| number(row.cost.map(|cost| cost.pong.voluntary_switches))),
    ("pong_involuntary_switches", |row| number(row.cost.map(|cost| cost.pong.involuntary_switches))),
    ("pong_minor_faults", |row| number(row.cost.map(|cost| cost.pong.minor_faults))),
    ("pong_major_faults", |row| number(row.cost.map(|cost| cost.pong.major_faults))),
    ("pong_syscalls", |row| number(row.cost.and_then(|cost| cost.pong.syscalls))),
    ("energy_nj", |row| number(row.energy_nj)),
    ("floor_ratio", |row| number(row.floor_ratio)),
    ("floor_ratio_p25", |row| number(row.floor_ratio_spread.map(|[low, _]| low))),
    ("floor_ratio_p75", |row| number(row.floor_ratio_spread.map(|[_, high]| high))),
    ("suite_ratio", |row| number(row.suite_ratio)),
    ("suite_ratio_p25", |row| number(row.suite_ratio_spread.map(|[low, _]| low))),
    ("suite_ratio_p75", |row| number(row.suite_ratio_spread.map(|[_, high]| high))),
];

fn number(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn rtt(row: &Row, figure: fn(&Latency) -> u64) -> Option<String> {
    number(row.rtt_ns.as_ref().map(figure))
}

pub(super) fn text(document: &Document) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = COLUMNS.iter().map(|(name, _)| *name);
    writer.write_record(names).expect("memory takes everything");
    for row in &document.results {
        let cells = COLUMNS.iter().map(|(_, cell)| cell(row).unwrap_or_default());
        writer.write_record(cells).expect("as many cells as names");
    }
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("made of strings")
}
