//! Calls of `/factories`.

use super::{Call, Client, Error};
use crate::api::*;

impl Client {
    /// A factory's heartbeat.
    pub async fn factory_heartbeat(&self, name: &str, heartbeat: &FactoryHeartbeat) -> Result<(), Error> {
        self.send(Call::put(&format!("/factories/{name}")).json(heartbeat)).await.map(drop)
    }

    /// What a factory's configuration consists of; the answer names what the server does not know yet.
    pub async fn outline_configuration(
        &self,
        name: &str,
        outline: &ConfigurationOutline,
    ) -> Result<WantedSections, Error> {
        self.send(Call::put(&format!("/factories/{name}/configuration")).json(outline)).await?.json()
    }

    /// Sections of a factory's configuration.
    pub async fn tell_sections(&self, name: &str, sections: &ConfigurationSections) -> Result<(), Error> {
        self.send(Call::put(&format!("/factories/{name}/configuration/sections")).json(sections)).await.map(drop)
    }

    /// The configuration of a factory or of one of its labels, with what changed in it.
    pub async fn configuration(&self, name: &str, query: &ConfigurationQuery) -> Result<Configuration, Error> {
        self.send(Call::get(&format!("/factories/{name}/configuration")).query(query)).await?.json()
    }

    /// Factories.
    pub async fn factories(&self, query: &FactoryQuery) -> Result<FactoryList, Error> {
        self.send(Call::get("/factories").query(query)).await?.json()
    }

    /// All pilots that a factory's labels ever had, counted.
    pub async fn factory_pilots(&self, name: &str) -> Result<FactoryPilots, Error> {
        self.send(Call::get(&format!("/factories/{name}/pilots"))).await?.json()
    }

    /// How labels and their pilots are doing.
    pub async fn labels(&self, query: &LabelQuery) -> Result<LabelList, Error> {
        self.send(Call::get("/labels").query(query)).await?.json()
    }

    /// Commands for a factory; waits for one.
    pub async fn factory_commands(&self, name: &str, wait_s: u32) -> Result<CommandList, Error> {
        let call = Call::get(&format!("/factories/{name}/commands")).query(&CommandPoll { wait_s });
        self.send(call.waiting(wait_s)).await?.json()
    }
}
