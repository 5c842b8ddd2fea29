//! Files in the object store that are to be deleted.
//!
//! An upload is written down here before it begins and taken out in the commit that refers to it; what nothing refers to
//! any more is written down in the commit that forgets it. So a crash leaves no file that nobody knows of.

use crate::engine::{Value, params, statements};
use crate::tx::Tx;
use crate::{Result, Store};
use model::Time;

statements! {
    DISCARD = "INSERT INTO discarded (location, due) VALUES (?1, ?2) ON CONFLICT (location) DO UPDATE SET \
        due = excluded.due";
    TAKE_OUT = "DELETE FROM discarded WHERE location = ?1";
    DUE_FILES = "SELECT location FROM discarded WHERE due <= ?1 ORDER BY due LIMIT ?2";
}

impl Store {
    /// Lets files be deleted from `due` on, unless something refers to them by then.
    pub async fn discard(&self, places: Vec<String>, due: Time) -> Result<()> {
        self.write(move |tx| discard(tx, &places, due)).await
    }

    /// Files that are to be deleted now, at most `limit`.
    pub async fn discarded(&self, now: Time, limit: u32) -> Result<Vec<String>> {
        self.rows(&DUE_FILES, params![now, limit].to_vec(), |row| row.text(0)).await
    }

    /// Files that were deleted.
    pub async fn deleted(&self, places: Vec<String>) -> Result<()> {
        self.write(move |tx| take_out(tx, &places)).await
    }
}

/// Lets files be deleted from `due` on.
pub(crate) fn discard(tx: &mut Tx<'_>, places: &[String], due: Time) -> Result<()> {
    let rows: Vec<Vec<Value>> = places.iter().map(|place| params![place, due].to_vec()).collect();
    tx.execute_many(&DISCARD, &rows).map(|_| ())
}

/// Something refers to the files, or they are gone.
pub(crate) fn take_out(tx: &mut Tx<'_>, places: &[String]) -> Result<()> {
    let rows: Vec<Vec<Value>> = places.iter().map(|place| params![place].to_vec()).collect();
    tx.execute_many(&TAKE_OUT, &rows).map(|_| ())
}
