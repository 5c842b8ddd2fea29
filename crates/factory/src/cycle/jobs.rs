//! Asking where jobs are counted when they are not on our own server: each place once for all its labels, and no cycle
//! waits long for one that does not answer.

use super::looks::Looks;
use super::{Cycler, now};
use crate::wms::{Told, WmsError, ask, asked_of, dir_of};
use model::Time;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Questions that are under way, and when each place was asked last.
#[derive(Default)]
pub(super) struct Counting {
    looks: Looks<Result<Told, WmsError>>,
    asked: BTreeMap<String, (Instant, Time)>,
}

/// Places that were just asked, and until when the cycle waits for them.
pub(crate) struct Wait {
    places: BTreeSet<String>,
    deadline: Instant,
}

impl Cycler {
    /// Asks the places that are due and that labels want something of. The answers come beside those of the batch
    /// systems.
    pub(crate) fn ask_for_jobs(&mut self) -> Wait {
        let mut places = BTreeSet::new();
        for (name, section) in &self.config.wms {
            let Counting { looks, asked } = &mut self.counting;
            let is_due = asked.get(name).is_none_or(|(at, _)| at.elapsed() >= section.poll());
            if looks.is_under_way(name) || !is_due {
                continue;
            }
            let wanted = asked_of(&self.config, name);
            if wanted.is_empty() {
                continue;
            }
            asked.insert(name.clone(), (Instant::now(), now()));
            let (section, factory) = (section.clone(), self.config.factory.name.clone());
            let dir = dir_of(&self.config, name);
            looks.begin(name, async move { ask(&section, &wanted, &dir, &factory).await });
            // One that failed is not waited for until it has answered well.
            if self.world.wms.get(name).is_none_or(|view| view.trouble.is_empty()) {
                places.insert(name.clone());
            }
        }
        Wait { places, deadline: Instant::now() + self.patience() }
    }

    /// Takes the answers that are there, and waits for places that were just asked and answered well before. One that lets
    /// a cycle wait in vain goes on answering beside the next ones.
    pub(crate) async fn look_at_jobs(&mut self, mut wait: Wait) {
        loop {
            let deadline = if wait.places.is_empty() { Instant::now() } else { wait.deadline };
            let Some((name, said)) = self.counting.looks.next(deadline).await else { break };
            wait.places.remove(&name);
            match said {
                Ok(said) => self.learn_jobs(&name, said),
                Err(broken) => tracing::error!(wms = name, %broken, "counting jobs broke off"),
            }
        }
        let patience_s = self.patience().as_secs_f64();
        for name in wait.places {
            let view = self.world.wms.entry(name).or_default();
            view.trouble = format!("get an answer within {patience_s} s so far");
        }
        self.world.now = now();
    }

    fn learn_jobs(&mut self, name: &str, said: Result<Told, WmsError>) {
        let view = self.world.wms.entry(name.to_owned()).or_default();
        match said {
            Ok(told) => {
                view.told = told;
                view.at = self.counting.asked.get(name).map(|(_, time)| *time);
                view.trouble.clear();
            }
            Err(error) => {
                let trouble = error.to_string();
                // An idle PanDA says every minute that it may be broken.
                if view.trouble != trouble {
                    tracing::warn!(wms = name, %error, "the jobs of a place are not known");
                }
                view.trouble = trouble;
            }
        }
    }
}
