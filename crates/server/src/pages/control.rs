//! What holds labels back, and the forms by which whoever may changes it: on the page of a factory and of a label.

use super::frame::{self, Answer, Asked, Frame};
use super::link;
use super::problem::PageError;
use super::reading::Reader;
use crate::api::{commands, orders};
use crate::extract::Body;
use crate::{ApiError, AppState};
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use model::{Hold, LabelInfo, Order, OrderId, OrderScope, Permission, Target, Time, Verb, orders_on};
use serde::Deserialize;
use std::time::Duration;
use wire::api::{CommandRequest, OrderRequest};

/// For how long an order may be given on a page: hours, and the words for them. 0 is until somebody ends it.
const LASTING: [(u64, &str); 6] =
    [(0, "until somebody ends it"), (1, "1 hour"), (4, "4 hours"), (24, "a day"), (72, "3 days"), (168, "a week")];

/// The orders that are told on a page, and what may be done there.
pub struct Control {
    /// Orders in force, the strictest first.
    pub orders: Vec<Order>,
    /// Where the forms go: the address of the page.
    pub place: String,
    /// What they are about, such as `label x`.
    pub what: String,
    /// Whoever looks may pause, drain and cap.
    pub may_order: bool,
    /// Also for a whole factory.
    may_end_all: bool,
    /// Whoever looks may send a test pilot.
    pub may_test: bool,
    /// Whoever looks may have a cycle run and the factory end.
    pub may_command: bool,
}

impl Control {
    /// Of a factory.
    pub fn of_factory(frame: &Frame, factory: &str, orders: Vec<Order>) -> Control {
        let (place, what) = (link::factory(factory), format!("all labels of factory {factory}"));
        let may_command = frame.identity.as_ref().is_some_and(|who| who.role.may(Permission::CommandFactories));
        // A site admin orders what is of their sites, label by label.
        Control { orders, place, what, may_order: may_command, may_end_all: may_command, may_test: false, may_command }
    }

    /// Of a label whose queue is at `site`.
    pub fn of_label(frame: &Frame, factory: &str, label: &str, site: &str, orders: Vec<Order>) -> Control {
        let (place, what) = (link::label(factory, label), format!("label {label}"));
        let who = frame.identity.as_ref();
        let may =
            |permission| who.is_some_and(|who| who.require(permission).and_then(|()| who.require_site(site)).is_ok());
        let (may_order, may_test) = (may(Permission::OrderLabels), may(Permission::TestLabels));
        let may_end_all = may(Permission::CommandFactories);
        Control { orders, place, what, may_order, may_end_all, may_test, may_command: false }
    }

    /// The same without anything to do: other software takes no orders.
    #[must_use]
    pub fn without_actions(self) -> Control {
        Control { may_order: false, may_end_all: false, may_test: false, may_command: false, ..self }
    }

    /// Hours that an order may be given for, and their words.
    pub fn lasting(&self) -> [(u64, &'static str); 6] {
        LASTING
    }

    /// Whether whoever looks may end an order; one on a whole factory is for those who command it.
    pub fn may_end(&self, order: &Order) -> bool {
        self.may_order && (self.may_end_all || order.scope != OrderScope::All)
    }

    /// Whether there is anything to do for whoever looks.
    pub fn may_any(&self) -> bool {
        self.may_order || self.may_test || self.may_command
    }
}

/// The form that holds labels back.
#[derive(Deserialize)]
pub struct HoldForm {
    hold: String,
    /// Only for a cap.
    #[serde(default)]
    pilots: String,
    reason: String,
    #[serde(default)]
    hours: u64,
}

impl HoldForm {
    fn hold(&self) -> Result<Hold, ApiError> {
        match self.hold.as_str() {
            "pause" => Ok(Hold::Pause),
            "drain" => Ok(Hold::Drain),
            "cap" => self
                .pilots
                .trim()
                .parse()
                .map(Hold::Cap)
                .map_err(|_| ApiError::invalid("bad-value", "pilots", "a cap needs a whole number of pilots")),
            _ => Err(ApiError::invalid("bad-value", "hold", "labels can be paused, drained and capped")),
        }
    }

