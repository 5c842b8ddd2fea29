//! Factories of other software.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::tx::Tx;
use crate::{Result, Store};
use model::factory::PANDA;
use model::{FactoryHeartbeat, Reported, Time};

/// Seconds between two cycles of a factory that does not tell: it counts as silent after four.
const CYCLE_S: u32 = 300;
/// Who was heard is written down again after so many milliseconds.
pub(crate) const HEARD_EVERY_MS: i64 = 10_000;
/// The most factories of other software, and of their labels each. Whoever may call makes them by naming them; what comes
/// on top is not kept.
pub const REPORTED_FACTORIES_MAX: i64 = 1_000;
pub(crate) const LABELS_MAX: i64 = 10_000;

statements! {
    REPORTED_FACTORY = "SELECT reported, said FROM factory WHERE name = ?1"
        => "SELECT reported, said FROM factory WHERE name = ?1 FOR UPDATE";
    SPEAKS_FOR_ITSELF = "SELECT CAST(CASE WHEN reported IS NULL THEN 1 ELSE 0 END AS BIGINT) FROM factory WHERE name = ?1"
        => "SELECT CAST(CASE WHEN reported IS NULL THEN 1 ELSE 0 END AS BIGINT) FROM factory WHERE name = ?1 FOR UPDATE";
    COUNT_REPORTED = "SELECT COUNT(*) FROM factory WHERE reported IS NOT NULL";
    TOLD_BY = "SELECT reported FROM factory WHERE name = ?1 AND reported IS NOT NULL";
    PUT_REPORTED = "INSERT INTO factory (name, last_heard, said, reported) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (name) DO UPDATE SET last_heard = excluded.last_heard, said = excluded.said, \
        reported = excluded.reported";
    HEARD_FACTORY = "UPDATE factory SET last_heard = ?2 WHERE name = ?1 AND reported IS NOT NULL AND last_heard < ?3";
    HEARD_LABEL = "UPDATE reported_label SET last_heard = ?3 WHERE factory = ?1 AND label = ?2 AND last_heard < ?4";
}

/// What became of a call about a factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It was not known.
    Created,
    /// It was known.
    Updated,
    /// The name is one of a factory that speaks for itself; nothing was changed.
    Ours,
    /// It was not known, and there are [`REPORTED_FACTORIES_MAX`] already; nothing was kept.
    Full,
}

/// What a factory of other software tells; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactoryReport {
    /// Its name.
    pub name: String,
    /// It starts now; nothing is told of that otherwise.
    pub starts: bool,
    /// Version of its software.
    pub version: Option<String>,
    /// Its software.
    pub software: Option<String>,
    /// Mail address of its operators.
    pub mail: Option<String>,
    /// What addresses of its logs begin with.
    pub log_url: Option<String>,
    /// Totals of its batch system.
    pub totals: Option<String>,
    /// An error that it counted: label, code, how often.
    pub error: Option<(String, String, i64)>,
    /// Address of the caller.
    pub address: String,
}

/// A factory in the making.
struct Known {
    said: FactoryHeartbeat,
    reported: Reported,
}

impl Store {
    /// Writes down what a factory of other software tells about itself.
    pub async fn report_factory(&self, report: FactoryReport, now: Time) -> Result<Registered> {
        self.write(move |tx| {
            let (mut known, registered) = match find(tx, &report.name)? {
                Found::Ours => return Ok(Registered::Ours),
                Found::Known(known) => (*known, Registered::Updated),
                Found::None if is_full(tx)? => return Ok(Registered::Full),
                Found::None => (blank(now), Registered::Created),
            };
            tell(&mut known, &report, now);
            put(tx, &report.name, &known, now)?;
            Ok(registered)
        })
        .await
    }

    /// What a factory of other software tells about itself; none of a factory of ours.
    pub async fn reported_factory(&self, name: String) -> Result<Option<Reported>> {
        let found = self.rows(&TOLD_BY, params![name].to_vec(), |row: &Row| row.json(0)).await?;
        Ok(found.into_iter().next())
    }
}

fn tell(known: &mut Known, report: &FactoryReport, now: Time) {
    let set = |into: &mut String, told: &Option<String>| {
        if let Some(told) = told {
            into.clone_from(told);
        }
    };
    set(&mut known.said.version, &report.version);
    set(&mut known.reported.software, &report.software);
    set(&mut known.reported.mail, &report.mail);
    set(&mut known.reported.log_url, &report.log_url);
    set(&mut known.reported.totals, &report.totals);
    if report.starts {
        known.said.started = now;
        known.said.host.clone_from(&report.address);
        known.reported.address.clone_from(&report.address);
    }
    if let Some((label, code, times)) = &report.error {
        known.reported.count_error(label, code, *times, now);
    }
}

enum Found {
    /// Nobody by this name.
    None,
    /// A factory of ours.
    Ours,
    Known(Box<Known>),
}

fn find(tx: &mut Tx<'_>, name: &str) -> Result<Found> {
    if name == PANDA {
        return Ok(Found::Ours);
    }
    Ok(match tx.query_one(&REPORTED_FACTORY, params![name])? {
        None => Found::None,
        Some(row) if row.is_null(0) => Found::Ours,
        Some(row) => Found::Known(Box::new(Known { reported: row.json(0)?, said: row.json(1)? })),
    })
}

fn blank(now: Time) -> Known {
    let said = FactoryHeartbeat {
        version: String::new(),
        host: String::new(),
        pid: 0,
        started: now,
        cycle_s: CYCLE_S,
        labels: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: Vec::new(),
        nodes: Vec::new(),
        trouble: String::new(),
        health: None,
    };
    Known { said, reported: Reported::default() }
}

fn is_full(tx: &mut Tx<'_>) -> Result<bool> {
    let count = tx.query_one(&COUNT_REPORTED, &[])?.map_or(Ok(0), |row| row.int(0))?;
    Ok(count >= REPORTED_FACTORIES_MAX)
}

fn put(tx: &mut Tx<'_>, name: &str, known: &Known, now: Time) -> Result<()> {
    tx.execute(&PUT_REPORTED, params![name, now, to_json(&known.said)?, to_json(&known.reported)?])?;
    tx.changes().factories.insert(name.to_owned());
    Ok(())
}

/// Whether labels and pilots of this factory may be reported: not of one that speaks for itself. One that nobody knows yet is
/// written down, unless there are too many. The factory is locked: whoever makes labels or pilots of it does so alone.
pub(crate) fn ensure(tx: &mut Tx<'_>, name: &str, now: Time) -> Result<bool> {
    if name == PANDA {
        return Ok(false);
    }
    match tx.query_one(&SPEAKS_FOR_ITSELF, params![name])? {
        Some(row) => Ok(row.int(0)? == 0),
        None if is_full(tx)? => Ok(false),
        None => put(tx, name, &blank(now), now).map(|()| true),
    }
}
