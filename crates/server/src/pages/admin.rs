//! `/admin`: what people set and said, who has a token, what is kept and what went, where queues came from.

mod keeping;
#[cfg(test)]
mod tests;

pub use keeping::{Kept, kept_by};

use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::reading::{ROWS, Reader};
use super::ticket::Linked;
use super::{assets, link, moment, number};
use crate::AppState;
use crate::pilot_log::status::Status;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use model::alarm::{AlarmEventKind, AlarmRemark, Silence};
use model::{Permission, QueueRecord, StatusChange, Time, TokenInfo, Written};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Remarks about alarms that are read.
const REMARKS: u32 = 50;
/// Silences, and tokens, that the page shows; its JSON has all.
const SHOWN: usize = 100;
/// A token that ends within this time is marked.
const ENDS_SOON: Duration = Duration::from_secs(7 * 86_400);

/// Which part of the queues.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminView {
    /// Only those with names behind this one.
    after: Option<String>,
}

/// A queue, and where it came from.
#[derive(Clone, Serialize)]
pub struct Origin {
    /// As it is registered.
    #[serde(flatten)]
    pub queue: QueueRecord,
    /// Who set its status, if anybody did.
    pub status_set: Option<StatusChange>,
    /// Who wrote its record last; none when that was before it was kept.
    pub written: Option<Written>,
}

/// Some of the queues.
#[derive(Clone, Default, Serialize)]
pub struct Topology {
    /// How many there are.
    pub total: u64,
    /// Those of this page, by name.
    pub queues: Vec<Origin>,
    /// The last name, when there are more.
    pub next: Option<String>,
}

/// What is kept, and how much room it takes.
#[derive(Clone, Serialize)]
pub struct Retention {
    /// How long what is kept, and what went last.
    pub kept: Vec<Kept>,
    /// Bytes of the database with the archive of jobs.
    pub database_bytes: u64,
    /// Logs of pilots, as the last round found them; none before the first.
    pub logs: Option<Status>,
}

/// What the page is made of.
#[derive(Clone, Serialize)]
pub struct Situation {
    /// Silences in force, those that end first before the others.
    pub silences: Vec<Silence>,
    /// What people last said of alarms, newest first.
    pub remarks: Vec<AlarmRemark>,
    /// Valid tokens without the tokens themselves, the newest first; none for those who may not see them.
    pub tokens: Option<Vec<TokenInfo>>,
    /// What is kept.
    pub retention: Retention,
    /// Queues with their sites and regions.
    pub topology: Topology,
}

/// The page.
#[derive(Template)]
#[template(path = "admin.html")]
pub struct Admin {
    frame: Frame,
    situation: Situation,
    /// How many more silences and tokens there are than are shown.
    more_silences: usize,
    more_tokens: usize,
    first: Option<String>,
    next: Option<String>,
}

impl Admin {
    /// Builds the page.
    pub fn new(frame: Frame, mut situation: Situation, view: &AdminView) -> Admin {
        let cut = |rows: usize| rows.saturating_sub(SHOWN);
        let more_silences = cut(situation.silences.len());
        let more_tokens = cut(situation.tokens.as_ref().map_or(0, Vec::len));
        situation.silences.truncate(SHOWN);
        situation.tokens.iter_mut().for_each(|tokens| tokens.truncate(SHOWN));
        let at_queues = |link: Link| format!("{}#queues", link.url());
        Admin {
            more_silences,
            more_tokens,
            first: view.after.as_ref().map(|_| at_queues(Link::to("/admin"))),
            next: situation.topology.next.as_ref().map(|after| at_queues(Link::to("/admin").with("after", after))),
            frame,
            situation,
        }
    }

    fn may_end(&self, silence: &Silence) -> bool {
        let who = self.frame.identity.as_ref();
        who.is_some_and(|who| {
            who.require(Permission::ManageAlarms).and_then(|()| who.require_site(&silence.of.site)).is_ok()
        })
    }

    /// What somebody wrote, at the length of a listing.
    fn said(&self, text: &str) -> Linked<'_> {
        self.frame.said(number::listed(text))
    }

    fn ends_soon(&self, end: &Time) -> bool {
        end.since(self.frame.now) < ENDS_SOON
    }
}

/// `GET /admin`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let view: AdminView = asked.query()?;
    let read = Reader::new(&state, &asked);
    read.may(Permission::Read)?;
    let situation = Situation {
        silences: read.silences().await?,
        remarks: read.remarks(REMARKS).await?,
        tokens: read.tokens().await?,
        retention: read.retention().await?,
        topology: read.topology(view.after.clone().unwrap_or_default(), ROWS as usize).await?,
    };
    if asked.json {
        return frame::data(&situation);
    }
    let frame = Frame::new(Section::None, "Administration", &asked).live(&["alarms", "queues"]);
    frame::shown(&Admin::new(frame, situation, &view))
}

/// `POST /admin/silences/{id}/end`.
pub async fn end_silence(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id = frame::id_of("silence", &id, &asked)?;
    Reader::new(&state, &asked).end_silence(id).await?;
    Ok(Redirect::to("/admin#silences").into_response())
}

/// `POST /admin/tokens/{id}/revoke`.
pub async fn revoke(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id = frame::id_of("token", &id, &asked)?;
    Reader::new(&state, &asked).revoke_token(id).await?;
    Ok(Redirect::to("/admin#tokens").into_response())
}
