//! `pilotage factory config`.

use super::{ServerChoice, look};
use crate::cli::client_runtime;
use crate::output::{BadInput, print, print_json};
use factory::config::{Effective, effective};
use factory::{Config, Look};
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;

/// Origins begin in this column, where the value leaves room.
const COLUMN: usize = 60;

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    value: &'a toml::Value,
    origin: String,
}

/// Shows the configuration that counts. Sources are read only when there is no last good copy of them.
pub fn run(path: &Path, label: Option<&str>, choice: &ServerChoice, json: bool) -> anyhow::Result<ExitCode> {
    let loaded = client_runtime()?.block_on(look(path, choice, Look::Missing))?;
    let config = of_label(loaded.config, label)?;
    let mut values = effective(&config, &loaded.origins);
    values.retain(|value| label.is_none() || value.key.starts_with("label."));
    if json {
        print_json(&values.iter().map(row).collect::<Vec<_>>())?
    } else {
        print(&values.iter().map(line).collect::<String>())?
    }
    Ok(ExitCode::SUCCESS)
}

fn of_label(mut config: Config, label: Option<&str>) -> Result<Config, BadInput> {
    let Some(label) = label else { return Ok(config) };
    if !config.label.contains_key(label) {
        let known = config.label.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(BadInput::new(format!("there is no label '{label}'; the labels are {known}")));
    }
    config.label.retain(|name, _| name == label);
    Ok(config)
}

fn row(value: &Effective) -> Row<'_> {
    Row { key: &value.key, value: &value.value, origin: value.origin.to_string() }
}

/// TOML with the origin as its comment.
fn line(value: &Effective) -> String {
    format!("{:<COLUMN$} # {}\n", format!("{} = {}", value.key, value.value), value.origin)
}
