//! Orders: what people hold the labels of a factory to.

use super::{cursor, page_size};
use crate::auth::Identity;
use crate::events::OrderChanged;
use crate::extract::{Body, Params, Segments};
use crate::names::{Narrowed, takes_orders};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::order::tidy_reason;
use model::{Order, OrderEnd, OrderId, OrderScope, Permission, Role};
use std::time::Duration;
use store::OrderFilter;
use wire::api::{EndOrder, OrderPage, OrderQuery, OrderRequest};

/// The longest time that an order may be given for.
const UNTIL_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Pauses, drains or caps labels of a factory, which is told at once.
#[utoipa::path(post, path = "/pilotage/v1/orders", tag = "orders", request_body = OrderRequest,
    responses((status = 200, body = Order), (status = "4XX", body = wire::api::Problem)))]
pub async fn give(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<OrderRequest>,
) -> Result<Json<Order>, ApiError> {
    give_as(&state, &who, request).await.map(Json)
}

/// The same for whoever is known already.
pub async fn give_as(state: &AppState, who: &Identity, request: OrderRequest) -> Result<Order, ApiError> {
    who.require(Permission::OrderLabels)?;
    let OrderRequest { factory, scope, hold, reason, until } = request;
    known(state, &factory, &scope).await?;
    within_reach(state, who, &factory, &scope).await?;
    let factories = state.store.factories().await?;
    factories.iter().find(|one| one.name == factory).map_or(Ok(()), takes_orders)?;
    let (at, reason) = (now(), tidy_reason(&reason));
    if reason.is_empty() {
        return Err(ApiError::invalid("no-reason", "reason", "an order needs a reason: others will ask for it"));
    }
    if until.is_some_and(|until| until <= at || until > at + UNTIL_MAX) {
        return Err(ApiError::invalid("bad-value", "until", "'until' must lie ahead, by at most a year"));
    }
    let by = who.user.clone();
    let order = Order { id: OrderId(0), factory, scope, hold, by, at, reason, until, ended: None };
    let order = state.store.give_order(order).await?;
    OrderChanged { order: &order }.emit(&state.metrics);
    Ok(order)
}

/// Ends an order before its time.
#[utoipa::path(post, path = "/pilotage/v1/orders/{id}/end", tag = "orders", request_body = EndOrder,
    params(("id" = i64, Path)),
    responses((status = 200, body = Order), (status = "4XX", body = wire::api::Problem)))]
pub async fn end(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<OrderId>,
    Body(request): Body<EndOrder>,
) -> Result<Json<Order>, ApiError> {
    end_as(&state, &who, id, &request.reason).await.map(Json)
}

/// The same for whoever is known already.
pub async fn end_as(state: &AppState, who: &Identity, id: OrderId, reason: &str) -> Result<Order, ApiError> {
    who.require(Permission::OrderLabels)?;
    let unknown = || ApiError::missing("unknown-order", format!("there is no order {id}"));
    let order = state.store.order(id).await?.ok_or_else(unknown)?;
    within_reach(state, who, &order.factory, &order.scope).await?;
    let how = OrderEnd { by: who.user.clone(), at: now(), reason: tidy_reason(reason) };
    let order = state.store.end_order(id, how).await?;
    OrderChanged { order: &order }.emit(&state.metrics);
    Ok(order)
}

/// Orders in force, or all that are kept.
#[utoipa::path(get, path = "/pilotage/v1/orders", tag = "orders", params(OrderQuery),
    responses((status = 200, body = OrderPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<OrderQuery>,
) -> Result<Json<OrderPage>, ApiError> {
    who.require(Permission::Read)?;
    let (rows, below) = (page_size(query.limit)?, cursor(query.cursor.as_deref())?);
    let factory = query.factory;
    let (orders, next) = if query.in_force == Some(true) {
        (state.store.orders_in_force(factory.clone(), now()).await?, None)
    } else {
        let page = state.store.orders(OrderFilter { factory: factory.clone() }, below, rows).await?;
        (page.rows, page.next)
    };
    if orders.is_empty() {
        Narrowed { factory, ..Narrowed::default() }.check(&state).await?;
    }
    Ok(Json(OrderPage { orders, next: next.map(|id| id.to_string()) }))
}

/// Refuses a label that nobody has heard of, and one of another site for a site admin.
pub async fn check_label(state: &AppState, who: &Identity, factory: &str, label: &str) -> Result<(), ApiError> {
    let scope = OrderScope::Label(label.to_owned());
    known(state, factory, &scope).await?;
    within_reach(state, who, factory, &scope).await
}

/// Refuses a factory, label or queue that nobody has heard of.
async fn known(state: &AppState, factory: &str, scope: &OrderScope) -> Result<(), ApiError> {
    let (label, queue) = match scope {
        OrderScope::All => (None, None),
        OrderScope::Label(name) => (Some(name.clone()), None),
        OrderScope::Queue(name) => (None, Some(name.clone())),
    };
    Narrowed { factory: Some(factory.to_owned()), label, queue, ..Narrowed::default() }.check(state).await
}

/// A site admin reaches labels that serve queues of their sites.
async fn within_reach(state: &AppState, who: &Identity, factory: &str, scope: &OrderScope) -> Result<(), ApiError> {
    if who.role != Role::SiteAdmin {
        return Ok(());
    }
    let queue = match scope {
        OrderScope::All => None,
        OrderScope::Label(label) => queue_of(state, factory, label).await?,
        OrderScope::Queue(queue) => Some(queue.clone()),
    };
    let queue = match queue {
        Some(name) => state.store.queue(name).await?,
        None => None,
    };
    match queue {
        Some(queue) => who.require_site(&queue.site),
        None => {
            let detail = format!("'{}' is admin of sites, and {} is not of one site", who.user, scope.in_words());
            Err(ApiError::new(StatusCode::FORBIDDEN, "not-your-site", detail))
        }
    }
}

async fn queue_of(state: &AppState, factory: &str, label: &str) -> Result<Option<String>, ApiError> {
    let factories = state.store.factories().await?;
    let labels = factories.into_iter().filter(|one| one.name == factory).flat_map(|one| one.said.labels);
    Ok(labels.into_iter().find(|one| one.name == label).map(|one| one.queue))
}
