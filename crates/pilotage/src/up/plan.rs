//! What `up` is going to run: its directory, queues, labels and batch systems.

use crate::cli::args::UpArgs;
use crate::config::{Environment, UpFile, up_server_config};
use crate::output::BadInput;
use anyhow::Context;
use batch::BatchConfig;
use batch::local::LocalConfig;
use factory::config::{FactorySection, LabelSection};
use factory::{Config, PilotProgram};
use model::QueueRecord;
use model::pilot::SLOTS_MAX;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Seconds between two cycles; nudges make them run sooner.
const CYCLE_S: f64 = 10.0;
/// Seconds after which a local pilot without work goes: long enough for the pauses of a person at work.
const IDLE_S: u32 = 300;

/// Everything `up` runs with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub server: server::Config,
    /// Queues that must be there.
    pub queues: Vec<QueueRecord>,
    /// The factory.
    pub factory: Config,
    /// How long running jobs may go on at the end.
    pub grace: Duration,
}

/// A queue served by one pilot of this machine.
#[derive(Clone, Debug)]
pub struct LocalQueue {
    /// The queue.
    pub queue: QueueRecord,
    /// Jobs at once.
    pub slots: u32,
}

impl Plan {
    /// What was typed and written.
    pub fn from_args(args: &UpArgs, environment: &Environment) -> Result<Plan, BadInput> {
        let dir = directory(args, environment)?;
        let slots = args.slots.unwrap_or_else(|| cores().min(SLOTS_MAX));
        let mut file = args.config.as_deref().map(UpFile::read).transpose()?;
        let written = file.as_mut().map(|file| std::mem::take(&mut file.server)).unwrap_or_default();
        let server = up_server_config(args, written, dir, environment)?;
        let local = (slots > 0).then(|| LocalQueue { queue: QueueRecord::named("local"), slots });
        let mut plan = Plan::local(server, local, args.grace);
        if let Some(file) = file {
            plan.add(file)?;
        }
        Ok(plan)
    }

    /// A server with local queues only.
    pub fn local(server: server::Config, queues: impl IntoIterator<Item = LocalQueue>, grace: Duration) -> Plan {
        let factory = FactorySection {
            name: factory_name(&server),
            dir: server.dir.clone(),
            cycle_s: CYCLE_S,
            ..FactorySection::default()
        };
        let config = Config { factory, ..Config::default() };
        let mut plan = Plan { server, queues: Vec::new(), factory: config, grace };
        for local in queues {
            plan.add_local(local);
        }
        plan
    }

    fn add_local(&mut self, local: LocalQueue) {
        let name = local.queue.name.clone();
        let dir = self.server.dir.join("batch").join(&name);
        let end_point = LocalConfig { dir, slots: 1, ..LocalConfig::default() };
        let label = LabelSection {
            queue: name.clone(),
            batch: name.clone(),
            enabled: true,
            slots: Some(local.slots),
            cores: local.slots,
            idle_s: IDLE_S,
            ..LabelSection::default()
        };
        self.factory.batch.insert(name.clone(), BatchConfig::Local(end_point));
        self.factory.label.insert(name, label);
        self.queues.push(local.queue);
    }

    /// Adds what a file says; queues that only labels name are made with defaults.
    fn add(&mut self, file: UpFile) -> Result<(), BadInput> {
        let taken = "is what `up` calls its own; choose another name";
        let config = &file.main.config;
        if let Some(name) = config.batch.keys().find(|name| self.factory.batch.contains_key(*name)) {
            return Err(file.refusal(format!("batch.{name}"), taken));
        }
        if let Some(name) = config.label.keys().find(|name| self.factory.label.contains_key(*name)) {
            return Err(file.refusal(format!("label.{name}"), taken));
        }
        self.factory.factory = file.factory(std::mem::take(&mut self.factory.factory));
        for queue in file.queues {
            self.queues.retain(|there| there.name != queue.name);
            self.queues.push(queue);
        }
        // By name, so that no section can be forgotten.
        let Config { factory: _, batch, label, source, wms, monitor, credential, program, template } = file.main.config;
        for label in label.values() {
            if !self.queues.iter().any(|queue| queue.name == label.queue) {
                self.queues.push(QueueRecord::named(&label.queue));
            }
        }
        self.factory.batch.extend(batch);
        self.factory.label.extend(label);
        self.factory.source.extend(source);
        self.factory.wms.extend(wms);
        self.factory.monitor.extend(monitor);
        self.factory.credential.extend(credential);
        self.factory.program.extend(program);
        self.factory.template.extend(template);
        Ok(())
    }
}

