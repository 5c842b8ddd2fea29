//! The files of a configuration: those that are named, and those that they name.

use super::ini::{Ini, Place, Section};
use super::keys::FILES;
use super::report::{Fate, Report};
use super::value::{is_none, list};
use crate::config::Problem;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Sections of `mappings.conf` end like this.
const MAPPING: &str = "2INFO";

/// Everything that was found, by what it is for.
#[derive(Debug, Default)]
pub struct Gathered {
    /// `[Factory]`.
    pub factory: Section,
    /// The queues, merged as AutoPyFactory merges them.
    pub queues: Ini,
    /// Credentials.
    pub auth: Ini,
    /// Monitors.
    pub monitors: Ini,
    /// Defaults of AGIS queues by the name of their file.
    pub defaults: BTreeMap<String, Ini>,
    read: BTreeSet<PathBuf>,
    home: String,
}

/// What a file is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Factory,
    Queues,
    Auth,
    Monitors,
    Mappings,
}

/// Reads the named files and directories, then what `[Factory]` names and is there.
pub fn gather(paths: &[PathBuf], home: &str, report: &mut Report) -> Result<Gathered, Vec<Problem>> {
    let mut all = Gathered { home: home.to_owned(), ..Gathered::default() };
    let mut problems = Vec::new();
    for path in paths {
        match all.read_any(path) {
            Ok(()) => {}
            Err(wrong) => problems.extend(wrong),
        }
    }
    if let Err(wrong) = all.follow(report) {
        problems.extend(wrong);
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

impl Gathered {
    fn read_any(&mut self, path: &Path) -> Result<(), Vec<Problem>> {
        if path.is_dir() {
            self.queues.merge(directory(path)?.folded());
            return Ok(());
        }
        self.read.insert(canonical(path));
        let ini = file(path)?;
        if ini.sections.is_empty() {
            self.defaults.insert(file_name(path), ini);
            return Ok(());
        }
        let ini = ini.folded();
        self.add(purpose_of(&ini), ini);
        Ok(())
    }

    fn add(&mut self, purpose: Purpose, mut ini: Ini) {
        match purpose {
            Purpose::Factory => {
                for (_, section) in ini.sections.drain(..).filter(|(name, _)| name == "Factory") {
                    self.factory.extend(section);
                }
            }
            Purpose::Queues => self.queues.merge(ini),
            Purpose::Auth => self.auth.merge(ini),
            Purpose::Monitors => self.monitors.merge(ini),
            Purpose::Mappings => {}
        }
    }

    fn follow(&mut self, report: &mut Report) -> Result<(), Vec<Problem>> {
        for (key, purpose) in
            [("queueConf", Purpose::Queues), ("authConf", Purpose::Auth), ("monitorConf", Purpose::Monitors)]
        {
            for (path, place) in self.named(key) {
                self.follow_file(key, &path, &place, purpose, report)?;
            }
        }
        for (path, place) in self.named("queueDirConf") {
            match self.expanded(&path) {
                dir if dir.is_dir() => {
                    self.queues.merge(directory(&dir)?.folded());
                    was_read("queueDirConf", &place, report);
                }
                dir => self.missing("queueDirConf", &dir, &place, !self.queues.sections.is_empty(), report),
            }
        }
        for (written, place) in self.named("config.queues.agis.defaultsfiles") {
            let (key, path) = ("config.queues.agis.defaultsfiles", self.expanded(&written));
            if path.is_file() {
                self.defaults.insert(file_name(&path), file(&path)?);
            }
            if self.defaults.contains_key(&file_name(&path)) {
                was_read(key, &place, report);
            } else {
                self.missing(key, &path, &place, false, report);
            }
        }
        Ok(())
    }

    fn follow_file(
        &mut self,
        key: &str,
        written: &str,
        place: &Place,
        purpose: Purpose,
        report: &mut Report,
    ) -> Result<(), Vec<Problem>> {
        let path = self.expanded(written);
        if !path.is_file() {
            let others = match purpose {
                Purpose::Auth => !self.auth.sections.is_empty(),
                Purpose::Monitors => !self.monitors.sections.is_empty(),
                _ => !self.queues.sections.is_empty(),
            };
            self.missing(key, &path, place, others, report);
            return Ok(());
        }
        if self.read.insert(canonical(&path)) {
            self.add(purpose, file(&path)?.folded());
        }
        was_read(key, place, report);
        Ok(())
    }

    fn missing(&self, key: &str, path: &Path, place: &Place, has_others: bool, report: &mut Report) {
        let path = path.display();
        let fate = if has_others {
            Fate::Ignored { why: format!("{path} is not there; other files were given") }
        } else {
            Fate::Bad { why: format!("{path} is not there; give the file as a further FILE") }
        };
        report.note(place, "Factory", key, fate);
    }

    /// The paths of a key of `[Factory]`.
    fn named(&self, key: &str) -> Vec<(String, Place)> {
        let Some(written) = self.factory.get(key) else { return Vec::new() };
        let paths = list(&written.text).into_iter().filter(|path| !is_none(path));
        paths.map(|path| (path.to_owned(), written.place.clone())).collect()
    }

    fn expanded(&self, written: &str) -> PathBuf {
        let path = written.strip_prefix("file://").unwrap_or(written);
        PathBuf::from(match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.home),
            None => path.to_owned(),
        })
    }
}

fn was_read(key: &str, place: &Place, report: &mut Report) {
    report.note(place, "Factory", key, Fate::Used { why: FILES.to_owned() });
}

/// Files are often given from another place than the one that is written.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a file is for, by its sections and keys.
pub(super) fn purpose_of(ini: &Ini) -> Purpose {
    let any = |test: &dyn Fn(&str, &Section) -> bool| ini.sections.iter().any(|(name, keys)| test(name, keys));
    let has_key = |test: &dyn Fn(&str) -> bool| any(&|_, keys| keys.keys().any(|key| test(key)));
    if any(&|name, _| name == "Factory") {
        Purpose::Factory
    } else if any(&|name, _| name.ends_with(MAPPING)) {
        Purpose::Mappings
    } else if has_key(&|key| key.starts_with("x509.") || key.starts_with("ssh.")) {
        Purpose::Auth
    } else if has_key(&|key| key == "monitorplugin" || key == "monitorURL") {
        Purpose::Monitors
    } else {
        Purpose::Queues
    }
}

/// All `.conf` files into one reader, so that a `[DEFAULT]` of any counts for all; in sorted order, which AutoPyFactory
/// left to the file system.
fn directory(dir: &Path) -> Result<Ini, Vec<Problem>> {
    let entries = fs::read_dir(dir).map_err(|error| vec![unreadable(dir, &error)])?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
    files.sort();
    let mut ini = Ini::default();
    let mut problems = Vec::new();
    for path in files {
        if let Err(wrong) = read_into(&mut ini, &path) {
            problems.extend(wrong);
        }
    }
    if problems.is_empty() { Ok(ini) } else { Err(problems) }
}

fn file(path: &Path) -> Result<Ini, Vec<Problem>> {
    let mut ini = Ini::default();
    read_into(&mut ini, path).map(|()| ini)
}

fn read_into(ini: &mut Ini, path: &Path) -> Result<(), Vec<Problem>> {
    // Comments in another encoding are common.
    let bytes = fs::read(path).map_err(|error| vec![unreadable(path, &error)])?;
    ini.read(&String::from_utf8_lossy(&bytes), path)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem { path: path.to_owned(), line: 0, key: String::new(), what: format!("cannot be read: {error}") }
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
