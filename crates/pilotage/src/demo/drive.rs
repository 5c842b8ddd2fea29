//! Submits the demo's jobs, shows how they go, and compares how they end with how they must end.

use super::image::is_whole_image;
use super::kinds::{Expected, Kind};
use super::stage::Stage;
use crate::output::{JobsBars, TitledBar};
use anyhow::{Context, bail};
use model::{IdSet, JobId, JobState, PilotState};
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{BulkSubmitRequest, JobDetail, JobQuery, LogQuery, LogStream, PilotQuery};

/// How often the counts are asked for.
const LOOK: Duration = Duration::from_millis(150);
/// When the demo gives up, although jobs still end.
const LONGEST: Duration = Duration::from_secs(1800);
/// When the demo gives up because no job ends any more.
const STALLED: Duration = Duration::from_secs(120);
/// Seconds within which a killed attempt's log has arrived.
const LOG_WAIT_S: u32 = 5;

/// How everything ended.
pub struct Outcome {
    /// By kind.
    pub kinds: Vec<KindOutcome>,
    /// From the first submission to the last end.
    pub took: Duration,
}

/// How one kind ended.
pub struct KindOutcome {
    /// What they do.
    pub title: &'static str,
    /// Its first job.
    pub first: JobId,
    /// Everything about its jobs.
    pub jobs: Vec<JobDetail>,
    /// The end of the error output of the first job that failed.
    pub said: String,
    /// What is not as it must be.
    pub problems: Vec<String>,
}

struct Group<'a> {
    kind: &'a Kind,
    ids: Option<IdSet>,
    ended: u64,
    bar: TitledBar,
    is_over: bool,
}

impl Outcome {
    /// Whether everything is as it must be.
    pub fn is_as_expected(&self) -> bool {
        self.kinds.iter().all(|kind| kind.problems.is_empty())
    }
}