fn directory(args: &UpArgs, environment: &Environment) -> Result<std::path::PathBuf, BadInput> {
    let default = || environment.data_home.as_ref().map(|home| home.join("pilotage"));
    let dir = args.dir.clone().or_else(|| environment.dir.clone()).or_else(default).ok_or_else(|| {
        BadInput::new("there is no home directory to keep things in").hint("choose a directory by --dir DIR")
    })?;
    if dir.exists() && !dir.is_dir() {
        return Err(BadInput::new(format!("--dir: {} is a file, not a directory", dir.display())));
    }
    std::path::absolute(&dir).map_err(|error| BadInput::new(format!("--dir: {}: {error}", dir.display())))
}

/// Stable over restarts, so that the next start adopts pilots of the last one; told apart by directory when a database
/// may be shared.
fn factory_name(server: &server::Config) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host: String = host.split('.').next().unwrap_or_default().chars().filter(allowed).take(40).collect();
    let host = if host.starts_with(|c: char| c.is_ascii_alphanumeric()) { host } else { format!("h{host}") };
    if server.database.is_none() {
        return host;
    }
    let mut hasher = DefaultHasher::new();
    server.dir.hash(&mut hasher);
    format!("{host}-{:08x}", hasher.finish() as u32)
}

/// Cores this process may use.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1))
}

/// This program as a pilot.
pub fn own_pilot_program() -> anyhow::Result<PilotProgram> {
    let path = std::env::current_exe().context("find this program")?;
    Ok(PilotProgram::Path { path, arguments: vec!["pilot".to_owned()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factory_is_what_the_file_says_beside_its_own_queue() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("up.toml");
        let text = "
            [batch.more]\nsystem = \"local\"
            [label.other]\nqueue = \"q\"\nbatch = \"more\"\nmonitors = [\"apf\"]\nwms = { source = \"twin\" }
            [credential.grid]\nkind = \"file\"\npath = \"/tmp/proxy\"
            [program.vo]\nsources = [\"/opt/vo\"]\nsha256 = \"{sum}\"
            [source.file]\nformat = \"toml\"\nfrom = [\"labels.d\"]
            [wms.twin]\nsystem = \"pilotage\"\nservers = [\"https://twin.example:25443\"]\ntoken_file = \"t\"
            [monitor.apf]\nurl = \"https://apf.example/api\"
            [template.slow]\ncores = 2
        ";
        std::fs::write(&path, text.replace("{sum}", &"ab".repeat(32))).unwrap();
        let local = LocalQueue { queue: QueueRecord::named("local"), slots: 1 };
        let mut plan = Plan::local(server::Config::in_dir(dir.path()), [local], Duration::ZERO);
        plan.add(UpFile::read(&path).unwrap()).unwrap();
        let Config { factory, batch, label, credential, program, source, wms, monitor, template } =
            plan.factory.checked().unwrap();
        assert_eq!(factory.cycle_s, CYCLE_S);
        let names = [
            batch.into_keys().collect::<Vec<_>>(),
            label.into_keys().collect(),
            credential.into_keys().collect(),
            program.into_keys().collect(),
            source.into_keys().collect(),
            wms.into_keys().collect(),
            monitor.into_keys().collect(),
            template.into_keys().collect(),
        ];
        assert_eq!(
            names.map(|names| names.join(" ")),
            ["local more", "local other", "grid", "vo", "file", "twin", "apf", "slow"]
        );
    }
}
