//! `/factories/{factory}/labels/{label}`: one label: what it does, why, and how its pilots end.

use super::cells::{self, Count, PilotCounts};
use super::frame::Frame;
use super::link::Link;
use super::plots::Plots;
use super::{assets, frame, link, moment, number, result, tone, words};
use askama::Template;
use model::{Decision, EndedPilots, LabelInfo, PilotFlow, PilotSummary};

/// What happened in some time.
pub struct Recent {
    /// Which time.
    pub name: &'static str,
    /// What happened.
    pub flow: PilotFlow,
}

impl Recent {
    /// Each with its column.
    fn counts(&self) -> [(&'static str, u64); 5] {
        let PilotFlow { submitted, started, done, empty, fault, .. } = self.flow;
        [("Submitted", submitted), ("Started", started), ("Done", done), ("Without a job", empty), ("Fault", fault)]
    }

    /// How many of a hundred that ended were no fault; nothing when none ended.
    fn success(&self) -> String {
        let ended = self.flow.ended();
        (self.flow.done * 100).checked_div(ended).map(|percent| format!("{percent} %")).unwrap_or_default()
    }
}

/// What the page is made of.
pub struct Situation {
    /// As its factory told it; none when the factory has it no more.
    pub info: Option<LabelInfo>,
    /// Its pilots by state.
    pub counts: PilotCounts,
    /// What happened in the last hour, day and week.
    pub recent: Vec<Recent>,
    /// How its pilots ended in the last day.
    pub ends: Vec<EndedPilots>,
    /// What it decided, newest first.
    pub decisions: Vec<Decision>,
    /// Its newest pilots.
    pub pilots: Vec<PilotSummary>,
}

/// The page.
#[derive(Template)]
#[template(path = "label.html")]
pub struct Label {
    frame: Frame,
    factory: String,
    name: String,
    info: Option<LabelInfo>,
    counts: Vec<Count>,
    recent: Vec<Recent>,
    plots: Plots,
    ends: Vec<EndedPilots>,
    decisions: Vec<Decision>,
    pilots: Vec<PilotSummary>,
}

impl Label {
    /// Builds the page.
    pub fn new(frame: Frame, factory: String, name: String, situation: Situation, plots: Plots) -> Label {
        let pilots = Link::to("/pilots").with("factory", &factory).with("label", &name);
        Label {
            frame,
            counts: cells::of_all_pilots(&situation.counts, &pilots),
            factory,
            name,
            info: situation.info,
            recent: situation.recent,
            plots,
            ends: situation.ends,
            decisions: situation.decisions,
            pilots: situation.pilots,
        }
    }
}
