//! `pilotage wait`, also used by `submit --wait`.

use super::args::WaitArgs;
use crate::output::{BadInput, JobsProgress, TIMED_OUT, count, plural, print_json};
use model::{IdSet, JobState};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wire::api::{JobCounts, JobQuery, WaitQuery};
use wire::{Client, Error};

/// Longest wait of one call while nobody looks.
const QUIET_WAIT_S: u64 = 25;
/// The same while a progress bar is shown.
const SEEN_WAIT_S: u64 = 1;
/// How long a server may be away before waiting fails.
const AWAY_MAX: Duration = Duration::from_secs(60);
/// Jobs that are named when some did not finish.
const NAMED_MAX: u32 = 5;

/// Waits for the given jobs.
pub async fn run(args: WaitArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let ids = (!args.all).then(|| merged(&args.ids)).transpose()?;
    wait_for(ids.as_ref(), args.timeout, args.output.json, client).await
}

/// One set from several.
pub fn merged(sets: &[IdSet]) -> anyhow::Result<IdSet> {
    let text = sets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Ok(text.parse::<IdSet>().map_err(|error| BadInput::new(error.to_string()))?)
}

/// Waits until none of the jobs (all of the caller when absent) is open, and says how they ended: exit code 0 when
/// all finished, 1 when some did not, 124 when the time was over before.
pub async fn wait_for(
    ids: Option<&IdSet>,
    timeout: Option<Duration>,
    json: bool,
    client: &Client,
) -> anyhow::Result<ExitCode> {
    // A time-out beyond what the clock can tell is none.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let text = ids.map(ToString::to_string);
    let progress = JobsProgress::new(ids.map_or(0, IdSet::len));
    let counts = loop {
        let wait_s = next_wait(deadline, progress.is_seen());
        let counts = patient(&WaitQuery { ids: text.clone(), wait_s }, deadline, client).await?;
        progress.show(&counts);
        if counts.open() == 0 || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break counts;
        }
    };
    progress.clear();
    if json {
        print_json(&counts)?;
    }
    judge(ids, &counts, timeout, client).await
}

/// Whole seconds, rounded down: 0 in the last second before the deadline, which [`pause_if_short`] waits for.
fn next_wait(deadline: Option<Instant>, is_seen: bool) -> u32 {
    let longest = if is_seen { SEEN_WAIT_S } else { QUIET_WAIT_S };
    let left = deadline.map_or(longest, |deadline| deadline.saturating_duration_since(Instant::now()).as_secs());
    u32::try_from(left.min(longest)).unwrap_or(1)
}

/// Asks again while the server is away for a short time, such as during a restart.
async fn patient(query: &WaitQuery, deadline: Option<Instant>, client: &Client) -> Result<JobCounts, Error> {
    let give_up = deadline.unwrap_or(Instant::now() + AWAY_MAX).min(Instant::now() + AWAY_MAX);
    let first = client.wait(query).await;
    let mut answer = pause_if_short(first, query, deadline).await;
    while let Err(error) = &answer
        && error.is_temporary()
        && Instant::now() < give_up
    {
        tokio::time::sleep(Duration::from_millis(500)).await;
        answer = client.wait(query).await;
    }
    answer
}

/// The last part of a second before the deadline cannot be waited for at the server.
async fn pause_if_short(
    answer: Result<JobCounts, Error>,
    query: &WaitQuery,
    deadline: Option<Instant>,
) -> Result<JobCounts, Error> {
    if let (Ok(counts), 0, Some(deadline)) = (&answer, query.wait_s, deadline)
        && counts.open() > 0
    {
        let left = deadline.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(Duration::from_millis(100))).await;
    }
    answer
}

async fn judge(
    ids: Option<&IdSet>,
    counts: &JobCounts,
    timeout: Option<Duration>,
    client: &Client,
) -> anyhow::Result<ExitCode> {
    let unknown = ids.map_or(0, |ids| ids.len().saturating_sub(counts.total()));
    if unknown > 0 {
        say(&format!("{} of {} ids belong to no job", count(unknown), count(unknown + counts.total())));
        return Ok(ExitCode::FAILURE);
    }
    if counts.open() > 0 {
        let limit = timeout.unwrap_or_default().as_secs_f64();
        say(&format!("{} still open after {limit} s", plural(counts.open(), "job")));
        return Ok(ExitCode::from(TIMED_OUT));
    }
    let failed = counts.total() - counts.of(JobState::Finished);
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("{} of {} did not finish", count(failed), plural(counts.total(), "job")));
    // Only a help for people, so its own failure is not told.
    let _ = name_some(ids, client).await;
    Ok(ExitCode::FAILURE)
}

/// Names the first few jobs that did not finish, of the caller when there are no ids.
async fn name_some(ids: Option<&IdSet>, client: &Client) -> Result<(), Error> {
    let user = if ids.is_some() { None } else { Some(client.whoami().await?.user) };
    for state in [JobState::Failed, JobState::Cancelled, JobState::Closed] {
        let query = JobQuery {
            ids: ids.map(ToString::to_string),
            user: user.clone(),
            state: Some(state),
            limit: Some(NAMED_MAX),
            ..JobQuery::default()
        };
        for job in client.jobs(&query).await?.jobs {
            let code = job.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
            let why = if job.message.is_empty() { String::new() } else { format!(": {}", job.message) };
            say(&format!("  job {} {state}{code}{why}", job.id));
        }
    }
    Ok(())
}

fn say(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
