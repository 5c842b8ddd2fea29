//! `pilotage factory`.

use super::args::{FactoryAction, FactoryArgs, ServerChoice};
use super::{client_runtime, server_runtime};
use crate::config::{Connection, Environment, ServerFrom};
use crate::output::{BadInput, Style, Tone, log_to_stderr, plural, print, print_json};
use crate::up::{FactorySignals, own_pilot_program};
use factory::config::ConfigError;
use factory::{Config, Factory, FactoryError, PilotLaunch};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs, checks or explains a factory.
pub fn run(args: &FactoryArgs) -> anyhow::Result<ExitCode> {
    match &args.action {
        FactoryAction::Run { server } => run_factory(&args.config, server),
        FactoryAction::Check => check(&args.config),
        FactoryAction::Explain { label, server, output } => explain(&args.config, label, server, output.json),
    }
}

/// The configuration, with every problem named when there are some.
pub fn load(path: &Path) -> Result<Config, BadInput> {
    Config::load(path).map_err(|error| match error {
        ConfigError::Unreadable { path, source } => {
            BadInput::new(format!("{}: cannot be read: {source}", path.display())).hint("use --config FILE")
        }
        wrong => BadInput::new(wrong.to_string()),
    })
}

fn run_factory(path: &Path, choice: &ServerChoice) -> anyhow::Result<ExitCode> {
    let config = load(path)?;
    let connection = connection(&config, choice)?;
    let factory = factory(config, &connection)?;
    log_to_stderr("info");
    server_runtime()?.block_on(async {
        let reload = path.to_owned();
        let signals = FactorySignals::listen(move || Ok(load(&reload)?))?;
        factory.run(signals.receiver()).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn factory(config: Config, connection: &Connection) -> anyhow::Result<Factory> {
    let launch = PilotLaunch {
        wrapper: agent::WRAPPER.to_owned(),
        program: own_pilot_program()?,
        servers: connection.urls.clone(),
        trust: connection.trust.clone(),
    };
    Ok(Factory::new(config, Arc::new(connection.client()?), launch)?)
}

/// The servers and the token of the configuration count, unless others were typed.
pub fn connection(config: &Config, choice: &ServerChoice) -> anyhow::Result<Connection> {
    let environment = Environment::of_process();
    let section = &config.factory;
    if choice.url.is_some() || choice.dir.is_some() || section.servers.is_empty() {
        return Connection::find(choice, &environment);
    }
    let named = ServerChoice { url: Some(section.servers.join(",")), dir: None };
    let mut connection = Connection::find(&named, &environment)?;
    connection.from = ServerFrom::Option;
    if !section.token_file.as_os_str().is_empty() {
        let file = &section.token_file;
        let token = std::fs::read_to_string(file)
            .map_err(|error| BadInput::new(format!("factory.token_file: {}: {error}", file.display())))?;
        connection.token = Some(token.trim().to_owned());
    }
    Ok(connection)
}

/// Checks the file, then asks every batch end point whether all it needs is there.
fn check(path: &Path) -> anyhow::Result<ExitCode> {
    let config = load(path)?;
    let style = Style::for_stdout();
    let mut text = format!(
        "{}: {} for factory {}\n",
        path.display(),
        plural(config.label.len() as u64, "label"),
        config.factory.name
    );
    let mut all_well = true;
    for (name, end_point) in &config.batch {
        let system = end_point.open(&config.factory.name, &config.factory.dir.join("batch").join(name));
        let checks = match system {
            Ok(system) => client_runtime()?.block_on(system.doctor()),
            Err(error) => vec![batch::Check { what: "open".into(), ok: false, found: error.to_string() }],
        };
        for check in checks {
            let word = if check.ok { style.toned(Tone::Done, "ok  ") } else { style.toned(Tone::Fault, "FAIL") };
            text.push_str(&format!("{word} {name} ({}): {}: {}\n", end_point.kind(), check.what, check.found));
            all_well &= check.ok;
        }
    }
    print(&text)?;
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what one label would do now, without doing it.
fn explain(path: &Path, label: &str, choice: &ServerChoice, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(path)?;
    let connection = connection(&config, choice)?;
    let mut factory = factory(config, &connection)?;
    let decision = client_runtime()?.block_on(factory.explain(label)).map_err(|error| match error {
        FactoryError::UnknownLabel { name, known } => {
            anyhow::Error::from(BadInput::new(format!("there is no label '{name}'; the labels are {known}")))
        }
        other => other.into(),
    })?;
    if json {
        print_json(&decision)?
    } else {
        print(&super::describe_decision(&decision, true, Style::for_stdout()))?
    }
    Ok(ExitCode::SUCCESS)
}
