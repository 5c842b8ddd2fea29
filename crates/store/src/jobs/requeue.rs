//! Another attempt: the job waits again, after a pause.

use super::lane;
use super::range::{self, Range};
use super::row::JobRow;
use super::specs::terms;
use crate::engine::{Row, Value, params, statements};
use crate::tx::Tx;
use crate::{Result, Store};
use model::{JobEvent, JobId, JobState, Time, backoff};

/// The most back-offs that end in one operation.
const DUE_MAX: i64 = 5000;

statements! {
    DUE = "SELECT last, lane FROM job_range WHERE not_before > 0 AND not_before <= ?1 ORDER BY not_before LIMIT ?2";
    END_BACKOFF = "UPDATE job_range SET not_before = 0 WHERE last = ?1",
        arrays "UPDATE job_range SET not_before = 0 WHERE last = ANY(?1::bigint[])";
    NEXT_DUE = "SELECT MIN(not_before) FROM job_range WHERE not_before > 0";
}

impl Store {
    /// Ends the back-off of all jobs whose time has come and says when the next one ends. To be called every second or
    /// so; leases do it too.
    pub async fn activate_due(&self, now: Time) -> Result<Option<Time>> {
        let next = self.read(next_due).await?;
        if next.is_none_or(|due| due > now) {
            return Ok(next);
        }
        self.write(move |tx| end_backoffs(tx, now)).await?;
        self.read(next_due).await
    }
}

fn next_due(connection: &mut dyn crate::engine::Connection) -> Result<Option<Time>> {
    connection.query_one(&NEXT_DUE, &[])?.map_or(Ok(None), |row| row.opt_time(0))
}

/// Ends back-offs whose time has come, once per commit.
pub(crate) fn end_backoffs(tx: &mut Tx<'_>, now: Time) -> Result<()> {
    if tx.due_is_checked(now) {
        return Ok(());
    }
    let due = tx.query(&DUE, params![now, DUE_MAX])?;
    let keys = due.iter().map(|row| Ok(params![row.int(0)?].to_vec())).collect::<Result<Vec<Vec<Value>>>>()?;
    tx.execute_many(&END_BACKOFF, &keys)?;
    due.iter().try_for_each(|row: &Row| {
        let queue = lane::lane(tx, row.int(1)?)?.key.queue;
        tx.changes().activated.insert(queue);
        Ok(())
    })
}

/// Lets a job wait for its next attempt, or fail when none is left, and counts it. The row's outcome, failures and
/// losses are those of the attempt that just ended; the row is not saved here.
pub(crate) fn again_or_failed(tx: &mut Tx<'_>, row: &mut JobRow, now: Time) -> Result<()> {
    let terms = terms(tx, row.submission)?;
    let retryable = row.error_class.is_none_or(|class| class.is_retryable());
    let left = row.failures < terms.max_attempts && row.losses < tx.policy().losses_max && retryable;
    let event = if left { JobEvent::Requeue } else { JobEvent::Fail };
    let from = row.state;
    // A lost attempt that is reported late is judged again while its job waits already.
    row.state = if from == JobState::Activated && left { from } else { from.next(event).unwrap_or(from) };
    tx.count_move(row.counted(), from, row.state, 1);
    if from == JobState::Activated {
        return if left { Ok(()) } else { range::delete(tx, [row.id.0]) };
    }
    if left {
        let pause = backoff::before_attempt(row.attempt + 1, tx.policy().first_backoff);
        wait_again(tx, row, terms.rank, now, now + pause)?;
    }
    Ok(())
}

/// Writes the range row of a job that waits for its next attempt.
pub(crate) fn wait_again(tx: &mut Tx<'_>, row: &JobRow, rank: i64, now: Time, not_before: Time) -> Result<()> {
    let at_once = not_before <= now;
    let queue = lane::lane(tx, row.lane)?.key.queue;
    let waiting = Range {
        last: row.id.0,
        first: row.id.0,
        submission: row.submission,
        lane: row.lane,
        state: row.state,
        rank,
        since: now,
        not_before: if at_once { Time(0) } else { not_before },
        attempt: row.attempt,
        array: row.array,
        ended: None,
        reason: String::new(),
    };
    range::add(tx, [&waiting])?;
    tx.job_changed(JobId(row.id.0));
    if at_once && row.state == JobState::Activated {
        tx.changes().activated.insert(queue);
    }
    Ok(())
}