/// Runs all kinds to their ends.
pub async fn run(stage: &Stage, client: &Client) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let bars = JobsBars::new();
    let group = |kind| Group { kind, ids: None, ended: 0, bar: bars.add(kind.title, kind.jobs()), is_over: false };
    let mut groups: Vec<Group> = stage.kinds.iter().map(group).collect();
    for group in groups.iter_mut().filter(|group| !group.kind.comes_last) {
        group.submit(client).await?;
    }
    let (mut ended, mut last_end) = (0, began);
    while !groups.iter().all(|group| group.is_over) {
        if began.elapsed() > LONGEST || last_end.elapsed() > STALLED {
            bail!("go on: no job has ended for {} s; {}", last_end.elapsed().as_secs(), trouble(client).await?);
        }
        let ended_now: u64 = groups.iter().map(|group| group.ended).sum();
        if ended_now != ended {
            (ended, last_end) = (ended_now, Instant::now());
        }
        for group in &mut groups {
            group.look(client).await?;
        }
        if groups[0].is_over {
            for group in groups.iter_mut().filter(|group| group.ids.is_none()) {
                group.submit(client).await?;
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    let took = began.elapsed();
    let mut kinds = Vec::new();
    for group in &groups {
        kinds.push(group.judge(stage, client).await?);
    }
    Ok(Outcome { kinds, took })
}

impl Group<'_> {
    async fn submit(&mut self, client: &Client) -> anyhow::Result<()> {
        let request = BulkSubmitRequest { jobs: self.kind.requests.clone() };
        let key = uuid::Uuid::now_v7().to_string();
        let answer = client.submit_bulk(&request, &key).await.with_context(|| format!("submit {}", self.kind.title))?;
        let ids = answer.submitted.iter().flat_map(|one| (one.first.0..one.first.0 + one.count as i64).map(JobId));
        self.ids = Some(IdSet::of(ids));
        Ok(())
    }

    fn query(&self) -> Option<JobQuery> {
        let ids = self.ids.as_ref()?.to_string();
        Some(JobQuery { ids: Some(ids), limit: Some(wire::api::PAGE_MAX), ..JobQuery::default() })
    }

    async fn look(&mut self, client: &Client) -> anyhow::Result<()> {
        let Some(query) = self.query().filter(|_| !self.is_over) else { return Ok(()) };
        let counts = client.job_counts(&query).await.context("count the jobs")?;
        self.ended = counts.total() - counts.open();
        self.is_over = counts.open() == 0;
        self.bar.show(&counts, self.kind.expected.state(), self.is_over);
        Ok(())
    }

    async fn judge(&self, stage: &Stage, client: &Client) -> anyhow::Result<KindOutcome> {
        let mut jobs = Vec::new();
        if let Some(query) = self.query() {
            for row in client.jobs(&query).await.context("list the jobs")?.jobs.into_iter().rev() {
                jobs.push(client.job(row.id).await.with_context(|| format!("look at job {}", row.id))?);
            }
        }
        let mut problems: Vec<String> = jobs.iter().filter_map(|job| self.kind.expected.problem(job)).collect();
        if let Expected::Sum(expected) = self.kind.expected {
            problems.extend(wrong_sum(&jobs, expected, client).await?);
        }
        if self.kind.comes_last && !is_whole_image(&stage.image()) {
            problems.push("the image is not whole".to_owned());
        }
        let said = last_words(&jobs, client).await?;
        let first = jobs.first().map_or(JobId(0), |job| job.summary.id);
        Ok(KindOutcome { title: self.kind.title, first, jobs, said, problems })
    }
}

/// The last words of a pilot that broke, if there is one.
async fn trouble(client: &Client) -> anyhow::Result<String> {
    let faults = PilotQuery { state: Some(PilotState::Fault), limit: Some(1), ..PilotQuery::default() };
    let page = client.pilots(&faults).await.context("list the pilots")?;
    let words = page.pilots.first().map(|pilot| format!("pilot {} broke: {}", pilot.id, pilot.message));
    Ok(words.unwrap_or_else(|| "no pilot broke".to_owned()))
}

impl Expected {
    /// What is wrong with how this job ended.
    fn problem(self, job: &JobDetail) -> Option<String> {
        let head = &job.summary;
        let is_right = match self {
            Expected::Finished | Expected::Sum(_) => head.state == JobState::Finished,
            Expected::Failed(class, attempts) => {
                head.state == JobState::Failed && head.error_class == Some(class) && head.attempt == attempts
            }
        };
        let class = head.error_class.map(|class| format!(" ({class})")).unwrap_or_default();
        let ended = || {
            format!(
                "job {} {} {}{class} after {} attempts: {}",
                head.id, head.name, head.state, head.attempt, head.message
            )
        };
        (!is_right).then(ended)
    }
}

/// Adds up the first number of every job's output.
async fn wrong_sum(jobs: &[JobDetail], expected: u64, client: &Client) -> anyhow::Result<Option<String>> {
    let mut sum = 0;
    for job in jobs {
        let text = output(job.summary.id, LogStream::Stdout, client).await?;
        sum += text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok((sum != expected).then(|| format!("the results add up to {sum}, not to {expected}")))
}

/// What the first job that failed said last.
async fn last_words(jobs: &[JobDetail], client: &Client) -> anyhow::Result<String> {
    let Some(failed) = jobs.iter().find(|job| job.summary.state == JobState::Failed) else { return Ok(String::new()) };
    let text = output(failed.summary.id, LogStream::Stderr, client).await?;
    // Without the path of the scratch directory, which is gone by now.
    let line = text.lines().last().unwrap_or_default();
    Ok(line.rsplit('/').next().unwrap_or(line).to_owned())
}

async fn output(job: JobId, stream: LogStream, client: &Client) -> anyhow::Result<String> {
    let query = LogQuery { offset: Some(0), wait_s: Some(LOG_WAIT_S), ..LogQuery::default() };
    let part = client.log(job, stream, &query).await.with_context(|| format!("read the output of job {job}"))?;
    Ok(String::from_utf8_lossy(&part.bytes).into_owned())
}
