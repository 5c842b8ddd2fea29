//! Single values by name.

use crate::engine::{params, statements};
use crate::{Error, Result, Store};

statements! {
    META = "SELECT value FROM meta WHERE name = ?1";
    SET_META = "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    ENSURE_META = "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
}

impl Store {
    /// The value of `key`.
    pub async fn meta(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.rows(&META, params![key].to_vec(), |row| row.bytes(0)).await?.into_iter().next())
    }

    /// Sets the value of `key`.
    pub async fn set_meta(&self, key: &str, value: Vec<u8>) -> Result<()> {
        let key = key.to_owned();
        self.write(move |tx| tx.execute(&SET_META, params![&key, value.clone()]).map(|_| ())).await
    }

    /// The value of `key`, which becomes `value` when there is none yet; servers that start together get the same one.
    pub async fn meta_or(&self, key: &str, value: Vec<u8>) -> Result<Vec<u8>> {
        let key = key.to_owned();
        self.write(move |tx| {
            tx.execute(&ENSURE_META, params![&key, value.clone()])?;
            let row = tx.query_one(&META, params![&key])?;
            row.ok_or_else(|| Error::Corrupt(format!("the value {key} is gone")))?.bytes(0)
        })
        .await
    }
}
