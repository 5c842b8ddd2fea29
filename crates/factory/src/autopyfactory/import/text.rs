//! The file as text: a section for each name, dotted keys in it.

use crate::config::leaves;
use toml::{Table, Value};

/// The order of the sections, those with names last.
const SECTIONS: [&str; 8] = ["factory", "batch", "wms", "monitor", "credential", "template", "source", "label"];

/// The text of a configuration.
pub fn text(config: &Table) -> String {
    let mut text = String::from("# Made by `pilotage factory import`.\n");
    for section in SECTIONS {
        let Some(Value::Table(table)) = config.get(section) else { continue };
        if section == "factory" {
            text.push_str(&block(section, table));
            continue;
        }
        for (name, value) in table {
            if let Value::Table(inner) = value {
                text.push_str(&block(&crate::config::dotted(&[section, name]), inner));
            }
        }
    }
    text
}

fn block(name: &str, table: &Table) -> String {
    let lines: String = leaves(table).into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("\n[{name}]\n{lines}")
}
