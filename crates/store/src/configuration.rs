//! What factories tell of their configuration, and what changed in it. The server compares in the commit that takes the new
//! text, so that no crash, repeat or second server loses or doubles a change.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::configuration::{CHANGES_KEPT, Difference, SECTIONS_MAX, differences, label_of};
use model::{ConfigSection, Configuration, SettingChange, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most sections of a factory that are read at once, labels aside.
const SECTIONS_READ_MAX: u32 = 500;

statements! {
    TOLD = "SELECT record FROM configuration WHERE factory = ?1";
    TOLD_TO_CHANGE = "SELECT record FROM configuration WHERE factory = ?1"
        => "SELECT record FROM configuration WHERE factory = ?1 FOR UPDATE";
    BEGIN_TELLING = "INSERT INTO configuration (factory, record) VALUES (?1, ?2) ON CONFLICT (factory) DO NOTHING";
    SAVE_TOLD = "UPDATE configuration SET record = ?2 WHERE factory = ?1";
    SECTION_DIGESTS = "SELECT name, digest FROM configuration_section WHERE factory = ?1";
    SECTION_COUNT = "SELECT COUNT(*) FROM configuration_section WHERE factory = ?1";
    SECTIONS_OF_FACTORY = "SELECT record FROM configuration_section WHERE factory = ?1 AND is_label = 0 ORDER BY name \
        LIMIT ?2";
    SECTION_OF_LABEL = "SELECT record FROM configuration_section WHERE factory = ?1 AND is_label = ?2 AND name = ?3";
    SECTIONS_NAMED = "SELECT name, record FROM configuration_section WHERE factory = ?1 AND is_label = ?2 AND name = ?3",
        arrays "SELECT s.name, s.record FROM unnest(?1::text[], ?2::bigint[], ?3::text[]) AS k(factory, is_label, name) \
            JOIN configuration_section s ON s.factory = k.factory AND s.is_label = k.is_label AND s.name = k.name";
    SAVE_SECTION = "INSERT INTO configuration_section (factory, is_label, name, digest, record) \
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (factory, is_label, name) \
            DO UPDATE SET digest = excluded.digest, record = excluded.record",
        arrays "INSERT INTO configuration_section (factory, is_label, name, digest, record) \
            SELECT * FROM unnest(?1::text[], ?2::bigint[], ?3::text[], ?4::text[], ?5::text[]) \
            ON CONFLICT (factory, is_label, name) DO UPDATE SET digest = excluded.digest, record = excluded.record";
    DROP_SECTION = "DELETE FROM configuration_section WHERE factory = ?1 AND is_label = ?2 AND name = ?3";
    ADD_CHANGE = "INSERT INTO configuration_change (id, factory, section, record) VALUES (?1, ?2, ?3, ?4)",
        arrays "INSERT INTO configuration_change (id, factory, section, record) \
            SELECT * FROM unnest(?1::bigint[], ?2::text[], ?3::text[], ?4::text[])";
    CHANGES_OF_FACTORY = "SELECT id, record FROM configuration_change WHERE factory = ?1 ORDER BY id DESC LIMIT ?2";
    CHANGES_IN_SECTION = "SELECT id, record FROM configuration_change WHERE factory = ?1 AND section = ?3 \
        ORDER BY id DESC LIMIT ?2";
    DROP_CHANGES = "DELETE FROM configuration_change WHERE factory = ?1 AND id <= (SELECT id FROM configuration_change \
        WHERE factory = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
}

/// What is known of a whole configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    since: Time,
    cause: String,
    digest: String,
    left_out: u64,
    /// It is the first that the factory tells, and not told to its end: that nothing was known before is no change.
    first: bool,
}

/// What a configuration consists of.
#[derive(Clone, Debug, Default)]
pub struct ConfigurationOutline {
    /// Differs when anything in it does.
    pub digest: String,
    /// Why it was read.
    pub cause: String,
    /// Digests of its sections by name.
    pub sections: BTreeMap<String, String>,
    /// Sections that are not told.
    pub left_out: u64,
}

