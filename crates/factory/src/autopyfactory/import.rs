//! A whole AutoPyFactory configuration as one of ours, with a report of every key.

mod agis;
mod factory_section;
mod hoist;
mod profile;
mod text;
mod wms;

use super::gather::{Gathered, gather};
use super::keys::{AUTH, Known, MONITOR, Meaning, meaning};
use super::label::{self, Around, EndPoint, Label};
use super::monitors;
use super::report::{Fate, Report, Row};
use crate::config::ConfigError;
use factory_section::FactoryPart;
use model::spelling::nearest;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::{Table, Value};

/// What the files do not say.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// URLs of Pilotage's servers.
    pub servers: Vec<String>,
    /// URL of the PanDA server, which was part of AutoPyFactory's program.
    pub panda: String,
    /// Directory of the factory.
    pub dir: PathBuf,
    /// What `~` stands for.
    pub home: String,
}

/// A configuration of ours.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The file.
    pub text: String,
    /// What became of every key.
    pub rows: Vec<Row>,
    /// How many labels it has.
    pub labels: usize,
}

/// Reads files and directories, and the files that they name. An error is a file that AutoPyFactory could not have read
/// either.
pub fn import(paths: &[PathBuf], options: &ImportOptions) -> Result<Imported, ConfigError> {
    let mut report = Report::default();
    let found = gather(paths, &options.home, &mut report).map_err(ConfigError::Wrong)?;
    let part = factory_section::read(&found.factory, &mut report);
    let profiles = profile::read(&found.auth, &options.home, &options.dir, &mut report);
    let around = Around {
        credentials: profiles.names,
        auth: found.auth.clone(),
        monitors: found.monitors.clone(),
        configured: monitors::urls(&found.monitors),
        enables: part.enables,
        home: options.home.clone(),
    };
    let mut labels: Vec<Label> = Vec::new();
    for (name, section) in &found.queues.sections {
        labels.push(label::read(name, section, &around, &mut report));
    }
    let agis = agis::sources(&part, &found, &around, &mut report);
    tell_others(&found, &mut report);
    let count = labels.len();
    let monitors = part.monitors(around.configured);
    let config = assemble(labels, agis, [("monitor", monitors), ("credential", profiles.sections)], &part, options);
    Ok(Imported { text: text::text(&config), rows: report.rows(), labels: count })
}

/// The keys of monitors, and of profiles that are no credentials, of which labels took what they need.
fn tell_others(found: &Gathered, report: &mut Report) {
    let parts: [(&_, &[Known]); 2] = [(&found.auth, AUTH), (&found.monitors, MONITOR)];
    for (ini, table) in parts {
        let others = ini.sections.iter().filter(|(_, section)| !section.contains_key("x509.proxyfile"));
        for (name, section) in others {
            for (key, written) in section {
                report.note(&written.place, name, key, fate(table, key));
            }
        }
    }
}

fn fate(table: &[Known], key: &str) -> Fate {
    match meaning(table, key) {
        Some(Meaning::Becomes(to)) => Fate::Becomes { key: to.to_owned() },
        Some(Meaning::Read(why)) => Fate::Used { why: why.to_owned() },
        Some(Meaning::Ignored(why)) => Fate::Ignored { why: why.to_owned() },
        None => Fate::Unknown { nearest: nearest(key, table.iter().map(|(name, _)| *name)).map(str::to_owned) },
    }
}

fn assemble(
    labels: Vec<Label>,
    agis: agis::Sources,
    others: [(&str, Table); 2],
    part: &FactoryPart,
    options: &ImportOptions,
) -> Table {
    let (mut end_points, mut places) = (EndPoints::default(), wms::Places::default());
    let mut factory = part.table.clone();
    let cycles = labels.iter().filter_map(|label| label.cycle_s).filter(|seconds| *seconds > 0.0);
    if let Some(least) = cycles.min_by(f64::total_cmp) {
        factory.insert("cycle_s".to_owned(), Value::Float(least));
    }
    factory.insert("dir".to_owned(), Value::from(options.dir.display().to_string()));
    if !options.servers.is_empty() {
        factory.insert("servers".to_owned(), options.servers.iter().map(String::as_str).collect::<Vec<_>>().into());
    }
    let mut named = |label: Label| {
        let (kind, mut table) = (label.kind(), label.table);
        table.insert("batch".to_owned(), Value::from(end_points.name(label.end_point)));
        if let Some(place) = label.wms {
            table.insert("wms".to_owned(), Value::Table(places.source(place)));
        }
        (label.name, kind, table)
    };
    let labels: Vec<_> = labels.into_iter().map(&mut named).collect();
    let of_agis = agis.templates.into_iter().map(named).map(|(name, _, table)| (name, Value::Table(table)));
    let mut templates: Table = of_agis.collect();
    let labels = hoist::hoist(labels, &mut templates);
    let sections = [
        ("factory", factory),
        ("batch", end_points.sections(part)),
        ("wms", places.sections(&part.wms_poll, &options.panda)),
        ("template", templates),
        ("source", agis.sources),
        ("label", labels),
    ];
    sections.into_iter().chain(others).map(|(name, table)| (name.to_owned(), Value::Table(table))).collect()
}

/// End points by what makes them differ.
#[derive(Default)]
struct EndPoints(BTreeMap<EndPoint, String>);

impl EndPoints {
    fn name(&mut self, end_point: EndPoint) -> String {
        let next = match self.0.len() {
            0 => "condor".to_owned(),
            others => format!("condor-{}", others + 1),
        };
        self.0.entry(end_point).or_insert(next).clone()
    }

    fn sections(self, part: &FactoryPart) -> Table {
        let section = |(end_point, name): (EndPoint, String)| {
            let mut table = part.end_point.clone();
            table.insert("system".to_owned(), Value::from("condor"));
            let own = [("schedd", end_point.schedd), ("pool", end_point.pool)];
            let own = own.into_iter().filter(|(_, value)| !value.is_empty());
            table.extend(own.map(|(key, value)| (key.to_owned(), Value::from(value))));
            // AutoPyFactory left held jobs to the attributes of its queues.
            let hold = Table::from_iter([("remove_after_s".to_owned(), Value::Integer(0))]);
            let job = Table::from_iter([("hold".to_owned(), Value::Table(hold))]);
            table.insert("job".to_owned(), Value::Table(job));
            (name, Value::Table(table))
        };
        self.0.into_iter().map(section).collect()
    }
}
