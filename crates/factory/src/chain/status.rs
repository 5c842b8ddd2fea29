//! Steps that set the number while the queue has a status: StatusTest, StatusOffline.

use super::Outcome;
use crate::config::Pilots;
use crate::situation::Situation;
use model::QueueStatus;

/// A fixed number while the queue is in test. Sets, does not cap: follow it by a limit.
pub fn status_test(n: i64, settings: &Pilots, situation: &Situation) -> Outcome {
    match known(situation) {
        None => (0, format!("StatusTest:comment=no wms/batch/siteinfo,in={n},ret=0")),
        Some(QueueStatus::Test) => {
            let out = settings.pilots.unwrap_or(0);
            (out, format!("StatusTest:comment=test,in={n},out={out}"))
        }
        Some(_) => (n, format!("StatusTest:comment=not test,in={n},ret={n}")),
    }
}

/// A fixed number while the queue is offline. Brokerage that is off passes: what waits is still served.
pub fn status_offline(n: i64, settings: &Pilots, situation: &Situation) -> Outcome {
    match known(situation) {
        None => (0, format!("StatusOffline:comment=no wms/site/batchinfo,in={n},ret=0")),
        Some(QueueStatus::Offline) => {
            let out = settings.pilots.unwrap_or(0);
            (out, format!("StatusOffline:comment=offline,in={n},ret={out}"))
        }
        Some(_) => (n, format!("StatusOffline:comment=not offline,in={n},ret={n}")),
    }
}

/// Both steps want all three pieces of information, as they always did.
fn known(situation: &Situation) -> Option<QueueStatus> {
    (situation.jobs.is_some() && situation.pilots.is_some()).then_some(situation.status?.value)
}
