//! Sessions of browsers: each stands for a token until it ends.

use crate::engine::{Row, params, statements};
use crate::{Result, Store};
use model::Time;

statements! {
    BEGIN_SESSION = "INSERT INTO session (hash, token, ends) VALUES (?1, ?2, ?3)";
    SESSION = "SELECT token FROM session WHERE hash = ?1 AND ends > ?2";
    END_SESSION = "DELETE FROM session WHERE hash = ?1";
    OLD_SESSIONS = "DELETE FROM session WHERE ends <= ?1";
}

impl Store {
    /// Begins a session: hashes of its cookie and of its token.
    pub async fn begin_session(&self, hash: [u8; 32], token: [u8; 32], ends: Time) -> Result<()> {
        self.write(move |tx| tx.execute(&BEGIN_SESSION, params![hash, token, ends]).map(|_| ())).await
    }

    /// The hash of the token that a session stands for; none when it has ended.
    pub async fn session(&self, hash: [u8; 32], now: Time) -> Result<Option<Vec<u8>>> {
        let found = self.rows(&SESSION, params![hash, now].to_vec(), |row: &Row| row.bytes(0)).await?;
        Ok(found.into_iter().next())
    }

    /// Ends a session, if there is one.
    pub async fn end_session(&self, hash: [u8; 32]) -> Result<()> {
        self.write(move |tx| tx.execute(&END_SESSION, params![hash]).map(|_| ())).await
    }
}
