//! What the types cannot say: names, references, numbers that would read as "zero pilots for ever".

use super::origin::Origins;
use super::tree::{overlay, typed, unknown_template};
use super::{Config, ConfigError, FactorySection, LabelSection, Problem, Sched, SourceFormat, SourceSection, StepName};
use crate::chain::{self, Kind};
use batch::condor::CondorJob;
use batch::programs::problem_of;
use model::pilot::SLOTS_MAX;
use model::program::is_sha256;
use model::spelling::hint;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// Checks everything and names all that is wrong at once.
pub(super) fn check(config: &Config, origins: &Origins, path: &Path) -> Result<(), ConfigError> {
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
    check_login_dirs(config, &mut found);
    for (name, wms) in &config.wms {
        if let Err(error) = model::queue::check_name(name) {
            found.push((format!("wms.{name}"), error.to_string()));
        }
        found.extend(wms.problems().into_iter().map(|(key, what)| (format!("wms.{name}.{key}"), what)));
    }
    for (name, source) in &config.source {
        check_source(config, name, source, &mut found);
    }
    for (name, monitor) in &config.monitor {
        if let Err(error) = model::queue::check_name(name) {
            found.push((format!("monitor.{name}"), error.to_string()));
        }
        found.extend(monitor.problems().into_iter().map(|(key, what)| (format!("monitor.{name}.{key}"), what)));
    }
    for (name, credential) in &config.credential {
        if let Err(error) = model::queue::check_name(name) {
            found.push((format!("credential.{name}"), error.to_string()));
        }
        found.extend(credential.problems().into_iter().map(|(key, what)| (format!("credential.{name}.{key}"), what)));
    }
    for (name, program) in &config.program {
        if let Err(error) = model::queue::check_name(name) {
            found.push((format!("program.{name}"), error.to_string()));
        }
        found.extend(program.problems().into_iter().map(|(key, what)| (format!("program.{name}.{key}"), what)));
    }
    found.extend(config.needed_problems().into_iter().map(|(key, what)| (format!("credential.{key}"), what)));
    for (name, label) in &config.label {
        found.extend(label_problems(config, name, label));
    }
    ConfigError::of_problems(found, origins, path)
}

/// Two end points in one directory would share a connection, and each would sweep what the other keeps there.
fn check_login_dirs(config: &Config, found: &mut Vec<(String, String)>) {
    let mut seen: BTreeMap<&Path, &str> = BTreeMap::new();
    for (name, batch) in &config.batch {
        let Some(dir) = batch.login_dir() else { continue };
        if let Some(other) = seen.insert(dir, name) {
            let what = format!("{} is that of [batch.{other}] too; each end point needs its own", dir.display());
            found.push((format!("batch.{name}.ssh.dir"), what));
        }
    }
}

fn check_source(config: &Config, name: &str, source: &SourceSection, found: &mut Vec<(String, String)>) {
    if let Err(error) = model::queue::check_name(name) {
        found.push((format!("source.{name}"), error.to_string()));
    }
    found.extend(source.problems().into_iter().map(|(key, what)| (format!("source.{name}.{key}"), what)));
    let by_flavour = source.templates.iter().map(|(flavour, template)| (format!("templates.{flavour}"), template));
    for (key, template) in by_flavour.chain([("template".to_owned(), &source.template)]) {
        if !template.is_empty() && !config.template.contains_key(template) {
            found.push((format!("source.{name}.{key}"), unknown_template(template, config.template.keys())));
        }
    }
    let is_written = matches!(source.format, SourceFormat::Toml | SourceFormat::AutoPyFactory);
    if !is_written && source.template.is_empty() && source.templates.is_empty() {
        found.push((format!("source.{name}.template"), "is missing: a label needs more than a queue".to_owned()));
    }
}

