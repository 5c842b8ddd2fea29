//! `pilotage up`: server, factory and a local queue in one process.

mod detach;
mod ending;
mod plan;
pub mod reach;
mod stop;

pub use plan::{LocalQueue, Plan, cores, own_pilot_program};
pub use stop::{FactorySignals, Stop};

use crate::cli::args::UpArgs;
use crate::cli::server_runtime;
use crate::config::{Environment, remember_last_dir};
use crate::output::{Style, duration, log_to_stderr, plural, print};
use anyhow::Context;
use factory::config::Main;
use factory::source::Fetcher;
use factory::{Config, Factory, Keeper, Look, PilotLaunch, Signal};
use model::{JobState, QueueRecord};
use server::{Running, Server, StartError};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use wire::Client;
use wire::api::JobQuery;
use wire::tls::Trust;

/// Runs until TERM, Ctrl-C or the end of its terminal; with `--detach` starts that and returns once it serves.
pub fn run(args: &UpArgs) -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process();
    let plan = Plan::from_args(args, &environment)?;
    if args.detach && !detach::is_detached() {
        return detach::start(&plan.server.dir);
    }
    detach::leave_terminal()?;
    log_to_stderr(if std::io::stderr().is_terminal() { "warn" } else { "info" });
    server_runtime()?.block_on(serve(plan, &environment))
}