impl Store {
    /// Takes note of what a factory's configuration consists of; drops what is not in it any more. Returns the sections
    /// whose text is to be told.
    pub async fn outline_configuration(
        &self,
        factory: String,
        outline: ConfigurationOutline,
        now: Time,
    ) -> Result<Vec<String>> {
        self.write(move |tx| {
            let begun = Told::begun(&outline, now);
            tx.execute(&BEGIN_TELLING, params![&factory, to_json(&begun)?])?;
            let before = told(tx, &factory)?.unwrap_or(begun);
            let mut told = before.clone().followed_by(&outline, now);
            let rows = tx.query(&SECTION_DIGESTS, params![&factory])?;
            let known = rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<BTreeMap<_, _>>>()?;
            let gone: Vec<&str> =
                known.keys().filter(|name| !outline.sections.contains_key(*name)).map(String::as_str).collect();
            drop_sections(tx, &factory, &gone, &told)?;
            let wanted = outline.sections.iter().filter(|(name, digest)| known.get(*name) != Some(digest));
            let wanted: Vec<String> = wanted.map(|(name, _)| name.clone()).collect();
            told.first &= !wanted.is_empty();
            if told != before {
                save(tx, &factory, &told)?;
            }
            Ok(wanted)
        })
        .await
    }

    /// Takes sections of the configuration with this digest; `last` says that no more of them come. Another configuration
    /// that was told since is an [`Error::Conflict`], and so are more sections than are kept.
    pub async fn tell_sections(
        &self,
        factory: String,
        digest: String,
        sections: Vec<ConfigSection>,
        last: bool,
    ) -> Result<()> {
        self.write(move |tx| {
            let Some(mut told) = told(tx, &factory)?.filter(|told| told.digest == digest) else {
                return Err(Error::Conflict("another configuration was told since".to_owned()));
            };
            let mut old = sections_named(tx, &factory, sections.iter().map(|section| section.name.as_str()))?;
            let (mut rows, mut changes) = (BTreeMap::new(), Changes::default());
            for section in &sections {
                let old = old.insert(section.name.clone(), section.clone());
                changes.add(&section.name, differences(old.as_ref(), Some(section)));
                let [factory, is_label, name] = key(&factory, &section.name);
                let row = vec![factory, is_label, name, section.digest.clone().into(), to_json(section)?.into()];
                rows.insert(&section.name, row);
            }
            tx.execute_many(&SAVE_SECTION, &rows.into_values().collect::<Vec<_>>())?;
            let count = tx.query_one(&SECTION_COUNT, params![&factory])?.map_or(Ok(0), |row| row.count(0))?;
            if count > SECTIONS_MAX as u64 {
                return Err(Error::Conflict(format!("{count} sections are told, at most {SECTIONS_MAX} are kept")));
            }
            changes.note(tx, &factory, &told)?;
            if last {
                told.first = false;
            }
            save(tx, &factory, &told)
        })
        .await
    }

    /// What is known of a factory's configuration, or of one of its labels', with at most so many changes; none when it
    /// never told any.
    pub async fn configuration(
        &self,
        factory: String,
        label: Option<String>,
        changes: u32,
    ) -> Result<Option<Configuration>> {
        self.read(move |connection| {
            let Some(row) = connection.query_one(&TOLD, params![&factory])? else { return Ok(None) };
            let Told { since, cause, left_out, .. } = row.json(0)?;
            let (sections, changes) = match label {
                None => (
                    connection.query(&SECTIONS_OF_FACTORY, params![&factory, SECTIONS_READ_MAX])?,
                    connection.query(&CHANGES_OF_FACTORY, params![&factory, changes])?,
                ),
                Some(label) => {
                    let section = ConfigSection::name_of_label(&label);
                    (
                        connection.query(&SECTION_OF_LABEL, &key(&factory, &section))?,
                        connection.query(&CHANGES_IN_SECTION, params![&factory, changes, section])?,
                    )
                }
            };
            let sections = sections.iter().map(|row| row.json(0)).collect::<Result<Vec<_>>>()?;
            let changes = changes.iter().map(change_of).collect::<Result<Vec<_>>>()?;
            Ok(Some(Configuration { since, cause, left_out, sections, changes }))
        })
        .await
    }
}

