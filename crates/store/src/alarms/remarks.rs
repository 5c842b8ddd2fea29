//! What people last said of alarms.

use super::event_of;
use crate::engine::{Row, params, statements};
use crate::{Result, Store};
use model::alarm::{Alarm, AlarmRemark};

statements! {
    REMARKS = "SELECT e.at, e.kind, e.who, e.text, a.record, a.id FROM alarm_event e JOIN alarm a ON a.id = e.alarm \
        WHERE e.kind IN (4, 5) ORDER BY e.id DESC LIMIT ?1";
}

impl Store {
    /// The last comments and acknowledgements of alarms, newest first, at most `limit`.
    pub async fn alarm_remarks(&self, limit: u32) -> Result<Vec<AlarmRemark>> {
        self.rows(&REMARKS, params![limit].to_vec(), remark_of).await
    }
}

fn remark_of(row: &Row) -> Result<AlarmRemark> {
    let Alarm { subject, .. } = row.json(4)?;
    Ok(AlarmRemark { alarm: model::AlarmId(row.int(5)?), subject, event: event_of(row)? })
}
