//! What Classic says: one sentence per branch, with the facts that led to it, as AutoPyFactory 1 told its monitor.

use super::{Classic, Found};
use crate::situation::Situation;

/// The sentence. It fits into the 140 characters that old monitors take.
pub(super) fn sentence(found: Found<'_>, out: i64, settings: &Classic, situation: &Situation) -> String {
    let depths = Depths::of(settings, situation);
    let site = named("Site", situation.site.as_ref().map(|site| site.name.as_str()));
    let cloud = named("Cloud", situation.cloud.as_ref().map(|cloud| cloud.name.as_str()));
    match found {
        Found::Unknown(what) => format!("No information about {what}. Will not submit pilots."),
        Found::CloudIs(status) => format!("{cloud} is {status}. Will not submit pilots."),
        Found::SiteIs("error") => format!("{site} is in an error state. Will not submit pilots."),
        Found::SiteIs(status) => format!("{site} is {status}. Will not submit pilots."),
        Found::PilotLimit { limit } => {
            format!("{} pilots (>= pilot limit {limit}). Will not submit more pilots.", depths.total)
        }
        Found::TransferringLimit { transferring, limit } => {
            format!("{transferring} transferring jobs (>= limit {limit}). Will not submit more pilots.")
        }
        Found::Test => depths.test(out),
        Found::HighPriority { activated, below } => {
            let least = settings.fairshare.map_or(0, |share| share.priority);
            depths.full(&format!("{activated} activated jobs of priority >= {least}"), below, activated)
        }
        Found::LowRunning { running, below } => {
            let wanted = settings.fairshare.map_or(0, |share| share.running);
            depths.full(&format!("{running} running jobs of low priority (< {wanted})"), below, 0)
        }
        Found::Jobs { below } => depths.full(&format!("{} activated jobs", depths.activated), below, depths.activated),
        Found::Suppressed { cycle, suppression } => {
            let suppressed = format!("Idling pilot suppressed in cycle {cycle}, 1 of {suppression} cycles has one.");
            format!("No activated jobs, {} inactive pilots queued. {suppressed}", depths.inactive)
        }
        Found::NoJobs => depths.idling(out),
    }
}

/// Names are optional facts.
fn named(kind: &str, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() => format!("{kind} {name}"),
        _ => format!("The {}", kind.to_lowercase()),
    }
}

/// The numbers that sentences are made of.
struct Depths {
    activated: i64,
    inactive: i64,
    total: i64,
    nqueue: i64,
    boost: i64,
}

impl Depths {
    fn of(settings: &Classic, situation: &Situation) -> Depths {
        let batch = situation.batch.clone().unwrap_or_default();
        Depths {
            activated: situation.wms.as_ref().map_or(0, |wms| wms.ready),
            inactive: batch.pending,
            total: batch.live(),
            nqueue: settings.nqueue.unwrap_or(20),
            boost: settings.depthboost.unwrap_or(2),
        }
    }

    /// `jobs` is what inactive pilots are compared with beyond the plain depth.
    fn full(&self, subject: &str, below: bool, jobs: i64) -> String {
        let Depths { inactive, nqueue, boost, .. } = self;
        let queued = format!("{subject}, {inactive} inactive pilots queued");
        let boosted = nqueue.saturating_mul(*boost);
        match below {
            true if *inactive < boosted => {
                format!("{queued} (< queue depth {nqueue} * depth boost {boost}). Will submit full pilot load.")
            }
            true => format!("{queued} (< queue depth {nqueue}). Will submit full pilot load."),
            false if *inactive >= boosted => {
                format!("{queued} (>= queue depth {nqueue} * depth boost {boost}). No extra pilots needed.")
            }
            false => {
                format!("{queued} (>= queue depth {nqueue}, not fewer than {jobs} jobs). No extra pilots needed.")
            }
        }
    }

    fn test(&self, out: i64) -> String {
        let queued =
            format!("Test mode with {} pilots, {} queued, queue depth {}.", self.total, self.inactive, self.nqueue);
        match out {
            0 => format!("{queued} Doing nothing."),
            1 => format!("{queued} Will submit 1 testing pilot."),
            some => format!("{queued} Will submit {some} testing pilots."),
        }
    }

    fn idling(&self, out: i64) -> String {
        let Depths { inactive, nqueue, .. } = self;
        match out {
            0 => format!(
                "No activated jobs, {inactive} inactive pilots queued (>= queue depth {nqueue}). No extra pilots needed."
            ),
            _ => format!(
                "No activated jobs, {inactive} inactive pilots queued (< queue depth {nqueue}). Will submit 1 idling pilot."
            ),
        }
    }
}
