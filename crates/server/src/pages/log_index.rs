//! `/logs/...`: the folders of pilots' logs, by factory, day and label.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::{Link, encoded};
use super::reading::Reader;
use super::{assets, moment, number};
use crate::AppState;
use crate::config::LogKeeping;
use crate::pilot_log::status::Status;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Redirect;
use http::Uri;
use wire::api::{LogEntry, LogIndex, LogIndexQuery};

/// A name and where it leads.
pub struct Step {
    name: String,
    href: String,
}

/// How logs are kept: what the configuration says, and how it is.
pub struct Kept {
    /// What the configuration says.
    pub config: LogKeeping,
    /// What the server with the duty found; none before its first round.
    pub status: Option<Status>,
}

impl Kept {
    fn rules(&self) -> String {
        let days = |days: u32, what: &str| match days {
            0 => format!("never {what}"),
            1 => format!("{what} after 1 day"),
            days => format!("{what} after {days} days"),
        };
        let LogKeeping { keep_days, compress_after_days, high, .. } = &self.config;
        let (compressed, deleted) = (days(*compress_after_days, "compressed"), days(*keep_days, "deleted"));
        let room = match (high, self.config.low()) {
            (Some(high), Some(low)) => format!(" Above {high} in use, the oldest go until it is {low}."),
            _ => String::new(),
        };
        format!(
            "{} and, unless its label says otherwise, {deleted}.{room}",
            number::capitalised(format!("a log is {compressed}"))
        )
    }
}

/// The page.
#[derive(Template)]
#[template(path = "log_index.html")]
pub struct LogIndexPage {
    frame: Frame,
    /// Of all logs, on the first page.
    kept: Option<Kept>,
    above: Vec<Step>,
    heading: String,
    /// What the rows are.
    what: &'static str,
    folders: Vec<Step>,
    logs: Vec<(LogEntry, String)>,
    is_compressed: bool,
    pager: Pager,
}

impl LogIndexPage {
    /// Builds the page of the folder with these names: factory, day, label.
    pub fn new(
        frame: Frame,
        names: &[String],
        query: &LogIndexQuery,
        index: LogIndex,
        kept: Option<Kept>,
    ) -> LogIndexPage {
        let here = folder(names);
        let listing = || Link::to(&here).with("limit", query.limit.map(|limit| limit.to_string()).unwrap_or_default());
        let pager = Pager {
            first: query.after.as_ref().map(|_| listing().url()),
            next: index.next.map(|next| listing().with("after", next).url()),
        };
        let step = |name: String| Step { href: format!("{here}{}/", encoded(&name)), name };
        let href = |log: &LogEntry| format!("{here}{}", encoded(&log.name));
        LogIndexPage {
            frame,
            kept,
            above: above(names),
            heading: names.last().cloned().unwrap_or_else(|| "Logs".to_owned()),
            what: ["Factory", "Day", "Label", "Log"][names.len().min(3)],
            folders: index.folders.into_iter().map(step).collect(),
            is_compressed: index.logs.iter().any(|log| log.stored_bytes < log.bytes),
            logs: index
                .logs
                .into_iter()
                .map(|log| {
                    let href = href(&log);
                    (log, href)
                })
                .collect(),
            pager,
        }
    }
}

/// `/logs/FACTORY/DATE/LABEL/`, as far as there are names.
pub fn folder(names: &[String]) -> String {
    let parts: String = names.iter().map(|name| format!("{}/", encoded(name))).collect();
    format!("/logs/{parts}")
}

fn above(names: &[String]) -> Vec<Step> {
    let step = |depth: usize| {
        let name = depth.checked_sub(1).and_then(|last| names.get(last));
        Step { name: name.cloned().unwrap_or_else(|| "Logs".to_owned()), href: folder(&names[..depth]) }
    };
    (0..names.len()).map(step).collect()
}

/// `GET /logs/`.
pub async fn logs(State(state): State<AppState>, asked: Asked) -> Answer {
    log_index(&state, &asked, &[]).await
}

/// `GET /logs/{factory}/`.
pub async fn logs_of_factory(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    log_index(&state, &asked, &[name]).await
}

/// `GET /logs/{factory}/{date}/`.
pub async fn logs_of_day(State(state): State<AppState>, asked: Asked, Path(names): Path<[String; 2]>) -> Answer {
    log_index(&state, &asked, &names).await
}

/// `GET /logs/{factory}/{date}/{label}/`.
pub async fn logs_of_label(State(state): State<AppState>, asked: Asked, Path(names): Path<[String; 3]>) -> Answer {
    log_index(&state, &asked, &names).await
}

/// A folder without the slash at its end.
pub async fn slashed(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{}/{query}", uri.path()))
}

async fn log_index(state: &AppState, asked: &Asked, names: &[String]) -> Answer {
    let query: LogIndexQuery = asked.query()?;
    let read = Reader::new(state, asked);
    let index = read.log_index(names, query.clone()).await?;
    let kept = match names.is_empty() {
        true => Some(Kept { config: state.config.logs.clone(), status: read.log_status().await? }),
        false => None,
    };
    let title = names.iter().fold("Logs".to_owned(), |title, name| format!("{title} {}", number::capped(name, 80)));
    frame::shown(&LogIndexPage::new(Frame::new(Section::Pilots, title, asked), names, &query, index, kept))
}