/// Keys of templates are those of labels, also of templates that nobody uses yet. Texts with placeholders become their
/// type when they are filled in, so of these only the key is checked.
pub(super) fn check_templates(templates: &Table, origins: &Origins, path: &Path) -> Result<(), ConfigError> {
    for (name, template) in templates {
        for (mut keys, leaf) in values_of(template) {
            let has_placeholder = leaf.to_string().contains('{');
            let label = keys.drain(..).rev().fold(leaf, |inner, key| Value::Table(Table::from_iter([(key, inner)])));
            let Value::Table(label) = label else { continue };
            let needed = ["queue", "batch"].map(|key| (key.to_owned(), Value::from("x")));
            let whole = overlay(Table::from_iter(needed), label);
            let typed = typed::<LabelSection>(&format!("template.{name}."), whole, origins, path);
            match typed {
                Err(ConfigError::Wrong(problems)) if has_placeholder && !say(&problems, "unknown key") => {}
                // The label that names the template has the rest.
                Err(ConfigError::Wrong(problems)) if say(&problems, "missing field") => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }
    Ok(())
}

fn say(problems: &[Problem], words: &str) -> bool {
    problems.iter().any(|problem| problem.what.starts_with(words))
}

/// All values that are no tables, with their keys from the outside in. A table with a type is one value: which keys it
/// may have depends on it.
fn values_of(value: &Value) -> Vec<(Vec<String>, Value)> {
    let Value::Table(table) = value else { return vec![(Vec::new(), value.clone())] };
    if table.contains_key("type") {
        return vec![(Vec::new(), value.clone())];
    }
    let below = |(key, value): (&String, &Value)| {
        let key = key.clone();
        values_of(value).into_iter().map(move |(keys, leaf)| ([vec![key.clone()], keys].concat(), leaf))
    };
    table.iter().flat_map(below).collect()
}

/// What is wrong with one label: dotted keys and words.
pub(crate) fn label_problems(config: &Config, name: &str, label: &LabelSection) -> Vec<(String, String)> {
    let mut found = Vec::new();
    check_label(config, name, label, &mut found);
    found
}

fn check_factory(config: &Config, found: &mut Vec<(String, String)>) {
    let factory = &config.factory;
    if factory.name.is_empty() {
        found.push(("factory.name".to_owned(), "is missing".to_owned()));
    } else if let Err(error) = model::queue::check_name(&factory.name) {
        found.push(("factory.name".to_owned(), error.to_string()));
    }
    for (key, value, least) in [
        ("cycle_s", factory.cycle_s, 0.01),
        ("stale_s", factory.stale_s, 0.01),
        ("quiet_s", factory.quiet_s, 0.0),
        ("hello_s", factory.hello_s, 1.0),
        ("reload_s", factory.reload_s, 0.0),
    ] {
        if !(least..=86_400.0).contains(&value) {
            found.push((format!("factory.{key}"), format!("{value} is not between {least} and 86400 seconds")));
        }
    }
    check_program(factory, found);
    for server in &factory.servers {
        if !server.starts_with("http://") && !server.starts_with("https://") {
            found.push(("factory.servers".to_owned(), format!("'{server}' is no http:// or https:// URL")));
        }
    }
}

fn check_program(factory: &FactorySection, found: &mut Vec<(String, String)>) {
    let mut say = |key: &str, what: &str| found.push((format!("factory.{key}"), what.to_owned()));
    let (has_url, sum) = (!factory.pilot_url.is_empty(), &factory.pilot_sha256);
    if !factory.pilot.as_os_str().is_empty() {
        if !factory.pilot.is_absolute() {
            say("pilot", "must be an absolute path, the same on every node");
        }
        if has_url {
            say("pilot_url", "is set beside pilot; one of them names the program");
        }
    }
    if has_url && !factory.pilot_url.starts_with("http://") && !factory.pilot_url.starts_with("https://") {
        say("pilot_url", "is no http:// or https:// URL");
    }
    if has_url && factory.pilot_url.contains(|c: char| c.is_whitespace() || c == ';') {
        say("pilot_url", "has a blank or a semicolon");
    }
    if has_url && sum.is_empty() {
        say("pilot_sha256", "is missing: the checksum of what pilot_url gives");
    } else if !has_url && !sum.is_empty() {
        say("pilot_sha256", "is set without pilot_url");
    } else if has_url && !is_sha256(sum) {
        say("pilot_sha256", "is not 64 hexadecimal digits");
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
    match config.batch.get(&label.batch) {
        Some(batch) => {
            for what in batch.refused_arguments(&label.submit_arguments) {
                say(".submit_arguments", what);
            }
        }
        None => say(".batch", unknown_batch(config, &label.batch)),
    }
    label.wms.problems(config, name).into_iter().for_each(|(key, what)| say(key, what));
    if label.cores == 0 {
        say(".cores", "a pilot needs at least 1 core".to_owned());
    }
    if label.slots == Some(0) {
        say(".slots", "a pilot needs at least 1 slot".to_owned());
    }
    if label.slots() > SLOTS_MAX {
        let key = if label.slots.is_some() { ".slots" } else { ".cores" };
        say(key, format!("a pilot has at most {SLOTS_MAX} slots, not {}", label.slots()));
    }
    for name in label.monitors.iter().flatten().filter(|name| !config.monitor.contains_key(*name)) {
        let near = hint(name, config.monitor.keys().map(String::as_str));
        say(".monitors", format!("there is no [monitor.{name}]{near}"));
    }
    for variable in label.environment.keys().filter(|variable| !is_variable(variable)) {
        say(&format!(".environment.{variable}"), "is no name of a variable that can be set".to_owned());
    }
    for (key, what) in super::program::problems_of(config, label) {
        say(key, what);
    }
    for (key, what) in label.node.problems() {
        say(&format!(".node.{key}"), what);
    }
    for (key, what) in label.condor.problems() {
        say(&format!(".condor.{key}"), what);
    }
    if let Some(other) = config.batch.get(&label.batch).filter(|other| other.kind() != "condor")
        && label.condor != CondorJob::default()
    {
        say(".condor", format!("is for HTCondor, and [batch.{}] is {}", label.batch, other.kind()));
    }
    for what in config.credential_problems(label) {
        say(".credential", what);
    }
    if label.chain(&config.factory).contains(&StepName::Orders) {
        say(".chain", "has Orders, which runs by itself behind every chain".to_owned());
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
    format!("there is no [batch.{batch}]{}", hint(batch, config.batch.keys().map(String::as_str)))
}

/// A chain that can never ask for a pilot is a mistake, unless it says so by `Null`.
fn useless(chain: &[StepName]) -> Option<String> {
    let words = chain.iter().map(|step| step.as_str()).collect::<Vec<_>>().join(", ");
    let has_source = chain.iter().any(|step| step.kind() == Kind::Source);
    (!has_source).then(|| format!("no step of '{words}' can ask for a pilot; begin with Ready"))
}

fn check_sched(config: &Config, label: &LabelSection, say: &mut impl FnMut(&str, String)) {
    let sched = config.sched_of(label);
    for (section, key, value) in sched.values() {
        let what = match value {
            chain::Value::Whole(number) if number < 0 => format!("{number} is below zero"),
            chain::Value::Real(number) if !number.is_finite() || number < 0.0 => format!("{number} is not 0 or more"),
            _ => continue,
        };
        say(&format!(".sched.{section}.{key}"), what);
    }
    let chain = label.chain(&config.factory);
    if chain.contains(&StepName::Fixed) && sched.fixed.pilotspercycle.is_none() {
        say(".sched.fixed.pilotspercycle", "is missing, and the chain has Fixed".to_owned());
    }
    if chain.contains(&StepName::Command) {
        check_command(chain, &sched, say);
    }
    if chain.contains(&StepName::Classic) && sched.classic.fairshare.is_some() {
        let what = "the server does not count jobs by priority; its pilots take jobs of high priority first anyway";
        say(".sched.classic.fairshare", what.to_owned());
    }
}

fn check_command(chain: &[StepName], sched: &Sched, say: &mut impl FnMut(&str, String)) {
    let settings = &sched.command;
    match &settings.program {
        None => say(".sched.command.program", "is missing, and the chain has Command".to_owned()),
        Some(program) => {
            problem_of(program).into_iter().for_each(|what| say(".sched.command.program", what));
        }
    }
    if settings.timeout.is_some_and(|timeout| !(1..=60).contains(&timeout)) {
        say(".sched.command.timeout", "is not between 1 and 60 seconds".to_owned());
    }
    if chain.iter().filter(|step| **step == StepName::Command).count() > 1 {
        say(".chain", "has Command twice; the program is asked once".to_owned());
    }
}
