//! `/alarms`: what is broken, who looks after it, what is silenced, what was.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::number::{self, counted};
use super::reading::Reader;
use super::{assets, moment};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::alarm::{Severity, Silence};
use model::{AlarmId, Permission};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use wire::api::{AlarmPage, AlarmQuery, AlarmState, AlarmView};

/// Rows of those that are over.
const PAST_ROWS: u32 = 20;
/// Rows of each group of open ones, the worst; and those that one of them explains.
const OPEN_ROWS: usize = 100;
const EXPLAINED_ROWS: usize = 20;

/// What the page may be asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Query {
    /// Where those that are over go on.
    cursor: Option<String>,
}

/// What the page is made of.
pub struct Situation {
    /// Open alarms, the worst first.
    pub open: Vec<AlarmView>,
    /// A page of those that are over.
    pub past: AlarmPage,
    /// Silences in force.
    pub silences: Vec<Silence>,
}

/// Open alarms of one kind.
pub struct Group {
    id: &'static str,
    title: &'static str,
    rows: Vec<Row>,
    /// How many more there are.
    more: usize,
}

/// An alarm with those that it explains.
pub struct Row {
    view: AlarmView,
    explains: Vec<AlarmView>,
    /// How many more it explains.
    more: usize,
}

impl Row {
    fn new(view: AlarmView, mut explains: Vec<AlarmView>) -> Row {
        let more = explains.len().saturating_sub(EXPLAINED_ROWS);
        explains.truncate(EXPLAINED_ROWS);
        Row { view, explains, more }
    }

    fn explained(&self) -> u64 {
        (self.explains.len() + self.more) as u64
    }
}

/// The page.
#[derive(Template)]
#[template(path = "alarms.html")]
pub struct Alarms {
    frame: Frame,
    headline: String,
    groups: Vec<Group>,
    silences: Vec<Silence>,
    can_manage: bool,
    past: Vec<AlarmView>,
    pager: Pager,
}

impl Alarms {
    /// Builds the page.
    pub fn new(frame: Frame, situation: Situation, cursor: Option<&str>) -> Alarms {
        let Situation { open, past, silences } = situation;
        let headline = headline(&open);
        let can_manage = frame.identity.as_ref().is_some_and(|who| who.role.may(Permission::ManageAlarms));
        let next = past.next.map(|next| Link::to("/alarms").with("cursor", next).url() + "#past");
        let pager = Pager { first: cursor.map(|_| "/alarms#past".to_owned()), next };
        Alarms { frame, headline, groups: groups(open), silences, can_manage, past: past.alarms, pager }
    }

    /// How long an alarm was open.
    fn lasted(&self, view: &AlarmView) -> String {
        let alarm = &view.alarm;
        moment::between(alarm.since(), &alarm.cleared.unwrap_or(self.frame.now))
    }
}

fn headline(open: &[AlarmView]) -> String {
    let loud: Vec<&AlarmView> = open.iter().filter(|view| view.needs_attention()).collect();
    let critical = loud.iter().filter(|view| view.alarm.severity == Severity::Critical).count();
    match (loud.len(), critical) {
        (0, _) if open.is_empty() => "Nothing is broken that the rules know of.".to_owned(),
        (0, _) => "Somebody looks after everything that is broken.".to_owned(),
        (all, 0) => format!("{} nobody looks after.", number::capitalised(counted(all as u64, "alarm"))),
        (all, critical) => {
            format!("{} nobody looks after, {critical} critical.", number::capitalised(counted(all as u64, "alarm")))
        }
    }
}

/// Open alarms by what is done about them; those that another one explains stand below that.
fn groups(open: Vec<AlarmView>) -> Vec<Group> {
    let mut explained: BTreeMap<AlarmId, Vec<AlarmView>> = BTreeMap::new();
    let (below, above): (Vec<_>, Vec<_>) = open.into_iter().partition(|view| view.explained_by.is_some());
    for view in below {
        explained.entry(view.explained_by.unwrap_or_default()).or_default().push(view);
    }
    let group = |id, title| Group { id, title, rows: Vec::new(), more: 0 };
    let mut groups = vec![group("open", "Open"), group("acknowledged", "Looked after"), group("silenced", "Silenced")];
    for view in above {
        let at = if view.silence.is_some() { 2 } else { usize::from(view.alarm.acknowledged.is_some()) };
        let explains = explained.remove(&view.alarm.id).unwrap_or_default();
        groups[at].rows.push(Row::new(view, explains));
    }
    // What is explained by one that is itself explained stands alone.
    let alone = explained.into_values().flatten().map(|view| Row::new(view, Vec::new()));
    groups[0].rows.extend(alone);
    groups.retain(|group| !group.rows.is_empty());
    for group in &mut groups {
        group.more = group.rows.len().saturating_sub(OPEN_ROWS);
        group.rows.truncate(OPEN_ROWS);
    }
    groups
}

/// `GET /alarms`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let Query { cursor } = asked.query()?;
    let read = Reader::new(&state, &asked);
    let past = AlarmQuery { state: Some(AlarmState::Past), cursor: cursor.clone(), limit: Some(PAST_ROWS) };
    let situation = Situation {
        open: read.alarms(AlarmQuery::default()).await?.alarms,
        past: read.alarms(past).await?,
        silences: read.silences().await?,
    };
    if asked.json {
        let Situation { open, past, silences } = situation;
        return frame::data(&json!({ "open": open, "past": past, "silences": silences }));
    }
    let frame = Frame::new(Section::Alarms, "Alarms", &asked).live(&["alarms"]);
    frame::shown(&Alarms::new(frame, situation, cursor.as_deref()))
}
