//! `pilotage jobs`.

use super::args::JobsArgs;
use super::{now, paging};
use crate::output::{Table, ago, count, duration, job_tone, print, print_json};
use model::{ErrorClass, JobId, JobState, PilotId, Time};
use serde::Serialize;
use std::process::ExitCode;
use wire::Client;
use wire::api::{JobCounts, JobPage, JobQuery, JobSummary};

/// Rows for people when they do not say how many.
const ROWS_FOR_PEOPLE: u32 = 20;
/// Rows for programs when they do not say how many.
const ROWS_FOR_PROGRAMS: u32 = 100;

/// One row of `pilotage jobs --json`: part of the contract for scripts.
#[derive(Serialize)]
struct Row<'a> {
    id: JobId,
    name: &'a str,
    user: &'a str,
    queue: &'a str,
    site: &'a str,
    state: JobState,
    attempt: u32,
    exit_code: Option<i32>,
    error_class: Option<ErrorClass>,
    pilot: Option<PilotId>,
}

#[derive(Serialize)]
struct Rows<'a> {
    jobs: Vec<Row<'a>>,
    next: &'a Option<String>,
}

/// Lists or counts jobs.
pub async fn run(args: JobsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let query = query(&args);
    if args.count {
        let counts = client.job_counts(&query).await?;
        if args.output.json {
            print_json(&counts)?
        } else {
            print(&counts_in_words(&counts))?
        }
        return Ok(ExitCode::SUCCESS);
    }
    let page = fetch(&args, query, client).await?;
    match (args.output.json, args.long) {
        (true, false) => print_json(&rows(&page))?,
        (true, true) => print_json(&page)?,
        (false, long) => print(&table(&page, long, now()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn query(args: &JobsArgs) -> JobQuery {
    JobQuery {
        state: args.state,
        ids: args.ids.as_ref().map(ToString::to_string),
        queue: args.queue.clone(),
        site: args.site.clone(),
        user: args.user.clone(),
        group: args.group.clone(),
        with_pilot: None,
        pilot: args.pilot,
        error_class: args.error_class,
        name: args.name.clone(),
        task: None,
        cursor: args.cursor.clone(),
        limit: None,
    }
}

/// As many pages as the wanted rows need.
async fn fetch(args: &JobsArgs, query: JobQuery, client: &Client) -> anyhow::Result<JobPage> {
    let default = if args.output.json { ROWS_FOR_PROGRAMS } else { ROWS_FOR_PEOPLE };
    let wanted = if args.all { usize::MAX } else { args.limit.unwrap_or(default) as usize };
    let (jobs, next) = paging::rows(wanted, query.cursor.clone(), async |cursor, limit| {
        let page = client.jobs(&JobQuery { cursor, limit: Some(limit), ..query.clone() }).await?;
        Ok((page.jobs, page.next))
    })
    .await?;
    Ok(JobPage { jobs, next })
}

fn rows(page: &JobPage) -> Rows<'_> {
    Rows { jobs: page.jobs.iter().map(row).collect(), next: &page.next }
}

fn row(job: &JobSummary) -> Row<'_> {
    let JobSummary { id, name, user, queue, site, state, attempt, exit_code, error_class, pilot, .. } = job;
    Row {
        id: *id,
        name,
        user,
        queue,
        site,
        state: *state,
        attempt: *attempt,
        exit_code: *exit_code,
        error_class: *error_class,
        pilot: *pilot,
    }
}

/// Columns of everybody's table.
const HEADINGS: [&str; 12] = [
    ">id",
    "~name",
    "user",
    "queue",
    "site",
    "state",
    ">attempt",
    ">exit",
    "error",
    ">pilot",
    ">run time",
    "submitted",
];
/// Those that a narrow terminal has no room for, the first to go first.
const MINOR: [&str; 7] = ["attempt", "site", "pilot", "user", "error", "submitted", "run time"];

fn table(page: &JobPage, long: bool, now: Time) -> String {
    if page.jobs.is_empty() {
        return "no jobs\n".to_owned();
    }
    let mut headings = HEADINGS.to_vec();
    if long {
        headings.extend(["group", "~message"]);
    }
    let mut table = Table::new(&headings).minor(&MINOR);
    for job in &page.jobs {
        let more = long.then(|| [or_dash(&job.group), job.message.clone()]);
        let cells = cells(job, table.toned(job_tone(job.state), job.state.as_str()), now);
        table.row(cells.into_iter().chain(more.into_iter().flatten()));
    }
    let more = page.next.as_ref().map(|next| format!("more: --cursor {next}, or --all\n"));
    table.text() + &more.unwrap_or_default()
}

fn cells(job: &JobSummary, state: String, now: Time) -> [String; 12] {
    [
        job.id.to_string(),
        job.name.clone(),
        job.user.clone(),
        or_dash(&job.queue),
        or_dash(&job.site),
        state,
        job.attempt.to_string(),
        job.exit_code.map_or_else(dash, |code| code.to_string()),
        job.error_class.map_or_else(dash, |class| class.to_string()),
        job.pilot.map_or_else(dash, |pilot| pilot.to_string()),
        run_time(job, now),
        ago(now, job.submitted),
    ]
}

fn run_time(job: &JobSummary, now: Time) -> String {
    match (job.started, job.ended) {
        (Some(started), Some(ended)) if job.state.is_final() => duration(ended.since(started)),
        (Some(started), _) if job.state.is_with_pilot() => duration(now.since(started)),
        _ => dash(),
    }
}

fn counts_in_words(counts: &JobCounts) -> String {
    let mut table = Table::new(&["state", ">jobs"]);
    for (state, number) in counts.0.iter().filter(|(_, number)| **number > 0) {
        let word = table.toned(job_tone(*state), state.as_str());
        table.row([word, count(*number)]);
    }
    table.row(["all".to_owned(), count(counts.total())]);
    table.text()
}

/// What an absent value looks like.
pub fn dash() -> String {
    "-".to_owned()
}

/// The text, or a dash when there is none.
pub fn or_dash(text: &str) -> String {
    if text.is_empty() { dash() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SubmissionId;

    fn page() -> JobPage {
        let job = JobSummary {
            id: JobId(17),
            name: "my.sh".into(),
            user: "ada".into(),
            group: String::new(),
            queue: "local".into(),
            site: "local".into(),
            state: JobState::Failed,
            attempt: 1,
            exit_code: Some(3),
            error_class: Some(ErrorClass::Payload),
            message: String::new(),
            pilot: Some(PilotId(2)),
            submission: SubmissionId(1),
            index: 0,
            submitted: Time(0),
            started: Some(Time(1000)),
            ended: Some(Time(4000)),
        };
        JobPage { jobs: vec![job], next: None }
    }

    #[test]
    fn json_rows_are_exactly_the_contract() {
        let said = serde_json::to_string(&rows(&page())).unwrap();
        assert_eq!(
            said,
            r#"{"jobs":[{"id":17,"name":"my.sh","user":"ada","queue":"local","site":"local","state":"failed","attempt":1,"exit_code":3,"error_class":"payload","pilot":2}],"next":null}"#
        );
    }

    #[test]
    fn people_see_a_table() {
        insta::assert_snapshot!(table(&page(), false, Time(10_000)));
    }
}
