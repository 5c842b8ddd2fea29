//! Calls of `/factories`.

use super::{Call, Client, Error};
use crate::api::*;

impl Client {
    /// A factory's heartbeat.
    pub async fn factory_heartbeat(&self, name: &str, heartbeat: &FactoryHeartbeat) -> Result<(), Error> {
        self.send(Call::put(&format!("/factories/{name}")).json(heartbeat)).await.map(drop)
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
