//! `pilotage job`.

use super::args::JobArgs;
use super::jobs::or_dash;
use super::now;
use crate::output::{BadInput, Style, Table, ago, duration, job_tone, mib, plural, print, print_json, utc_time};
use anyhow::Context;
use model::{JobSpec, Placement, Time};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use wire::Client;
use wire::api::{AttemptOutcome, AttemptRecord, JobDetail};

/// Shows one job, or saves its outputs.
pub async fn run(args: JobArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let job = client.job(args.id).await?;
    for wish in &args.fetch {
        fetch(&job, wish, client).await?;
    }
    match (args.output.json, args.fetch.is_empty()) {
        (true, _) => print_json(&job)?,
        (false, true) => print(&describe(&job, now(), Style::for_stdout()))?,
        (false, false) => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn fetch(job: &JobDetail, wish: &str, client: &Client) -> anyhow::Result<()> {
    let (name, path) = match wish.split_once('=') {
        Some((name, path)) => (name, PathBuf::from(path)),
        None => (wish, PathBuf::from(wish.rsplit('/').next().unwrap_or(wish))),
    };
    if !job.outputs.iter().any(|kept| kept == name) {
        let kept = if job.outputs.is_empty() { "none".to_owned() } else { job.outputs.join(", ") };
        let id = job.summary.id;
        return Err(BadInput::new(format!("--fetch: job {id} has no output '{name}' here; kept are: {kept}")).into());
    }
    let bytes = client.output(job.summary.id, name).await?;
    std::fs::write(&path, &bytes).with_context(|| format!("write {}", path.display()))?;
    print(&format!("{}\n", path.display()))
}

fn describe(job: &JobDetail, now: Time, style: Style) -> String {
    let head = &job.summary;
    let state = style.toned(job_tone(head.state), head.state.as_str());
    let mut text = format!("{} {state}\n", style.heading(&format!("job {} {}", head.id, head.name)));
    if !head.message.is_empty() {
        let _ = writeln!(text, "  {}", head.message);
    }
    text.push('\n');
    for (key, value) in facts(job, now) {
        let _ = writeln!(text, "  {} {value}", style.faint(&format!("{key:<12}")));
    }
    if !job.attempts.is_empty() {
        let _ = write!(text, "\n{}", indented(&attempts(&job.attempts, now)));
    }
    text
}

fn facts(job: &JobDetail, now: Time) -> Vec<(&'static str, String)> {
    let (head, spec) = (&job.summary, &job.spec);
    let group = if head.group.is_empty() { String::new() } else { format!(" for {}", head.group) };
    let mut facts = vec![
        ("command", command_line(spec)),
        ("user", format!("{}{group}", head.user)),
        ("wants", wants(&spec.placement)),
        ("queue", place(job)),
        ("needs", needs(spec)),
        ("submitted", format!("{} ({})", utc_time(head.submitted), ago(now, head.submitted))),
    ];
    let index = (head.index > 0).then(|| ("index", head.index.to_string()));
    let environment: Vec<String> = spec.environment.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let environment = (!environment.is_empty()).then(|| ("environment", environment.join(" ")));
    let outputs = (!job.outputs.is_empty()).then(|| ("outputs", format!("{} (--fetch NAME)", job.outputs.join(", "))));
    facts.extend(index.into_iter().chain(environment).chain(outputs));
    facts
}

fn command_line(spec: &JobSpec) -> String {
    let script = spec.script.as_ref().map(|script| format!(" (script of {})", plural(script.len() as u64, "byte")));
    let words = std::iter::once(&spec.transformation).chain(&spec.arguments).map(|word| quoted(word));
    words.collect::<Vec<_>>().join(" ") + &script.unwrap_or_default()
}

/// A word as a shell would need it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn wants(placement: &Placement) -> String {
    match placement {
        Placement::Any => "any queue".to_owned(),
        Placement::Queue(queue) => format!("queue {queue}"),
        Placement::Site(site) => format!("site {site}"),
        Placement::Tags(tags) => format!("a queue with {}", tags.join(", ")),
    }
}

fn place(job: &JobDetail) -> String {
    let (queue, site) = (&job.summary.queue, &job.summary.site);
    if queue.is_empty() { "none yet".to_owned() } else { format!("{queue} at {}", or_dash(site)) }
}

fn needs(spec: &JobSpec) -> String {
    let mut needs = vec![plural(spec.cores.into(), "core")];
    if spec.memory_mib > 0 {
        needs.push(mib(spec.memory_mib.into()));
    }
    if spec.wall_time_s > 0 {
        needs.push(duration(Duration::from_secs(spec.wall_time_s.into())));
    }
    if spec.priority != 0 {
        needs.push(format!("priority {}", spec.priority));
    }
    if spec.max_attempts > 1 {
        needs.push(format!("up to {} attempts", spec.max_attempts));
    }
    needs.join(", ")
}

fn attempts(attempts: &[AttemptRecord], now: Time) -> String {
    let headings =
        [">attempt", "outcome", ">exit", ">pilot", "node", "started", ">wall", ">cpu", ">memory", "~message"];
    let mut table = Table::new(&headings).minor(&["cpu", "node", "memory", "started", "pilot"]);
    for attempt in attempts {
        table.row([
            attempt.attempt.to_string(),
            outcome(attempt),
            exit(attempt),
            attempt.pilot.map_or_else(|| "-".to_owned(), |pilot| pilot.to_string()),
            or_dash(&attempt.node),
            utc_time(attempt.started.unwrap_or(attempt.sent)),
            duration(wall(attempt, now)),
            duration(Duration::from_millis(attempt.usage.cpu_ms)),
            memory(attempt.usage.max_rss_kib),
            attempt.message.clone(),
        ]);
    }
    table.text()
}

/// A dash for what was too short to be looked at.
fn memory(kib: u64) -> String {
    if kib == 0 { "-".to_owned() } else { mib(kib.div_ceil(1024)) }
}

fn outcome(attempt: &AttemptRecord) -> String {
    let word = match attempt.outcome {
        AttemptOutcome::Underway => "underway",
        AttemptOutcome::Finished => "finished",
        AttemptOutcome::Failed => "failed",
        AttemptOutcome::Lost => "lost",
        AttemptOutcome::Cancelled => "cancelled",
    };
    attempt.error_class.map_or_else(|| word.to_owned(), |class| format!("{word}: {class}"))
}

fn exit(attempt: &AttemptRecord) -> String {
    match (attempt.exit_code, attempt.signal) {
        (_, Some(signal)) => format!("signal {signal}"),
        (Some(code), None) => code.to_string(),
        (None, None) => "-".to_owned(),
    }
}

fn wall(attempt: &AttemptRecord, now: Time) -> Duration {
    match (attempt.usage.wall_ms, attempt.started, attempt.ended) {
        (0, Some(started), ended) => ended.unwrap_or(now).since(started),
        (wall_ms, ..) => Duration::from_millis(wall_ms),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted() {
        let spec = JobSpec::command("/bin/echo", ["a b".to_owned(), "it's".to_owned(), String::new()]);
        assert_eq!(command_line(&spec), r"/bin/echo 'a b' 'it'\''s' ''");
        assert_eq!(needs(&JobSpec { memory_mib: 2048, max_attempts: 3, ..spec }), "1 core, 2 GiB, up to 3 attempts");
    }
}
