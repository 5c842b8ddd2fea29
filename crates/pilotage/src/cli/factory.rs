//! `pilotage factory`.

mod check;
mod config;
mod credentials;
mod decide;
mod describe;
mod dry_run;
mod import;
mod sources;

use super::args::{FactoryAction, FactoryArgs, ServerChoice};
use super::{client_runtime, server_runtime};
use crate::config::{Connection, Environment, ServerFrom};
use crate::output::{BadInput, Style, log_to_stderr, print, print_json};
use crate::up::{FactorySignals, own_pilot_program};
use factory::config::{FactorySection, Main, SourceFormat};
use factory::source::Fetcher;
use factory::{Config, Factory, FactoryError, Keeper, Loaded, Look, PilotLaunch};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use wire::Client;

/// Runs, checks or explains a factory.
pub fn run(args: &FactoryArgs) -> anyhow::Result<ExitCode> {
    let path = args.config.as_path();
    match &args.action {
        FactoryAction::Run { server } => run_factory(path, server),
        FactoryAction::Check { server } => check::run(path, server),
        FactoryAction::Config { label, server, output } => config::run(path, label.as_deref(), server, output.json),
        FactoryAction::Sources { server, output } => sources::run(path, server, output.json),
        FactoryAction::Credentials { renew, output } => credentials::run(path, renew.as_deref(), output.json),
        FactoryAction::Import(args) => import::run(args),
        FactoryAction::Describe { label, server } => describe::run(path, label, server),
        FactoryAction::DryRun { labels, server, output } => dry_run::run(path, labels, server, output.json),
        FactoryAction::Explain { label, server, output } => explain(path, label, server, output.json),
        FactoryAction::Decide(args) => decide::run(args),
    }
}

/// The configuration, with every problem named when there are some.
fn load(path: &Path) -> Result<Main, BadInput> {
    Ok(Main::load(path)?)
}

fn run_factory(path: &Path, choice: &ServerChoice) -> anyhow::Result<ExitCode> {
    let connection = connection(&load(path)?.config, choice)?;
    let client = Arc::new(connection.client()?);
    log_to_stderr("info");
    server_runtime()?.block_on(async {
        let mut keeper = keeper(path, Some(client.clone()));
        let loaded = keeper.load(&Look::Missing).await.map_err(BadInput::from)?;
        let factory = Factory::keeping(keeper, loaded, client, launch(&connection)?)?;
        factory.run(FactorySignals::listen()?.receiver()).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn keeper(path: &Path, client: Option<Arc<Client>>) -> Keeper {
    let path = path.to_owned();
    let server = client.map(|client| client as Arc<dyn factory::Server>);
    Keeper::new(move || Main::load(&path), Fetcher::new(server))
}

/// The configuration as the factory would have it, read from outside: nothing that the factory keeps is changed.
async fn look(path: &Path, choice: &ServerChoice, look: Look) -> anyhow::Result<Loaded> {
    let config = load(path)?.config;
    let needs_server = config.source.values().any(|source| source.format == SourceFormat::Server);
    let client = needs_server.then(|| connection(&config, choice)?.client()).transpose()?;
    let mut keeper = keeper(path, client.map(Arc::new)).without_keeping();
    Ok(keeper.load(&look).await.map_err(BadInput::from)?)
}

fn launch(connection: &Connection) -> anyhow::Result<PilotLaunch> {
    Ok(PilotLaunch {
        wrapper: agent::WRAPPER.to_owned(),
        program: own_pilot_program()?,
        servers: connection.urls.clone(),
        trust: connection.trust.clone(),
    })
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
    connection.token = own_token(section)?.or(connection.token);
    Ok(connection)
}

fn unknown_label(name: &str, known: &str) -> anyhow::Error {
    BadInput::new(format!("there is no label '{name}'; the labels are {known}")).into()
}

/// The token of the configuration's file, if it names one.
fn own_token(section: &FactorySection) -> Result<Option<String>, BadInput> {
    let file = &section.token_file;
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let refused = |what: String| BadInput::new(format!("factory.token_file: {}: {what}", file.display()));
    let token = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    match token.trim() {
        "" => Err(refused("is empty".to_owned())),
        token => Ok(Some(token.to_owned())),
    }
}

/// Says what one label would do now, without doing it.
fn explain(path: &Path, label: &str, choice: &ServerChoice, json: bool) -> anyhow::Result<ExitCode> {
    let connection = connection(&load(path)?.config, choice)?;
    let decision = client_runtime()?.block_on(async {
        let loaded = look(path, choice, Look::Missing).await?;
        let mut factory = Factory::new(loaded.config, Arc::new(connection.client()?), launch(&connection)?)?;
        factory.explain(label).await.map_err(|error| match error {
            FactoryError::UnknownLabel { name, known } => unknown_label(&name, &known),
            FactoryError::Server(error) => error.into(),
            other => other.into(),
        })
    })?;
    if json {
        print_json(&decision)?
    } else {
        print(&super::describe_decision(&decision, true, Style::for_stdout()))?
    }
    Ok(ExitCode::SUCCESS)
}
