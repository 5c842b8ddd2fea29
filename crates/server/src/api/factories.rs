//! Factories: heartbeat, announcing pilots, what batch systems say.

use super::committed;
use crate::auth::{Identity, token_hash};
use crate::events::PilotsAnnounced;
use crate::extract::{Body, Params, SUBMIT_BODY_MAX, Segments};
use crate::names::unknown_queue;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::factory::PANDA;
use model::queue::check_name;
use model::{FactoryHeartbeat, FactorySummary, Permission, PilotState};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Announcement;
use wire::api::{
    ANNOUNCE_MAX, AnnounceRequest, Announced, BatchReport, FACTORY_TAKEN, FactoryList, FactoryPilots, FactoryQuery,
    LabelPilots,
};
use wire::credential::random_bytes;

/// The most updates of one batch report.
const UPDATES_MAX: usize = 20_000;

/// All factories, those of other software unless they are idle.
#[utoipa::path(get, path = "/pilotage/v1/factories", tag = "factories", params(FactoryQuery),
    responses((status = 200, body = FactoryList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<FactoryQuery>,
) -> Result<Json<FactoryList>, ApiError> {
    let factories = shown(&state, &who, query).await?;
    Ok(Json(FactoryList { factories: factories.into_iter().map(Arc::unwrap_or_clone).collect() }))
}

/// The same, shared with everybody who looks.
pub async fn shown(
    state: &AppState,
    who: &Identity,
    query: FactoryQuery,
) -> Result<Vec<Arc<FactorySummary>>, ApiError> {
    who.require(Permission::Read)?;
    let now = now();
    let all = state.aggregates.factories(&state.store).await?;
    let shown = all.iter().filter_map(|factory| match &factory.reported {
        Some(_) if query.idle != Some(true) => FactorySummary::clone(factory).without_idle(now).map(Arc::new),
        _ => Some(factory.clone()),
    });
    Ok(shown.collect())
}

/// All pilots that a factory's labels ever had, from counters. Empty for a factory that never had one.
#[utoipa::path(get, path = "/pilotage/v1/factories/{name}/pilots", tag = "factories", params(("name" = String, Path)),
    responses((status = 200, body = FactoryPilots), (status = "4XX", body = wire::api::Problem)))]
pub async fn pilots(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
) -> Result<Json<FactoryPilots>, ApiError> {
    who.require(Permission::Read)?;
    let mut labels: BTreeMap<(String, String), BTreeMap<PilotState, u64>> = BTreeMap::new();
    let kept = state.store.pilot_counts().await?.into_iter().filter(|count| count.factory == name);
    for count in kept.chain(state.store.forgotten_pilots(name.clone()).await?) {
        *labels.entry((count.label, count.queue)).or_default().entry(count.state).or_default() += count.pilots;
    }
    let labels = labels.into_iter().map(|((label, queue), pilots)| LabelPilots { label, queue, pilots }).collect();
    Ok(Json(FactoryPilots { labels }))
}

/// A factory's heartbeat. Thousands of labels take more than a MiB.
#[utoipa::path(put, path = "/pilotage/v1/factories/{name}", tag = "factories", request_body = FactoryHeartbeat,
    params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn heartbeat(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Body(said): Body<FactoryHeartbeat, SUBMIT_BODY_MAX>,
) -> Result<StatusCode, ApiError> {
    who.require_factory(&name)?;
    check_name(&name)?;
    not_panda(&name)?;
    match committed(&state, state.store.factory_says(name, said, now())).await? {
        None => Ok(StatusCode::NO_CONTENT),
        Some(other) => Err(taken(&other)),
    }
}

/// The name of the factory that nobody runs is not to be had.
fn not_panda(name: &str) -> Result<(), ApiError> {
    if name == PANDA {
        let detail = "'panda' is the factory of pilots that come by PanDA's interface; call this one otherwise";
        return Err(ApiError::conflict(FACTORY_TAKEN, detail));
    }
    Ok(())
}

fn taken(by: &FactorySummary) -> ApiError {
    let age_s = now().since(by.last_heard).as_secs();
    ApiError::conflict(
        FACTORY_TAKEN,
        format!(
            "factory '{}' is process {} on {}, heard {age_s} s ago; stop it, or give this one another name",
            by.name, by.said.pid, by.said.host
        ),
    )
}

/// Announces pilots before they are submitted; the answer has their ids and secrets.
#[utoipa::path(post, path = "/pilotage/v1/pilots/announce", tag = "pilots", request_body = AnnounceRequest,
    responses((status = 200, body = Announced), (status = "4XX", body = wire::api::Problem)))]
pub async fn announce(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<AnnounceRequest>,
) -> Result<Json<Announced>, ApiError> {
    who.require_factory(&request.factory)?;
    check_announcement(&state, &request).await?;
    let mut secrets = Vec::with_capacity(request.count as usize);
    for _ in 0..request.count {
        secrets.push(hex::encode(random_bytes::<32>()?));
    }
    let (factory, label, count) = (request.factory.clone(), request.label.clone(), request.count);
    let announcement = Announcement {
        factory: request.factory,
        label: request.label,
        queue: request.queue,
        batch: request.batch,
        test: request.test,
        secret_hashes: secrets.iter().map(|secret| token_hash(secret)).collect(),
        now: now(),
    };
    let first = committed(&state, state.store.announce(announcement)).await?;
    PilotsAnnounced { factory: &factory, label: &label, first, count }.emit(&state.metrics);
    Ok(Json(Announced { first, secrets }))
}

async fn check_announcement(state: &AppState, request: &AnnounceRequest) -> Result<(), ApiError> {
    not_panda(&request.factory)?;
    let names = [("factory", &request.factory), ("label", &request.label), ("batch", &request.batch)];
    for (field, name) in names {
        check_name(name).map_err(|error| ApiError::invalid("bad-name", field, error.to_string()))?;
    }
    if !(1..=ANNOUNCE_MAX).contains(&request.count) {
        let detail = format!("'count' is {}; it must be between 1 and {ANNOUNCE_MAX}", request.count);
        return Err(ApiError::invalid("bad-value", "count", detail));
    }
    if request.test.is_some() && request.count != 1 {
        return Err(ApiError::invalid("bad-value", "count", "a test sends one pilot"));
    }
    if state.store.queue(request.queue.clone()).await?.is_none() {
        let all = state.store.queues().await?;
        return Err(unknown_queue(&request.queue, all.iter().map(|queue| queue.name.as_str())));
    }
    Ok(())
}

/// What a batch system says about a factory's pilots. Updates that make no sense are logged and left out.
#[utoipa::path(post, path = "/pilotage/v1/pilots/batch", tag = "pilots", request_body = BatchReport,
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn batch(
    State(state): State<AppState>,
    who: Identity,
    Body(report): Body<BatchReport, SUBMIT_BODY_MAX>,
) -> Result<StatusCode, ApiError> {
    who.require_factory(&report.factory)?;
    if report.updates.len() > UPDATES_MAX {
        let detail = format!("{} updates in one call, at most {UPDATES_MAX} are accepted", report.updates.len());
        return Err(ApiError::invalid("too-many", "updates", detail));
    }
    let factory = report.factory.clone();
    for refusal in committed(&state, state.store.batch_updates(report.factory, report.updates, now())).await? {
        tracing::info!(factory, pilot = refusal.pilot.0, reason = refusal.reason, "batch update refused");
    }
    Ok(StatusCode::NO_CONTENT)
}
