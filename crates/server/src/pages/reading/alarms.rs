//! Alarms and silences, and what is done about them.

use super::{Read, Reader};
use crate::api::{alarms, silences};
use crate::extract::{Body, Params, Segments};
use axum::extract::State;
use model::alarm::{Alarm, Silence};
use model::{AlarmId, Permission, SilenceId};
use std::sync::Arc;
use wire::api::{AlarmDetail, AlarmPage, AlarmQuery, AlarmText, AlarmView, SilenceRequest};

impl Reader<'_> {
    /// Open alarms, or a page of those that are over.
    pub async fn alarms(&self, query: AlarmQuery) -> Read<AlarmPage> {
        self.told(alarms::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// All open alarms, the worst first.
    pub async fn open_alarms(&self) -> Read<Arc<Vec<AlarmView>>> {
        self.asked.identity.require(Permission::Read).map_err(|error| self.fail(error))?;
        self.state.attention.open(self.state).await.map_err(|error| self.fail(error))
    }

    /// One alarm.
    pub async fn alarm(&self, id: AlarmId) -> Read<AlarmDetail> {
        self.told(alarms::show(State(self.state.clone()), self.asked.identity.clone(), Segments(id)).await)
    }

    /// Silences in force.
    pub async fn silences(&self) -> Read<Vec<Silence>> {
        let list = self.told(silences::list(State(self.state.clone()), self.asked.identity.clone()).await)?;
        Ok(list.silences)
    }

    /// Whether the viewer may look after the alarm.
    pub fn may_manage_alarm(&self, alarm: &Alarm) -> bool {
        let who = &self.asked.identity;
        who.require(Permission::ManageAlarms).and_then(|()| who.require_site(&alarm.subject.site)).is_ok()
    }

    /// Says that the viewer looks after an alarm.
    pub async fn acknowledge_alarm(&self, id: AlarmId, text: String) -> Read<()> {
        let (state, who) = (State(self.state.clone()), self.asked.identity.clone());
        let done = alarms::acknowledge(state, who, Segments(id), Body(AlarmText { text })).await;
        done.map(drop).map_err(|error| self.fail(error))
    }

    /// Writes a comment to an alarm's history.
    pub async fn comment_alarm(&self, id: AlarmId, text: String) -> Read<()> {
        let (state, who) = (State(self.state.clone()), self.asked.identity.clone());
        let done = alarms::comment(state, who, Segments(id), Body(AlarmText { text })).await;
        done.map(drop).map_err(|error| self.fail(error))
    }

    /// Silences an alarm.
    pub async fn silence(&self, request: SilenceRequest) -> Read<()> {
        let who = self.asked.identity.clone();
        self.told(silences::create(State(self.state.clone()), who, Body(request)).await).map(drop)
    }

    /// Ends a silence.
    pub async fn end_silence(&self, id: SilenceId) -> Read<()> {
        let who = self.asked.identity.clone();
        let done = silences::end(State(self.state.clone()), who, Segments(id)).await;
        done.map(drop).map_err(|error| self.fail(error))
    }
}
