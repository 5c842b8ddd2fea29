//! Factories as they describe themselves.

use crate::reported::IDLE_AFTER;
use crate::{BadNode, FactoryHealth, Offer, Reported, Shape, Time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The factory of pilots that come by PanDA's interface, of which nobody tells who submitted them. No other has this name.
pub const PANDA: &str = "panda";

/// One label as its factory describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LabelInfo {
    /// The label.
    pub name: String,
    /// The queue it serves.
    pub queue: String,
    /// Name of the batch end point.
    pub batch: String,
    /// Kind of batch system, such as `local` or `slurm`.
    pub system: String,
    /// The scheduler chain, step names in order.
    pub chain: Vec<String>,
    /// What each of its pilots offers to jobs.
    #[serde(default)]
    pub offer: Offer,
    /// Days for which logs of its pilots are kept, 0 for ever; the server decides when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_logs_days: Option<u32>,
    /// What is wrong with it at present; empty when nothing is.
    #[serde(default)]
    pub trouble: String,
}

/// One source of labels as its factory describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SourceInfo {
    /// The source.
    pub name: String,
    /// The files and URLs it reads.
    pub from: String,
    /// When what is in use was read; none when nothing is.
    pub read: Option<Time>,
    /// Its labels.
    pub labels: u64,
    /// Its queues that became no label.
    pub excluded: u64,
    /// Why what it gives now is not used; empty when it is.
    #[serde(default)]
    pub trouble: String,
}

/// One APF monitor as a factory tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MonitorInfo {
    /// Its name in the factory's configuration.
    pub name: String,
    /// Base URL of its interface.
    pub url: String,
    /// Events of pilots that it was not told yet.
    pub waiting: u64,
    /// Events that were dropped since the factory started, as too many waited.
    pub dropped: u64,
    /// Events that it refused since the factory started.
    pub refused: u64,
    /// Why it cannot be told at present; empty when it can.
    #[serde(default)]
    pub trouble: String,
}

/// One credential as its factory describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CredentialInfo {
    /// The credential.
    pub name: String,
    /// Its kind, such as `voms`.
    pub kind: String,
    /// Whose it is; empty when it cannot be read.
    #[serde(default)]
    pub who: String,
    /// Groups and roles, or scopes.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Since when it has been there and good.
    pub began: Option<Time>,
    /// When it ends; none when it does not, or when it is not known.
    pub ends: Option<Time>,
    /// When its attributes end.
    pub attributes_end: Option<Time>,
    /// The last share of its life, in percent, whose alarm it has passed.
    pub alarm_percent: Option<u8>,
    /// Whether pilots are submitted with it.
    pub is_usable: bool,
    /// Why it cannot be used or renewed; empty when nothing is wrong.
    #[serde(default)]
    pub trouble: String,
}

impl CredentialInfo {
    /// When the part of it ends that ends first.
    pub fn end(&self) -> Option<Time> {
        self.ends.into_iter().chain(self.attributes_end).min()
    }
}

/// `PUT /factories/{name}`: heartbeat with everything worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactoryHeartbeat {
    /// Version of the program.
    pub version: String,
    /// Host it runs on.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started: Time,
    /// Seconds between two cycles.
    pub cycle_s: u32,
    /// Its labels.
    pub labels: Vec<LabelInfo>,
    /// Whether it is draining.
    #[serde(default)]
    pub draining: bool,
    /// Where further labels come from. Left out when empty, for servers that do not know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceInfo>,
    /// APF monitors that it tells. Left out when empty, for servers that do not know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<MonitorInfo>,
    /// What it and its pilots prove who they are with. Left out when empty, for servers that do not know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<CredentialInfo>,
    /// Nodes on which its pilots failed before their first job. Left out when empty, for servers that do not know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<BadNode>,
    /// Why its configuration, as it stands now, is not in use; empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
    /// How its host and its end points are doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<FactoryHealth>,
}

/// One factory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactorySummary {
    /// Its name.
    pub name: String,
    /// What it said last.
    #[serde(flatten)]
    pub said: FactoryHeartbeat,
    /// When it said it.
    pub last_heard: Time,
    /// It is one of other software, which reports by APFmon's calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
}

/// A factory counts as silent after this many of its cycles, and never before [`SILENT_AT_LEAST`].
const SILENT_CYCLES: u32 = 4;
/// The shortest silence that is told.
const SILENT_AT_LEAST: Duration = Duration::from_secs(120);

