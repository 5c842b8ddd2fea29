//! Submissions: one row for what is asked for, one for the range of jobs that wait.

use super::lane::{LaneKey, lane_for};
use super::range::{self, Range};
use crate::engine::value::to_json;
use crate::engine::{Value, params, statements};
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::job::ARRAY_MAX;
use model::{JobId, JobSpec, JobState, SubmissionId, Submitted, Time, fair_share};
use ring::digest;

statements! {
    FIRST_ANSWER = "SELECT answer, digest FROM idempotency WHERE usr = ?1 AND name = ?2";
    KEEP_ANSWER = "INSERT INTO idempotency (usr, name, answer, made, digest) VALUES (?1, ?2, ?3, ?4, ?5)";
    ADD_SUBMISSIONS = "INSERT INTO submission (id, last, usr, grp, name, task, priority, max_attempts, in_array, submitted, \
            spec) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        arrays "INSERT INTO submission (id, last, usr, grp, name, task, priority, max_attempts, in_array, submitted, spec) \
            SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::text[], ?6::bigint[], \
            ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::text[])";
    ADD_ARRAY_COUNTS = "INSERT INTO array_count (id) VALUES (?1)",
        arrays "INSERT INTO array_count (id) SELECT * FROM unnest(?1::bigint[])";
}

/// One submission: a job, or an array of equal ones.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJobs {
    /// What to run; checked, with user and group filled in.
    pub spec: JobSpec,
    /// How many, for an array; none for a single job.
    pub array: Option<u64>,
    /// The queue that brokerage chose; none leaves the jobs defined.
    pub queue: Option<String>,
    /// Why there is no queue; empty when there is one.
    pub reason: String,
}

/// Submissions that are accepted together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmitCall {
    /// Who submits; idempotency keys are a user's own.
    pub user: String,
    /// The same key again gets the first answer again; with another request it is refused.
    pub idempotency_key: Option<String>,
    /// The submissions.
    pub jobs: Vec<NewJobs>,
    /// The time.
    pub now: Time,
}

/// What became of a [`SubmitCall`].
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// One for each submission, in the order of the request.
    pub submitted: Vec<Submitted>,
    /// It is the first answer to the same key, and nothing was done now.
    pub repeated: bool,
}

impl Store {
    /// Accepts submissions in one commit.
    pub async fn submit(&self, call: SubmitCall) -> Result<Accepted> {
        call.jobs.iter().try_for_each(check_count)?;
        // Written as JSON here and not in the operation, which has the only writing thread.
        let specs = call.jobs.iter().map(|jobs| to_json(&jobs.spec)).collect::<Result<Vec<_>>>()?;
        let digest = call.idempotency_key.as_ref().map(|_| digest(&call, &specs));
        self.write(move |tx| match first_answer(tx, &call, digest)? {
            Some(submitted) => Ok(Accepted { submitted, repeated: true }),
            None => Ok(Accepted { submitted: submit(tx, &call, &specs, digest)?, repeated: false }),
        })
        .await
    }
}

