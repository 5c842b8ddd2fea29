//! Steps that set the number while the queue has a status: StatusTest, StatusOffline.

use super::Outcome;
use super::settings::settings;
use crate::situation::Situation;
use model::QueueStatus;

settings!(
    /// `sched.statustest`.
    StatusTest {
        /// The number while the queue is in test; 0 when not set.
        pilots: i64,
        /// Whether it only bounds the number from above; false when not set.
        cap: bool,
    }
);
settings!(
    /// `sched.statusoffline`.
    StatusOffline {
        /// The number while the queue is offline; 0 when not set.
        pilots: i64,
        /// Whether it only bounds the number from above; false when not set.
        cap: bool,
        /// Whether a queue that brokerage avoids counts as offline; false when not set.
        brokeroff: bool,
    }
);

/// A fixed number while the queue is in test. Sets, does not cap, unless told to.
pub(super) fn status_test(n: i64, settings: &StatusTest, situation: &Situation) -> Outcome {
    match known(situation) {
        None => (0, format!("StatusTest:comment=no wms/batch/siteinfo,in={n},ret=0")),
        Some("test") => {
            let out = fixed(n, settings.pilots, settings.cap);
            (out, format!("StatusTest:comment=test,in={n},out={out}"))
        }
        Some(_) => (n, format!("StatusTest:comment=not test,in={n},ret={n}")),
    }
}

/// A fixed number while the queue is offline. Brokerage that is off passes, unless told otherwise: what waits is still
/// served.
pub(super) fn status_offline(n: i64, settings: &StatusOffline, situation: &Situation) -> Outcome {
    let Some(status) = known(situation) else {
        return (0, format!("StatusOffline:comment=no wms/site/batchinfo,in={n},ret=0"));
    };
    let avoided = status == QueueStatus::BrokerOff.as_str() && settings.brokeroff.unwrap_or(false);
    if status == QueueStatus::Offline.as_str() || avoided {
        let out = fixed(n, settings.pilots, settings.cap);
        return (out, format!("StatusOffline:comment={status},in={n},ret={out}"));
    }
    (n, format!("StatusOffline:comment=not offline,in={n},ret={n}"))
}

fn fixed(n: i64, pilots: Option<i64>, cap: Option<bool>) -> i64 {
    let pilots = pilots.unwrap_or(0);
    if cap.unwrap_or(false) { n.min(pilots) } else { pilots }
}

/// Both steps want all three pieces of information, as they always did. A site without a status has none of them.
fn known(situation: &Situation) -> Option<&str> {
    let site = situation.site.as_ref()?;
    (situation.wms.is_some() && situation.batch.is_some()).then(|| site.status.as_deref().unwrap_or_default())
}
