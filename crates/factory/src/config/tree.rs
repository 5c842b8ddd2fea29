//! A configuration as written: its values, not yet typed, and where each of them stands.

use super::ConfigError;
use super::origin::{Origin, Origins};
use model::spelling::hint;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use toml::de::DeTable;
use toml::{Spanned, Table, Value};

/// Values and origins of a file.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The file.
    pub path: Arc<Path>,
    /// What it says.
    pub table: Table,
    /// Where.
    pub origins: Origins,
}

impl Tree {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Tree, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Tree::parse(&text, path)
    }

    /// Reads text; `path` is only for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Tree, ConfigError> {
        let wrong = |error: toml::de::Error| ConfigError::syntax(path, text, &error);
        let document = DeTable::parse(text).map_err(wrong)?;
        let table = toml::from_str(text).map_err(wrong)?;
        let mut tree = Tree { path: path.into(), table, origins: Origins::default() };
        tree.note(&LineStarts::of(text), "", document.get_ref());
        Ok(tree)
    }

    /// Nothing written.
    pub fn empty(path: &Path) -> Tree {
        Tree { path: path.into(), table: Table::new(), origins: Origins::default() }
    }

    fn note(&mut self, lines: &LineStarts, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            self.origins.note(&name, self.line(lines, key));
            if let Some(inner) = value.get_ref().as_table() {
                self.note(lines, &format!("{name}."), inner);
            }
        }
    }

    fn line<T>(&self, lines: &LineStarts, at: &Spanned<T>) -> Origin {
        Origin::Line { path: Arc::clone(&self.path), line: lines.line(at.span().start) }
    }

    /// The values as a type. An error names the key, its place, and the nearest known key.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        typed("", self.table.clone(), &self.origins, &self.path)
    }

    /// Takes a section out and gives it as a type; its default when there is none.
    pub fn take<T: DeserializeOwned + Default>(&mut self, section: &str) -> Result<T, ConfigError> {
        match self.table.remove(section) {
            None => Ok(T::default()),
            Some(Value::Table(table)) => typed(&format!("{section}."), table, &self.origins, &self.path),
            Some(_) => self.refuse(section, format!("is a section: write [{section}]")),
        }
    }

    /// The failure of one key.
    pub fn refuse<T>(&self, key: impl Into<String>, what: String) -> Result<T, ConfigError> {
        Err(ConfigError::one(key.into(), what, &self.origins, &self.path))
    }

    /// Gives labels that name a template all of its keys that they do not set.
    pub fn apply_templates(&mut self) -> Result<(), ConfigError> {
        let templates = tables_of(&self.table, "template");
        let Some(Value::Table(labels)) = self.table.get_mut("label") else { return Ok(()) };
        let mut problems = Vec::new();
        for (name, label) in labels.iter_mut() {
            let Some(label) = label.as_table_mut() else { continue };
            let Some(template) = label.get("template").and_then(Value::as_str).map(str::to_owned) else { continue };
            let Some(base) = templates.get(&template).and_then(Value::as_table) else {
                problems.push((format!("label.{name}.template"), unknown_template(&template, templates.keys())));
                continue;
            };
            *label = overlay(base.clone(), std::mem::take(label));
            inherit(&mut self.origins, &format!("template.{template}"), &format!("label.{name}"));
        }
        ConfigError::of_problems(problems, &self.origins, &self.path)
    }
}

/// The named sub-tables of a section such as `template`.
pub(crate) fn tables_of(table: &Table, section: &str) -> Table {
    table.get(section).and_then(Value::as_table).cloned().unwrap_or_default()
}

/// A table below `prefix` (empty, or ending with a dot) as a type.
pub(crate) fn typed<T: DeserializeOwned>(
    prefix: &str,
    table: Table,
    origins: &Origins,
    path: &Path,
) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let key = error.path().to_string();
        let key = if key == "." { String::new() } else { key };
        ConfigError::value(format!("{prefix}{key}"), error.inner().message(), origins, path)
    })
}

/// What to say of a template that there is not.
pub(crate) fn unknown_template<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> String {
    format!("there is no [template.{name}]{}", hint(name, known.map(String::as_str)))
}

/// `base`, and what `over` says in its place.
pub(crate) fn overlay(mut base: Table, over: Table) -> Table {
    for (key, value) in over {
        match (base.remove(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => {
                base.insert(key, Value::Table(overlay(below, above)));
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    base
}

/// What is below `from` is also below `to`, where that has nothing of its own.
pub(crate) fn inherit(origins: &mut Origins, from: &str, to: &str) {
    let theirs: Vec<(String, Origin)> =
        origins.below(from).map(|(rest, origin)| (format!("{to}{rest}"), origin.clone())).collect();
    for (key, origin) in theirs {
        if origins.exactly(&key).is_none() {
            origins.note(key, origin);
        }
    }
}

/// Byte offsets at which lines begin.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> LineStarts {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        LineStarts(std::iter::once(0).chain(after_breaks).collect())
    }

    /// Line from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}