/// SHA-256 of what is asked for. Where brokerage would place it now is no part of it.
fn digest(call: &SubmitCall, specs: &[String]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for (jobs, spec) in call.jobs.iter().zip(specs) {
        context.update(&jobs.array.unwrap_or(0).to_be_bytes());
        context.update(&(spec.len() as u64).to_be_bytes());
        context.update(spec.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

fn check_count(jobs: &NewJobs) -> Result<()> {
    match jobs.array {
        Some(0) => Err(Error::Invalid("an array has at least 1 job".to_owned())),
        Some(count) if count > ARRAY_MAX => {
            Err(Error::Invalid(format!("an array has at most {ARRAY_MAX} jobs, not {count}")))
        }
        _ => Ok(()),
    }
}

fn submit(tx: &mut Tx<'_>, call: &SubmitCall, specs: &[String], digest: Option<[u8; 32]>) -> Result<Vec<Submitted>> {
    let total = call.jobs.iter().map(|jobs| jobs.array.unwrap_or(1)).sum();
    let mut next = tx.next_ids("job", total)?;
    let mut answers = Vec::with_capacity(call.jobs.len());
    let mut ranges = Vec::with_capacity(call.jobs.len());
    for jobs in &call.jobs {
        let range = new_range(tx, jobs, next, call.now)?;
        next = range.last + 1;
        answers.push(answer_for(jobs, &range));
        ranges.push(range);
    }
    let rows: Vec<Vec<Value>> =
        ranges.iter().zip(&call.jobs).zip(specs).map(|((range, jobs), spec)| submission(range, jobs, spec)).collect();
    tx.execute_many(&ADD_SUBMISSIONS, &rows)?;
    let arrays: Vec<Vec<Value>> =
        ranges.iter().filter(|range| range.array).map(|range| params![range.submission].to_vec()).collect();
    tx.execute_many(&ADD_ARRAY_COUNTS, &arrays)?;
    range::add(tx, &ranges)?;
    keep_answer(tx, call, &answers, digest)?;
    for (range, jobs) in ranges.iter().zip(&call.jobs) {
        tx.count_new(range.counted(), range.state, range.jobs());
        tx.job_changed(JobId(range.first));
        if let Some(queue) = &jobs.queue {
            tx.changes().activated.insert(queue.clone());
        }
    }
    Ok(answers)
}

fn first_answer(tx: &mut Tx<'_>, call: &SubmitCall, digest: Option<[u8; 32]>) -> Result<Option<Vec<Submitted>>> {
    let (Some(key), Some(digest)) = (&call.idempotency_key, digest) else { return Ok(None) };
    let Some(row) = tx.query_one(&FIRST_ANSWER, params![&call.user, key])? else { return Ok(None) };
    // Rows of the first schema have no digest.
    if !row.is_null(1) && row.bytes(1)? != digest {
        return Err(Error::KeyReused);
    }
    row.json(0).map(Some)
}

fn keep_answer(tx: &mut Tx<'_>, call: &SubmitCall, answers: &[Submitted], digest: Option<[u8; 32]>) -> Result<()> {
    if let Some(key) = &call.idempotency_key {
        tx.execute(&KEEP_ANSWER, params![&call.user, key, to_json(&answers)?, call.now, digest])?;
    }
    Ok(())
}

fn new_range(tx: &mut Tx<'_>, jobs: &NewJobs, first: i64, now: Time) -> Result<Range> {
    let queue = jobs.queue.as_deref().unwrap_or_default();
    let count = jobs.array.unwrap_or(1) as i64;
    Ok(Range {
        last: first + count - 1,
        first,
        submission: SubmissionId(first),
        lane: lane_for(tx, &LaneKey::of(&jobs.spec, queue))?,
        state: if jobs.queue.is_some() { JobState::Activated } else { JobState::Defined },
        rank: fair_share::rank(now, jobs.spec.priority),
        since: now,
        not_before: Time(0),
        attempt: 0,
        array: jobs.array.is_some(),
        ended: None,
        reason: if jobs.queue.is_some() { String::new() } else { jobs.reason.clone() },
    })
}

fn submission(range: &Range, jobs: &NewJobs, json: &str) -> Vec<Value> {
    let spec = &jobs.spec;
    params![
        range.submission,
        range.last,
        &spec.user,
        &spec.group,
        &spec.name,
        spec.task,
        spec.priority,
        spec.max_attempts,
        range.array,
        range.since,
        json
    ]
    .to_vec()
}

fn answer_for(jobs: &NewJobs, range: &Range) -> Submitted {
    Submitted {
        submission: range.submission,
        first: JobId(range.first),
        count: range.jobs(),
        array: range.array,
        state: range.state,
        queue: jobs.queue.clone().unwrap_or_default(),
        reason: range.reason.clone(),
    }
}
