//! What the writer and the readers know without asking the database: rows that never change, and how long wide jobs were
//! passed over.

use crate::AttemptPolicy;
use crate::jobs::lane::{Lane, LaneCache, LaneKey};
use crate::jobs::passed_over::PassedOver;
use crate::jobs::specs::SpecCache;
use crate::pilots::messages::TemplateCache;
use crate::pilots::scope::{ScopeCache, ScopeKey};
use model::{JobSpec, SubmissionId};
use std::sync::Arc;

/// Shared by the threads of one store.
pub(crate) struct Shared {
    pub(crate) lanes: LaneCache,
    pub(crate) specs: SpecCache,
    pub(crate) scopes: ScopeCache,
    pub(crate) templates: TemplateCache,
    pub(crate) passed_over: PassedOver,
    pub(crate) policy: AttemptPolicy,
}

/// What a commit taught.
#[derive(Clone, Default)]
pub(crate) struct Learned {
    lanes: Vec<Lane>,
    specs: Vec<(SubmissionId, Arc<JobSpec>)>,
    scopes: Vec<(ScopeKey, i64)>,
}

impl Shared {
    pub(crate) fn new(policy: AttemptPolicy) -> Shared {
        Shared {
            lanes: LaneCache::default(),
            specs: SpecCache::default(),
            scopes: ScopeCache::default(),
            templates: TemplateCache::default(),
            passed_over: PassedOver::default(),
            policy,
        }
    }

    /// Remembers what a commit taught.
    pub(crate) fn keep(&self, learned: Learned) {
        self.lanes.keep(learned.lanes);
        self.scopes.keep(learned.scopes);
        learned.specs.into_iter().for_each(|(submission, spec)| self.specs.keep(submission, spec));
    }
}

impl Learned {
    pub(crate) fn add_lane(&mut self, lane: Lane) {
        self.lanes.push(lane);
    }

    pub(crate) fn add_spec(&mut self, submission: SubmissionId, spec: Arc<JobSpec>) {
        self.specs.push((submission, spec));
    }

    pub(crate) fn add_scope(&mut self, key: ScopeKey, id: i64) {
        self.scopes.push((key, id));
    }

    pub(crate) fn lane(&self, id: i64) -> Option<Lane> {
        self.lanes.iter().find(|lane| lane.id == id).cloned()
    }

    pub(crate) fn lane_like(&self, key: &LaneKey) -> Option<i64> {
        self.lanes.iter().find(|lane| lane.key == *key).map(|lane| lane.id)
    }

    pub(crate) fn spec(&self, submission: SubmissionId) -> Option<Arc<JobSpec>> {
        self.specs.iter().find(|(id, _)| *id == submission).map(|(_, spec)| spec.clone())
    }
}
