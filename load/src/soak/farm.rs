//! Server, factory and their pilots as processes of their own, restarted after each kill.

use super::{Arguments, payload, until};
use crate::process::{self, Seen};
use crate::{instance, soak};
use anyhow::{Context, Result, bail};
use model::QueueRecord;
use rustix::process::{Pid, Signal, kill_process};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wire::api::PilotQuery;
use wire::client::Call;
use wire::{Client, ClientConfig};

/// Seconds that a server needs at most to serve.
const START: Duration = Duration::from_secs(60);

/// What is running.
pub struct Farm {
    root: PathBuf,
    port: u16,
    server: Child,
    factory: Child,
}

impl Farm {
    /// Starts the server, makes the queues, starts the factory.
    pub async fn start(root: &Path, arguments: &Arguments) -> Result<Farm> {
        payload::install(root)?;
        std::fs::create_dir(root.join("scratch"))?;
        std::fs::create_dir(server_dir(root))?;
        if arguments.fault == soak::Fault::Disk {
            soak::namespace::mount_small(&server_dir(root))?;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let queues = queues(arguments);
        std::fs::write(root.join("server.toml"), server_file(port))?;
        let server = spawn(root, "server", &["server", "--config", "server.toml", "--dir", "server"])?;
        wait_serving(root, port, Instant::now() + START).await?;
        std::fs::write(root.join("factory.toml"), factory_file(root, port, &queues))?;
        let client = client(root, port)?;
        for queue in queues {
            client.put_queue(&QueueRecord::named(queue)).await.context("failed to make a queue")?;
        }
        let factory = spawn_factory(root)?;
        Ok(Farm { root: root.to_owned(), port, server, factory })
    }

    /// A client with the administrator's token.
    pub fn client(&self) -> Result<Client> {
        client(&self.root, self.port)
    }

    /// Directory of the server.
    pub fn server_dir(&self) -> PathBuf {
        server_dir(&self.root)
    }

    /// Whether the server still is the process that was started.
    pub fn is_server_alive(&mut self) -> Result<bool> {
        Ok(self.server.try_wait()?.is_none())
    }

    /// Kills the server and starts it again.
    pub async fn kill_server(&mut self) -> Result<()> {
        kill(&mut self.server)?;
        self.server = spawn(&self.root, "server", &["server", "--config", "server.toml", "--dir", "server"])?;
        wait_serving(&self.root, self.port, Instant::now() + START).await
    }

    /// Kills the factory and starts it again.
    pub fn kill_factory(&mut self) -> Result<()> {
        kill(&mut self.factory)?;
        self.factory = spawn_factory(&self.root)?;
        Ok(())
    }

    /// The pilots that run now, on whatever batch system.
    pub fn pilots(&self) -> Vec<Seen> {
        let is_pilot = |seen: &Seen| seen.arguments.get(1).is_some_and(|word| word == "pilot");
        processes(&self.root).into_iter().filter(is_pilot).collect()
    }

    /// Waits until the last pilot has gone and is closed in the record, then ends factory and server.
    pub async fn close(mut self, deadline: Instant) -> Result<Vec<String>> {
        let client = self.client()?;
        let live = PilotQuery { live: Some(true), ..PilotQuery::default() };
        let own = [self.server.id(), self.factory.id()];
        let gone = until(deadline, "pilots are left over", async || {
            let listed = client.pilots(&live).await.is_ok_and(|page| page.pilots.is_empty());
            Ok(listed && processes(&self.root).iter().all(|seen| own.contains(&seen.pid)))
        });
        let mut violations = Vec::new();
        if let Err(error) = gone.await {
            let listed = client.pilots(&live).await.map(|page| page.pilots).unwrap_or_default();
            let rows = listed.iter().map(|pilot| format!("pilot {} is still {}", pilot.id, pilot.state));
            violations.push(error.to_string());
            violations.extend(rows);
        }
        violations.extend(end(&mut self.factory, "factory").err().map(|error| error.to_string()));
        violations.extend(end(&mut self.server, "server").err().map(|error| error.to_string()));
        Ok(violations)
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        for child in [&mut self.factory, &mut self.server] {
            if kill(child).is_err() {
                eprintln!("error: a process of the soak could not be ended");
            }
        }
        for seen in processes(&self.root) {
            send(seen.pid, Signal::KILL);
        }
    }
}

fn server_dir(root: &Path) -> PathBuf {
    root.join("server")
}

/// Names of the queues and, the same, of labels and batch end points.
pub fn queues(arguments: &Arguments) -> Vec<&'static str> {
    if arguments.slurm { vec!["local", "slurm"] } else { vec!["local"] }
}

fn server_file(port: u16) -> String {
    format!(
        "listen = \"127.0.0.1:{port}\"\nlease = \"3s\"\nheartbeat = \"1s\"\nretry_backoff = \"1s\"\nlong_poll = \"5s\"\n"
    )
}

fn factory_file(root: &Path, port: u16, queues: &[&str]) -> String {
    let root = root.display();
    let head = format!(
        "[factory]\nname = \"soak\"\nservers = [\"http://127.0.0.1:{port}\"]\n\
         token_file = \"{root}/server/factory.token\"\ndir = \"{root}/factory\"\ncycle_s = 1.0\n"
    );
    let labels = queues.iter().map(|queue| {
        let poll = if *queue == "slurm" { "poll_s = 1.0\n" } else { "" };
        format!(
            "[batch.{queue}]\nsystem = \"{queue}\"\n{poll}\
             [label.{queue}]\nqueue = \"{queue}\"\nbatch = \"{queue}\"\ncores = 6\nidle_s = 4\nscratch = \"{root}/scratch\"\n\
             [label.{queue}.sched]\nmaxtorun.maximum = 3\n"
        )
    });
    head + &labels.collect::<String>()
}

fn spawn(root: &Path, name: &str, arguments: &[&str]) -> Result<Child> {
    let log = std::fs::File::options().create(true).append(true).open(root.join(format!("{name}.log")))?;
    let mut command: Command = instance::command(&server_dir(root))?;
    command
        .args(arguments)
        // Names the soak in the environment of every process that comes from it.
        .env("PILOTAGE_SOAK", root)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start the {name}"))
}

fn spawn_factory(root: &Path) -> Result<Child> {
    spawn(root, "factory", &["factory", "run", "--config", "factory.toml"])
}

fn client(root: &Path, port: u16) -> Result<Client> {
    let path = server_dir(root).join("admin.token");
    let token = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut config = ClientConfig::new([format!("http://127.0.0.1:{port}")], Some(token.trim().to_owned()));
    config.timeout = Duration::from_secs(20);
    Client::new(config).context("cannot make a client")
}

async fn wait_serving(root: &Path, port: u16, deadline: Instant) -> Result<()> {
    let client = Client::new(ClientConfig::new([format!("http://127.0.0.1:{port}")], None))?;
    let serving = until(deadline, "the server does not serve", async || {
        Ok(client.send(Call::get_outside("/readyz")).await.is_ok())
    });
    serving.await.with_context(|| std::fs::read_to_string(root.join("server.log")).unwrap_or_default())
}

fn processes(root: &Path) -> Vec<Seen> {
    process::mentioning(&root.display().to_string())
}

fn kill(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

fn end(child: &mut Child, name: &str) -> Result<()> {
    send(child.id(), Signal::TERM);
    let deadline = Instant::now() + START;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            bail!("the {name} did not end within {} s of TERM", START.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Sends a signal to a process that may have gone already.
pub fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _gone = kill_process(pid, signal);
    }
}