async fn serve(plan: Plan, environment: &Environment) -> anyhow::Result<ExitCode> {
    let mut stop = Stop::listen()?;
    let mut up = Up::start(plan).await?;
    remember_last_dir(environment, up.dir()).context("remember the directory for the next terminal")?;
    print(&format!("ready {}\n", up.url()))?;
    up.welcome();
    up.warn_of_loopback();
    let ended = tokio::select! {
        () = stop.wanted() => Ok(()),
        ended = up.factory_ended() => ended,
    };
    up.end(&mut stop).await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// A server with its factory, running.
pub struct Up {
    plan: Plan,
    running: Running,
    client: Client,
    signals: mpsc::Sender<Signal>,
    /// One task; none once it has ended.
    factory: JoinSet<Result<(), factory::FactoryError>>,
}

impl Up {
    /// Starts the server, registers the queues, starts the factory.
    pub async fn start(plan: Plan) -> anyhow::Result<Up> {
        let running = start_server(plan.server.clone()).await?;
        let client = Client::in_process(running.in_process(), Some(running.admin_token().to_owned()));
        register(&plan.queues, &client).await.context("register the queues")?;
        let (signals, inbox) = mpsc::channel(8);
        let for_factory = client.with_token(running.factory_token());
        let launch = PilotLaunch {
            wrapper: agent::WRAPPER.to_owned(),
            program: own_pilot_program()?,
            servers: vec![running.url().to_owned()],
            trust: running.fingerprint().map_or(Trust::System, |pin| Trust::Fingerprint(pin.to_owned())),
        };
        let started = start_factory(plan.factory.clone(), Arc::new(for_factory), launch).await?;
        let mut factory = JoinSet::new();
        factory.spawn(started.run(inbox));
        Ok(Up { plan, running, client, signals, factory })
    }

    /// Where it is reached.
    pub fn url(&self) -> &str {
        self.running.url()
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.plan.server.dir
    }

    /// A client of the operator, without a socket.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns when the factory has ended without this process having told it to: well after a drain that an operator
    /// asked for, else with what broke it.
    pub async fn factory_ended(&mut self) -> anyhow::Result<()> {
        match self.factory.join_next().await {
            Some(ended) => {
                judged(ended)?;
                tracing::warn!("the factory has ended as it was told, and everything else with it");
                Ok(())
            }
            None => std::future::pending().await,
        }
    }

    /// Says when pilots elsewhere cannot reach this server.
    fn warn_of_loopback(&self) {
        if let Some(trouble) = reach::trouble(self.url(), &self.plan.factory.batch) {
            tracing::warn!("{trouble}");
        }
    }

    /// Tells a person at a terminal what to do next.
    fn welcome(&self) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let style = Style::for_stderr();
        let line = |key: &str, value: &str| format!("  {} {value}\n", style.faint(&format!("{key:<7}")));
        let token = self.dir().join("admin.token");
        let mut text = line("page", &format!("{}/  (sign in with the token in {})", self.url(), token.display()));
        for queue in &self.plan.queues {
            text += &line("queue", &format!("{} at {}", queue.name, queue.site));
        }
        text += &line("try", "pilotage submit -- echo hello     in another terminal");
        text += &line("stop", "Ctrl-C");
        // A remark for people only.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Tells a person at a terminal what the end waits for.
    async fn farewell(&self) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let Ok(counts) = self.client.job_counts(&JobQuery::default()).await else { return };
        let with_pilots = JobState::ALL.into_iter().filter(|state| state.is_with_pilot());
        let running: u64 = with_pilots.map(|state| counts.of(state)).sum();
        let mut text = String::from("\n");
        if running > 0 {
            let longest = duration(self.plan.grace);
            text +=
                &format!("{} may end within {longest}; Ctrl-C again ends at once\n", plural(running, "running job"));
        }
        if counts.of(JobState::Activated) > 0 {
            text += &format!("{} go on at the next start\n", plural(counts.of(JobState::Activated), "waiting job"));
        }
        // A remark for people only.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Lets what runs end for the time of grace, then ends everything; nothing of it stays behind.
    pub async fn end(mut self, stop: &mut Stop) {
        let grace = self.plan.grace;
        self.farewell().await;
        // The factory may have ended by itself; then there is nobody to tell.
        let _ = self.signals.send(Signal::Drain).await;
        let drained = tokio::select! {
            ended = self.factory.join_next() => { ended.into_iter().for_each(told); true }
            () = tokio::time::sleep(grace) => false,
            () = ending::none_left(&self.plan.factory) => false,
            () = stop.wanted() => false,
        };
        if !drained {
            let _ = self.signals.send(Signal::Leave).await;
            if let Ok(Some(ended)) = tokio::time::timeout(Duration::from_secs(10), self.factory.join_next()).await {
                told(ended);
            }
        }
        self.factory.abort_all();
        ending::remove_pilots(&self.plan.factory).await;
        self.running.shutdown().await;
    }
}

/// A factory that reads the sources of its labels again and again, but not the file: `up` is started anew for that.
async fn start_factory(
    config: Config,
    server: Arc<dyn factory::Server>,
    launch: PilotLaunch,
) -> anyhow::Result<Factory> {
    let fetcher = Fetcher::new(Some(Arc::clone(&server)));
    let mut keeper = Keeper::new(move || Ok(Main::made(config.clone())), fetcher);
    let loaded = keeper.load(&Look::Missing).await?;
    Ok(Factory::keeping(keeper, loaded, server, launch)?)
}

fn told(ended: Result<Result<(), factory::FactoryError>, JoinError>) {
    if let Err(error) = judged(ended) {
        tracing::error!("{error:#}");
    }
}

/// How a factory ended that nobody stopped.
fn judged(ended: Result<Result<(), factory::FactoryError>, JoinError>) -> anyhow::Result<()> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(anyhow::Error::from(error).context("the factory ended with an error")),
        Err(error) => Err(anyhow::Error::from(error).context("the factory broke")),
    }
}

/// Starts a server; a directory that cannot be used is bad input.
pub async fn start_server(config: server::Config) -> anyhow::Result<Running> {
    let dir = config.dir.display().to_string();
    Server::start(config).await.map_err(|error| match error {
        StartError::Directory(error) => detach::directory_refused(&dir, error),
        other => anyhow::Error::from(other).context("start the server"),
    })
}

/// Creates queues that are missing and changes those that differ; the status that an operator set is kept.
async fn register(queues: &[QueueRecord], client: &Client) -> anyhow::Result<()> {
    for queue in queues {
        client.put_queue(queue).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_factory_that_broke_is_a_failure() {
        let broken = tokio::spawn(async { panic!("divided by nothing") }).await;
        let said = format!("{:#}", judged(broken).unwrap_err());
        assert!(said.starts_with("the factory broke: ") && said.contains("divided by nothing"), "{said}");
        let refused = factory::FactoryError::Renamed { from: "a".into(), to: "b".into() };
        let said = format!("{:#}", judged(Ok(Err(refused))).unwrap_err());
        assert!(said.starts_with("the factory ended with an error: rename the factory from 'a' to 'b'"), "{said}");
        assert!(judged(Ok(Ok(()))).is_ok());
    }
}
