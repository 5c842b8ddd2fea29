//! What pages read of counts: history, ends, errors, time of cores, nodes; and what is found by name.

use super::super::activity;
use super::super::label_pilots::LabelPilots;
use super::{Read, Reader};
use crate::ApiError;
use crate::api::{core_time, find, history, nodes, pilot_ends, pilot_errors};
use crate::extract::Params;
use axum::extract::State;
use model::{EndedPilots, NodeCounts, PilotFlow, Time};
use std::sync::Arc;
use store::{FactoryFlow, HistoryOf, LabelFlow};
use wire::api::{
    CoreTimeHistory, EndsQuery, ErrorHistory, FindQuery, HistoryQuery, Hit, LabelCoreTime, NodeList, NodeQuery,
    PilotErrors, PilotHistory,
};

impl Reader<'_> {
    /// What happened to pilots, and how many there were.
    pub async fn history(&self, query: HistoryQuery) -> Result<PilotHistory, ApiError> {
        let told = history::read(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await?;
        Ok(told.0)
    }

    /// What happened to the pilots of a label in the last hour, day and week.
    pub async fn recent(&self, factory: &str, label: &str) -> Read<Vec<(&'static str, PilotFlow)>> {
        let of = HistoryOf::Label { factory: factory.to_owned(), label: label.to_owned() };
        history::recent(self.state, &of, self.asked.now).await.map_err(|error| self.fail(error))
    }

    /// What happened to the pilots of each label in the last hours, to ten minutes.
    pub async fn flows(&self, hours: u64) -> Read<Arc<Vec<LabelFlow>>> {
        self.stored(self.state.aggregates.flows(&self.state.store, hours, self.asked.now).await)
    }

    /// What happened to the pilots of each factory by the hour, in the last day.
    pub async fn activity(&self) -> Read<Arc<Vec<FactoryFlow>>> {
        let hours = activity::HOURS as u64;
        self.stored(self.state.aggregates.activity(&self.state.store, hours, self.asked.now).await)
    }

    /// Pilots of every label: how many there are, and how they ended in the last hour.
    pub async fn label_pilots(&self) -> Read<LabelPilots> {
        Ok(LabelPilots { counts: self.all_counts().await?, last_hour: self.flows(1).await? })
    }

    /// How pilots ended in the last day.
    pub async fn ends(&self, query: EndsQuery) -> Read<Vec<EndedPilots>> {
        let ends = pilot_ends::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await;
        Ok(self.told(ends)?.ends)
    }

    /// Pilots in fault by class, and what their messages have in common.
    pub async fn errors(&self, query: EndsQuery) -> Read<PilotErrors> {
        self.told(pilot_errors::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// When pilots ended in fault, by class.
    pub async fn error_history(&self, query: EndsQuery) -> Read<ErrorHistory> {
        self.told(pilot_errors::history(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// What the cores of ended pilots were used for, by label.
    pub async fn core_time(&self, query: EndsQuery) -> Read<Vec<LabelCoreTime>> {
        let answer = core_time::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await;
        Ok(self.told(answer)?.labels)
    }

    /// What they were used for by when their pilots ended.
    pub async fn core_time_history(&self, query: EndsQuery) -> Read<CoreTimeHistory> {
        self.told(core_time::history(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// Worker nodes.
    pub async fn nodes(&self, query: NodeQuery) -> Read<NodeList> {
        self.told(nodes::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// What happened on a node to pilots of a queue, by hours since 1970.
    pub async fn node_hours(&self, queue: &str, node: &str, since: Time) -> Read<Vec<(i64, NodeCounts)>> {
        self.stored(self.state.store.node_hours(queue.to_owned(), node.to_owned(), since, self.asked.now).await)
    }

    /// What has this text as its id, its name or a part of one.
    pub async fn find(&self, q: String) -> Read<Vec<Hit>> {
        let query = Params(FindQuery { q });
        let found = find::find(State(self.state.clone()), self.asked.identity.clone(), query).await;
        Ok(self.told(found)?.hits)
    }
}