impl Told {
    fn begun(outline: &ConfigurationOutline, now: Time) -> Told {
        let ConfigurationOutline { digest, cause, left_out, .. } = outline.clone();
        Told { since: now, cause, digest, left_out, first: true }
    }

    /// The same again when nothing is different.
    fn followed_by(self, outline: &ConfigurationOutline, now: Time) -> Told {
        if self.digest == outline.digest { self } else { Told { first: self.first, ..Told::begun(outline, now) } }
    }
}

fn told(tx: &mut Tx<'_>, factory: &str) -> Result<Option<Told>> {
    tx.query_one(&TOLD_TO_CHANGE, params![factory])?.map(|row| row.json(0)).transpose()
}

/// Writes down how things stand after a change, and forgets the oldest changes.
fn save(tx: &mut Tx<'_>, factory: &str, told: &Told) -> Result<()> {
    tx.execute(&DROP_CHANGES, params![factory, CHANGES_KEPT])?;
    tx.changes().factories.insert(factory.to_owned());
    tx.execute(&SAVE_TOLD, params![factory, to_json(told)?]).map(drop)
}

/// The key of a section: factory, whether it is a label's, name.
fn key(factory: &str, section: &str) -> [crate::engine::Value; 3] {
    params![factory, i64::from(label_of(section).is_some()), section].clone()
}

/// The sections of these names that are known, by name.
fn sections_named<'a>(
    tx: &mut Tx<'_>,
    factory: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, ConfigSection>> {
    let keys: Vec<_> = names.map(|name| key(factory, name).to_vec()).collect();
    tx.query_many(&SECTIONS_NAMED, &keys)?.iter().map(|row| Ok((row.text(0)?, row.json(1)?))).collect()
}

fn drop_sections(tx: &mut Tx<'_>, factory: &str, names: &[&str], told: &Told) -> Result<()> {
    let mut changes = Changes::default();
    for (name, old) in sections_named(tx, factory, names.iter().copied())? {
        tx.execute(&DROP_SECTION, &key(factory, &name))?;
        changes.add(&name, differences(Some(&old), None));
    }
    changes.note(tx, factory, told)
}

/// What differs, by section.
#[derive(Default)]
struct Changes(Vec<(String, Difference)>);

impl Changes {
    fn add(&mut self, section: &str, found: Vec<Difference>) {
        self.0.extend(found.into_iter().map(|one| (section.to_owned(), one)));
    }

    /// Writes them down. That there was nothing before the first configuration is no change.
    fn note(mut self, tx: &mut Tx<'_>, factory: &str, told: &Told) -> Result<()> {
        self.0.retain(|(_, one)| !(told.first && one.key.is_empty()));
        if self.0.is_empty() {
            return Ok(());
        }
        let first = tx.next_ids("configuration_change", self.0.len() as u64)?;
        let mut rows = Vec::with_capacity(self.0.len());
        for (id, (section, Difference { key, from, to, place })) in (first..).zip(self.0) {
            let change = SettingChange { id, at: told.since, section, key, from, to, place, cause: told.cause.clone() };
            rows.push(params![id, factory, &change.section, to_json(&change)?].to_vec());
        }
        tx.execute_many(&ADD_CHANGE, &rows).map(drop)
    }
}

fn change_of(row: &Row) -> Result<SettingChange> {
    Ok(SettingChange { id: row.int(0)?, ..row.json(1)? })
}
