//! History of pilots: what happened to them in spans of time, and how long they waited and ran.

mod durations;

pub use durations::Durations;

use crate::{PilotState, Time};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;
use std::time::Duration;

/// The most points of a plot: 31 days of ten minutes.
const POINTS_MAX: u64 = 4_464;
const MINUTE_S: i64 = 60;
const DAY: Duration = Duration::from_secs(86_400);

/// Length of a span of time in which is counted. Spans begin at multiples of their length since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// 60 s.
    Minute,
    /// 600 s.
    TenMinutes,
    /// 21,600 s.
    SixHours,
}

impl Span {
    /// All, the shortest first.
    pub const ALL: [Span; 3] = [Span::Minute, Span::TenMinutes, Span::SixHours];

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Span::Minute => "minute",
            Span::TenMinutes => "ten-minutes",
            Span::SixHours => "six-hours",
        }
    }

    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        match self {
            Span::Minute => MINUTE_S,
            Span::TenMinutes => 10 * MINUTE_S,
            Span::SixHours => 360 * MINUTE_S,
        }
    }

    /// How long its counts are kept.
    pub fn kept(self) -> Duration {
        match self {
            Span::Minute => DAY * 5 / 2,
            Span::TenMinutes => DAY * 31,
            Span::SixHours => DAY * 400,
        }
    }

    /// The beginning of the span with this time, in seconds since 1970.
    pub fn start(self, time: Time) -> i64 {
        time.as_secs().div_euclid(self.seconds()) * self.seconds()
    }

    /// The shortest span whose counts are still kept after `age`, and that makes of `range` no more points than a plot
    /// can show.
    pub fn for_view(age: Duration, range: Duration) -> Span {
        let fits = |span: &Span| age <= span.kept() && range.as_secs() / span.seconds().unsigned_abs() <= POINTS_MAX;
        Span::ALL.into_iter().find(fits).unwrap_or(Span::SixHours)
    }
}

/// What happened to pilots in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotFlow {
    /// Accepted by a batch system.
    pub submitted: u64,
    /// Began to run. One that was put back into its queue and starts again counts again.
    pub started: u64,
    /// Ended as wanted.
    pub done: u64,
    /// Of those, ran without ever getting a job.
    pub empty: u64,
    /// Ended otherwise.
    pub fault: u64,
    /// By how many those on their way became more.
    pub pending_change: i64,
    /// By how many those on nodes became more.
    pub running_change: i64,
}

impl PilotFlow {
    /// Pilots that were announced.
    pub fn announced(pilots: u64) -> PilotFlow {
        PilotFlow { pending_change: i64::try_from(pilots).unwrap_or(i64::MAX), ..PilotFlow::default() }
    }

    /// One pilot that went from one state to another.
    pub fn of(from: PilotState, to: PilotState) -> PilotFlow {
        use PilotState::{Announced, Done, Exiting, Fault, Running};
        let is_on_node = |state| matches!(state, Running | Exiting);
        PilotFlow {
            submitted: u64::from(from == Announced && !to.is_final()),
            started: u64::from(from != Running && to == Running),
            done: u64::from(to == Done),
            empty: 0,
            fault: u64::from(to == Fault),
            pending_change: i64::from(to.is_pending()) - i64::from(from.is_pending()),
            running_change: i64::from(is_on_node(to)) - i64::from(is_on_node(from)),
        }
    }

    /// Pilots that ended.
    pub fn ended(&self) -> u64 {
        self.done + self.fault
    }

    /// Nothing happened.
    pub fn is_none(&self) -> bool {
        *self == PilotFlow::default()
    }
}

impl AddAssign for PilotFlow {
    fn add_assign(&mut self, other: PilotFlow) {
        self.submitted += other.submitted;
        self.started += other.started;
        self.done += other.done;
        self.empty += other.empty;
        self.fault += other.fault;
        self.pending_change += other.pending_change;
        self.running_change += other.running_change;
    }
}

/// One span of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowAt {
    /// Its beginning in seconds since 1970.
    pub start: i64,
    /// What happened.
    pub flow: PilotFlow,
}

/// A history that is ready to be drawn: one value for each span, also for those in which nothing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct History {
    /// Length of a span in seconds.
    pub span_s: i64,
    /// Beginnings of the spans in seconds since 1970.
    pub start: Vec<i64>,
    /// Accepted by a batch system in each span.
    pub submitted: Vec<u64>,
    /// Began to run.
    pub started: Vec<u64>,
    /// Ended as wanted.
    pub done: Vec<u64>,
    /// Of those, ran without ever getting a job.
    pub empty: Vec<u64>,
    /// Ended otherwise.
    pub fault: Vec<u64>,
    /// On their way at the end of the span.
    pub pending: Vec<u64>,
    /// On nodes at the end of the span.
    pub running: Vec<u64>,
}

/// How many pilots there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// On their way.
    pub pending: i64,
    /// On nodes.
    pub running: i64,
}

impl Levels {
    /// How many there were before this happened.
    #[must_use]
    pub fn before(self, flow: &PilotFlow) -> Levels {
        Levels { pending: self.pending - flow.pending_change, running: self.running - flow.running_change }
    }
}

impl History {
    /// Draws the spans from `since` to `until`. How many pilots there were follows from how many there are at the `end`
    /// and from what happened until then: `flows` must go there, in order, also when the drawing ends before.
    pub fn drawn(span: Span, since: Time, until: Time, flows: &[FlowAt], end: Levels) -> History {
        let first = span.start(since);
        let mut level = end;
        let mut flows = flows.iter().rev().peekable();
        let mut spans = Vec::new();
        let mut start = flows.peek().map_or(first, |last| last.start).max(span.start(until));
        while start >= first {
            let flow = flows.next_if(|at| at.start >= start).map(|at| at.flow).unwrap_or_default();
            if start <= span.start(until) {
                spans.push((start, flow, level));
            }
            level = level.before(&flow);
            start -= span.seconds();
        }
        History::of(span, spans.into_iter().rev())
    }

    fn of(span: Span, spans: impl Iterator<Item = (i64, PilotFlow, Levels)>) -> History {
        let mut history = History { span_s: span.seconds(), ..History::default() };
        for (start, flow, level) in spans {
            history.start.push(start);
            history.submitted.push(flow.submitted);
            history.started.push(flow.started);
            history.done.push(flow.done);
            history.empty.push(flow.empty);
            history.fault.push(flow.fault);
            history.pending.push(level.pending.max(0).unsigned_abs());
            history.running.push(level.running.max(0).unsigned_abs());
        }
        history
    }
}

#[cfg(test)]
mod tests;
