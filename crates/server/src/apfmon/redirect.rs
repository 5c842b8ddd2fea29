//! Addresses of the old monitor's pages lead to ours.

use super::Face;
use super::answer::Answered;
use super::place::{Page, Place};
use crate::pages;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method, header};
use model::FactorySummary;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Our page for one of the old monitor; none for what is no page, and for programs that want the report.
pub(super) fn page(place: &Place, headers: &HeaderMap) -> Option<String> {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Some(match place {
        Place::Page(Page::Queue(name)) => format!("/queues/{}", encoded(name)),
        Place::Page(Page::Site(name)) => format!("/sites/{}", encoded(name)),
        Place::Page(Page::Region(name)) => format!("/regions/{}", encoded(name)),
        Place::Page(Page::Search(text)) => format!("/search?q={}", encoded(text)),
        Place::Report if !accepts.contains("application/json") => "/alarms".to_owned(),
        _ => return None,
    })
}

/// `/FACTORY`, `/FACTORY/LABEL` and `/FACTORY/CID` of a factory of other software; everything else is not there.
pub(super) async fn or_missing(face: Face, request: Request) -> Response {
    if request.method() == Method::GET
        && let Some(to) = page_of(&face, request.uri().path()).await
    {
        return Answered::redirect(to).into_response();
    }
    pages::missing(&face.state, request).await
}

async fn page_of(face: &Face, path: &str) -> Option<String> {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let (factory, thing) = match parts.as_slice() {
        [factory] => (factory, None),
        [factory, thing] => (factory, Some(thing)),
        _ => return None,
    };
    let factories = face.state.store.factories().await.ok()?;
    let known = factories.iter().find(|known| known.name == *factory && known.reported.is_some())?;
    let Some(thing) = thing else { return Some(format!("/factories/{}", encoded(factory))) };
    if has_label(known, thing) {
        return Some(format!("/factories/{}/labels/{}", encoded(factory), encoded(thing)));
    }
    let pilot = face.state.store.pilot_by_batch_id(factory.clone(), thing.clone()).await.ok()??;
    Some(format!("/pilots/{pilot}"))
}

fn has_label(factory: &FactorySummary, name: &str) -> bool {
    factory.said.labels.iter().any(|label| label.name == name)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
