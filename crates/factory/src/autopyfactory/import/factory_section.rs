//! `[Factory]` of `autopyfactory.conf`.

use super::super::ini::{Section, interpolate};
use super::super::keys::{FACTORY, FILES, Meaning, meaning};
use super::super::report::{Fate, Report};
use super::super::value::{boolean, is_none, list};
use super::fate;
use crate::source::label_name;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Seconds between two looks at the file when only `config.reconfig` is set.
const RECONFIG_S: f64 = 3600.0;

/// What `[Factory]` says.
#[derive(Clone, Debug)]
pub struct FactoryPart {
    /// Our `[factory]`.
    pub table: Table,
    /// What all end points have in common.
    pub end_point: Table,
    /// Seconds between two questions to PanDA and to HTCondor's users' jobs, as far as it says.
    pub wms_poll: BTreeMap<&'static str, f64>,
    /// Whether labels may submit at all.
    pub enables: bool,
    /// Keys and values of AGIS, when it is used.
    pub agis: Option<Section>,
}

/// Reads the section, which may be empty when only queues are imported.
pub fn read(section: &Section, report: &mut Report) -> FactoryPart {
    let (table, end_point, wms_poll) = Default::default();
    let mut part = FactoryPart { table, end_point, wms_poll, enables: true, agis: None };
    part.table.insert("name".to_owned(), Value::from("autopyfactory"));
    let values = section.keys().filter_map(|key| interpolate(section, key).ok());
    let helpers: BTreeSet<String> = values.flat_map(|value| value.used).collect();
    for (key, written) in section {
        let found = interpolate(section, key).and_then(|value| part.take(key, &value.text, section));
        let fate = match (found, meaning(FACTORY, key)) {
            // What became of the files is said where they are read.
            (_, Some(Meaning::Read(FILES))) => continue,
            (Err(why), _) => Fate::Bad { why },
            (_, None) if helpers.contains(key) => Fate::Used { why: "other values are made of it".to_owned() },
            (_, Some(Meaning::Becomes(_))) if is_none(&written.text) => {
                Fate::Ignored { why: "None means not set".to_owned() }
            }
            _ => fate(FACTORY, key),
        };
        report.note(&written.place, "Factory", key, fate);
    }
    part
}

impl FactoryPart {
    fn take(&mut self, key: &str, value: &str, section: &Section) -> Result<(), String> {
        if is_none(value) {
            return Ok(());
        }
        let number = || value.parse::<f64>().map_err(|_| format!("'{value}' is no number"));
        match key {
            "factoryId" => self.put("name", Value::from(label_name(value))),
            "factoryAdminEmail" => drop(self.end_point.insert("mail".to_owned(), Value::from(value))),
            "factoryUser" => drop(self.end_point.insert("factory_user".to_owned(), Value::from(value))),
            "baseLogDirUrl" => {
                self.end_point.insert("log_url".to_owned(), Value::from(value.trim_end_matches('/')));
            }
            "batchstatus.condor.sleep" => {
                self.end_point.insert("poll_s".to_owned(), Value::Float(number()?.clamp(1.0, 3600.0)));
            }
            "wmsstatus.panda.sleep" => drop(self.wms_poll.insert("panda", number()?.clamp(1.0, 3600.0))),
            "wmsstatus.condor.sleep" => drop(self.wms_poll.insert("condor", number()?.clamp(1.0, 3600.0))),
            "enablequeues" => self.enables = boolean(value).ok_or(format!("'{value}' is no boolean"))?,
            "maxperfactory.maximum" => {
                let most = value.parse().map_err(|_| format!("'{value}' is no whole number"))?;
                self.put("max_pilots", Value::Integer(most));
            }
            "cleanlogs.keepdays" => {
                let days: u32 = value.parse().map_err(|_| format!("'{value}' is no number of days"))?;
                self.put("logs", Value::Table(Table::from_iter([("keep_days".to_owned(), Value::from(days))])));
            }
            "config.reconfig" if boolean(value) == Some(true) => {
                let interval = section.get("config.reconfig.interval").and_then(|written| written.text.parse().ok());
                self.put("reload_s", Value::Float(interval.unwrap_or(RECONFIG_S)));
            }
            "config.queues.plugin" if list(value).contains(&"Agis") => self.agis = Some(section.clone()),
            _ => {}
        }
        Ok(())
    }

    /// `[monitor.NAME]` with these URLs, with what AutoPyFactory registered the factory by.
    pub fn monitors(&self, urls: BTreeMap<String, String>) -> Table {
        let section = |url: String| {
            let mut section = Table::from_iter([("url".to_owned(), Value::from(url))]);
            let registered = ["mail", "log_url"].map(|key| Some((key.to_owned(), self.end_point.get(key)?.clone())));
            section.extend(registered.into_iter().flatten());
            Value::Table(section)
        };
        urls.into_iter().map(|(name, url)| (name, section(url))).collect()
    }

    fn put(&mut self, key: &str, value: Value) {
        self.table.insert(key.to_owned(), value);
    }
}
