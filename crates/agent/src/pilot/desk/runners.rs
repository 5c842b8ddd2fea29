//! Runners: their messages, their deaths.

use super::Desk;
use crate::PilotArgs;
use crate::frame::{FromRunner, Setup, Share, ToRunner};
use crate::node;
use crate::pilot::PilotError;
use crate::pilot::hand::Place;
use crate::pilot::link::Link;
use crate::runner::tree;
use model::ErrorClass;
use rustix::process::Signal;
use std::collections::BTreeSet;

/// Runners that one slot may lose before it is given up.
const GENERATIONS_MAX: u32 = 5;

/// What one slot has: its part of the memory, and of the CPUs if the batch system gave this pilot exactly as many as it
/// is to use, since then no other pilot of the node has the same ones.
pub(super) fn own_share(args: &PilotArgs, slot: u32) -> Share {
    let (all, each) = (node::cpus(), (args.all_cores() / args.slots) as usize);
    let is_bound = !args.no_pin && each > 0 && args.slots > 1 && all.len() == args.all_cores() as usize;
    let cpus = all.into_iter().skip(slot as usize * each).take(if is_bound { each } else { 0 }).collect();
    Share { memory_mib: args.offer().memory_of(1), cpus }
}

impl Desk {
    /// What a killed runner leaves becomes ours, so that we can end it.
    pub(super) fn become_reaper(&self) {
        if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
            tracing::warn!("failed to become a subreaper: {error}");
        }
    }

    pub(super) fn start_runner(&mut self, slot: usize) -> Result<(), PilotError> {
        let setup = self.setup(slot);
        let generation = self.hand.slots[slot].generation + 1;
        let mut link = Link::start(slot, generation, &self.sender)?;
        link.queue(&ToRunner::Setup(Box::new(setup)));
        self.hand.slots[slot].connect(link);
        Ok(())
    }

    fn setup(&self, slot: usize) -> Setup {
        Setup {
            root: self.root.path().to_owned(),
            slot_dir: self.hand.slots[slot].dir.clone(),
            queue: self.session.hello.queue.clone(),
            site: self.session.hello.site.clone(),
            grace_ms: (self.args.grace_s.clamp(0.0, 3600.0) * 1000.0) as u64,
            output_max: self.args.output_max_mib << 20,
            scratch_max: self.args.scratch_max_mib << 20,
        }
    }

    pub(super) fn runner_writable(&mut self, slot: usize) {
        if let Some(link) = &mut self.hand.slots[slot].link {
            link.unblock();
        }
    }

    pub(super) fn runner_said(&mut self, slot: usize, message: FromRunner) {
        match message {
            FromRunner::Started(key, time) => self.started(key, time),
            FromRunner::Following(key) => self.following(slot, key),
            FromRunner::Ended(ended) => self.ended(slot, *ended),
            FromRunner::Returned(key) => self.hand.put_back(key),
            FromRunner::Clean => self.hand.slots[slot].reserved_for = None,
            FromRunner::Broken(words) => {
                tracing::error!(slot, "a slot cannot be used: {words}");
                self.life.slot_broken(words);
                self.lose_runner(slot);
                self.end_without_slots();
            }
        }
    }

    /// The connection ended although nobody asked for it.
    pub(super) fn runner_gone(&mut self, slot: usize, generation: u32) {
        let known = &self.hand.slots[slot];
        if known.generation != generation || known.link.is_none() {
            return;
        }
        tracing::error!(slot, "a runner ended unexpectedly");
        self.lose_runner(slot);
        if generation >= GENERATIONS_MAX {
            self.life.slot_broken("its runners end unexpectedly".to_owned());
        } else if let Err(error) = self.start_runner(slot) {
            self.life.slot_broken(error.to_string());
        }
        self.end_without_slots();
    }

    fn end_without_slots(&mut self) {
        if self.hand.slots.iter().all(|slot| slot.link.is_none()) {
            self.life.all_slots_broken();
            self.calls.stop_polling();
            self.give_back();
        }
        // Those that need more slots than are left.
        let usable = self.hand.usable();
        let keys: Vec<_> = self.hand.ready().filter(|held| held.weight > usable).map(|held| held.key()).collect();
        for key in keys {
            self.never_started(key, ErrorClass::Node, "slots that it needs broke");
        }
    }

    /// Ends the runner, whatever it left, and the records of its jobs.
    fn lose_runner(&mut self, slot: usize) {
        if let Some(link) = self.hand.slots[slot].link.take() {
            link.bury();
        }
        self.end_strays();
        let dir = self.hand.slots[slot].dir.clone();
        if let Err(error) = crate::runner::scratch::remove_tree(&dir) {
            tracing::warn!("failed to remove {}: {error}", dir.display());
        }
        let lost = &mut self.hand.slots[slot];
        lost.jobs.clear();
        lost.reserved_for = lost.staging;
        let words = "the runner of its slot ended unexpectedly";
        for key in self.hand.keys() {
            match self.hand.get_mut(key).map(|held| held.place) {
                Some(Place::Slot(at)) if at == slot => self.never_started(key, ErrorClass::Node, words),
                Some(Place::Staging(at)) if at == slot => self.end_job(key, ErrorClass::Node, words),
                _ => {}
            }
        }
    }

    /// Kills descendants that belong to no living runner.
    fn end_strays(&self) {
        let runners = self.hand.slots.iter().filter_map(|slot| slot.link.as_ref()).map(Link::pid);
        let mut ours = BTreeSet::new();
        for runner in runners {
            ours.insert(runner);
            ours.extend(tree::descendants_of(runner));
        }
        // Each round ends at least the upper ones; their children come up in the next.
        for _ in 0..100 {
            let strays: Vec<i32> = tree::descendants().into_iter().filter(|pid| !ours.contains(pid)).collect();
            if strays.is_empty() {
                return;
            }
            tree::signal_these(&strays, Signal::KILL);
            for pid in strays.into_iter().filter_map(|pid| u32::try_from(pid).ok()) {
                let _ = wait4::try_wait4_pid(pid);
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}
