//! Classic: the whole algorithm of AutoPyFactory 1, which keeps a depth of inactive pilots in front of every queue.

mod words;

use super::Outcome;
use super::settings::{Setting, Value, is_set, settings};
use crate::situation::{Batch, Site, Situation, Wms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

settings!(
    /// `sched.classic`.
    Classic {
        /// Queue depth: inactive pilots to keep, and pilots of one submission; 20 when not set.
        nqueue: i64,
        /// So many times the depth while more jobs wait than pilots; 2 when not set.
        depthboost: i64,
        /// Without jobs, an idling pilot only every so many cycles; 1 when not set.
        idlepilotsuppression: i64,
        /// No more pilots from this number on; no limit when not set.
        pilotlimit: i64,
        /// No more pilots from this number of transferring jobs on; no limit when not set.
        transferringlimit: i64,
        /// `priority<P:R`: only jobs of priority P or more count while there are some, or while less than R of them run.
        fairshare: FairShare,
        /// The queue's status where the information system gives none; `test` when not set.
        status: String,
        /// Whether `status` wins over the information system; false when not set.
        r#override: bool,
    }
);

/// Pilots of one submission in test mode.
const TEST_PILOTS: i64 = 12;

/// A part of the pilots for jobs of high priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct FairShare {
    /// The least priority that counts.
    pub priority: i64,
    /// Jobs of it that are to run.
    pub running: i64,
}

/// A branch of the algorithm: what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found<'a> {
    Unknown(&'static str),
    CloudIs(&'a str),
    SiteIs(&'a str),
    PilotLimit { limit: i64 },
    TransferringLimit { transferring: i64, limit: i64 },
    Test,
    HighPriority { activated: i64, below: bool },
    LowRunning { running: i64, below: bool },
    Jobs { below: bool },
    Suppressed { cycle: i64, suppression: i64 },
    NoJobs,
}

/// What the algorithm goes by.
struct View<'a> {
    settings: &'a Classic,
    wms: &'a Wms,
    batch: &'a Batch,
    nqueue: i64,
    boosted: i64,
}

/// The 1.x algorithm, its input ignored: the first branch that holds decides.
pub(super) fn classic(_: i64, settings: &Classic, situation: &Situation) -> Outcome {
    let (found, out) = branch(settings, situation);
    (out, words::sentence(found, out, settings, situation))
}

fn branch<'a>(settings: &'a Classic, situation: &'a Situation) -> (Found<'a>, i64) {
    let Some(wms) = &situation.wms else { return (Found::Unknown("jobs"), 0) };
    let Some(batch) = &situation.batch else { return (Found::Unknown("pilots"), 0) };
    let Some(status) = status(settings, situation.site.as_ref()) else { return (Found::Unknown("site"), 0) };
    let nqueue = settings.nqueue.unwrap_or(20);
    let boosted = nqueue.saturating_mul(settings.depthboost.unwrap_or(2));
    let view = View { settings, wms, batch, nqueue, boosted };
    let cloud = situation.cloud.as_ref().and_then(|cloud| cloud.status.as_deref()).unwrap_or_default();
    let cycle = situation.factory.as_ref().map_or(0, |factory| factory.cycle);
    view.closed(cloud, status)
        .or_else(|| view.limited())
        .or_else(|| (cloud == "test" || status == "test").then(|| view.test()))
        .or_else(|| view.fair_share())
        .unwrap_or_else(|| if wms.ready > 0 { view.jobs() } else { view.no_jobs(cycle) })
}

/// The information system's word wins unless told otherwise; a queue that it knows without a status is in test.
fn status<'a>(settings: &'a Classic, site: Option<&'a Site>) -> Option<&'a str> {
    let own = settings.status.as_deref();
    let told = site.and_then(|site| site.status.as_deref());
    let known = site.map(|_| "test");
    if settings.r#override.unwrap_or(false) { own.or(told).or(known) } else { told.or(own).or(known) }
}

impl<'a> View<'a> {
    fn closed(&self, cloud: &'a str, status: &'a str) -> Option<(Found<'a>, i64)> {
        match (cloud, status) {
            ("offline", _) => Some((Found::CloudIs(cloud), 0)),
            (_, "offline" | "error") => Some((Found::SiteIs(status), 0)),
            _ => None,
        }
    }

    fn limited(&self) -> Option<(Found<'a>, i64)> {
        let transferring = self.wms.transferring;
        let pilots = self.settings.pilotlimit.filter(|limit| self.batch.live() >= *limit);
        let jobs = self.settings.transferringlimit.filter(|limit| transferring >= *limit);
        let pilots = pilots.map(|limit| (Found::PilotLimit { limit }, 0));
        pilots.or_else(|| jobs.map(|limit| (Found::TransferringLimit { transferring, limit }, 0)))
    }

    fn test(&self) -> (Found<'a>, i64) {
        let out = match self.batch.pending > 0 {
            true => 0,
            false if self.batch.live() > self.nqueue => 1,
            false => TEST_PILOTS,
        };
        (Found::Test, out)
    }

    fn fair_share(&self) -> Option<(Found<'a>, i64)> {
        let share = self.settings.fairshare?;
        let Some(high) = &self.wms.priority else { return Some((Found::Unknown("priorities"), 0)) };
        let (below, out) = self.gate(high.ready);
        let running = self.wms.running - high.running;
        if high.ready > 0 {
            return Some((Found::HighPriority { activated: high.ready, below }, out));
        }
        (running < share.running).then_some((Found::LowRunning { running, below }, out))
    }

    fn jobs(&self) -> (Found<'a>, i64) {
        let (below, out) = self.gate(self.wms.ready);
        (Found::Jobs { below }, out)
    }

    fn no_jobs(&self, cycle: i64) -> (Found<'a>, i64) {
        let suppression = self.settings.idlepilotsuppression.unwrap_or(1);
        if self.batch.pending >= self.nqueue {
            (Found::NoJobs, 0)
        } else if suppression > 1 && cycle % suppression != 0 {
            (Found::Suppressed { cycle, suppression }, 0)
        } else {
            (Found::NoJobs, 1)
        }
    }

    /// Whether inactive pilots are too few for so many jobs, and how many to submit then.
    fn gate(&self, jobs: i64) -> (bool, i64) {
        let inactive = self.batch.pending;
        let below = inactive < self.nqueue || (jobs > inactive && inactive < self.boosted);
        (below, if below { self.nqueue } else { 0 })
    }
}

impl FromStr for FairShare {
    type Err = String;

    /// Finds `priority<P:R` in a text that may hold more, such as PanDA's fair share policies.
    fn from_str(text: &str) -> Result<FairShare, String> {
        let numbers = text.split_once("priority<").and_then(|(_, rest)| {
            let (priority, rest) = rest.split_once(':')?;
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            Some(FairShare { priority: priority.trim().parse().ok()?, running: rest[..digits].parse().ok()? })
        });
        numbers.ok_or_else(|| format!("'{text}' is no fair share; write it as priority<1000:50"))
    }
}

impl fmt::Display for FairShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "priority<{}:{}", self.priority, self.running)
    }
}

impl TryFrom<String> for FairShare {
    type Error = String;

    fn try_from(text: String) -> Result<FairShare, String> {
        text.parse()
    }
}

impl From<FairShare> for String {
    fn from(share: FairShare) -> String {
        share.to_string()
    }
}

impl Setting for FairShare {
    fn read(text: &str) -> Result<Option<FairShare>, String> {
        if is_set(text) { text.parse().map(Some) } else { Ok(None) }
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
