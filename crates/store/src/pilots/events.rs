//! What was said about pilots: written by the commits that hear it, read as the story of one or as a feed of all.

use crate::engine::{Connection, Row, Value, params, statements};
use crate::jobs::codes;
use crate::tx::Tx;
use crate::{Result, Store};
use model::pilot::{Source, Told, Word};
use model::{ErrorClass, PilotId, PilotState, Time};

/// The most rows about one pilot that changed nothing; further ones are not kept.
pub(crate) const NOTES_MAX: u32 = 100;
/// The most rows about one pilot.
pub(crate) const MOVES_MAX: u32 = 200;
/// The most characters of a text that are kept.
const TEXT_MAX_CHARS: usize = 500;
/// The most rows that one answer looks at.
const SCAN_MAX: i64 = 5000;

macro_rules! told {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.time, e.pilot, p.factory, p.label, e.source, e.address, e.word, e.before, e.state, \
             e.refused, e.error_class, e.text FROM pilot_event e JOIN pilot p ON p.id = e.pilot ",
            $rest
        )
    };
}

statements! {
    ADD_EVENTS = "INSERT INTO pilot_event (id, pilot, time, source, word, before, state, refused, error_class, address, \
            text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        arrays "INSERT INTO pilot_event (id, pilot, time, source, word, before, state, refused, error_class, address, \
            text) SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], \
            ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::text[], ?11::text[])";
    EVENTS_OF_PILOT = told!("WHERE e.pilot = ?1 ORDER BY e.id");
    EVENTS_AFTER = told!("WHERE e.id > ?1 ORDER BY e.id LIMIT ?2");
    EVENTS_BEFORE = told!("WHERE e.id < ?1 ORDER BY e.id DESC LIMIT ?2");
}

/// What somebody said about a pilot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Saying {
    pub(crate) time: Time,
    pub(crate) source: Source,
    pub(crate) address: String,
    pub(crate) word: Word,
    pub(crate) refused: bool,
    pub(crate) text: String,
}

impl Saying {
    /// Said by somebody who needs no address.
    pub(crate) fn of(source: Source, word: Word, text: &str, time: Time) -> Saying {
        Saying { time, source, address: String::new(), word, refused: false, text: text.to_owned() }
    }

    /// It made no sense and changed nothing.
    pub(crate) fn refused(self) -> Saying {
        Saying { refused: true, ..self }
    }
}

/// The same, and the state of the pilot before and since.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) pilot: PilotId,
    pub(crate) before: PilotState,
    pub(crate) state: PilotState,
    pub(crate) error_class: Option<ErrorClass>,
    pub(crate) saying: Saying,
}

impl Noted {
    /// That a pilot was announced.
    pub(crate) fn announced(pilot: PilotId, time: Time) -> Noted {
        let saying = Saying::of(Source::Factory, Word::Announced, "", time);
        Noted { pilot, before: PilotState::Announced, state: PilotState::Announced, error_class: None, saying }
    }

    fn values(&self, id: i64) -> Vec<Value> {
        let Saying { time, source, address, word, refused, text } = &self.saying;
        let capped = |text: &str| (!text.is_empty()).then(|| text.chars().take(TEXT_MAX_CHARS).collect::<String>());
        params![
            id,
            self.pilot,
            *time,
            *source as i64,
            *word as i64,
            self.before as i64,
            self.state as i64,
            *refused,
            codes::error_code(self.error_class),
            capped(address),
            capped(text)
        ]
        .to_vec()
    }
}

/// Writes what a commit heard. Numbers are taken last, and held by the commit that took them: so they ascend in the order
/// of commits, also of several servers, and a reader of the feed misses none.
pub(crate) fn write(tx: &mut Tx<'_>, noted: &[Noted]) -> Result<()> {
    if noted.is_empty() {
        return Ok(());
    }
    let first = tx.next_ids("pilot_event", noted.len() as u64)?;
    let rows: Vec<Vec<Value>> = noted.iter().zip(first..).map(|(noted, id)| noted.values(id)).collect();
    tx.execute_many(&ADD_EVENTS, &rows).map(|_| ())
}

/// About which pilots. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldFilter {
    /// Only of this factory.
    pub factory: Option<String>,
    /// Only of this label.
    pub label: Option<String>,
}

/// A part of the feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToldPage {
    /// What was said, in order.
    pub told: Vec<Told>,
    /// The number up to which everything was looked at.
    pub upto: i64,
}

impl Store {
    /// All that was said about a pilot, in order.
    pub async fn told_of(&self, pilot: PilotId) -> Result<Vec<Told>> {
        self.rows(&EVENTS_OF_PILOT, params![pilot].to_vec(), told_of).await
    }

    /// What was said after number `after`, in order, at most `limit`; may be less than there is, for the work of one
    /// answer is bounded: go on from its `upto`.
    pub async fn told_after(&self, filter: ToldFilter, after: i64, limit: u32) -> Result<ToldPage> {
        self.read(move |connection| {
            let mut page = ToldPage { told: Vec::new(), upto: after };
            let rows = connection.query(&EVENTS_AFTER, params![after, filter.scan(limit)])?;
            for row in &rows {
                if page.told.len() == limit as usize {
                    break;
                }
                let told = told_of(row)?;
                page.upto = told.id;
                page.told.extend(Some(told).filter(|told| filter.leaves(told)));
            }
            Ok(page)
        })
        .await
    }

    /// The last that was said, in order, at most `limit`.
    pub async fn told_last(&self, filter: ToldFilter, limit: u32) -> Result<ToldPage> {
        self.read(move |connection| last(connection, &filter, limit)).await
    }
}

fn last(connection: &mut dyn Connection, filter: &ToldFilter, limit: u32) -> Result<ToldPage> {
    let rows = connection.query(&EVENTS_BEFORE, params![i64::MAX, filter.scan(limit)])?;
    let upto = rows.first().map_or(Ok(0), |row| row.int(0))?;
    let mut told = Vec::new();
    for row in &rows {
        if told.len() == limit as usize {
            break;
        }
        told.extend(Some(told_of(row)?).filter(|told| filter.leaves(told)));
    }
    told.reverse();
    Ok(ToldPage { told, upto })
}

impl ToldFilter {
    /// Rows to look at for so many that are meant.
    fn scan(&self, limit: u32) -> i64 {
        if *self == ToldFilter::default() { i64::from(limit) } else { SCAN_MAX }
    }

    fn leaves(&self, told: &Told) -> bool {
        let is = |wanted: &Option<String>, have: &String| wanted.as_ref().is_none_or(|wanted| wanted == have);
        is(&self.factory, &told.factory) && is(&self.label, &told.label)
    }
}

fn told_of(row: &Row) -> Result<Told> {
    Ok(Told {
        id: row.int(0)?,
        time: row.time(1)?,
        pilot: PilotId(row.int(2)?),
        factory: row.text(3)?,
        label: row.text(4)?,
        source: codes::source(row.int(5)?)?,
        address: row.text_or_empty(6)?,
        word: codes::word(row.int(7)?)?,
        before: codes::pilot_state(row.int(8)?)?,
        state: codes::pilot_state(row.int(9)?)?,
        refused: row.int(10)? != 0,
        error_class: codes::error_class(row.opt_int(11)?)?,
        text: row.text_or_empty(12)?,
    })
}
