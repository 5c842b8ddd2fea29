//! The credentials of a factory, as its cycles and the tasks that renew them share them.

use super::kind::CredentialSection;
use super::life::{Seen, Tries};
use super::look::look;
use super::place::Place;
use super::view::View;
use crate::Config;
use model::Time;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All credentials of a configuration.
#[derive(Debug)]
pub struct Credentials {
    sections: BTreeMap<String, CredentialSection>,
    pub(super) place: Place,
    tries: Mutex<BTreeMap<String, Tries>>,
}

impl Credentials {
    /// Of a configuration; nothing is looked at yet.
    pub fn of(config: &Config) -> Credentials {
        let place = Place::of(&config.factory.dir);
        Credentials { sections: config.credential.clone(), place, tries: Mutex::default() }
    }

    /// Of another configuration: what was tried for those that are the same still counts.
    pub(crate) fn renewed_for(&self, config: &Config) -> Credentials {
        let next = Credentials::of(config);
        let is_same = |name: &String| self.sections.get(name) == next.sections.get(name);
        let tries =
            self.tries().iter().filter(|(name, _)| is_same(name)).map(|(k, v)| (k.clone(), v.clone())).collect();
        Credentials { tries: Mutex::new(tries), ..next }
    }

    /// Whether both are the same credentials at the same place.
    pub(crate) fn fits(&self, config: &Config) -> bool {
        self.sections == config.credential && self.place == Place::of(&config.factory.dir)
    }

    /// Names and sections.
    pub fn sections(&self) -> &BTreeMap<String, CredentialSection> {
        &self.sections
    }

    /// Where a credential lies.
    pub fn path(&self, name: &str) -> PathBuf {
        let section = self.sections.get(name);
        match section.and_then(CredentialSection::lies_at) {
            Some(path) => path.to_owned(),
            None => self.place.file(name, section.map_or("", CredentialSection::ending)),
        }
    }

    /// Looks at the file of one.
    pub(super) fn seen(&self, name: &str) -> Result<Seen, String> {
        match self.sections.get(name) {
            Some(section) => look(section, &self.path(name)),
            None => Err(format!("there is no credential '{name}'")),
        }
    }

    /// Looks at the files of all.
    pub fn look(&self, now: Time) -> BTreeMap<String, View> {
        let tries = self.tries().clone();
        let none = Tries::default();
        let view = |(name, section): (&String, &CredentialSection)| {
            let failed = tries.get(name).unwrap_or(&none).words();
            let waits = self.needed(name).err().map(|what| format!("failed to {what}"));
            (name.clone(), View::of(name, section, self.seen(name), &[failed, waits.unwrap_or_default()], now))
        };
        self.sections.iter().map(view).collect()
    }

    pub(super) fn tries(&self) -> MutexGuard<'_, BTreeMap<String, Tries>> {
        // What a task that broke off left is a whole value all the same.
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
