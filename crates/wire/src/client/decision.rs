//! Calls of `/decisions`.

use super::{Call, Client, Error};
use crate::api::*;

impl Client {
    /// Stores the decisions of a cycle.
    pub async fn report_decisions(&self, report: &DecisionReport) -> Result<(), Error> {
        self.send(Call::post("/decisions").json(report)).await.map(drop)
    }

    /// One page of decisions.
    pub async fn decisions(&self, query: &DecisionQuery) -> Result<DecisionPage, Error> {
        self.send(Call::get("/decisions").query(query)).await?.json()
    }
}
