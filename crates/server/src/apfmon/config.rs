//! What the operator decides about the APFmon face.

use ipnet::IpNet;
use model::{LabelPatterns, PilotState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody while only this machine reaches the server; elsewhere who has a token.
    #[default]
    Auto,
    /// Everybody.
    Open,
    /// Who comes from one of these networks, or has a token.
    Networks(Vec<IpNet>),
    /// Who has a token of a factory.
    Token,
}

/// After how long a silence a reported pilot counts as gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleRules {
    /// That was submitted: then it is in fault.
    pub created: Duration,
    /// That runs: then it is in fault.
    pub running: Duration,
    /// That was about to end: then it has ended.
    pub exiting: Duration,
}

/// The face, when it is asked for.
#[derive(Clone, Debug)]
pub struct Apfmon {
    /// Who may call.
    pub access: Access,
    /// Where datagrams are listened to; nowhere when absent.
    pub udp: Option<SocketAddr>,
    /// How the queue of a label is found by its name.
    pub patterns: Arc<LabelPatterns>,
    /// When silent pilots count as gone.
    pub stale: StaleRules,
    /// The same for labels whose names begin so; the first that fits counts.
    pub stale_labels: Vec<(String, StaleRules)>,
    /// How often silent pilots are looked for.
    pub stale_every: Duration,
}

impl StaleRules {
    /// After how long a silence a pilot in a state counts as gone.
    pub(crate) fn limit(&self, state: PilotState) -> Duration {
        match state {
            PilotState::Running => self.running,
            PilotState::Exiting => self.exiting,
            _ => self.created,
        }
    }
}

impl Default for StaleRules {
    fn default() -> StaleRules {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        StaleRules { created: hours(30), running: hours(96), exiting: Duration::from_secs(30 * 60) }
    }
}

impl Default for Apfmon {
    fn default() -> Apfmon {
        Apfmon {
            access: Access::default(),
            udp: None,
            patterns: Arc::new(LabelPatterns::default()),
            stale: StaleRules::default(),
            stale_labels: Vec::new(),
            stale_every: Duration::from_secs(60),
        }
    }
}

impl Apfmon {
    /// The rules of a label.
    pub(crate) fn rules(&self, label: &str) -> StaleRules {
        let own = self.stale_labels.iter().find(|(start, _)| label.starts_with(start.as_str()));
        own.map_or(self.stale, |(_, rules)| *rules)
    }

    /// All rules.
    pub(crate) fn all_rules(&self) -> impl Iterator<Item = StaleRules> {
        std::iter::once(self.stale).chain(self.stale_labels.iter().map(|(_, rules)| *rules))
    }
}
