//! One alarm as it is remembered.

use super::rule::Rule;
use crate::{AlarmId, ErrorClass, OrderId, PilotId, Time};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; nobody is told.
    Info,
    /// Somebody should look today.
    Warning,
    /// Somebody should look now.
    Critical,
}

impl Severity {
    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What kind of thing an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The server itself.
    Server,
    /// All queues of a site.
    Site,
    /// All labels of a queue.
    Queue,
    /// A factory.
    Factory,
    /// A batch end point of a factory.
    EndPoint,
    /// A source of labels of a factory.
    Source,
    /// A credential of a factory.
    Credential,
    /// A label.
    Label,
    /// A worker node.
    Node,
}

impl SubjectKind {
    /// The name as people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            SubjectKind::Server => "server",
            SubjectKind::Site => "site",
            SubjectKind::Queue => "queue",
            SubjectKind::Factory => "factory",
            SubjectKind::EndPoint => "end point",
            SubjectKind::Source => "source",
            SubjectKind::Credential => "credential",
            SubjectKind::Label => "label",
            SubjectKind::Node => "node",
        }
    }
}

/// What an alarm is about, and where that belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its name; empty for the server.
    pub name: String,
    /// Its factory; empty when it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub factory: String,
    /// Its queue; empty when it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// Its site; empty when it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
}

impl Subject {
    /// A thing of no factory, queue or site.
    pub fn new(kind: SubjectKind, name: &str) -> Subject {
        let (factory, queue, site) = (String::new(), String::new(), String::new());
        Subject { kind, name: name.to_owned(), factory, queue, site }
    }

    /// A factory.
    pub fn factory(name: &str) -> Subject {
        Subject::of_factory(SubjectKind::Factory, name, name)
    }

    /// A thing of a factory.
    pub fn of_factory(kind: SubjectKind, name: &str, factory: &str) -> Subject {
        Subject { factory: factory.to_owned(), ..Subject::new(kind, name) }
    }

    /// What tells it from all others, on one line a part. Where it belongs may change while the alarm is open, except for
    /// the queue of a label or node.
    pub fn key(&self) -> String {
        let has_queue = matches!(self.kind, SubjectKind::Label | SubjectKind::Node);
        let queue = if has_queue { &self.queue } else { "" };
        [self.kind.as_str(), &self.factory, queue, &self.name].join("\n")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SubjectKind::Server => f.write_str("the server"),
            SubjectKind::Site | SubjectKind::Queue | SubjectKind::Factory => {
                write!(f, "{} {}", self.kind.as_str(), self.name)
            }
            kind if self.factory.is_empty() => write!(f, "{} {}", kind.as_str(), self.name),
            kind => write!(f, "{} {} of {}", kind.as_str(), self.name, self.factory),
        }
    }
}

/// Somebody looks after an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// Since when.
    pub at: Time,
    /// What they say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What receivers were told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Told {
    /// When.
    pub at: Time,
    /// How bad it was said to be.
    pub severity: Severity,
}

/// What an alarm did to its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It was not held back: as many labels as may be were already.
    Not,
    /// It was held back, last by this order.
    By(OrderId),
}

/// One alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Alarm {
    /// Its id; 0 before it is stored.
    pub id: AlarmId,
    /// The rule that found it.
    pub rule: Rule,
    /// What it is about.
    pub subject: Subject,
    /// How bad it is now, or was at its end.
    pub severity: Severity,
    /// How bad it was at worst.
    pub worst: Severity,
    /// When the rule found it first.
    pub began: Time,
    /// When it had been found for long enough; none before.
    pub opened: Option<Time>,
    /// When the rule found it last.
    pub seen: Time,
    /// When it was over.
    pub cleared: Option<Time>,
    /// What is wrong, in words.
    pub words: String,
    /// What the rule went by: name and value with its unit.
    #[serde(default)]
    pub figures: Vec<(String, String)>,
    /// The most frequent error of its pilots.
    #[serde(default)]
    pub error_class: Option<ErrorClass>,
    /// What the last pilot with this error said.
    #[serde(default)]
    pub error_text: String,
    /// Pilots to look at.
    #[serde(default)]
    pub pilots: Vec<PilotId>,
    /// Who looks after it.
    #[serde(default)]
    pub acknowledged: Option<Acknowledgement>,
    /// What receivers were told last.
    #[serde(default)]
    pub told: Option<Told>,
    /// What it did to its label; none when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

impl Alarm {
    /// It has been found for long enough and is not over.
    pub fn is_open(&self) -> bool {
        self.opened.is_some() && self.cleared.is_none()
    }

    /// Since when it has been open, or found.
    pub fn since(&self) -> &Time {
        self.opened.as_ref().unwrap_or(&self.began)
    }

    /// Rule and subject: at any time at most one alarm of each is not over.
    pub fn key(&self) -> (Rule, String) {
        (self.rule, self.subject.key())
    }
}

/// Something that happened to an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlarmEvent {
    /// When.
    pub at: Time,
    /// What.
    pub kind: AlarmEventKind,
    /// Who did it; empty for the server.
    pub who: String,
    /// What there is to say.
    pub text: String,
}

/// What somebody said of an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRemark {
    /// The alarm.
    pub alarm: AlarmId,
    /// What it is about.
    pub subject: Subject,
    /// Who said what, and when.
    #[serde(flatten)]
    pub event: AlarmEvent,
}

/// What may happen to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmEventKind {
    /// It was found for long enough.
    Opened,
    /// It became worse.
    Worse,
    /// It became better, but is not over.
    Better,
    /// It is over.
    Cleared,
    /// Somebody looks after it.
    Acknowledged,
    /// Somebody said something.
    Comment,
    /// It was silenced.
    Silenced,
    /// Receivers were told.
    Told,
    /// Its label is held back, or would be.
    Excluded,
    /// A test pilot failed.
    Tested,
    /// Its label is held back no longer.
    Released,
}

impl AlarmEventKind {
    /// All, in the order of their codes in the store.
    pub const ALL: [AlarmEventKind; 11] = [
        AlarmEventKind::Opened,
        AlarmEventKind::Worse,
        AlarmEventKind::Better,
        AlarmEventKind::Cleared,
        AlarmEventKind::Acknowledged,
        AlarmEventKind::Comment,
        AlarmEventKind::Silenced,
        AlarmEventKind::Told,
        AlarmEventKind::Excluded,
        AlarmEventKind::Tested,
        AlarmEventKind::Released,
    ];

    /// The name as people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            AlarmEventKind::Opened => "opened",
            AlarmEventKind::Worse => "worse",
            AlarmEventKind::Better => "better",
            AlarmEventKind::Cleared => "cleared",
            AlarmEventKind::Acknowledged => "acknowledged",
            AlarmEventKind::Comment => "comment",
            AlarmEventKind::Silenced => "silenced",
            AlarmEventKind::Told => "told",
            AlarmEventKind::Excluded => "label held back",
            AlarmEventKind::Tested => "label tested",
            AlarmEventKind::Released => "label let go",
        }
    }
}
