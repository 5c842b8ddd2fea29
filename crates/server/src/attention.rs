//! Open alarms, for every page: how many nobody looks after stands in the navigation of each.

use crate::hub::locked;
use crate::{ApiError, AppState, api, now};
use model::Time;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::api::AlarmView;

/// How long they are used when nothing changes: silences end without anybody saying so.
const FRESH: Duration = Duration::from_secs(10);

/// The alarms of a moment ago.
#[derive(Default)]
pub struct Attention(Mutex<Held>);

#[derive(Default)]
struct Held {
    open: Option<(Time, Arc<Vec<AlarmView>>)>,
    /// How often alarms changed: what was read before a change is not kept after it.
    changes: u64,
}

impl Attention {
    /// Alarms changed.
    pub fn forget(&self) {
        let mut held = locked(&self.0);
        held.open = None;
        held.changes += 1;
    }

    /// All open alarms, the worst and then the newest first.
    pub async fn open(&self, state: &AppState) -> Result<Arc<Vec<AlarmView>>, ApiError> {
        let now = now();
        let changes = {
            let held = locked(&self.0);
            match &held.open {
                Some((at, open)) if now.since(*at) < FRESH => return Ok(open.clone()),
                _ => held.changes,
            }
        };
        let open = Arc::new(api::alarms::open(state).await?);
        let mut held = locked(&self.0);
        if held.changes == changes {
            held.open = Some((now, open.clone()));
        }
        Ok(open)
    }

    /// Open alarms that nobody looks after and nothing keeps quiet.
    pub async fn count(&self, state: &AppState) -> Result<usize, ApiError> {
        Ok(self.open(state).await?.iter().filter(|view| view.needs_attention()).count())
    }
}
