//! Calls of `/orders`.

use super::{Call, Client, Error};
use crate::api::*;
use model::{Order, OrderId};

impl Client {
    /// Holds labels of a factory to something.
    pub async fn give_order(&self, request: &OrderRequest) -> Result<Order, Error> {
        self.send(Call::post("/orders").json(request)).await?.json()
    }

    /// Ends an order.
    pub async fn end_order(&self, id: OrderId, request: &EndOrder) -> Result<Order, Error> {
        self.send(Call::post(&format!("/orders/{id}/end")).json(request)).await?.json()
    }

    /// Orders, newest first.
    pub async fn orders(&self, query: &OrderQuery) -> Result<OrderPage, Error> {
        self.send(Call::get("/orders").query(query)).await?.json()
    }
}
