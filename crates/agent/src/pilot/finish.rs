//! What happens between the end of a payload and its final report: outputs and long logs go away.

use super::event::{Event, Sender};
use super::follow::Follow;
use super::report::Log;
use super::session::{BackOff, Session};
use super::staging;
use super::transfer::Trouble;
use super::unfinished::{Shared, Step};
use crate::frame::JobKey;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::api::LeasedJob;

/// How often a transfer may break off after it had lasted this long. One that breaks off sooner found no server, and is
/// repeated as long as the pilot lives.
const BROKEN_MAX: u32 = 3;
const LONG: Duration = Duration::from_secs(60);

/// The work on one attempt.
pub(super) struct Finish {
    pub(super) session: Arc<Session>,
    pub(super) events: Sender,
    pub(super) work: Shared,
    pub(super) follow: Option<Follow>,
}

impl Finish {
    /// Does all of it, then tells the pilot.
    pub(super) async fn run(mut self) {
        if let Some(follow) = self.follow.take() {
            let sent = follow.end().await;
            self.work.lock().sent = sent;
        }
        let (mut back_off, mut broken) = (BackOff::new(), 0);
        loop {
            let Some(step) = self.work.lock().next() else { break };
            let begin = Instant::now();
            match self.take(step).await {
                Err(Trouble { again: true, .. }) if broken < BROKEN_MAX => {
                    broken += u32::from(begin.elapsed() >= LONG);
                    tokio::time::sleep(back_off.next()).await;
                    continue;
                }
                Err(trouble) => self.work.lock().failed(&trouble.words),
                Ok(()) => self.work.lock().done(),
            }
            (back_off, broken) = (BackOff::new(), 0);
        }
        let (key, report) = {
            let work = self.work.lock();
            work.remove_logs();
            (JobKey { job: work.job.id, attempt: work.job.attempt }, work.report.clone())
        };
        let _ = self.events.send(Event::Finished(key, Box::new(report))).await;
    }

    async fn take(&self, step: Step) -> Result<(), Trouble> {
        match step {
            Step::Output(output) => {
                let (job, path) = self.at_hand(|work| work.output_path(&output));
                staging::take_out(&self.session, &job, &output, &path).await
            }
            Step::Log(stream, log) => {
                let client = self.session.client();
                let (job, (path, sent)) = self.at_hand(|work| (work.log_path(stream), work.sent(stream)));
                let done = match log {
                    Log::Bytes(bytes) => client.put_log(&job, stream, 0, bytes, true).await,
                    Log::File => client.put_log_file(&job, stream, sent, &path).await,
                };
                done.map_err(Trouble::from)
            }
        }
    }

    fn at_hand<T>(&self, look: impl FnOnce(&super::unfinished::Unfinished) -> T) -> (LeasedJob, T) {
        let work = self.work.lock();
        (work.job.clone(), look(&work))
    }
}
