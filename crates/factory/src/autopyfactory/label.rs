//! One section of `queues.conf` as a label.

mod grid;
mod sched;
mod wms;

use super::flavour::{FLAVOURS, Flavour, flavour};
use super::ini::{Ini, Interpolated, Place, Section, interpolate};
use super::keys::{Meaning, QUEUE, SUBMIT, SUBMIT_OF, meaning};
use super::monitors::{Meant, meant};
use super::report::{Fate, Report};
use super::value::{boolean, is_none, list};
use crate::source::label_name;
use model::spelling::nearest;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};
pub use wms::Place as WmsPlace;

/// What a section needs beside itself.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The profiles of `auth.conf`.
    pub auth: Ini,
    /// Those of them that are credentials here, with their names.
    pub credentials: BTreeMap<String, String>,
    /// The sections of `monitor.conf`.
    pub monitors: Ini,
    /// The monitors that are configured here: URLs by name.
    pub configured: BTreeMap<String, String>,
    /// `enablequeues` of the factory.
    pub enables: bool,
    /// What `~` stands for.
    pub home: String,
}

/// A label as it was read.
#[derive(Clone, Debug, Default)]
pub struct Label {
    /// Its name here.
    pub name: String,
    /// Its keys here.
    pub table: Table,
    /// Where they were written, by dotted key.
    pub places: BTreeMap<String, Place>,
    /// The end point that it needs.
    pub end_point: EndPoint,
    /// Where its jobs are counted; on Pilotage's server when it does not say.
    pub wms: Option<WmsPlace>,
    /// Seconds between two of its cycles.
    pub cycle_s: Option<f64>,
}

impl Label {
    /// What kind of jobs it has.
    pub fn kind(&self) -> String {
        let grid = self.table.get("condor").and_then(|condor| condor.get("grid")).and_then(|grid| grid.get("type"));
        grid.and_then(Value::as_str).unwrap_or("local").to_owned()
    }
}

/// What labels of one end point have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndPoint {
    /// A remote schedd; this host's when empty.
    pub schedd: String,
    /// The collector that knows it.
    pub pool: String,
}

/// Why keys of a remote schedd do nothing.
const LOCAL: &str = "the schedd of this host is meant";

/// A section being read.
struct Reader<'a> {
    name: &'a str,
    section: &'a Section,
    around: &'a Around,
    report: &'a mut Report,
    flavour: Option<&'static Flavour>,
    /// Keys that other values are made of.
    helpers: BTreeSet<String>,
    /// Keys below `batchsubmit.PLUGIN` of the label's own plug-in.
    submit: BTreeMap<String, (String, Place)>,
    /// What is wrong with it: AutoPyFactory left such a queue out.
    is_broken: bool,
    label: Label,
}

/// Reads a section; says in the report what became of each of its keys.
pub fn read(name: &str, section: &Section, around: &Around, report: &mut Report) -> Label {
    let label = Label { name: label_name(name), ..Label::default() };
    let mut reader = Reader {
        name,
        section,
        around,
        report,
        flavour: None,
        helpers: BTreeSet::new(),
        submit: BTreeMap::new(),
        is_broken: false,
        label,
    };
    reader.read();
    reader.label
}

