//! Watches the record while things are killed: what has finished once must never change again.

use model::{JobId, JobState, PilotId, Time};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wire::Client;
use wire::api::{JobQuery, JobSummary};

const GAP: Duration = Duration::from_millis(700);

/// What must stay as it was seen first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    state: JobState,
    attempt: u32,
    exit_code: Option<i32>,
    ended: Option<Time>,
    pilot: Option<PilotId>,
}

/// A running watch.
pub struct Observer {
    stop: watch::Sender<bool>,
    task: JoinHandle<Vec<String>>,
}

#[derive(Default)]
struct Seen {
    ends: BTreeMap<JobId, End>,
    violations: Vec<String>,
}

impl Observer {
    /// Starts to look.
    pub fn start(client: Client) -> Observer {
        let (stop, stopped) = watch::channel(false);
        Observer { stop, task: tokio::spawn(watch_all(client, stopped)) }
    }

    /// Looks a last time and answers what changed that must not.
    pub async fn stop(self) -> Vec<String> {
        self.stop.send_replace(true);
        self.task.await.unwrap_or_else(|error| vec![format!("the observer failed: {error}")])
    }
}

async fn watch_all(client: Client, stopped: watch::Receiver<bool>) -> Vec<String> {
    let mut seen = Seen::default();
    loop {
        let last = *stopped.borrow();
        // A look that fails while the server is down is made again with the next one.
        let complete = look(&client, &mut seen).await.is_ok();
        if last && complete {
            return seen.violations;
        }
        tokio::time::sleep(GAP).await;
    }
}

async fn look(client: &Client, seen: &mut Seen) -> Result<(), wire::Error> {
    let mut query = JobQuery { limit: Some(wire::api::PAGE_MAX), ..JobQuery::default() };
    loop {
        let page = client.jobs(&query).await?;
        page.jobs.iter().for_each(|job| seen.note(job));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

impl Seen {
    fn note(&mut self, job: &JobSummary) {
        let now = End {
            state: job.state,
            attempt: job.attempt,
            exit_code: job.exit_code,
            ended: job.ended,
            pilot: job.pilot,
        };
        match self.ends.get(&job.id) {
            Some(before) if *before != now => {
                self.violations.push(format!("job {} changed after its end from {before:?} to {now:?}", job.id));
            }
            Some(_) => {}
            None if job.state.is_final() => {
                self.ends.insert(job.id, now);
            }
            None => {}
        }
    }
}
