//! Steps that look at the view itself: Stale, Capacity.

use super::Outcome;
use super::settings::settings;
use crate::situation::Situation;

settings!(
    /// `sched.stale`.
    Stale {
        /// Facts are this many seconds old without a word; three cycles and a minute when not set.
        usual: i64,
    }
);

/// Says which facts are older than usual; ages in whole minutes, so that equal decisions stay equal.
pub(super) fn stale(n: i64, settings: &Stale, situation: &Situation) -> Outcome {
    let usual_s = settings.usual.unwrap_or(150) as f64;
    let ages = [
        ("wmsage", situation.wms.as_ref().map(|wms| wms.age_s)),
        ("batchage", situation.batch.as_ref().map(|batch| batch.age_s)),
        ("siteage", situation.site.as_ref().map(|site| site.age_s)),
    ];
    let old = ages.iter().filter_map(|(name, age_s)| {
        let age_s = age_s.filter(|age_s| *age_s > usual_s)?;
        Some(format!("{name}={}", (age_s as u64).div_ceil(60) * 60))
    });
    let words = old.collect::<Vec<_>>().join(",");
    (n, if words.is_empty() { words } else { format!("Stale:comment=old values used,{words}") })
}

/// Full is not broken: no more is announced than the end point says it takes, and none to one that does not answer.
pub(super) fn capacity(n: i64, situation: &Situation) -> Outcome {
    let endpoint = situation.endpoint.as_ref();
    if n > 0 && endpoint.is_some_and(|point| point.silent) {
        return (0, format!("Capacity:comment=the batch system does not answer,in={n},ret=0"));
    }
    match endpoint.and_then(|point| point.free) {
        Some(free) if n > free => (free, format!("Capacity:in={n},free={free},ret={free}")),
        _ => (n, String::new()),
    }
}