    fn until(&self, now: Time) -> Option<Time> {
        (self.hours > 0).then(|| now + Duration::from_secs(self.hours.min(24 * 366) * 3600))
    }
}

/// The form that ends an order.
#[derive(Deserialize)]
pub struct EndForm {
    #[serde(default)]
    reason: String,
}

/// `POST /factories/{name}/orders`.
pub async fn hold_factory(
    State(state): State<AppState>,
    asked: Asked,
    Path(factory): Path<String>,
    Form(form): Form<HoldForm>,
) -> Answer {
    give(&state, &asked, factory, OrderScope::All, &form).await
}

/// `POST /factories/{name}/labels/{label}/orders`.
pub async fn hold_label(
    State(state): State<AppState>,
    asked: Asked,
    Path((factory, label)): Path<(String, String)>,
    Form(form): Form<HoldForm>,
) -> Answer {
    give(&state, &asked, factory, OrderScope::Label(label), &form).await
}

async fn give(state: &AppState, asked: &Asked, factory: String, scope: OrderScope, form: &HoldForm) -> Answer {
    let read = Reader::new(state, asked);
    let hold = form.hold().map_err(|error| read.fail(error))?;
    let (reason, until) = (form.reason.clone(), form.until(asked.now));
    let request = OrderRequest { factory, scope, hold, reason, until };
    let order = orders::give_as(state, &asked.identity, request).await.map_err(|error| read.fail(error))?;
    Ok(Redirect::to(&page_of(&order)).into_response())
}

/// `POST /orders/{id}/end`.
pub async fn end(
    State(state): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
    Form(form): Form<EndForm>,
) -> Answer {
    let id: OrderId = frame::id_of("order", &id, &asked)?;
    let ended = orders::end_as(&state, &asked.identity, id, &form.reason).await;
    let order = ended.map_err(|error| PageError::for_asked(error, &asked))?;
    Ok(Redirect::to(&page_of(&order)).into_response())
}

/// What a label is that orders hold, such as `paused`; nothing without any.
pub fn held(orders: &[Order], factory: &str, label: &LabelInfo, now: Time) -> Option<String> {
    Some(orders_on(orders, factory, &label.name, &label.queue, now).first()?.hold.participle())
}

/// Where an order is told.
pub fn page_of(order: &Order) -> String {
    match &order.scope {
        OrderScope::Label(label) => link::label(&order.factory, label),
        OrderScope::All | OrderScope::Queue(_) => link::factory(&order.factory),
    }
}

/// `POST /factories/{name}/labels/{label}/test`.
pub async fn test(
    State(state): State<AppState>,
    asked: Asked,
    Path((factory, label)): Path<(String, String)>,
) -> Answer {
    let page = format!("{}#h-tests", link::label(&factory, &label));
    command(&state, &asked, factory, Verb::Test, vec![label], &page).await
}

/// `POST /factories/{name}/cycle`.
pub async fn cycle(State(state): State<AppState>, asked: Asked, Path(factory): Path<String>) -> Answer {
    let page = link::factory(&factory);
    command(&state, &asked, factory, Verb::Cycle, Vec::new(), &page).await
}

/// `POST /factories/{name}/stop`.
pub async fn stop(State(state): State<AppState>, asked: Asked, Path(factory): Path<String>) -> Answer {
    let page = link::factory(&factory);
    command(&state, &asked, factory, Verb::Stop, Vec::new(), &page).await
}

async fn command(
    state: &AppState,
    asked: &Asked,
    factory: String,
    verb: Verb,
    arguments: Vec<String>,
    page: &str,
) -> Answer {
    let request = CommandRequest { target: Target::Factory(factory), verb, arguments, expires_s: None };
    let given = commands::give(State(state.clone()), asked.identity.clone(), Body(request)).await;
    let _given = given.map_err(|error| PageError::for_asked(error, asked))?;
    Ok(Redirect::to(page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_held_and_for_how_long() {
        let form = |text: &str| crate::extract::parameters::<HoldForm>(&format!("/?{text}").parse().unwrap()).unwrap();
        let cap = form("hold=cap&pilots=+7+&reason=x&hours=4");
        assert_eq!(cap.hold().ok(), Some(Hold::Cap(7)));
        assert_eq!(cap.until(Time(0)), Some(Time(4 * 3_600_000)));
        let pause = form("hold=pause&pilots=&reason=x&hours=0");
        assert_eq!((pause.hold().ok(), pause.until(Time(0))), (Some(Hold::Pause), None));
        assert!(form("hold=cap&pilots=&reason=x").hold().is_err());
        assert!(form("hold=stop&reason=x").hold().is_err());
    }
}
