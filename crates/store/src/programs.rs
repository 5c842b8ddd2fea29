//! Programs that nodes download from the server: pilots and wrappers, by name and version. What is in one never changes.

use crate::discarded;
use crate::engine::{Row, params, statements};
use crate::{Error, Result, Store};
use model::{ProgramInfo, Time};

macro_rules! columns {
    () => {
        "name, version, sha256, bytes, added, added_by, location"
    };
}

statements! {
    PROGRAM = concat!("SELECT ", columns!(), " FROM program WHERE name = ?1 AND version = ?2");
    PROGRAM_WITH = concat!("SELECT ", columns!(), " FROM program WHERE sha256 = ?1 LIMIT 1");
    PROGRAMS = concat!("SELECT ", columns!(), " FROM program ORDER BY name, added, version");
    ADD_PROGRAM = concat!("INSERT INTO program (", columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    DROP_PROGRAM = "DELETE FROM program WHERE name = ?1 AND version = ?2";
}

/// A program with its place in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRow {
    /// What is known of it.
    pub info: ProgramInfo,
    /// Where it lies.
    pub location: String,
}

impl Store {
    /// Writes down a program that was uploaded. One that is there already, with the same content, stays as it is; with
    /// another content it is a [`crate::Error::Conflict`]. Programs with the same content share one file.
    pub async fn add_program(&self, program: ProgramRow) -> Result<ProgramInfo> {
        self.write(move |tx| {
            let ProgramRow { info, location } = &program;
            if let Some(there) = tx.query_one(&PROGRAM, params![&info.name, &info.version])? {
                let there = row_of(&there)?;
                if there.info.sha256 != info.sha256 {
                    let (name, version, sum) = (&info.name, &info.version, &there.info.sha256);
                    return Err(Error::Conflict(format!("{name} {version} is there with the checksum {sum}")));
                }
                discarded::discard(tx, std::slice::from_ref(location), info.added)?;
                return Ok(there.info);
            }
            let twin = tx.query_one(&PROGRAM_WITH, params![&info.sha256])?.map(|row| row_of(&row)).transpose()?;
            let place = twin.map_or_else(|| location.clone(), |twin| twin.location);
            if place == *location {
                discarded::take_out(tx, std::slice::from_ref(location))?;
            } else {
                discarded::discard(tx, std::slice::from_ref(location), info.added)?;
            }
            let ProgramInfo { name, version, sha256, bytes, added, added_by } = info;
            tx.execute(&ADD_PROGRAM, params![name, version, sha256, *bytes, *added, added_by, &place])?;
            Ok(info.clone())
        })
        .await
    }

    /// Forgets a program; its file goes with the last one that has the same content.
    pub async fn drop_program(&self, name: String, version: String, now: Time) -> Result<()> {
        self.write(move |tx| {
            let there = tx.query_one(&PROGRAM, params![&name, &version])?;
            let there = there.ok_or_else(|| Error::not_found(format!("program {name} {version}")))?;
            let there = row_of(&there)?;
            tx.execute(&DROP_PROGRAM, params![&name, &version])?;
            if tx.query_one(&PROGRAM_WITH, params![&there.info.sha256])?.is_none() {
                discarded::discard(tx, &[there.location], now)?;
            }
            Ok(())
        })
        .await
    }

    /// One program.
    pub async fn program(&self, name: String, version: String) -> Result<Option<ProgramRow>> {
        Ok(self.rows(&PROGRAM, params![name, version].to_vec(), row_of).await?.into_iter().next())
    }

    /// All programs, by name, the oldest version of each first.
    pub async fn programs(&self) -> Result<Vec<ProgramInfo>> {
        self.rows(&PROGRAMS, Vec::new(), |row| Ok(row_of(row)?.info)).await
    }
}

fn row_of(row: &Row) -> Result<ProgramRow> {
    Ok(ProgramRow {
        info: ProgramInfo {
            name: row.text(0)?,
            version: row.text(1)?,
            sha256: row.text(2)?,
            bytes: row.count(3)?,
            added: row.time(4)?,
            added_by: row.text(5)?,
        },
        location: row.text(6)?,
    })
}
