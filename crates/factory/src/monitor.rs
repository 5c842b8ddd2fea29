//! The factory as a client of APF monitors, beside its own server: it registers itself and its labels, and tells what the
//! scheduler said and how each pilot goes. Cycles only put down what there is to tell; everything else is beside them.

mod book;
mod desk;
mod sender;
mod spool;
mod stage;
mod verdict;

use crate::config::MonitorSection;
use crate::{Config, FactoryError, PilotLaunch};
use desk::Desk;
use model::{Decision, MonitorInfo, PilotId};
use sender::Sender;
use stage::{Seen, Stage};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use verdict::Patience;
use wire::apfmon::{ApfMonitor, LabelEntry, Registration};
use wire::api::{BatchUpdate, PilotSummary};
use wire::tls::Trust;

/// Between two looks whether everything was told.
const LOOKS_APART: Duration = Duration::from_millis(20);

/// All monitors of a factory.
#[derive(Default)]
pub struct Monitors(BTreeMap<String, Post>);

/// One monitor.
struct Post {
    section: MonitorSection,
    desk: Arc<Desk>,
    /// Its sender, which ends with it.
    _sender: JoinSet<()>,
}

impl Monitors {
    /// Takes a configuration, all of it or nothing. What waits for a monitor that stays goes on waiting.
    pub fn adapt(&mut self, config: &Config, launch: &PilotLaunch) -> Result<(), FactoryError> {
        let mut posts = BTreeMap::new();
        for (name, section) in &config.monitor {
            let desk = match self.0.get(name) {
                Some(post) => Arc::clone(&post.desk),
                None => {
                    let path = config.factory.dir.join("monitor").join(format!("{name}.spool"));
                    Arc::new(Desk::open(name, &path)?)
                }
            };
            posts.insert(name.clone(), (section, desk, connect(name, section)?));
        }
        let mut old = std::mem::take(&mut self.0);
        for (name, (section, desk, monitor)) in posts {
            desk.adapt(usize::try_from(section.spool_max).unwrap_or(usize::MAX), labels(config, &name));
            let same = old.remove(&name).filter(|post| post.section == *section);
            let post = same.unwrap_or_else(|| Post::start(config, section, desk, monitor, launch));
            self.0.insert(name, post);
        }
        Ok(())
    }

    /// Looks at all live pilots, as the server knows them.
    pub fn look(&self, config: &Config, live: &[PilotSummary]) {
        if self.0.is_empty() {
            return;
        }
        let foreign = config.foreign_labels();
        let ids: BTreeSet<PilotId> = live.iter().map(|pilot| pilot.id).collect();
        for post in self.0.values() {
            post.desk.put(live.iter().filter_map(|pilot| Seen::of(pilot, None)), &foreign);
            post.desk.settle(&ids);
        }
    }

    /// Pilots that a batch system accepted, with its ids.
    pub fn submitted(&self, label: &str, accepted: &[(PilotId, String)]) {
        for post in self.0.values() {
            let seen = accepted.iter().map(|(pilot, cid)| Seen {
                pilot: *pilot,
                cid,
                label,
                stage: Stage::Created,
                ran: false,
                rc: 0,
            });
            post.desk.put(seen, &BTreeSet::new());
        }
    }

    /// What batch systems say beyond what the server knows of these pilots.
    pub fn report(&self, config: &Config, pilots: &[PilotSummary], updates: &[BatchUpdate]) {
        if self.0.is_empty() || updates.is_empty() {
            return;
        }
        let foreign = config.foreign_labels();
        let updates: BTreeMap<PilotId, &BatchUpdate> = updates.iter().map(|update| (update.pilot, update)).collect();
        for post in self.0.values() {
            let told = pilots.iter().filter_map(|pilot| Some((pilot, updates.get(&pilot.id)?)));
            post.desk.put(told.filter_map(|(pilot, update)| Seen::of(pilot, Some(*update))), &foreign);
        }
    }

    /// What the scheduler said.
    pub fn decided(&self, decisions: &[Decision]) {
        for post in self.0.values() {
            for decision in decisions {
                post.desk.say(&decision.label, &message(decision), post.section.message());
            }
        }
    }

    /// How each of them goes.
    pub fn infos(&self) -> Vec<MonitorInfo> {
        self.0.values().map(|post| post.desk.info(&post.section.url)).collect()
    }

    /// Waits until everything was told, but not for long: what waits then is told by the next process.
    pub async fn finish(&self, patience: Duration) {
        let until = Instant::now() + patience;
        while Instant::now() < until && !self.0.values().all(|post| post.desk.is_clear()) {
            tokio::time::sleep(LOOKS_APART).await;
        }
    }
}

impl Post {
    fn start(
        config: &Config,
        section: &MonitorSection,
        desk: Arc<Desk>,
        monitor: ApfMonitor,
        launch: &PilotLaunch,
    ) -> Post {
        let own = section.log_url.trim_end_matches('/');
        let url = if own.is_empty() { launch.log_url(&config.factory.name) } else { own.to_owned() };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let sender = Sender {
            factory: config.factory.name.clone(),
            registration: Registration { version, email: section.mail.clone(), url },
            monitor,
            desk: Arc::clone(&desk),
            known: None,
            patience: Patience::default(),
        };
        let mut task = JoinSet::new();
        task.spawn(sender.run());
        Post { section: section.clone(), desk, _sender: task }
    }
}

/// Asks each monitor how many labels of the factory it knows, and tells it nothing. By name and URL; an error says why it
/// cannot be asked.
pub async fn ask_monitors(config: &Config) -> Vec<(String, String, Result<usize, String>)> {
    let mut found = Vec::new();
    for (name, section) in &config.monitor {
        let asked = match connect(name, section) {
            Ok(monitor) => monitor.labels(&config.factory.name).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        found.push((name.clone(), section.url.clone(), asked.map(|labels| labels.len())));
    }
    found
}

fn connect(name: &str, section: &MonitorSection) -> Result<ApfMonitor, FactoryError> {
    let failed = |reason: String| FactoryError::Monitor { name: name.to_owned(), reason };
    let file = &section.authorities;
    let trust = if file.as_os_str().is_empty() {
        Trust::System
    } else {
        let read = std::fs::read_to_string(file);
        Trust::Authorities(read.map_err(|error| failed(format!("{}: {error}", file.display())))?)
    };
    ApfMonitor::new(&section.url, &trust, section.timeout()).map_err(|error| failed(error.to_string()))
}

/// The labels that a monitor is told of, as they are registered.
fn labels(config: &Config, monitor: &str) -> BTreeMap<String, LabelEntry> {
    let is_told = |label| config.monitors_of(label).iter().any(|(name, _)| *name == monitor);
    let told = config.label.iter().filter(|(_, label)| is_told(label));
    let entry = |name: &String, label: &crate::config::LabelSection| LabelEntry {
        name: name.clone(),
        factory: config.factory.name.clone(),
        wmsqueue: label.queue.clone(),
        batchqueue: label.queue.clone(),
        resource: label.batch.clone(),
        localqueue: String::new(),
    };
    told.map(|(name, label)| (name.clone(), entry(name, label))).collect()
}

/// The messages of all steps as AutoPyFactory sent them, and what it kept to itself: why pilots could not be submitted.
fn message(decision: &Decision) -> String {
    let steps = decision.message();
    match decision.error.as_str() {
        "" => steps,
        error => format!("{steps};Submit:in={},ret={},comment={error}", decision.number, decision.accepted),
    }
}
