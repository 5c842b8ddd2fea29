//! The effective configuration: every value that counts, with its origin.

use super::{Config, Origin, Origins};
use serde::Serialize;
use toml::{Table, Value};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// Names of the tables that it is in, and its own.
    pub path: Vec<String>,
    /// Dotted key, as TOML would have it.
    pub key: String,
    /// What counts.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// All values in the order of their keys: the factory, its end points and sources, its labels. Labels have what they
/// inherit; templates are in the labels.
pub fn effective(config: &Config, origins: &Origins) -> Vec<Effective> {
    let mut resolved = config.clone();
    for (name, label) in &config.label {
        if let Some(resolved) = resolved.label.get_mut(name) {
            resolved.sched = config.sched_of(label);
            resolved.chain = label.chain(&config.factory).to_vec();
            resolved.logs.keep_days = config.keep_logs_days(label);
        }
    }
    let mut table = as_table(&resolved);
    table.remove("template");
    let mut all = Vec::new();
    walk(&table, &mut Vec::new(), &mut |path, value| {
        let origin = origin_of(path, origins);
        let words = path.iter().map(|word| (*word).to_owned()).collect();
        all.push(Effective { path: words, key: dotted(path), value: value.clone(), origin });
    });
    all
}

/// All values of a table that are no tables, by their keys as TOML would have them.
pub(crate) fn leaves(table: &Table) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    walk(table, &mut Vec::new(), &mut |path, value| all.push((dotted(path), value)));
    all
}

fn as_table(value: &impl Serialize) -> Table {
    Table::try_from(value).unwrap_or_default()
}

fn walk<'a>(table: &'a Table, path: &mut Vec<&'a str>, found: &mut impl FnMut(&[&str], &'a Value)) {
    for (key, value) in table {
        path.push(key);
        match value {
            Value::Table(inner) => walk(inner, path, found),
            other => found(path, other),
        }
        path.pop();
    }
}

/// What a label inherits was written in `[factory]`.
fn origin_of(path: &[&str], origins: &Origins) -> Origin {
    let own = origins.exactly(&path.join("."));
    let inherited = || match path {
        ["label", _, rest @ ..] if matches!(rest, ["sched" | "logs", ..] | ["chain"]) => {
            let is_max_pilots = rest == ["sched", "maxperfactory", "maximum"];
            let max_pilots = || origins.exactly("factory.max_pilots").filter(|_| is_max_pilots);
            origins.exactly(&format!("factory.{}", rest.join("."))).or_else(max_pilots)
        }
        _ => None,
    };
    own.or_else(inherited).cloned().unwrap_or(Origin::Default)
}

/// A key as TOML wants it: quoted where it is no bare word.
pub(crate) fn dotted(path: &[&str]) -> String {
    let is_bare =
        |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let quoted = |key: &&str| if is_bare(key) { (*key).to_owned() } else { Value::from(*key).to_string() };
    path.iter().map(quoted).collect::<Vec<_>>().join(".")
}
