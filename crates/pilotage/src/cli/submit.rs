//! `pilotage submit`.

mod directives;
mod jsonl;
mod request;

use super::args::SubmitArgs;
use super::{wait_for, with_client};
use crate::output::{BadInput, count, plural, print, print_json};
use model::{IdSet, JobId};
use request::Wanted;
use serde::Serialize;
use std::process::ExitCode;
use wire::Client;
use wire::api::{BULK_MAX, BulkSubmitRequest, SubmitRequest, Submitted};

/// Bulk answers that are printed one a line for people; more are summed up.
const LINES_MAX: usize = 20;

#[derive(Serialize)]
struct Id {
    id: JobId,
}

#[derive(Serialize)]
struct Range {
    first: JobId,
    count: u64,
}

/// What is printed for programs: part of the contract for scripts.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Jobs(Vec<Id>),
    Array(Range),
    #[serde(untagged)]
    Mixed {
        jobs: Vec<Id>,
        arrays: Vec<Range>,
    },
}

/// Checks everything here, then submits: nothing half done.
pub fn run(args: SubmitArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted::from_args(&args)?;
    let server = args.server.clone();
    with_client(&server, async |client| submit(args, wanted, &client).await)
}

async fn submit(args: SubmitArgs, wanted: Wanted, client: &Client) -> anyhow::Result<ExitCode> {
    let key = args.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let submitted = match wanted {
        Wanted::One(request) => vec![client.submit(&request, &key).await?],
        Wanted::Many(requests) => submit_all(requests, &key, client).await?,
    };
    if args.output.json {
        print_json(&answer(&submitted))?
    } else {
        print(&in_words(&submitted))?
    }
    if !args.wait {
        return Ok(ExitCode::SUCCESS);
    }
    wait_for(Some(&ids(&submitted)?), None, false, client).await
}

/// In portions of what one commit takes; each has a key of its own, so that a repeat of the whole is harmless.
async fn submit_all(requests: Vec<SubmitRequest>, key: &str, client: &Client) -> anyhow::Result<Vec<Submitted>> {
    let mut submitted = Vec::with_capacity(requests.len());
    for (i, portion) in requests.chunks(BULK_MAX).enumerate() {
        let request = BulkSubmitRequest { jobs: portion.to_vec() };
        let key = if i == 0 { key.to_owned() } else { format!("{key}.{i}") };
        let answer = client.submit_bulk(&request, &key).await.map_err(|error| {
            let before = submitted.len();
            let note = format!("submit lines after {}", plural(before as u64, "accepted job"));
            if before > 0 { anyhow::Error::from(error).context(note) } else { error.into() }
        })?;
        submitted.extend(answer.submitted);
    }
    Ok(submitted)
}

fn answer(submitted: &[Submitted]) -> Answer {
    let id = |one: &Submitted| Id { id: one.first };
    let range = |one: &Submitted| Range { first: one.first, count: one.count };
    match submitted {
        [one] if one.array => Answer::Array(range(one)),
        all if all.iter().any(|one| one.array) => Answer::Mixed {
            jobs: all.iter().filter(|one| !one.array).map(id).collect(),
            arrays: all.iter().filter(|one| one.array).map(range).collect(),
        },
        all => Answer::Jobs(all.iter().map(id).collect()),
    }
}

fn in_words(submitted: &[Submitted]) -> String {
    if submitted.len() > LINES_MAX {
        let jobs: u64 = submitted.iter().map(|one| one.count).sum();
        let waiting = submitted.iter().filter(|one| !one.reason.is_empty()).count() as u64;
        let note =
            if waiting > 0 { format!(", {} without a fitting queue", plural(waiting, "line")) } else { String::new() };
        let ids = ids(submitted).map(|ids| ids.to_string()).unwrap_or_default();
        return format!("{} {ids}{note}\n", plural(jobs, "job"));
    }
    submitted.iter().map(|one| format!("{} {}\n", what(one), whither(one))).collect()
}

fn what(one: &Submitted) -> String {
    if !one.array {
        return format!("job {}", one.first);
    }
    format!("array of {} {}-{}", plural(one.count, "job"), one.first, one.first.0 + one.count as i64 - 1)
}

fn whither(one: &Submitted) -> String {
    if one.reason.is_empty() { format!("in queue {}", one.queue) } else { format!("waits: {}", one.reason) }
}

fn ids(submitted: &[Submitted]) -> anyhow::Result<IdSet> {
    let text =
        submitted.iter().map(|one| IdSet::range(one.first, JobId(one.first.0 + one.count as i64 - 1)).to_string());
    let text = text.collect::<Vec<_>>();
    // Consecutive ids merge, so that even many single jobs are few ranges; the set is built in portions for its bound.
    let mut all = IdSet::default();
    for portion in text.chunks(model::id_set::RANGES_MAX / 2) {
        let joined = format!("{all},{}", portion.join(","));
        all = joined.parse().map_err(|error: model::id_set::BadIdSet| BadInput::new(error.to_string()))?;
    }
    debug_assert_eq!(all.len(), submitted.iter().map(|one| one.count).sum::<u64>(), "{}", count(all.len()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{JobState, SubmissionId};

    fn accepted(first: i64, count: u64, array: bool) -> Submitted {
        Submitted {
            submission: SubmissionId(first),
            first: JobId(first),
            count,
            array,
            state: JobState::Activated,
            queue: "local".into(),
            reason: String::new(),
        }
    }

    #[test]
    fn the_contract_for_programs() {
        let json = |submitted: &[Submitted]| serde_json::to_string(&answer(submitted)).unwrap();
        assert_eq!(json(&[accepted(17, 1, false)]), r#"{"jobs":[{"id":17}]}"#);
        assert_eq!(json(&[accepted(17, 1000, true)]), r#"{"array":{"first":17,"count":1000}}"#);
        assert_eq!(json(&[accepted(1, 1, false), accepted(2, 1, false)]), r#"{"jobs":[{"id":1},{"id":2}]}"#);
        let mixed = json(&[accepted(1, 1, false), accepted(2, 3, true)]);
        assert_eq!(mixed, r#"{"jobs":[{"id":1}],"arrays":[{"first":2,"count":3}]}"#);
    }

    #[test]
    fn people_are_told_where_it_went() {
        assert_eq!(in_words(&[accepted(17, 1000, true)]), "array of 1,000 jobs 17-1016 in queue local\n");
        let waiting = Submitted { reason: "no queue fits".into(), ..accepted(17, 1, false) };
        assert_eq!(in_words(&[waiting]), "job 17 waits: no queue fits\n");
        assert_eq!(ids(&[accepted(1, 1, false), accepted(2, 3, true)]).unwrap().to_string(), "1-4");
    }
}