impl FactorySummary {
    /// The same without labels that were not reported for long; none when it is itself so silent. What is heard again
    /// comes back by itself.
    pub fn without_idle(mut self, now: Time) -> Option<FactorySummary> {
        let is_idle = |heard: Time| now.since(heard) > IDLE_AFTER;
        if let Some(reported) = &self.reported {
            if is_idle(self.last_heard) {
                return None;
            }
            self.said.labels.retain(|label| !reported.heard.get(&label.name).is_some_and(|heard| is_idle(*heard)));
        }
        Some(self)
    }

    /// Whether it should have been heard again by now.
    pub fn is_silent(&self, now: Time) -> bool {
        let allowed = Duration::from_secs(u64::from(self.said.cycle_s) * u64::from(SILENT_CYCLES));
        now.since(self.last_heard) > allowed.max(SILENT_AT_LEAST)
    }

    /// Whether a process that calls itself the same may not be this factory: another one is, and has not gone silent. On
    /// one host the process that started last is the factory, for so it is after a crash.
    pub fn refuses(&self, other: &FactoryHeartbeat, now: Time) -> bool {
        let process = |said: &FactoryHeartbeat| (said.host.clone(), said.pid, said.started);
        let restarted = self.said.host == other.host && self.said.started < other.started;
        process(&self.said) != process(other) && !restarted && !self.is_silent(now)
    }
}

/// Labels that are named in a reason; there may be hundreds.
const NAMED_MAX: usize = 3;

/// Why a job waits in vain in a queue that these labels serve: no pilot of any of them can hold it. `None` when one can,
/// when there is no label, or when a label does not say what its pilots offer.
pub fn misfit<'a>(job: Shape, labels: impl IntoIterator<Item = &'a LabelInfo>) -> Option<String> {
    let reasons: Option<Vec<String>> = labels
        .into_iter()
        .map(|label| {
            let reason = label.offer.misfit(job).filter(|_| label.offer.slots > 0)?;
            Some(format!("{}: {reason}", label.name))
        })
        .collect();
    let reasons = reasons.filter(|reasons| !reasons.is_empty())?;
    let more = if reasons.len() > NAMED_MAX { "; ..." } else { "" };
    let named = reasons.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
    Some(format!("no pilot that serves its queue can run it: {named}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, slots: u32, cores: u32) -> LabelInfo {
        let offer = Offer { slots, whole: Shape { cores, ..Shape::default() } };
        let (queue, batch, system) = (String::new(), String::new(), String::new());
        let (chain, trouble) = (Vec::new(), String::new());
        LabelInfo { name: name.into(), queue, batch, system, chain, offer, keep_logs_days: None, trouble }
    }

    #[test]
    fn a_job_that_no_label_holds_is_told_why() {
        let job = Shape { cores: 9, ..Shape::default() };
        let labels = [label("a", 4, 4), label("b", 1, 8)];
        let words = "no pilot that serves its queue can run it: a: needs 9 cores and a pilot has 4; \
                     b: needs 9 cores and a pilot has 8";
        assert_eq!(misfit(job, &labels).unwrap(), words);
        assert_eq!(misfit(job, &[labels[0].clone(), label("c", 16, 16)]), None);
        assert_eq!(misfit(job, &[label("of an older factory", 0, 0)]), None);
        assert_eq!(misfit(job, &[]), None);
    }

    fn said(host: &str, pid: u32, started: i64) -> FactoryHeartbeat {
        let text = serde_json::json!({
            "version": "1", "host": host, "pid": pid, "started": Time(started), "cycle_s": 60, "labels": []
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_name_belongs_to_one_process() {
        let at = |seconds: u64| Time(1_000) + Duration::from_secs(seconds);
        let there = FactorySummary { name: "f".into(), said: said("a", 1, 500), last_heard: at(0), reported: None };
        assert!(!there.refuses(&said("a", 1, 500), at(1)), "itself");
        assert!(there.refuses(&said("b", 1, 500), at(240)), "another host");
        assert!(!there.refuses(&said("b", 1, 500), at(241)), "another host after four cycles of silence");
        assert!(!there.refuses(&said("a", 2, 600), at(1)), "the next one after a crash");
        assert!(there.refuses(&said("a", 2, 400), at(1)), "one that a later one has replaced");
    }
}
