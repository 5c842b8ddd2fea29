//! Taking another configuration while the factory runs: all of it or nothing, and nothing is touched that is the same.

use super::jobs::Counting;
use super::looks::Looks;
use super::{Batches, Cycler};
use crate::{Config, FactoryError};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What a reload changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New labels.
    pub added: Vec<String>,
    /// Labels with other settings.
    pub changed: Vec<String>,
    /// Labels that are gone. Their pilots go on and end by themselves.
    pub removed: Vec<String>,
    /// Whether anything else is different.
    pub beside_labels: bool,
}

impl Cycler {
    /// Takes another configuration, or stays as it is when something in it does not work. End points and labels that
    /// are the same keep all that is known of them.
    pub fn reload(&mut self, config: Config) -> Result<Change, FactoryError> {
        if config.factory.name != self.config.factory.name {
            return Err(FactoryError::Renamed { from: self.config.factory.name.clone(), to: config.factory.name });
        }
        let change = Change::between(&self.config, &config);
        let mut batches = open(&config, &self.batches, Some(&self.config))?;
        batches.extend(self.still_needed(&config));
        if let Some(monitors) = &mut self.monitors {
            monitors.adapt(&config, &self.launch)?;
        }
        self.batches = batches;
        self.looks = Looks::default();
        self.counting = Counting::default();
        self.world.wms.retain(|name, _| config.wms.get(name) == self.config.wms.get(name));
        self.resting.clear();
        for label in change.changed.iter().chain(&change.removed) {
            self.world.past.forgive(label);
        }
        if !self.credentials.fits(&config) {
            self.credentials = Arc::new(self.credentials.renewed_for(&config));
        }
        self.config = config;
        Ok(change)
    }

    /// End points that are configured no more but have pilots: these are looked after until they are gone.
    fn still_needed(&self, config: &Config) -> Batches {
        let pilots = self.world.pilots.iter().flat_map(|read| &read.value);
        let with_pilots: BTreeSet<&str> = pilots.map(|pilot| pilot.batch.as_str()).collect();
        let needed = |name: &str| !config.batch.contains_key(name) && with_pilots.contains(name);
        let old = self.batches.iter().filter(|(name, _)| needed(name));
        old.map(|(name, batch)| (name.clone(), Arc::clone(batch))).collect()
    }
}

/// Opens the end points of a configuration; those that are open with the same settings stay.
pub(super) fn open(config: &Config, old: &Batches, was: Option<&Config>) -> Result<Batches, FactoryError> {
    let same_place = was.is_some_and(|was| was.factory.dir == config.factory.dir);
    let open = |(name, batch): (&String, &batch::BatchConfig)| {
        let is_same = same_place && was.and_then(|was| was.batch.get(name)) == Some(batch);
        if let Some(open) = old.get(name).filter(|_| is_same) {
            return Ok((name.clone(), Arc::clone(open)));
        }
        let dir = config.factory.dir.join("batch").join(name);
        let opened = batch.open(&config.factory.name, &dir);
        opened.map(|system| (name.clone(), system)).map_err(|source| FactoryError::Batch { name: name.clone(), source })
    };
    config.batch.iter().map(open).collect()
}

impl Change {
    fn between(old: &Config, new: &Config) -> Change {
        let names = |of: &Config, other: &Config| -> Vec<String> {
            of.label.keys().filter(|name| !other.label.contains_key(*name)).cloned().collect()
        };
        let differs = |(name, label): &(&String, &_)| old.label.get(*name).is_some_and(|before| before != *label);
        let changed = new.label.iter().filter(differs).map(|(name, _)| name.clone()).collect();
        let beside_labels = old.factory != new.factory
            || old.batch != new.batch
            || old.source != new.source
            || old.wms != new.wms
            || old.monitor != new.monitor
            || old.credential != new.credential
            || old.program != new.program;
        Change { added: names(new, old), changed, removed: names(old, new), beside_labels }
    }

    /// Whether the two configurations do the same.
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing is different");
        }
        let (added, changed, removed) = (self.added.len(), self.changed.len(), self.removed.len());
        write!(f, "labels: {added} added, {changed} changed, {removed} removed")?;
        if self.beside_labels { f.write_str("; other settings changed") } else { Ok(()) }
    }
}
