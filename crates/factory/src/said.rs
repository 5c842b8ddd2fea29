//! What the factory says about itself.

use crate::world::World;
use crate::{Config, Cycler};
use wire::api::{FactoryHeartbeat, LabelInfo};

impl Cycler {
    /// The heartbeat: everything worth knowing of this factory, but for its health, which changes all the time.
    pub(crate) fn said(&self) -> FactoryHeartbeat {
        let (config, world) = (&self.config, &self.world);
        FactoryHeartbeat {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
            started: self.started,
            cycle_s: config.factory.cycle().as_secs_f64().ceil() as u32,
            labels: config.label.keys().map(|name| label_info(config, world, name)).collect(),
            draining: self.draining,
            sources: self.sources.clone(),
            monitors: self.monitor_infos(),
            credentials: world.credentials.values().map(|view| view.info.clone()).collect(),
            nodes: world.past.nodes.infos(&config.factory.sched.avoidnodes, world.now),
            trouble: self.trouble.clone(),
            health: None,
        }
    }
}

fn label_info(config: &Config, world: &World, name: &str) -> LabelInfo {
    let label = config.label.get(name).cloned().unwrap_or_default();
    LabelInfo {
        name: name.to_owned(),
        system: config.batch.get(&label.batch).map(batch::BatchConfig::kind).unwrap_or_default().to_owned(),
        chain: label.chain(&config.factory).iter().map(|step| step.as_str().to_owned()).collect(),
        trouble: if label.enabled { world.trouble_of(config, name) } else { "switched off".to_owned() },
        offer: label.offer(),
        keep_logs_days: config.keep_logs_days(&label),
        queue: label.queue,
        batch: label.batch,
    }
}
