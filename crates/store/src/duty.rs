//! Duties that one server at a time does.

use crate::engine::{params, statements};
use crate::{Result, Store};
use model::Time;

statements! {
    TAKE_DUTY = "INSERT INTO duty (name, holder, until) VALUES (?1, ?2, ?4) ON CONFLICT (name) DO UPDATE SET \
        holder = excluded.holder, until = excluded.until WHERE duty.holder = ?2 OR duty.until <= ?3";
    RELEASE_DUTY = "DELETE FROM duty WHERE name = ?1 AND holder = ?2";
}

impl Store {
    /// Takes or renews the duty `name` for this store's process until `until`. Returns whether this process has it now.
    pub async fn try_duty(&self, name: &str, now: Time, until: Time) -> Result<bool> {
        let (name, holder) = (name.to_owned(), self.inner.server.clone());
        self.write(move |tx| Ok(tx.execute(&TAKE_DUTY, params![&name, &holder, now, until])? > 0)).await
    }

    /// Gives the duty back at once.
    pub async fn release_duty(&self, name: &str) -> Result<()> {
        let (name, holder) = (name.to_owned(), self.inner.server.clone());
        self.write(move |tx| tx.execute(&RELEASE_DUTY, params![&name, &holder]).map(|_| ())).await
    }
}
