//! `/jobs/{id}`: one job with its output, attempts and files.

use super::cells::Stage;
use super::elsewhere::Elsewhere;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::reading::Reader;
use super::{assets, link, moment, number, result, tone};
use crate::AppState;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use model::job::{AttemptRecord, FileTransfer, JobDetail, JobSummary, LogStream, Placement};
use model::{JobId, JobSpec, JobState, Time};
use serde::Deserialize;

/// Arguments and variables that the page shows.
const SHOWN_MAX: usize = 50;

/// Another view of the output.
pub struct LogTab {
    /// Its name.
    pub name: &'static str,
    /// Its page.
    pub href: String,
    /// It is the one that is shown.
    pub current: bool,
}

/// The output that the page shows, from its end backwards.
pub struct Log {
    /// Attempt it belongs to; 0 when there is none.
    pub attempt: u32,
    /// Its name in paths.
    pub stream: &'static str,
    /// Standard output and standard error.
    pub tabs: Vec<LogTab>,
    /// The text.
    pub text: String,
    /// Bytes of the whole log.
    pub size: u64,
    /// Bytes before the text.
    pub skipped: u64,
    /// More may come.
    pub open: bool,
    /// Where following goes on.
    pub next_offset: u64,
    /// The whole log as plain text.
    pub whole: String,
    /// The long poll that follows it.
    pub follow: String,
}

/// The piece of a log that was read for the page.
#[derive(Clone, Debug, Default)]
pub struct LogPiece {
    /// Attempt it belongs to; 0 when there is none.
    pub attempt: u32,
    /// Offset of the first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Bytes of the whole log.
    pub size: u64,
    /// More may come.
    pub open: bool,
}

/// Where a job stands in its array.
#[derive(Clone, Copy, Debug)]
pub struct Siblings {
    /// First id.
    pub first: JobId,
    /// How many.
    pub size: u64,
}

/// What the viewer may do to the job.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// Kill and retry it.
    pub manage: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "job.html")]
pub struct Job {
    frame: Frame,
    job: JobSummary,
    spec: JobSpec,
    attempts: Vec<AttemptRecord>,
    outputs: Vec<String>,
    life: Vec<Stage>,
    log: Log,
    placement: String,
    needs: String,
    array_size: u64,
    array_first: i64,
    array_last: i64,
    can_kill: bool,
    can_retry: bool,
    elsewhere: Vec<Elsewhere>,
}

impl Job {
    /// Builds the page.
    pub fn new(
        frame: Frame,
        detail: JobDetail,
        siblings: Siblings,
        stream: LogStream,
        piece: LogPiece,
        allowed: Allowed,
        elsewhere: Vec<Elsewhere>,
    ) -> Job {
        let job = detail.summary;
        let retryable = matches!(job.state, JobState::Failed | JobState::Cancelled | JobState::Closed);
        Job {
            life: life(&job, &detail.attempts),
            log: log(job.id, stream, piece),
            placement: placement(&detail.spec.placement),
            needs: needs(&detail.spec),
            array_size: siblings.size,
            array_first: siblings.first.0,
            array_last: siblings.first.0 + i64::try_from(siblings.size).unwrap_or(1) - 1,
            can_kill: allowed.manage && !job.state.is_final(),
            can_retry: allowed.manage && retryable,
            spec: detail.spec,
            attempts: detail.attempts,
            outputs: detail.outputs,
            elsewhere,
            job,
            frame,
        }
    }

    fn lead(&self) -> String {
        let job = &self.job;
        let node = self.attempts.last().map(|attempt| attempt.node.as_str()).filter(|node| !node.is_empty());
        let place = node.map_or_else(String::new, |node| format!(" on {}", number::capped(node, 80)));
        match job.state {
            JobState::Defined => "No queue fits it yet.".to_owned(),
            JobState::Activated if job.attempt > 0 => format!("Waits for a pilot, attempt {} is over.", job.attempt),
            JobState::Activated => format!("Waits in queue {} for a pilot.", job.queue),
            JobState::Sent | JobState::Starting => format!("A pilot prepares it{place}."),
            JobState::Running => format!("Runs{place}."),
            JobState::Holding | JobState::Transferring => format!("Has run{place}, its outputs are on their way."),
            JobState::Finished => format!("Finished{place}{}.", self.took()),
            JobState::Failed => format!("Failed{place}{}.", self.took()),
            JobState::Cancelled => "Was killed on request.".to_owned(),
            JobState::Closed => "Was given up before it ran.".to_owned(),
        }
    }

    fn took(&self) -> String {
        match (self.job.started, self.job.ended) {
            (Some(started), Some(ended)) => format!(" after {}", moment::between(&started, &ended)),
            _ => String::new(),
        }
    }

    fn message_title(&self) -> &'static str {
        match self.job.state {
            JobState::Failed => "Why it failed",
            JobState::Activated if self.job.attempt > 0 => "How the last attempt ended",
            JobState::Defined | JobState::Activated => "Why it waits",
            _ => "Last message",
        }
    }

    fn failures_allowed(&self) -> String {
        number::counted(u64::from(self.spec.max_attempts), "failure")
    }

    fn shown_arguments(&self) -> impl Iterator<Item = &String> {
        self.spec.arguments.iter().take(SHOWN_MAX)
    }

    fn shown_environment(&self) -> impl Iterator<Item = (&String, &String)> {
        self.spec.environment.iter().take(SHOWN_MAX)
    }

    /// Outputs that are taken elsewhere, or that the server does not have yet.
    fn outputs_elsewhere(&self) -> impl Iterator<Item = &FileTransfer> {
        self.spec.outputs.iter().filter(|file| !self.outputs.contains(&file.name)).take(100)
    }
}

