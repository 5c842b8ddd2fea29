//! Finding anything by what somebody has in hand: an id, a name or a part of one, a batch id, a node.

use crate::auth::Identity;
use crate::extract::Params;
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{JobId, Permission, PilotId, PilotSummary};
use std::collections::BTreeSet;
use store::JobFilter;
use wire::api::{FOUND_MAX, FindQuery, Found, Hit};

/// The most characters that are looked for.
const TEXT_MAX: usize = 200;

/// Jobs, pilots, queues, sites, regions, factories, labels and nodes. Ids, batch ids, nodes and names of jobs must be
/// whole, of other names a part is enough, whatever its case.
#[utoipa::path(get, path = "/pilotage/v1/find", tag = "service", params(FindQuery),
    responses((status = 200, body = Found), (status = "4XX", body = wire::api::Problem)))]
pub async fn find(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<FindQuery>,
) -> Result<Json<Found>, ApiError> {
    who.require(Permission::Read)?;
    let text = query.q.trim();
    if !(1..=TEXT_MAX).contains(&text.chars().count()) {
        let detail = format!("the parameter 'q' must have 1 to {TEXT_MAX} characters");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("q"));
    }
    let mut hits = by_id(&state, text).await?;
    hits.extend(by_name(&state, text).await?);
    hits.extend(of_pilots(&state, text).await?);
    let named = JobFilter { name: Some(text.to_owned()), ..JobFilter::default() };
    if !state.store.jobs(named, None, 1).await?.rows.is_empty() {
        hits.push(Hit::JobsNamed { name: text.to_owned() });
    }
    Ok(Json(Found { hits }))
}

async fn by_id(state: &AppState, text: &str) -> Result<Vec<Hit>, ApiError> {
    let mut hits = Vec::new();
    if let Ok(id) = text.parse::<JobId>()
        && let Some(job) = state.store.job(id).await?
    {
        hits.push(Hit::Job { id: id.0, name: job.summary.name });
    }
    if let Ok(id) = text.parse::<PilotId>() {
        hits.extend(state.store.pilot(id).await?.map(pilot));
    }
    Ok(hits)
}

/// By batch id and node.
async fn of_pilots(state: &AppState, text: &str) -> Result<Vec<Hit>, ApiError> {
    let rows = FOUND_MAX as u32;
    let mut hits = Vec::new();
    for id in state.store.pilots_by_batch_id(text.to_owned(), rows).await? {
        hits.extend(state.store.pilot(id).await?.map(pilot));
    }
    if !state.store.pilots_on_node(text.to_owned(), 1).await?.is_empty() {
        hits.push(Hit::Node { name: text.to_owned() });
    }
    Ok(hits)
}

fn pilot(pilot: PilotSummary) -> Hit {
    let PilotSummary { id, factory, label, batch_id, .. } = pilot;
    Hit::Pilot { id, factory, label, batch_id }
}

async fn by_name(state: &AppState, text: &str) -> Result<Vec<Hit>, ApiError> {
    let queues = state.store.queues().await?;
    let factories = state.aggregates.factories(&state.store).await?;
    let of_queues = |name: fn(&model::QueueRecord) -> &str| queues.iter().map(name).collect::<BTreeSet<&str>>();
    let mut hits = Vec::new();
    hits.extend(named(of_queues(|queue| &queue.name), text).map(|name| Hit::Queue { name }));
    hits.extend(named(of_queues(|queue| &queue.site), text).map(|name| Hit::Site { name }));
    hits.extend(named(of_queues(|queue| &queue.region), text).map(|name| Hit::Region { name }));
    let names = factories.iter().map(|factory| factory.name.as_str()).collect();
    hits.extend(named(names, text).map(|name| Hit::Factory { name }));
    for factory in factories.iter() {
        let names = factory.said.labels.iter().map(|label| label.name.as_str()).collect();
        let left = FOUND_MAX.saturating_sub(hits.iter().filter(|hit| matches!(hit, Hit::Label { .. })).count());
        let label = |name| Hit::Label { factory: factory.name.clone(), name };
        hits.extend(named(names, text).take(left).map(label));
    }
    Ok(hits)
}

/// The names that have the text in them, the shortest first: the text itself before all others.
fn named<'a>(names: BTreeSet<&'a str>, text: &str) -> impl Iterator<Item = String> + use<'a> {
    let text = text.to_lowercase();
    let mut found: Vec<&str> = names.into_iter().filter(|name| name.to_lowercase().contains(&text)).collect();
    found.sort_by_key(|name| name.len());
    found.into_iter().take(FOUND_MAX).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_enough_and_the_whole_comes_first() {
        let names = BTreeSet::from(["glasgow-long", "Glasgow", "lancs", ""]);
        assert_eq!(named(names.clone(), "GLASGOW").collect::<Vec<_>>(), ["Glasgow", "glasgow-long"]);
        assert_eq!(named(names, "x").count(), 0);
        let many: Vec<String> = (0..50).map(|i| format!("q{i}")).collect();
        assert_eq!(named(many.iter().map(String::as_str).collect(), "q").count(), FOUND_MAX);
    }
}
