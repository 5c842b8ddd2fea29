//! What the pilot monitor tells beyond states and counts: errors, time of cores, nodes, finding things.

use model::{CoreTime, ErrorClass, NodeCounts, PilotId, Time};
use serde::{Deserialize, Serialize};

/// `GET /pilots/errors?...`: pilots in fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotErrors {
    /// The beginning of the first hour.
    pub since: Time,
    /// By label and class, the most frequent first.
    pub classes: Vec<ClassCount>,
    /// Messages that are alike, the most frequent first; at most [`MESSAGES_MAX`].
    pub messages: Vec<MessageInfo>,
}

/// `GET /pilots/errors/history?...`: when pilots ended in fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorHistory {
    /// The beginning of the first part of the time.
    pub since: Time,
    /// Hours of each part: one, more when it is long.
    pub hours: u32,
    /// By part and class, oldest first; parts without faults are left out.
    pub faults: Vec<ErrorsAt>,
}

/// Pilots in fault of one part of the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorsAt {
    /// The beginning of the part.
    pub at: Time,
    /// Why; null when nobody said.
    pub error_class: Option<ErrorClass>,
    /// How many.
    pub pilots: u64,
}

/// The most messages of one answer.
pub const MESSAGES_MAX: usize = 500;

/// How many pilots of a label broke for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClassCount {
    /// The site of the queue.
    pub site: String,
    /// Their factory.
    pub factory: String,
    /// Their label.
    pub label: String,
    /// The queue they served.
    pub queue: String,
    /// Why; null when nobody said.
    pub error_class: Option<ErrorClass>,
    /// How many.
    pub pilots: u64,
    /// The last of them.
    pub last: PilotId,
}

/// How many pilots of a label broke with messages that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessageInfo {
    /// What the messages have in common, `*` in place of what differs; `(other messages)` when there were too many kinds.
    pub template: String,
    /// Whose they are, and how many.
    #[serde(flatten)]
    pub count: ClassCount,
}

/// `GET /pilots/core-time?...`: what the cores of ended pilots were used for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotCoreTime {
    /// The beginning of the first hour.
    pub since: Time,
    /// By label, by name.
    pub labels: Vec<LabelCoreTime>,
}

/// `GET /pilots/core-time/history?...`: what cores were used for, by when their pilots ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CoreTimeHistory {
    /// The beginning of the first part of the time.
    pub since: Time,
    /// Hours of each part: one, more when it is long.
    pub hours: u32,
    /// Oldest first; parts in which no pilot ended that had started are left out.
    pub parts: Vec<CoreTimeAt>,
}

/// What the cores of pilots were used for that ended in one part of the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CoreTimeAt {
    /// The beginning of the part.
    pub at: Time,
    /// What for.
    pub time: CoreTime,
}

/// What the cores of one label's pilots were used for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LabelCoreTime {
    /// The site of the queue.
    pub site: String,
    /// The region of the site.
    pub region: String,
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// What for.
    pub time: CoreTime,
}

/// `GET /nodes?...`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NodeQuery {
    /// Hours to look back, 1 to 72, whole ones; 6 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// Only pilots of this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Only pilots of the queues of this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Only this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Only black holes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad: Option<bool>,
    /// Rows wanted, 1 to 1,000; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Worker nodes and what happened there, those with most failures first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NodeList {
    /// The beginning of the first hour.
    pub since: Time,
    /// Nodes that the query leaves, whatever the limit.
    pub total: u64,
    /// Black holes among them.
    pub bad: u64,
    /// The rows.
    pub nodes: Vec<NodeInfo>,
}

/// What happened on one node to pilots of one queue and their jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NodeInfo {
    /// The site of the queue.
    pub site: String,
    /// The queue.
    pub queue: String,
    /// The node, as its pilots name it.
    pub node: String,
    /// What happened.
    pub counts: NodeCounts,
    /// Much fails there that works on the queue's other nodes: [`NodeCounts::is_black_hole`].
    pub is_black_hole: bool,
    /// The last pilot that broke there.
    pub last_bad: Option<PilotId>,
}

/// `GET /find?q=...`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindQuery {
    /// An id, a name or a part of one, a batch id, a node; 1 to 200 characters.
    pub q: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Found {
    /// What it is that was found, the most exact first; of each kind at most [`FOUND_MAX`].
    pub hits: Vec<Hit>,
}

/// The most hits of one kind.
pub const FOUND_MAX: usize = 20;

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Hit {
    /// A job.
    Job {
        /// Its id.
        id: i64,
        /// Its name.
        name: String,
    },
    /// Jobs that have this name.
    JobsNamed {
        /// The name.
        name: String,
    },
    /// A pilot.
    Pilot {
        /// Its id.
        id: PilotId,
        /// Its factory.
        factory: String,
        /// Its label.
        label: String,
        /// The batch system's own id.
        batch_id: String,
    },
    /// A queue.
    Queue {
        /// Its name.
        name: String,
    },
    /// A site.
    Site {
        /// Its name.
        name: String,
    },
    /// A region.
    Region {
        /// Its name.
        name: String,
    },
    /// A factory.
    Factory {
        /// Its name.
        name: String,
    },
    /// A label.
    Label {
        /// Its factory.
        factory: String,
        /// Its name.
        name: String,
    },
    /// A worker node on which pilots run or ran.
    Node {
        /// Its name.
        name: String,
    },
}
