//! One look at the server, and the throughput seen from look to look.

use model::{JobState, Time};
use std::collections::VecDeque;
use wire::api::{JobCounts, JobQuery, JobSummary, PilotQuery, PilotSummary, QueueSummary};
use wire::{Client, Error};

/// Looks that the throughput is drawn from.
const HISTORY_MAX: usize = 240;
/// Rows of each list.
const ROWS_MAX: u32 = 100;

/// What one look found.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which server.
    pub url: String,
    /// When it was taken.
    pub time: Time,
    /// All jobs by state.
    pub counts: JobCounts,
    /// All queues.
    pub queues: Vec<QueueSummary>,
    /// Jobs that pilots have, those that run first.
    pub at_pilots: Vec<JobSummary>,
    /// Pilots that are not gone, newest first.
    pub pilots: Vec<PilotSummary>,
    /// Why the next look failed.
    pub trouble: Option<String>,
}

impl Look {
    /// Asks the server.
    pub async fn take(client: &Client, time: Time) -> Result<Look, Error> {
        let in_state = |state| JobQuery { state: Some(state), limit: Some(ROWS_MAX), ..JobQuery::default() };
        let (running, sent) = (in_state(JobState::Running), in_state(JobState::Sent));
        let live = PilotQuery { live: Some(true), limit: Some(ROWS_MAX), ..PilotQuery::default() };
        let all = JobQuery::default();
        let (counts, queues, running, sent, pilots) = tokio::try_join!(
            client.job_counts(&all),
            client.queues(),
            client.jobs(&running),
            client.jobs(&sent),
            client.pilots(&live)
        )?;
        let at_pilots = running.jobs.into_iter().chain(sent.jobs).collect();
        let (queues, pilots) = (queues.queues, pilots.pilots);
        Ok(Look { url: client.url(), time, counts, queues, at_pilots, pilots, trouble: None })
    }

    /// Jobs that have ended, however.
    pub fn ended(&self) -> u64 {
        self.counts.total() - self.counts.open()
    }
}

/// Ended jobs a second, from look to look.
#[derive(Debug, Default)]
pub struct History {
    last: Option<(Time, u64)>,
    /// The newest last, in jobs a second.
    pub rates: VecDeque<f64>,
}

impl History {
    /// Adds a look. Counts that fell (an archive was dropped) give no rate.
    pub fn add(&mut self, look: &Look) {
        if look.trouble.is_some() {
            return;
        }
        let ended = look.ended();
        if let Some((time, before)) = self.last.replace((look.time, ended)) {
            let seconds = look.time.since(time).as_secs_f64();
            if seconds > 0.0 {
                self.rates.push_back(ended.saturating_sub(before) as f64 / seconds);
            }
        }
        while self.rates.len() > HISTORY_MAX {
            self.rates.pop_front();
        }
    }
}
