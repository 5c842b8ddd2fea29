//! Calls of `/jobs`.

use super::{Answer, Call, Client, Error};
use crate::api::*;
use crate::upload::read_piece;
use bytes::Bytes;
use http::HeaderName;
use model::JobId;
use serde::Serialize;
use std::path::Path;

/// A piece of a job's output.
#[derive(Clone, Debug)]
pub struct LogPart {
    /// The bytes.
    pub bytes: Bytes,
    /// The attempt they belong to.
    pub attempt: u32,
    /// Offset after the last of them.
    pub next_offset: u64,
    /// Whether nothing more comes.
    pub is_complete: bool,
}

/// Whose output is uploaded, and the token that allows it.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The job.
    pub job: JobId,
    /// Which of its attempts.
    pub attempt: u32,
    /// From the lease.
    pub token: &'a str,
}

#[derive(Serialize)]
struct Chunk {
    offset: u64,
    complete: bool,
}

impl Client {
    /// Submits a job or an array. The same `key` makes a repeat harmless.
    pub async fn submit(&self, request: &SubmitRequest, key: &str) -> Result<Submitted, Error> {
        self.send(with_key(Call::post("/jobs").json(request), key)).await?.json()
    }

    /// Submits many in one commit.
    pub async fn submit_bulk(&self, request: &BulkSubmitRequest, key: &str) -> Result<BulkSubmitted, Error> {
        self.send(with_key(Call::post("/jobs/bulk").json(request), key)).await?.json()
    }

    /// One page of jobs.
    pub async fn jobs(&self, query: &JobQuery) -> Result<JobPage, Error> {
        self.send(Call::get("/jobs").query(query)).await?.json()
    }

    /// Everything about one job.
    pub async fn job(&self, id: JobId) -> Result<JobDetail, Error> {
        self.send(Call::get(&format!("/jobs/{id}"))).await?.json()
    }

    /// Jobs by state.
    pub async fn job_counts(&self, query: &JobQuery) -> Result<JobCounts, Error> {
        self.send(Call::get("/jobs/count").query(query)).await?.json()
    }

    /// Counts, as soon as none of the jobs is open or after the wait.
    pub async fn wait(&self, query: &WaitQuery) -> Result<JobCounts, Error> {
        self.send(Call::get("/jobs/wait").query(query).waiting(query.wait_s)).await?.json()
    }

    /// Kills jobs.
    pub async fn kill(&self, ids: &str) -> Result<Killed, Error> {
        let request = JobsRequest { ids: ids.to_owned() };
        self.send(Call::post("/jobs/kill").json(&request).repeatable()).await?.json()
    }

    /// Runs ended jobs again.
    pub async fn retry(&self, ids: &str) -> Result<Retried, Error> {
        let request = JobsRequest { ids: ids.to_owned() };
        self.send(Call::post("/jobs/retry").json(&request)).await?.json()
    }

    /// Part of a job's output.
    pub async fn log(&self, id: JobId, stream: LogStream, query: &LogQuery) -> Result<LogPart, Error> {
        let path = format!("/jobs/{id}/logs/{}", stream.as_str());
        let answer = self.send(Call::get(&path).query(query).waiting(query.wait_s.unwrap_or(0))).await?;
        Ok(log_part(answer))
    }

    /// An output file that the server keeps.
    pub async fn output(&self, id: JobId, name: &str) -> Result<Bytes, Error> {
        Ok(self.send(Call::get(&format!("/jobs/{id}/outputs/{}", path_text(name)))).await?.body)
    }

    /// Uploads part of an output of an attempt.
    pub async fn put_log(
        &self,
        attempt: impl Into<Attempt<'_>>,
        stream: LogStream,
        offset: u64,
        bytes: Bytes,
        complete: bool,
    ) -> Result<(), Error> {
        let attempt = attempt.into();
        let call = Call::put(&attempt.path("logs", stream.as_str())).query(&Chunk { offset, complete });
        self.send(attempt.authorize(call.bytes(bytes))).await.map(drop)
    }

    /// Uploads what a file holds from `offset` on as the rest of an output.
    pub async fn put_log_file(
        &self,
        attempt: impl Into<Attempt<'_>>,
        stream: LogStream,
        mut offset: u64,
        file: &Path,
    ) -> Result<(), Error> {
        let attempt = attempt.into();
        loop {
            let bytes = read_piece(file, offset).map_err(|error| Error::Call {
                call: format!("upload of {}", file.display()),
                reason: error.to_string(),
            })?;
            let sent = bytes.len();
            self.put_log(attempt, stream, offset, bytes.into(), sent < LOG_CHUNK_MAX).await?;
            if sent < LOG_CHUNK_MAX {
                return Ok(());
            }
            offset += sent as u64;
        }
    }

    /// Uploads an output file for the server to keep.
    pub async fn put_output(&self, attempt: impl Into<Attempt<'_>>, name: &str, file: &Path) -> Result<(), Error> {
        let attempt = attempt.into();
        let call = Call::put(&attempt.path("outputs", &path_text(name))).file(file);
        self.send(attempt.authorize(call)).await.map(drop)
    }
}

fn with_key(call: Call, key: &str) -> Call {
    call.header(HeaderName::from_static(IDEMPOTENCY_KEY), key).repeatable()
}

impl Attempt<'_> {
    fn path(&self, what: &str, name: &str) -> String {
        format!("/jobs/{}/attempts/{}/{what}/{name}", self.job, self.attempt)
    }

    fn authorize(&self, call: Call) -> Call {
        call.header(HeaderName::from_static(JOB_TOKEN), self.token)
    }
}

impl<'a> From<&'a LeasedJob> for Attempt<'a> {
    fn from(job: &'a LeasedJob) -> Attempt<'a> {
        Attempt { job: job.id, attempt: job.attempt, token: &job.token }
    }
}

impl<'a> From<&'a JobReport> for Attempt<'a> {
    fn from(report: &'a JobReport) -> Attempt<'a> {
        Attempt { job: report.job, attempt: report.attempt, token: &report.token }
    }
}

fn log_part(answer: Answer) -> LogPart {
    let number = |name| answer.header(name).and_then(|text| text.parse::<u64>().ok());
    LogPart {
        attempt: number(LOG_ATTEMPT).unwrap_or(0) as u32,
        next_offset: number(LOG_NEXT_OFFSET).unwrap_or(answer.body.len() as u64),
        is_complete: answer.header(LOG_STATE) == Some("complete"),
        bytes: answer.body,
    }
}

/// Escapes what a path of a URL cannot hold; slashes stay.
fn path_text(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
