//! Plots of the history of pilots. The page brings their words and where their numbers come from; the script draws them.

mod beside;
mod view;
mod words;

pub use beside::{Wanted, wanted};
use view::Before;
pub use view::{PlotView, Range};

use super::frame::Asked;
use super::link::Link;
use super::problem::PageError;
use super::reading::Reader;
use model::Time;
use serde::Serialize;
use wire::api::{HistoryQuery, PREFIX, PilotHistory};
use words::words;

/// One range to choose.
pub struct Choice {
    /// In words.
    pub name: &'static str,
    /// The page with it.
    pub href: String,
    /// It is the one that is shown.
    pub current: bool,
}

/// One history that is drawn.
#[derive(Serialize)]
pub struct Lines {
    /// What its lines are called beside those of the others; empty for the only one.
    name: String,
    /// Where its numbers are.
    pub source: String,
    /// By how many seconds it is moved to lie over the first.
    back_s: u32,
    /// It in words.
    #[serde(skip)]
    pub words: String,
}

/// What a page with plots is made of, for programs.
#[derive(Serialize)]
struct Numbers {
    #[serde(flatten)]
    history: PilotHistory,
    /// What lies beside it, and what it is called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<Numbered>,
}

#[derive(Serialize)]
struct Numbered {
    name: String,
    #[serde(flatten)]
    history: PilotHistory,
}

/// The plots of a page.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Plots {
    /// What was asked for.
    #[serde(skip)]
    pub view: PlotView,
    /// The times to choose from.
    #[serde(skip)]
    pub choices: Vec<Choice>,
    /// Links to other parts of the time, in words.
    #[serde(skip)]
    pub moves: Vec<(&'static str, String)>,
    /// Back to the whole time, when a part of it is shown.
    #[serde(skip)]
    pub whole: Option<String>,
    /// The page with nothing beside, when there is something.
    #[serde(skip)]
    pub alone: Option<String>,
    /// Earlier times to compare with: as in the address, in words, and whether it is chosen.
    #[serde(skip)]
    pub befores: Vec<(&'static str, &'static str, bool)>,
    /// What another thing to compare with is called; none where there is only one.
    #[serde(skip)]
    pub kind: Option<&'static str>,
    /// What is drawn; the first is what the page is about.
    #[serde(skip)]
    pub lines: Vec<Lines>,
    /// Why what was asked for beside it is not shown.
    #[serde(skip)]
    pub trouble: Option<String>,
    numbers: Numbers,
}

impl Plots {
    /// Reads the history that the plots of `page` show, and what is asked for beside it.
    pub async fn read(read: &Reader<'_>, asked: &Asked, page: String, of: HistoryQuery) -> Result<Plots, PageError> {
        let view: PlotView = asked.query()?;
        let (first, others) = wanted(&view, &of, asked.now);
        let mut trouble = beside::refused(&view, &of);
        let history = read.history(first.query.clone()).await.map_err(|error| read.fail(error))?;
        let mut told = vec![(first, history)];
        for other in others {
            match read.history(other.query.clone()).await {
                Ok(history) => told.push((other, history)),
                Err(error) => trouble = Some(error),
            }
        }
        let plots = Plots::new(&Link::to(page), &of, view, asked.now, told);
        Ok(Plots { trouble: trouble.map(|error| error.detail), ..plots })
    }

    /// Plots on `page` about `of`, whose history is the first of those that are told.
    pub fn new(page: &Link, of: &HistoryQuery, view: PlotView, now: Time, told: Vec<(Wanted, PilotHistory)>) -> Plots {
        let choice = |one: &Range| Choice {
            name: one.name(),
            href: view.with_range(page, *one),
            current: *one == view.range && !view.is_zoomed(),
        };
        let is_compared = view.before.is_some() || view.with.is_some();
        Plots {
            choices: Range::ALL.iter().map(choice).collect(),
            moves: view.moves(page, now),
            whole: view.is_zoomed().then(|| view.with_range(page, view.range)),
            alone: is_compared.then(|| view.alone(page)),
            befores: Before::ALL.iter().map(|one| (one.key(), one.name(), view.before == Some(*one))).collect(),
            kind: beside::subject(of).map(|(kind, _)| kind),
            lines: told.iter().map(|(wanted, history)| Lines::new(wanted, history)).collect(),
            trouble: None,
            numbers: Numbers::new(told),
            view,
        }
    }

    /// Where the numbers of the first lines are.
    pub fn source(&self) -> &str {
        self.lines.first().map_or("", |lines| &lines.source)
    }

    /// What the script draws.
    pub fn drawn(&self) -> String {
        serde_json::to_string(&self.lines).unwrap_or_default()
    }
}

impl Lines {
    fn new(wanted: &Wanted, history: &PilotHistory) -> Lines {
        Lines {
            name: wanted.name.clone(),
            source: source(&wanted.query),
            back_s: wanted.query.back_s.unwrap_or_default(),
            words: words(&wanted.words, history),
        }
    }
}

impl Numbers {
    fn new(told: Vec<(Wanted, PilotHistory)>) -> Numbers {
        let mut all = told.into_iter().map(|(Wanted { name, .. }, history)| Numbered { name, history });
        let history = all.next().map(|first| first.history).unwrap_or_default();
        Numbers { history, beside: all.collect() }
    }
}

/// The call that answers a query.
fn source(query: &HistoryQuery) -> String {
    let HistoryQuery { factory, label, queue, site, region, hours, from, until, back_s, span } = query;
    let texts = [("factory", factory), ("label", label), ("queue", queue), ("site", site), ("region", region)];
    let link = Link::to(format!("{PREFIX}/pilots/history"));
    let link = texts.into_iter().fold(link, |link, (key, text)| link.with(key, text.as_deref().unwrap_or_default()));
    let numbers = [("hours", hours), ("back_s", back_s)];
    let link = numbers.into_iter().fold(link, |link, (key, number)| match number {
        Some(number) => link.with(key, number),
        None => link,
    });
    let link = [("from", from), ("until", until)].into_iter().fold(link, |link, (key, time)| match time {
        Some(time) => link.with(key, time),
        None => link,
    });
    link.with("span", span.map_or("", |span| span.as_str())).url()
}
