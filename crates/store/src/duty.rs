//! Duties that one server at a time does. The database's clock says for how long, so that servers whose own clocks differ
//! agree on who has one.

use crate::engine::{params, statements};
use crate::{Result, Store};
use std::time::Duration;

statements! {
    TAKE_DUTY = "INSERT INTO duty (name, holder, until) VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3) \
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
            WHERE duty.holder = ?2 OR duty.until + ?3 <= excluded.until"
        => "INSERT INTO duty (name, holder, until) VALUES (?1, ?2, \
            CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + ?3) \
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
            WHERE duty.holder = ?2 OR duty.until + ?3 <= excluded.until";
    RELEASE_DUTY = "DELETE FROM duty WHERE name = ?1 AND holder = ?2";
}

impl Store {
    /// Takes or renews the duty `name` for this store's process, from now on for `hold`. Returns whether this process has
    /// it now.
    pub async fn try_duty(&self, name: &str, hold: Duration) -> Result<bool> {
        let (name, holder) = (name.to_owned(), self.inner.server.clone());
        let hold_ms = i64::try_from(hold.as_millis()).unwrap_or(i64::MAX / 2);
        self.write(move |tx| Ok(tx.execute(&TAKE_DUTY, params![&name, &holder, hold_ms])? > 0)).await
    }

    /// Gives the duty back at once.
    pub async fn release_duty(&self, name: &str) -> Result<()> {
        let (name, holder) = (name.to_owned(), self.inner.server.clone());
        self.write(move |tx| tx.execute(&RELEASE_DUTY, params![&name, &holder]).map(|_| ())).await
    }
}
