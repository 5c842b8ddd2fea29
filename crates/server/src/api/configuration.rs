//! What factories tell of their configuration, and what changed in it.

use super::committed;
use crate::auth::Identity;
use crate::extract::{Body, Params, SUBMIT_BODY_MAX, Segments};
use crate::names::Narrowed;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::configuration::{CAUSE_MAX, KEY_MAX, SECTIONS_MAX, cut};
use model::queue::check_name;
use model::{ConfigSection, Configuration, Permission};
use wire::api::{
    ConfigurationOutline, ConfigurationQuery, ConfigurationSections, NO_CONFIGURATION, SECTIONS_PER_CALL_MAX,
    WantedSections,
};

/// Changes of an answer when the caller does not say.
pub const CHANGES_DEFAULT: u32 = 50;
/// The most changes of an answer.
const CHANGES_MAX: u32 = 1000;

/// Takes note of what a factory's configuration consists of, and says what of it is to be told.
#[utoipa::path(put, path = "/pilotage/v1/factories/{name}/configuration", tag = "factories",
    request_body = ConfigurationOutline, params(("name" = String, Path)),
    responses((status = 200, body = WantedSections), (status = "4XX", body = wire::api::Problem)))]
pub async fn outline(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Body(outline): Body<ConfigurationOutline, SUBMIT_BODY_MAX>,
) -> Result<Json<WantedSections>, ApiError> {
    who.require_factory(&name)?;
    check_name(&name)?;
    at_most("sections", outline.sections.len(), SECTIONS_MAX)?;
    let ConfigurationOutline { digest, mut cause, sections, left_out } = outline;
    let digests = sections.values().chain([&digest]);
    if let Some(long) = sections.keys().chain(digests).find(|text| text.chars().count() > KEY_MAX) {
        let detail = format!("a name or a digest has {} characters, at most {KEY_MAX} fit", long.chars().count());
        return Err(ApiError::invalid("too-long", "sections", detail));
    }
    cut(&mut cause, CAUSE_MAX);
    let outline = store::ConfigurationOutline { digest, cause, sections, left_out };
    let wanted = committed(&state, state.store.outline_configuration(name, outline, now())).await?;
    Ok(Json(WantedSections { wanted }))
}

/// Takes the text of sections that the server wants.
#[utoipa::path(put, path = "/pilotage/v1/factories/{name}/configuration/sections", tag = "factories",
    request_body = ConfigurationSections, params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn sections(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Body(told): Body<ConfigurationSections, SUBMIT_BODY_MAX>,
) -> Result<StatusCode, ApiError> {
    who.require_factory(&name)?;
    at_most("sections", told.sections.len(), SECTIONS_PER_CALL_MAX)?;
    let sections = told.sections.into_iter().map(ConfigSection::capped).collect();
    committed(&state, state.store.tell_sections(name, told.digest, sections, told.last)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The configuration of a factory or of one of its labels, with what changed in it. Secrets never leave a factory.
#[utoipa::path(get, path = "/pilotage/v1/factories/{name}/configuration", tag = "factories",
    params(("name" = String, Path), ConfigurationQuery),
    responses((status = 200, body = Configuration), (status = "4XX", body = wire::api::Problem)))]
pub async fn show(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Params(query): Params<ConfigurationQuery>,
) -> Result<Json<Configuration>, ApiError> {
    who.require(Permission::Read)?;
    let ConfigurationQuery { label, limit } = query;
    let limit = limit.unwrap_or(CHANGES_DEFAULT).clamp(1, CHANGES_MAX);
    let found = state.store.configuration(name.clone(), label.clone(), limit).await?;
    let is_empty = |found: &Configuration| found.sections.is_empty() && found.changes.is_empty();
    if found.as_ref().is_none_or(is_empty) {
        let (factory, queue) = (Some(name.clone()), None);
        Narrowed { factory, label, queue, ..Narrowed::default() }.check(&state).await?;
    }
    let untold = format!("factory {name} has not told its configuration");
    found.map(Json).ok_or_else(|| ApiError::missing(NO_CONFIGURATION, untold))
}

fn at_most(field: &str, given: usize, most: usize) -> Result<(), ApiError> {
    if given > most {
        let detail = format!("{given} {field} in one call, at most {most} are accepted");
        return Err(ApiError::invalid("too-many", field, detail));
    }
    Ok(())
}
