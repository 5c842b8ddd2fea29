//! The APFmon face: what AutoPyFactory, wrappers, Harvester and factory hosts of all eras call to report pilots.
//!
//! What they report are factories, labels and pilots like ours; see `store::reported`. Nobody who calls reads the answer, and
//! many drop what is refused, so everything that can be understood is taken: no content type is looked at, what is missing
//! is left out, what is unknown is made, what comes twice or late is written down.

mod access;
mod answer;
mod body;
mod chain;
mod config;
mod factories;
mod jobs;
mod kit;
mod labels;
mod lists;
mod place;
mod query;
mod redirect;
mod report;
mod udp;

pub use config::{Access, Apfmon, StaleRules};

use crate::AppState;
use crate::extract::read_body;
use answer::{Answer, Answered, refused};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use body::Fields;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode};
use place::Place;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// The most bytes of a body.
const BODY_MAX: usize = 8 << 20;

/// What the calls share.
#[derive(Clone)]
struct Face {
    state: AppState,
    config: Arc<Apfmon>,
}

/// One call, understood as far as all calls are alike.
struct Call {
    face: Face,
    parts: Parts,
    body: Bytes,
    /// Where it comes from.
    caller: access::Caller,
}

/// All paths of the face, to be merged into the server's router when the configuration asks for them. Datagrams are listened
/// to in `tasks` until the server stops.
pub fn router(state: &AppState, config: &Arc<Apfmon>, tasks: &TaskTracker) -> Router<AppState> {
    let face = Face { state: state.clone(), config: config.clone() };
    tasks.spawn(udp::listen(face.clone()));
    place::ROUTES.iter().fold(Router::new(), |router, path| router.route(path, any(call))).with_state(face)
}

/// What has no other address: pages of the old monitor, and all that is not there.
pub async fn elsewhere(state: AppState, config: Arc<Apfmon>, request: Request) -> Response {
    redirect::or_missing(Face { state, config }, request).await
}

/// Any call.
async fn call(State(face): State<Face>, request: Request) -> Response {
    let (parts, content) = request.into_parts();
    let Some(place) = Place::of(parts.uri.path()) else {
        return answer::text(StatusCode::NOT_FOUND, format!("there is nothing at {}", parts.uri.path()));
    };
    // A page needs no right to lead to another one, which asks for it.
    if let Some(to) = redirect::page(&place, &parts.headers) {
        return Answered::redirect(to).into_response();
    }
    let caller = match access::check(&parts, &face).await {
        Ok(caller) => caller,
        Err(error) => return answer::text(error.status, error.detail),
    };
    let (body, _held) = match read_body(content, BODY_MAX).await {
        Ok(read) => read,
        Err(error) => return answer::text(error.status, error.detail),
    };
    let call = Call { face, parts, body, caller };
    match respond(place, &call).await {
        Ok(answer) => answer.into_response(),
        Err(error) => refused(&call.parts.method, &error),
    }
}

async fn respond(place: Place, call: &Call) -> Answer {
    match place {
        Place::Factories => factories::list(call).await,
        Place::Factory(name) => factories::one(call, name).await,
        Place::Labels => labels::all(call).await,
        Place::Label(factory, label) => labels::one(call, factory, label).await,
        Place::Jobs => jobs::all(call).await,
        Place::Job(factory, batch_id) => jobs::one(call, factory, batch_id).await,
        Place::Query(word, rest) => query::call(call, word, &rest).await,
        Place::KitQueues => kit::queues(call).await,
        Place::KitUpdate => kit::update(call).await,
        Place::Report | Place::Page(_) => report::show(call).await,
    }
}

impl Call {
    fn is(&self, method: &Method) -> bool {
        self.parts.method == *method
    }

    /// Parameters of the URL and of the body; the body wins.
    fn fields(&self) -> Result<Fields, body::Undecodable> {
        body::fields(self.parts.uri.query(), &self.body)
    }

    /// Who claims something about pilots.
    fn claimant(&self) -> store::Claimant {
        let (source, address) = (model::pilot::Source::Apfmon, self.caller.address.clone());
        store::Claimant { source, address, now: crate::now() }
    }
}