fn life(job: &JobSummary, attempts: &[AttemptRecord]) -> Vec<Stage> {
    let last = attempts.last().filter(|_| !job.state.is_waiting());
    let sent = last.map(|attempt| attempt.sent);
    let started = last.and_then(|attempt| attempt.started);
    let over = job.state.is_final();
    let ended = job.ended.filter(|_| over);
    let note = |what: &str, from: Option<Time>, to: Option<Time>| match (from, to) {
        (Some(from), Some(to)) => format!("{what} {}", moment::between(&from, &to)),
        _ => String::new(),
    };
    let end = if over { job.state.as_str() } else { "end" };
    let stage = |name, tone, at, note, present: bool| Stage { name, tone, at, note, present: present && !over };
    let submitted = Some(job.submitted);
    let waited = note("waited", submitted, sent.or(ended));
    vec![
        stage("submitted", "waiting", submitted, waited, sent.is_none()),
        stage("sent to a pilot", "created", sent, note("prepared", sent, started), started.is_none()),
        stage("started", "running", started, note("ran", started, ended), true),
        stage(end, tone::of_job(&job.state), ended, String::new(), false),
    ]
}

fn log(job: JobId, stream: LogStream, piece: LogPiece) -> Log {
    let page = |stream: LogStream| {
        let link = link::Link::to(format!("/jobs/{job}"));
        let link = if piece.attempt > 0 { link.with("attempt", piece.attempt) } else { link };
        link.with("stream", stream.as_str()).url()
    };
    let tabs = [(LogStream::Stdout, "stdout"), (LogStream::Stderr, "stderr")];
    let tab = |(one, name): (LogStream, &'static str)| LogTab { name, href: page(one), current: one == stream };
    let api = format!("{}/jobs/{job}/logs/{}?attempt={}", wire::api::PREFIX, stream.as_str(), piece.attempt);
    Log {
        attempt: piece.attempt,
        stream: stream.as_str(),
        tabs: tabs.map(tab).into(),
        text: number::log_text(&piece.bytes),
        size: piece.size,
        skipped: piece.offset,
        open: piece.open,
        next_offset: piece.offset + piece.bytes.len() as u64,
        follow: api.clone(),
        whole: api,
    }
}

fn placement(placement: &Placement) -> String {
    match placement {
        Placement::Any => "any queue that fits".to_owned(),
        Placement::Queue(queue) => format!("queue {queue}"),
        Placement::Site(site) => format!("site {site}"),
        Placement::Tags(tags) => format!("tags {}", tags.join(", ")),
    }
}

fn needs(spec: &JobSpec) -> String {
    let mut parts = vec![number::counted(u64::from(spec.cores), "core")];
    if spec.memory_mib > 0 {
        parts.push(format!("{} MiB", spec.memory_mib));
    }
    if spec.wall_time_s > 0 {
        parts.push(format!("at most {}", result::seconds_whole(&spec.wall_time_s)));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_job_between_two_attempts_tells_how_the_last_one_ended() {
        let mut page = samples::job_page(JobState::Activated);
        assert_eq!(page.message_title(), "Why it waits");
        page.job.attempt = 1;
        assert_eq!(page.message_title(), "How the last attempt ended");
    }
}

/// Which output of which attempt is shown.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobView {
    attempt: Option<u32>,
    stream: Option<LogStream>,
}

/// `GET /jobs/{id}`.
pub async fn show(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: JobId = frame::id_of("job", &id, &asked)?;
    let view: JobView = asked.query()?;
    let stream = view.stream.unwrap_or(LogStream::Stdout);
    let read = Reader::new(&state, &asked);
    let detail = read.job(id).await?;
    if asked.json {
        return frame::data(&detail);
    }
    let index = i64::try_from(detail.summary.index).unwrap_or_default();
    let siblings =
        Siblings { first: JobId(id.0 - index), size: read.submission_size(detail.summary.submission).await? };
    let log = read.log(id, stream, view.attempt).await?;
    let allowed = Allowed { manage: read.may_manage(&detail.summary).await };
    let topic = format!("job:{id}");
    let frame = Frame::new(Section::Jobs, format!("Job {id}"), &asked).live(&[&topic]);
    let elsewhere = state.config.links.of_job(&detail.summary, detail.spec.task.0);
    frame::shown(&Job::new(frame, detail, siblings, stream, log, allowed, elsewhere))
}

/// `POST /jobs/{id}/kill`.
pub async fn kill(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: JobId = frame::id_of("job", &id, &asked)?;
    Reader::new(&state, &asked).kill(id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")).into_response())
}

/// `POST /jobs/{id}/retry`.
pub async fn retry(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: JobId = frame::id_of("job", &id, &asked)?;
    Reader::new(&state, &asked).retry(id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")).into_response())
}
