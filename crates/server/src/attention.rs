//! How many alarms nobody looks after, for the navigation of every page.

use crate::hub::locked;
use crate::{ApiError, AppState, api, now};
use model::Time;
use std::sync::Mutex;
use std::time::Duration;
use wire::api::AlarmView;

/// How long a count is used when nothing changes: silences end without anybody saying so.
const FRESH: Duration = Duration::from_secs(10);

/// The count of a moment ago.
#[derive(Default)]
pub struct Attention {
    counted: Mutex<Option<(Time, usize)>>,
}

impl Attention {
    /// Alarms changed.
    pub fn forget(&self) {
        *locked(&self.counted) = None;
    }

    /// Open alarms that nobody looks after and nothing keeps quiet.
    pub async fn count(&self, state: &AppState) -> Result<usize, ApiError> {
        let now = now();
        if let Some((at, count)) = *locked(&self.counted)
            && now.since(at) < FRESH
        {
            return Ok(count);
        }
        let count = api::alarms::open(state).await?.iter().filter(|view| AlarmView::needs_attention(view)).count();
        *locked(&self.counted) = Some((now, count));
        Ok(count)
    }
}
