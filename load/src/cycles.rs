//! A factory with many labels on the [`Null`] batch system, in a process of its own so that its memory and CPU time are
//! its own too. Started by the `factory` scenario; prints what it measured as JSON.

use crate::null::Null;
use crate::process;
use anyhow::{Context, Result, ensure};
use factory::{Config, Cycler, PilotLaunch, PilotProgram};
use model::PilotEvent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::tls::Trust;
use wire::{Client, ClientConfig};

/// How long one call may take while the server is given thousands of pilots.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the process is told.
#[derive(clap::Args, Clone)]
pub struct Arguments {
    /// URL of the server.
    #[arg(long)]
    pub url: String,
    /// File with a token of the server.
    #[arg(long)]
    pub token_file: PathBuf,
    /// How many labels, each with a queue of its own, `load-0` and so on.
    #[arg(long)]
    pub labels: usize,
    /// Pilots of each label.
    #[arg(long)]
    pub pilots: usize,
    /// Cycles in which nothing changes.
    #[arg(long)]
    pub cycles: usize,
}

/// What it measured, in seconds but for the memory.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// The cycle that decided, announced, submitted and recorded all pilots.
    pub submit_s: f64,
    /// The cycle that settled that all run.
    pub run_s: f64,
    /// CPU time of each cycle in which nothing changed.
    pub idle_cpu_s: Vec<f64>,
    /// The same by the clock, the server's work with it.
    pub idle_s: Vec<f64>,
    /// Resident memory after these, in MB.
    pub resident_mb: f64,
    /// The cycle that settled that all have ended.
    pub end_s: f64,
}

/// Name of the queue of a label, and of the label.
pub fn queue(index: usize) -> String {
    format!("load-{index}")
}

/// Runs it as a process and takes what it prints.
pub async fn in_a_process(arguments: Arguments) -> Result<Measured> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("cycles").args(["--url", &arguments.url, "--token-file"]).arg(&arguments.token_file);
    for (option, number) in
        [("--labels", arguments.labels), ("--pilots", arguments.pilots), ("--cycles", arguments.cycles)]
    {
        command.args([option, &number.to_string()]);
    }
    let output = tokio::task::spawn_blocking(move || command.stderr(Stdio::inherit()).output()).await??;
    ensure!(output.status.success(), "the factory's process ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the factory's process printed something else")
}

/// Runs the cycles and prints the figures.
pub async fn run(arguments: &Arguments) -> Result<bool> {
    let dir = tempfile::tempdir()?;
    let system = Arc::new(Null::default());
    let mut cycler = cycler(arguments, dir.path(), &system)?;
    let all = arguments.labels * arguments.pilots;
    let submit_s = timed(&mut cycler).await;
    ensure!(system.count() == all, "{} of {all} pilots were submitted", system.count());
    system.show_all(PilotEvent::Run);
    let run_s = timed(&mut cycler).await;
    let (mut idle_s, mut idle_cpu_s) = (Vec::new(), Vec::new());
    for _ in 0..arguments.cycles {
        let before = process::cpu_time(std::process::id())?;
        idle_s.push(timed(&mut cycler).await);
        idle_cpu_s.push((process::cpu_time(std::process::id())? - before).as_secs_f64());
    }
    ensure!(system.count() == all, "{} of {all} pilots are left after cycles without a change", system.count());
    let resident_mb = process::resident_mb(std::process::id())?;
    cycler.reload(config(&Arguments { pilots: 0, ..arguments.clone() }, dir.path())?)?;
    system.show_all(PilotEvent::End);
    let end_s = timed(&mut cycler).await;
    ensure!(cycler.is_empty(), "not all pilots have ended");
    let measured = Measured { submit_s, run_s, idle_cpu_s, idle_s, resident_mb, end_s };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(true)
}

async fn timed(cycler: &mut Cycler) -> f64 {
    let begin = Instant::now();
    cycler.cycle().await;
    begin.elapsed().as_secs_f64()
}

fn cycler(arguments: &Arguments, dir: &Path, system: &Arc<Null>) -> Result<Cycler> {
    let token = std::fs::read_to_string(&arguments.token_file)?;
    let mut client = ClientConfig::new([arguments.url.clone()], Some(token.trim().to_owned()));
    client.timeout = PATIENCE;
    let server = Arc::new(Client::new(client).context("cannot make a client")?);
    let config = config(arguments, dir)?;
    let launch = PilotLaunch {
        wrapper: "exit 1\n".to_owned(),
        program: PilotProgram::Path { path: "/bin/false".into(), arguments: Vec::new() },
        servers: vec![arguments.url.clone()],
        trust: Trust::System,
    };
    Ok(Cycler::on(config, BTreeMap::from([("null".to_owned(), system.clone() as _)]), server, launch))
}

fn config(arguments: &Arguments, dir: &Path) -> Result<Config> {
    let mut text = format!(
        "[factory]\nname = \"load\"\ndir = {:?}\nmax_pilots = 1000000\nchain = [\"KeepNRunning\", \"MaxPerFactory\"]\n\
         sched.keepnrunning.keep_running = {}\n[batch.null]\nsystem = \"local\"\n",
        dir.display().to_string(),
        arguments.pilots
    );
    for index in 0..arguments.labels {
        writeln!(text, "[label.{0}]\nqueue = \"{0}\"\nbatch = \"null\"", queue(index))?;
    }
    Ok(Config::parse(&text, Path::new("load.toml"))?)
}
