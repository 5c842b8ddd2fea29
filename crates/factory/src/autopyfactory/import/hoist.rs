//! What most labels of a kind say stands once, in a template, as it did in `[DEFAULT]`.

use std::collections::BTreeMap;
use toml::{Table, Value};

/// What every label says itself, so that one sees it there.
const OWN: [&str; 2] = ["enabled", "queue"];

/// A label with its name and the kind of its jobs.
type Named = (String, String, Table);

/// The labels without what their templates say. There is a template for each kind with two labels or more.
pub fn hoist(labels: Vec<Named>, templates: &mut Table) -> Table {
    let mut kinds: BTreeMap<String, Vec<(String, Table)>> = BTreeMap::new();
    for (name, kind, table) in labels {
        kinds.entry(kind).or_default().push((name, table));
    }
    let mut all = Table::new();
    for (kind, mut labels) in kinds {
        let tables: Vec<&Table> = labels.iter().map(|(_, table)| table).collect();
        let mut common = if tables.len() > 1 { common(&tables) } else { Table::new() };
        common.retain(|key, _| !OWN.contains(&key));
        if !common.is_empty() {
            for (_, table) in &mut labels {
                without(table, &common);
                table.insert("template".to_owned(), Value::from(kind.clone()));
            }
            templates.insert(kind, Value::Table(common));
        }
        all.extend(labels.into_iter().map(|(name, table)| (name, Value::Table(table))));
    }
    all
}

/// Of the keys that all have, the values that more than half of them have.
fn common(tables: &[&Table]) -> Table {
    let Some(first) = tables.first() else { return Table::new() };
    let mut common = Table::new();
    for key in first.keys() {
        let values: Vec<&Value> = tables.iter().filter_map(|table| table.get(key)).collect();
        if values.len() < tables.len() {
            continue;
        }
        let inner: Vec<&Table> = values.iter().filter_map(|value| value.as_table()).collect();
        let most = if inner.len() == values.len() {
            Some(self::common(&inner)).filter(|inner| !inner.is_empty()).map(Value::Table)
        } else {
            most_frequent(&values)
        };
        if let Some(most) = most {
            common.insert(key.clone(), most);
        }
    }
    common
}

fn most_frequent(values: &[&Value]) -> Option<Value> {
    let count = |value: &Value| values.iter().filter(|other| **other == value).count();
    let (most, times) = values.iter().map(|value| (*value, count(value))).max_by_key(|(_, times)| *times)?;
    (times * 2 > values.len()).then(|| most.clone())
}

fn without(table: &mut Table, common: &Table) {
    for (key, value) in common {
        let is_same = table.get(key) == Some(value);
        match (table.get_mut(key), value) {
            (Some(Value::Table(own)), Value::Table(common)) => {
                without(own, common);
                if own.is_empty() {
                    table.remove(key);
                }
            }
            _ if is_same => drop(table.remove(key)),
            _ => {}
        }
    }
}
