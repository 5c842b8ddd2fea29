//! What the types cannot say: names, references, numbers that would read as "zero pilots for ever".

use super::{Config, ConfigError, LabelSection, Problem, StepName};
use std::path::Path;

/// Checks everything and names all that is wrong at once.
pub(super) fn check(config: &Config, text: &str, path: &Path) -> Result<(), ConfigError> {
    let mut found: Vec<(String, String)> = Vec::new();
    check_factory(config, &mut found);
    for name in config.batch.keys() {
        if let Err(error) = model::queue::check_name(name) {
            found.push((format!("batch.{name}"), error.to_string()));
        }
    }
    for (name, batch) in &config.batch {
        found.extend(batch.problems().into_iter().map(|(key, what)| (format!("batch.{name}.{key}"), what)));
    }
    for (name, label) in &config.label {
        check_label(config, name, label, &mut found);
    }
    if found.is_empty() {
        return Ok(());
    }
    let place = |(key, what): (String, String)| Problem { path: path.to_owned(), line: line_of(text, &key), key, what };
    Err(ConfigError::Wrong(found.into_iter().map(place).collect()))
}

fn check_factory(config: &Config, found: &mut Vec<(String, String)>) {
    let factory = &config.factory;
    if factory.name.is_empty() {
        found.push(("factory.name".to_owned(), "is missing".to_owned()));
    } else if let Err(error) = model::queue::check_name(&factory.name) {
        found.push(("factory.name".to_owned(), error.to_string()));
    }
    for (key, value, least) in
        [("cycle_s", factory.cycle_s, 0.01), ("stale_s", factory.stale_s, 0.01), ("quiet_s", factory.quiet_s, 0.0)]
    {
        if !(least..=86_400.0).contains(&value) {
            found.push((format!("factory.{key}"), format!("{value} is not between {least} and 86400 seconds")));
        }
    }
    for server in &factory.servers {
        if !server.starts_with("http://") && !server.starts_with("https://") {
            found.push(("factory.servers".to_owned(), format!("'{server}' is no http:// or https:// URL")));
        }
    }
}

fn check_label(config: &Config, name: &str, label: &LabelSection, found: &mut Vec<(String, String)>) {
    let mut say = |key: &str, what: String| found.push((format!("label.{name}{key}"), what));
    if let Err(error) = model::queue::check_name(name) {
        say("", error.to_string());
    }
    if let Err(error) = model::queue::check_name(&label.queue) {
        say(".queue", error.to_string());
    }
    if !config.batch.contains_key(&label.batch) {
        say(".batch", unknown_batch(config, &label.batch));
    }
    if label.cores == 0 {
        say(".cores", "a pilot needs at least 1 core".to_owned());
    }
    if label.slots == Some(0) {
        say(".slots", "a pilot needs at least 1 slot".to_owned());
    }
    for variable in label.environment.keys().filter(|variable| !is_variable(variable)) {
        say(&format!(".environment.{variable}"), "is no name of a variable that can be set".to_owned());
    }
    if let Some(what) = useless(label.chain(&config.factory)) {
        say(".chain", what);
    }
    check_sched(config, label, &mut say);
}

/// Letters, digits and `_`, not beginning with a digit, and none of the wrapper's own.
fn is_variable(name: &str) -> bool {
    let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fits && !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && !name.starts_with("PILOTAGE_")
}

fn unknown_batch(config: &Config, batch: &str) -> String {
    let nearest =
        config.batch.keys().max_by(|a, b| strsim::jaro_winkler(a, batch).total_cmp(&strsim::jaro_winkler(b, batch)));
    match nearest {
        Some(near) => format!("there is no [batch.{batch}]; did you mean '{near}'?"),
        None => format!("there is no [batch.{batch}], and no batch end point at all"),
    }
}

/// A chain that can never ask for a pilot is a mistake, unless it says so by `Null`.
fn useless(chain: &[StepName]) -> Option<String> {
    use StepName as N;
    let makes = |step: &StepName| {
        matches!(
            step,
            N::Ready
                | N::MinPerCycle
                | N::MinPending
                | N::StatusTest
                | N::StatusOffline
                | N::KeepNRunning
                | N::Fixed
                | N::Null
        )
    };
    let words = chain.iter().map(|step| step.as_str()).collect::<Vec<_>>().join(", ");
    (!chain.iter().any(makes)).then(|| format!("no step of '{words}' can ask for a pilot; begin with Ready"))
}

fn check_sched(config: &Config, label: &LabelSection, say: &mut impl FnMut(&str, String)) {
    let sched = config.sched_of(label);
    if let Some(factor) = sched.scale.factor
        && !(factor.is_finite() && factor >= 0.0)
    {
        say(".sched.scale.factor", format!("{factor} is no factor; use 0 or more"));
    }
    let limits = [
        ("maxpercycle.maximum", sched.maxpercycle.maximum),
        ("maxpending.maximum", sched.maxpending.maximum),
        ("maxtorun.maximum", sched.maxtorun.maximum),
        ("maxperfactory.maximum", sched.maxperfactory.maximum),
        ("minpercycle.minimum", sched.minpercycle.minimum),
        ("minpending.minimum", sched.minpending.minimum),
        ("statustest.pilots", sched.statustest.pilots),
        ("statusoffline.pilots", sched.statusoffline.pilots),
        ("keepnrunning.keep_running", sched.keepnrunning.keep_running),
        ("fixed.pilotspercycle", sched.fixed.pilotspercycle),
    ];
    for (key, value) in limits {
        if let Some(value) = value.filter(|value| *value < 0) {
            say(&format!(".sched.{key}"), format!("{value} is below zero"));
        }
    }
    let chain = label.chain(&config.factory);
    if chain.contains(&StepName::Fixed) && sched.fixed.pilotspercycle.is_none() {
        say(".sched.fixed.pilotspercycle", "is missing, and the chain has Fixed".to_owned());
    }
}

/// The line that sets a dotted key, or that opens its section; 0 when neither is found.
fn line_of(text: &str, key: &str) -> usize {
    let mut section = String::new();
    let mut opened = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim().replace('"', "");
            if key == section || key.starts_with(&format!("{section}.")) {
                opened = index + 1;
            }
        } else if let Some((name, _)) = line.split_once('=') {
            let full = format!("{section}.{}", name.trim().replace('"', ""));
            if full == key {
                return index + 1;
            }
        }
    }
    opened
}
