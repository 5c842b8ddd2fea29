//! Calls of `/alarms` and `/silences`.

use super::{Call, Client, Error};
use crate::api::{AlarmDetail, AlarmPage, AlarmQuery, AlarmText, SilenceList, SilenceRequest, silence_path};
use http::Method;
use model::alarm::Silence;
use model::{AlarmId, SilenceId};

impl Client {
    /// Alarms that are open, or a page of those that are over.
    pub async fn alarms(&self, query: &AlarmQuery) -> Result<AlarmPage, Error> {
        self.send(Call::get("/alarms").query(query)).await?.json()
    }

    /// One alarm with its history.
    pub async fn alarm(&self, id: AlarmId) -> Result<AlarmDetail, Error> {
        self.send(Call::get(&format!("/alarms/{id}"))).await?.json()
    }

    /// Says that the caller looks after an alarm.
    pub async fn acknowledge_alarm(&self, id: AlarmId, text: &str) -> Result<(), Error> {
        self.alarm_text(id, "acknowledge", text).await
    }

    /// Writes a comment to an alarm's history.
    pub async fn comment_alarm(&self, id: AlarmId, text: &str) -> Result<(), Error> {
        self.alarm_text(id, "comment", text).await
    }

    async fn alarm_text(&self, id: AlarmId, verb: &str, text: &str) -> Result<(), Error> {
        let text = AlarmText { text: text.to_owned() };
        self.send(Call::post(&format!("/alarms/{id}/{verb}")).json(&text)).await.map(drop)
    }

    /// Silences in force.
    pub async fn silences(&self) -> Result<SilenceList, Error> {
        self.send(Call::get("/silences")).await?.json()
    }

    /// Silences alarms.
    pub async fn silence(&self, request: &SilenceRequest) -> Result<Silence, Error> {
        self.send(Call::post("/silences").json(request)).await?.json()
    }

    /// Ends a silence.
    pub async fn end_silence(&self, id: SilenceId) -> Result<(), Error> {
        self.send(Call::new(Method::DELETE, &silence_path(id))).await.map(drop)
    }
}
