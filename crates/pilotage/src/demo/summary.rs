//! What ran where, and why pilots were submitted.

use super::drive::{KindOutcome, Outcome};
use crate::output::{Style, Table, Tone, count, duration, job_tone, plural};
use anyhow::Context;
use model::{Decision, JobState, PilotId};
use server::pages::decision_sentence;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use wire::Client;
use wire::api::{DecisionQuery, JobDetail, PAGE_MAX};

/// The decisions that submitted pilots, oldest first.
pub async fn decisions(client: &Client) -> anyhow::Result<Vec<Decision>> {
    let query = DecisionQuery { limit: Some(PAGE_MAX), ..DecisionQuery::default() };
    let mut decisions = client.decisions(&query).await.context("read the decisions")?.decisions;
    decisions.retain(|decision| decision.accepted > 0);
    decisions.reverse();
    Ok(decisions)
}

/// The end of the demo in words.
pub fn text(outcome: &Outcome, decisions: &[Decision], output: &Path, style: Style) -> String {
    let mut text = format!("\n{}\n", style.heading("What ran where"));
    text += &indented(&table(outcome));
    for kind in outcome.kinds.iter().filter(|kind| !kind.said.is_empty()) {
        let _ = writeln!(text, "  {}: {}", kind.title, style.faint(&format!("\"{}\"", kind.said)));
    }
    let _ = write!(text, "\n{}\n", style.heading("Why pilots were submitted"));
    let began = decisions.first().map(|decision| decision.time).unwrap_or_default();
    for decision in decisions {
        let after = decision.time.since(began).as_secs_f64();
        let _ = writeln!(text, "  +{after:<4.1} s  {:<6} {}", decision.label, decision_sentence(decision));
    }
    text + "\n" + &verdict(outcome, output, style)
}

fn table(outcome: &Outcome) -> String {
    let mut table = Table::new(&["~work", ">jobs", "queue", "~pilots", "~ended", ">attempts", ">cpu", ">memory"])
        .minor(&["pilots", "queue", "cpu"]);
    for kind in &outcome.kinds {
        let ended = ended(kind, &table);
        table.row([
            kind.title.to_owned(),
            count(kind.jobs.len() as u64),
            places(kind),
            pilots(kind),
            ended,
            count(kind.jobs.iter().map(|job| u64::from(job.summary.attempt)).sum()),
            duration(cpu(&kind.jobs)),
            format!("{} MiB", memory_mib(&kind.jobs)),
        ]);
    }
    table.text()
}

fn places(kind: &KindOutcome) -> String {
    let place = |job: &JobDetail| format!("{} at {}", job.summary.queue, job.summary.site);
    let places: BTreeSet<String> = kind.jobs.iter().map(place).collect();
    places.into_iter().collect::<Vec<_>>().join(", ")
}

fn pilots(kind: &KindOutcome) -> String {
    let pilots: BTreeSet<PilotId> =
        kind.jobs.iter().flat_map(|job| job.attempts.iter().filter_map(|attempt| attempt.pilot)).collect();
    pilots.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn ended(kind: &KindOutcome, table: &Table) -> String {
    let mut ends: BTreeMap<(JobState, String), u64> = BTreeMap::new();
    for job in &kind.jobs {
        let class = job.summary.error_class.map(|class| format!(": {class}")).unwrap_or_default();
        *ends.entry((job.summary.state, class)).or_default() += 1;
    }
    let said = ends.into_iter().map(|((state, class), number)| {
        let text = format!("{} {state}{}", count(number), if state == JobState::Finished { "" } else { &class });
        table.toned(job_tone(state), &text)
    });
    said.collect::<Vec<_>>().join(", ")
}

fn cpu(jobs: &[JobDetail]) -> Duration {
    let attempts = jobs.iter().flat_map(|job| &job.attempts);
    Duration::from_millis(attempts.map(|attempt| attempt.usage.cpu_ms).sum())
}

fn memory_mib(jobs: &[JobDetail]) -> u64 {
    let attempts = jobs.iter().flat_map(|job| &job.attempts);
    attempts.map(|attempt| attempt.usage.max_rss_kib).max().unwrap_or(0).div_ceil(1024)
}

fn verdict(outcome: &Outcome, output: &Path, style: Style) -> String {
    let jobs: usize = outcome.kinds.iter().map(|kind| kind.jobs.len()).sum();
    let took = duration(outcome.took);
    let mut text = String::new();
    for problem in outcome.kinds.iter().flat_map(|kind| &kind.problems) {
        let _ = writeln!(text, "{} {problem}", style.toned(Tone::Fault, "not as expected:"));
    }
    let all = plural(jobs as u64, "job");
    if outcome.is_as_expected() {
        let shown = std::path::absolute(output).unwrap_or_else(|_| output.to_owned());
        let _ = writeln!(text, "{} in {took}; every one ended as expected", style.toned(Tone::Done, &all));
        let _ = writeln!(text, "image {}", shown.display());
    } else {
        let _ = writeln!(text, "{} in {took}", style.toned(Tone::Fault, &all));
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
