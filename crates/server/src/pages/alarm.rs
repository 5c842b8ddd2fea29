//! `/alarms/{id}`: one alarm: what, since when, why, what to do; and what people do about it.

use super::frame::{self, Answer, Asked, Frame, Section, id_of};
use super::plots::Plots;
use super::reading::Reader;
use super::{assets, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::{Held, Subject, SubjectKind};
use model::{AlarmId, Order};
use serde_json::json;
use wire::api::{AlarmDetail, HistoryQuery};

/// How long an alarm may be silenced from its page: in words, and in seconds.
const TIMES: [(&str, u64); 6] = [
    ("1 hour", 3600),
    ("4 hours", 4 * 3600),
    ("12 hours", 12 * 3600),
    ("1 day", 86_400),
    ("3 days", 3 * 86_400),
    ("1 week", 7 * 86_400),
];

/// The page.
#[derive(Template)]
#[template(path = "alarm.html")]
pub struct Alarm {
    frame: Frame,
    detail: AlarmDetail,
    can_manage: bool,
    plots: Option<Plots>,
    held: Option<Order>,
}

impl Alarm {
    /// Builds the page. `held` is the order by which the alarm holds its label back now.
    pub fn new(
        frame: Frame,
        detail: AlarmDetail,
        can_manage: bool,
        plots: Option<Plots>,
        held: Option<Order>,
    ) -> Alarm {
        Alarm { frame, detail, can_manage, plots, held }
    }

    /// It would hold its label back, but there are too many already.
    fn is_withheld(&self) -> bool {
        let alarm = &self.detail.view.alarm;
        alarm.is_open() && alarm.held == Some(Held::Not)
    }

    fn times(&self) -> [(&'static str, u64); 6] {
        TIMES
    }

    fn title(&self) -> String {
        number::capitalised(number::capped(self.detail.view.alarm.subject.to_string(), 120))
    }

    fn subject_page(&self) -> Option<String> {
        page_of(&self.detail.view.alarm.subject)
    }
}

/// The page of what an alarm is about.
pub fn page_of(subject: &Subject) -> Option<String> {
    match subject.kind {
        SubjectKind::Queue => Some(link::queue(&subject.name)),
        SubjectKind::Label => Some(link::label(&subject.factory, &subject.name)),
        SubjectKind::Node => Some(link::node(&subject.name)),
        SubjectKind::Site => Some(link::site(&subject.name)),
        SubjectKind::Server => None,
        SubjectKind::Factory | SubjectKind::EndPoint | SubjectKind::Source | SubjectKind::Credential => {
            Some(link::factory(&subject.factory))
        }
    }
}

/// Whose pilots the plots of an alarm show; none for what has no pilots of its own.
fn history_of(subject: &Subject) -> Option<HistoryQuery> {
    let none = HistoryQuery::default();
    let factory = Some(subject.factory.clone());
    match subject.kind {
        SubjectKind::Label => Some(HistoryQuery { factory, label: Some(subject.name.clone()), ..none }),
        SubjectKind::Queue | SubjectKind::Node => Some(HistoryQuery { queue: Some(subject.queue.clone()), ..none }),
        SubjectKind::Site => Some(HistoryQuery { site: Some(subject.name.clone()), ..none }),
        SubjectKind::Factory | SubjectKind::EndPoint => Some(HistoryQuery { factory, ..none }),
        SubjectKind::Server | SubjectKind::Source | SubjectKind::Credential => None,
    }
}

/// `GET /alarms/{id}`.
pub async fn show(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: AlarmId = id_of("alarm", &id, &asked)?;
    let read = Reader::new(&state, &asked);
    let detail = read.alarm(id).await?;
    let plots = match history_of(&detail.view.alarm.subject) {
        Some(of) => Some(Plots::read(&read, &asked, format!("/alarms/{id}"), of).await?),
        None => None,
    };
    if asked.json {
        return frame::data(&json!({ "alarm": detail, "history": plots }));
    }
    let alarm = &detail.view.alarm;
    let held = match alarm.held {
        Some(Held::By(id)) => {
            let orders = read.orders(Some(alarm.subject.factory.clone())).await?;
            orders.into_iter().find(|order| order.id == id)
        }
        Some(Held::Not) | None => None,
    };
    let can_manage = read.may_manage_alarm(&detail.view.alarm);
    let mut frame = Frame::new(Section::Alarms, format!("Alarm {id}"), &asked).live(&["alarms"]);
    if plots.is_some() {
        frame = frame.with_plots();
    }
    frame::shown(&Alarm::new(frame, detail, can_manage, plots, held))
}