impl Reader<'_> {
    fn read(&mut self) {
        let values: Vec<(&String, Result<Interpolated, String>)> =
            self.section.keys().map(|key| (key, interpolate(self.section, key))).collect();
        self.helpers =
            values.iter().filter_map(|(_, value)| value.as_ref().ok()).flat_map(|value| value.used.clone()).collect();
        self.choose_flavour();
        for (key, value) in values {
            match value {
                Ok(value) => self.key(key, &self.expanded(value.text)),
                Err(why) => self.wrong(key, why),
            }
        }
        self.grid();
        self.finish();
    }

    /// A home directory, as AutoPyFactory expanded it.
    fn expanded(&self, text: String) -> String {
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.around.home),
            _ => text,
        }
    }

    fn choose_flavour(&mut self) {
        let Some(plugin) = self.text("batchsubmitplugin") else {
            return self.wrong("batchsubmitplugin", "is missing: AutoPyFactory left this queue out".to_owned());
        };
        self.flavour = flavour(&plugin);
        if self.flavour.is_none() {
            let near = nearest(&plugin, FLAVOURS.iter().map(|flavour| flavour.plugin)).unwrap_or("CondorLocal");
            self.wrong("batchsubmitplugin", format!("'{plugin}' could not be loaded; did you mean '{near}'?"));
        }
    }

    /// The value of a key, when it has one that is not None.
    fn text(&self, key: &str) -> Option<String> {
        let value = interpolate(self.section, key).ok().filter(|_| self.section.contains_key(key))?;
        (!is_none(&value.text)).then(|| self.expanded(value.text))
    }

    fn key(&mut self, key: &str, value: &str) {
        if let Some(below) = key.strip_prefix("batchsubmit.") {
            return self.submit_key(key, below, value);
        }
        let other_flavour = ["globusrsl.gram2.", "globusrsl.gram5.", "nordugridrsl."].into_iter().find(|prefix| {
            key.starts_with(prefix) && self.flavour.is_none_or(|flavour| flavour.rsl_prefix() != *prefix)
        });
        if other_flavour.is_some() {
            return self.ignored(key, "of another plug-in than the label's");
        }
        match meaning(QUEUE, key) {
            None => self.unknown(key, QUEUE.iter().map(|(name, _)| (*name).to_owned()).collect()),
            Some(Meaning::Ignored(_)) if self.helpers.contains(key) => {
                self.note(key, Fate::Used { why: "other values are made of it".to_owned() });
            }
            Some(Meaning::Ignored(why)) => self.ignored(key, why),
            Some(_) if is_none(value) && key != "batchsubmitplugin" => self.ignored(key, "None means not set"),
            Some(Meaning::Read(why)) => self.note(key, Fate::Used { why: why.to_owned() }),
            Some(Meaning::Becomes(to)) => self.take(key, to, value),
        }
    }

    fn submit_key(&mut self, key: &str, below: &str, value: &str) {
        let (plugin, rest) = below.split_once('.').unwrap_or((below, ""));
        let Some(flavour) = self.flavour else { return self.ignored(key, "the label's plug-in is not known") };
        let is_plugin = FLAVOURS.iter().any(|flavour| flavour.prefixes.contains(&plugin));
        let Some(depth) = flavour.prefixes.iter().position(|prefix| *prefix == plugin) else {
            if is_plugin {
                return self.ignored(key, "of another plug-in than the label's");
            }
            return self.unknown(key, submit_keys(flavour));
        };
        let tables = SUBMIT_OF.iter().filter(|(class, _)| flavour.prefixes.contains(class)).map(|(_, table)| *table);
        let found = tables.chain([SUBMIT]).find_map(|table| meaning(table, rest));
        match found {
            None => self.unknown(key, submit_keys(flavour)),
            Some(Meaning::Ignored(why)) => self.ignored(key, why),
            Some(_) if is_none(value) => self.ignored(key, "None means not set"),
            Some(_) if depth > 0 && self.submit.contains_key(rest) => {
                self.ignored(key, "the same below a more special plug-in counts");
            }
            Some(meaning) => {
                let place = self.place(key);
                self.submit.insert(rest.to_owned(), (value.to_owned(), place));
                let (Meaning::Becomes(to) | Meaning::Read(to) | Meaning::Ignored(to)) = meaning;
                let rest = if to.ends_with('.') { rest.split_once('.').map_or("", |(_, rest)| rest) } else { "" };
                self.becomes(key, &format!("{to}{rest}"));
            }
        }
    }

    fn take(&mut self, key: &str, to: &str, value: &str) {
        match key {
            "enabled" => match boolean(value) {
                Some(enabled) => self.set(key, "enabled", Value::Boolean(enabled && self.around.enables)),
                None => self.wrong(key, format!("'{value}' is no boolean; use True or False")),
            },
            "wmsqueue" => match model::queue::check_name(value) {
                Ok(()) => self.set(key, "queue", Value::from(value)),
                Err(_) if value.contains('{') => self.set(key, "queue", Value::from(value)),
                Err(error) => self.wrong(key, error.to_string()),
            },
            "schedplugin" => self.chain(key, value),
            "apfqueue.sleep" => match value.parse() {
                Ok(seconds) => {
                    self.label.cycle_s = Some(seconds);
                    self.becomes(key, "factory.cycle_s");
                }
                Err(_) => self.wrong(key, format!("'{value}' is no number of seconds")),
            },
            "cleanlogs.keepdays" => match value.parse::<u32>() {
                Ok(days) => self.set(key, to, Value::from(days)),
                Err(_) => self.wrong(key, format!("'{value}' is no number of days")),
            },
            "monitorsection" => self.monitor(key, value),
            "batchsubmitplugin" => self.becomes(key, "condor.grid.type"),
            _ if key.starts_with("sched.") => self.sched(key, value),
            "wmsstatusplugin" => self.wms_plugin(key, value),
            _ if key.starts_with("wmsstatus.") => self.wms_key(key, to, value),
            _ if key.starts_with("batchstatus.condor.") => self.schedd(key, to),
            _ if key.starts_with("globusrsl.") || key.starts_with("nordugridrsl.") => self.rsl(key, value),
            _ if value.contains('\n') => self.wrong(key, "has several lines, which no submit file can".to_owned()),
            _ => self.set(key, to, Value::from(value)),
        }
    }

    fn monitor(&mut self, key: &str, value: &str) {
        let mut told = Vec::new();
        let mut is_silent = false;
        for name in list(value) {
            match meant(name, &self.around.monitors, &self.around.configured) {
                Meant::Monitor(name) => told.push(Value::from(name)),
                Meant::Log => is_silent = true,
                Meant::Nothing(why) => self.note(key, Fate::Bad { why }),
            }
        }
        match (told.is_empty(), is_silent) {
            (false, _) => self.set(key, "monitors", Value::Array(told)),
            (true, true) => self.ignored(key, "a monitor that only logs"),
            (true, false) => {}
        }
    }

    fn schedd(&mut self, key: &str, to: &str) {
        let (schedd, pool) = self.schedd_of("batchstatus.condor");
        if pool.is_empty() {
            return self.ignored(key, LOCAL);
        }
        (self.label.end_point.schedd, self.label.end_point.pool) = (schedd, pool);
        self.becomes(key, to);
    }

    /// The schedd and the collector of a status plug-in. Only a collector elsewhere made the query a remote one; both are
    /// empty when it is not.
    fn schedd_of(&self, plugin: &str) -> (String, String) {
        let key = |name: &str| self.text(&format!("{plugin}.{name}"));
        let Some(collector) = key("collectorhost").filter(|host| host != "localhost") else {
            return Default::default();
        };
        let port = key("collectorport").unwrap_or_else(|| "9618".to_owned());
        let schedd = key("scheddhost").filter(|host| host != "localhost");
        (schedd.unwrap_or_else(|| collector.clone()), format!("{collector}:{port}"))
    }

    fn finish(&mut self) {
        if !self.label.table.contains_key("queue") {
            let name = self.label.name.clone();
            let why = format!("is missing: no jobs were counted for it; its queue is called {name}");
            self.label.table.insert("queue".to_owned(), Value::from(name));
            self.note("wmsqueue", Fate::Bad { why });
        }
        // Here a label that names no monitor is told to all.
        if !self.around.configured.is_empty() {
            self.label.table.entry("monitors").or_insert_with(|| Value::Array(Vec::new()));
        }
        let enabled = self.label.table.get("enabled").and_then(Value::as_bool).unwrap_or(false);
        self.label.table.insert("enabled".to_owned(), Value::Boolean(enabled && !self.is_broken));
    }

    /// Sets a dotted key of the label, and says so.
    fn set(&mut self, key: &str, to: &str, value: Value) {
        let place = self.place(key);
        self.put(to, value, place);
        self.becomes(key, to);
    }

    fn put(&mut self, to: &str, value: Value, place: Place) {
        let path: Vec<&str> = to.split('.').collect();
        self.put_at(&path, value, place);
    }

    fn put_at(&mut self, path: &[&str], value: Value, place: Place) {
        let [above @ .., last] = path else { return };
        let mut table = &mut self.label.table;
        for name in above {
            let entry = table.entry(*name).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = entry else { return };
            table = inner;
        }
        table.insert((*last).to_owned(), value);
        self.label.places.insert(path.join("."), place);
    }

    fn becomes(&mut self, key: &str, to: &str) {
        let is_elsewhere = ["batch.", "factory.", "wms.*."].iter().any(|section| to.starts_with(section));
        let to = if is_elsewhere { to.to_owned() } else { format!("label.NAME.{to}") };
        self.note(key, Fate::Becomes { key: to });
    }

    fn ignored(&mut self, key: &str, why: &str) {
        self.note(key, Fate::Ignored { why: why.to_owned() });
    }

    fn unknown(&mut self, key: &str, known: Vec<String>) {
        if self.helpers.contains(key) {
            return self.note(key, Fate::Used { why: "other values are made of it".to_owned() });
        }
        let near = nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
        self.note(key, Fate::Unknown { nearest: near });
    }

    /// What AutoPyFactory left the queue out for.
    fn wrong(&mut self, key: &str, why: String) {
        self.is_broken = true;
        self.note(key, Fate::Bad { why: format!("{why}; the label is switched off") });
    }

    fn note(&mut self, key: &str, fate: Fate) {
        let place = self.place(key);
        self.report.note(&place, self.name, key, fate);
    }

    /// Where the key stands; for one that is missing, where the section's last does, which is after `[DEFAULT]`.
    fn place(&self, key: &str) -> Place {
        let last = || self.section.values().map(|written| &written.place).max();
        let place = self.section.get(key).map(|written| &written.place).or_else(last);
        place.cloned().unwrap_or_else(|| Place { file: std::path::Path::new("queues.conf").into(), line: 0 })
    }
}

/// All keys that a label of this flavour can have, for the nearest one.
fn submit_keys(flavour: &Flavour) -> Vec<String> {
    let tables = SUBMIT_OF.iter().filter(|(class, _)| flavour.prefixes.contains(class)).map(|(_, table)| *table);
    let names = tables.chain([SUBMIT]).flatten().map(|(name, _)| *name);
    names.map(|name| format!("batchsubmit.{}.{name}", flavour.prefixes[0])).collect()
}
