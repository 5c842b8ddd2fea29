//! The rules: names, units, defaults, and what to do about what they find.

use super::settings::RuleSettings;
use super::words::lasting;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;

/// What is looked for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Most pilots end in fault.
    FaultRatio,
    /// A factory is not heard.
    FactorySilent,
    /// A factory lives and does not decide about one of its labels.
    LabelStale,
    /// Pilots wait and none starts.
    NoStart,
    /// The batch system holds waiting pilots.
    Held,
    /// Pilots run and get no job.
    Empty,
    /// Pilots run for too short a time.
    Short,
    /// Far fewer pilots start than usual.
    Drop,
    /// Slots of running pilots have no job.
    Gap,
    /// Jobs and pilots fail on a node and not elsewhere.
    BlackHole,
    /// A credential ends soon, or cannot be used.
    Credentials,
    /// A factory says that something of it is broken.
    Trouble,
    /// Pilots cannot be submitted.
    Submit,
    /// The disk of logs and outputs fills, or one of a factory's host.
    Disk,
    /// Only one factory serves a queue.
    SingleFactory,
}

/// In what a rule measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Of a hundred.
    Percent,
    /// Seconds; written as `20m`.
    Time,
    /// It is so, or not.
    None,
}

/// Which values are bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Large ones.
    Above,
    /// Small ones.
    Below,
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

const HOUR_S: f64 = 3600.0;
const MINUTE_S: f64 = 60.0;

impl Rule {
    /// All rules.
    pub const ALL: [Rule; 15] = [
        Rule::FaultRatio,
        Rule::NoStart,
        Rule::Held,
        Rule::Empty,
        Rule::Short,
        Rule::Drop,
        Rule::Gap,
        Rule::BlackHole,
        Rule::LabelStale,
        Rule::Submit,
        Rule::Trouble,
        Rule::Credentials,
        Rule::FactorySilent,
        Rule::SingleFactory,
        Rule::Disk,
    ];

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::FaultRatio => "fault-ratio",
            Rule::FactorySilent => "factory-silent",
            Rule::LabelStale => "label-stale",
            Rule::NoStart => "no-start",
            Rule::Held => "held",
            Rule::Empty => "empty",
            Rule::Short => "short",
            Rule::Drop => "drop",
            Rule::Gap => "gap",
            Rule::BlackHole => "black-hole",
            Rule::Credentials => "credentials",
            Rule::Trouble => "trouble",
            Rule::Submit => "submit",
            Rule::Disk => "disk",
            Rule::SingleFactory => "single-factory",
        }
    }

    /// In what it measures.
    pub fn unit(self) -> Unit {
        match self {
            Rule::FaultRatio | Rule::Held | Rule::Empty | Rule::Drop | Rule::Gap | Rule::Disk => Unit::Percent,
            Rule::FactorySilent | Rule::LabelStale | Rule::NoStart | Rule::Short | Rule::Credentials => Unit::Time,
            Rule::BlackHole | Rule::Trouble | Rule::Submit | Rule::SingleFactory => Unit::None,
        }
    }

    /// Which values are bad.
    pub fn direction(self) -> Direction {
        match self {
            Rule::Short | Rule::Drop | Rule::Credentials => Direction::Below,
            _ => Direction::Above,
        }
    }

    /// What it goes by when nothing is configured.
    pub fn defaults(self) -> RuleSettings {
        let set = |warning: f64, critical: Option<f64>, clear: f64, least: u64, hold: Duration| RuleSettings {
            enabled: true,
            warning,
            critical,
            clear,
            least,
            hold,
            exclude: None,
        };
        match self {
            Rule::FaultRatio => set(50.0, Some(90.0), 40.0, 10, minutes(10)),
            Rule::NoStart => set(6.0 * HOUR_S, Some(24.0 * HOUR_S), 6.0 * HOUR_S, 1, Duration::ZERO),
            Rule::Held => set(20.0, Some(90.0), 10.0, 10, minutes(10)),
            Rule::Empty => set(80.0, None, 60.0, 50, minutes(30)),
            Rule::Short => set(5.0 * MINUTE_S, None, 6.0 * MINUTE_S, 20, minutes(20)),
            Rule::Drop => set(40.0, None, 60.0, 20, minutes(30)),
            Rule::Gap => set(20.0, None, 15.0, 20, minutes(30)),
            Rule::LabelStale => set(15.0 * MINUTE_S, Some(60.0 * MINUTE_S), 15.0 * MINUTE_S, 1, minutes(5)),
            Rule::FactorySilent => set(20.0 * MINUTE_S, Some(60.0 * MINUTE_S), 20.0 * MINUTE_S, 1, Duration::ZERO),
            Rule::Credentials => set(24.0 * HOUR_S, Some(6.0 * HOUR_S), 24.0 * HOUR_S, 1, Duration::ZERO),
            Rule::Disk => set(80.0, Some(90.0), 75.0, 1, minutes(5)),
            Rule::BlackHole => set(1.0, None, 1.0, 1, minutes(10)),
            Rule::Trouble => set(1.0, None, 1.0, 1, minutes(2)),
            Rule::Submit => set(1.0, None, 1.0, 1, minutes(5)),
            Rule::SingleFactory => RuleSettings { enabled: false, ..set(1.0, None, 1.0, 1, minutes(30)) },
        }
    }

    /// What it computes, in words for people.
    pub fn formula(self) -> &'static str {
        match self {
            Rule::FaultRatio => {
                "pilots that ended in fault, of all that ended in the last 2 h; counts from `least` faults and as many \
                 submitted pilots on, critical from ten times as many faults on"
            }
            Rule::NoStart => {
                "how long pilots have waited without a start: since the last start, or since the first of them waits; \
                 looked at for 48 h, while at least `least` wait"
            }
            Rule::Held => {
                "waiting pilots that their batch system holds back, of all that wait, when at least `least` are"
            }
            Rule::Empty => {
                "pilots that ended without ever getting a job, of at least `least` that ended in the last 2 h"
            }
            Rule::Short => "median run of at least `least` pilots that ended in the last 2 h",
            Rule::Drop => {
                "starts of the last 3 h beside those of the same hours of the 7 days before (the median of them), when that \
                 is at least `least` and pilots wait"
            }
            Rule::Gap => "slots of the running pilots of a queue that no job fills, of at least `least` slots",
            Rule::BlackHole => {
                "pilots in fault, refused pilots and failed attempts of jobs on a node in the last 6 h are at least 6, at \
                 least 20 % of all ends there, and at least 3 times the share on the other nodes of its queue"
            }
            Rule::LabelStale => "time since the last decision for the label, while its factory is heard",
            Rule::Submit => "the last decision for the label ended in an error",
            Rule::Trouble => {
                "what a factory says is wrong with its configuration, a source, or its labels; labels of one end point \
                 with the same trouble are one alarm; of a factory of other software, errors that its host counted for a \
                 label"
            }
            Rule::Credentials => {
                "time until the credential ends, but never more than a quarter of its life (warning) or a tenth \
                 (critical); one that cannot be used is critical, one that cannot be renewed a warning"
            }
            Rule::FactorySilent => "time since the factory was heard, or since the server listens",
            Rule::SingleFactory => "an online queue is served by one factory, while there are others",
            Rule::Disk => {
                "used part of the server's disk with logs and outputs, and of the fullest file system that a factory writes \
                 to on its host: of its bytes or of its files, whichever is more"
            }
        }
    }

    /// What to do about it.
    pub fn action(self) -> &'static str {
        match self {
            Rule::FaultRatio => {
                "Read the log of one of the pilots below. If the site is at fault, open a ticket with the link to the log \
                 and put its number into a comment."
            }
            Rule::NoStart => {
                "Look at the native states of the waiting pilots: a batch system that holds them back says why. Ask the \
                 site whether it still starts our pilots."
            }
            Rule::Held => {
                "Read on the page of a held pilot why its batch system holds it: often a credential, a directory, or a limit \
                 of the site. Held pilots do not start by themselves; release them there, or take them out."
            }
            Rule::Empty => {
                "Look at the decisions of the label: it asks for more pilots than there is work for. Check that jobs of \
                 the queue fit its pilots."
            }
            Rule::Short => "Read the log of one of the pilots below: they end before they can have done useful work.",
            Rule::Drop => "Compare the plots of queue and site: is the site full, in downtime, or are shares changed?",
            Rule::Gap => "Check that jobs of the queue fit the shape of its pilots, and that their inputs are there.",
            Rule::BlackHole => {
                "Look at what failed on the node and tell its site; new pilots can avoid it until it is mended."
            }
            Rule::LabelStale => {
                "Look at the log of the factory: a step of the label's chain or its batch system hangs."
            }
            Rule::Submit => "Read the error of the last decision; try pilotage factory check on the factory's host.",
            Rule::Trouble => "Do what the words say; pilotage factory check on the factory's host tells more.",
            Rule::Credentials => "Renew the credential, or mend what renews it; see pilotage factory credentials.",
            Rule::FactorySilent => {
                "Log in to the factory's host: is it up, does `pilotage factory` run, is the network there?"
            }
            Rule::SingleFactory => "Let a second factory serve the queue, so that it survives the loss of one.",
            Rule::Disk => {
                "Make room, or let logs be kept for a shorter time: [logs] in the server's configuration, for the host of a \
                 factory its own directory and /tmp. A factory that cannot write submits nothing."
            }
        }
    }

    /// Whether it needs a number of pilots or slots (`least`) before it says something.
    pub fn has_least(self) -> bool {
        use Rule::{Drop, Empty, FaultRatio, Gap, Held, NoStart, Short};
        matches!(self, FaultRatio | NoStart | Held | Empty | Short | Drop | Gap)
    }

    /// Whether it may hold a label back: a pilot more tells whether what it found is mended.
    pub fn can_exclude(self) -> bool {
        matches!(self, Rule::FaultRatio | Rule::NoStart | Rule::Held | Rule::Submit)
    }

    /// A value in the rule's unit, for people.
    pub fn value(self, value: f64) -> String {
        match self.unit() {
            Unit::Percent => format!("{value:.0} %"),
            Unit::Time => lasting(Duration::from_secs_f64(value.max(0.0))),
            Unit::None => String::new(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        let found = Rule::ALL.into_iter().find(|rule| rule.as_str() == text);
        found.ok_or_else(|| {
            let hint = crate::spelling::hint(text, Rule::ALL.map(Rule::as_str));
            format!("'{text}' is no rule{hint}")
        })
    }
}

/// All rules with their defaults, and what to do about each, in Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "| rule | what it measures | warning | critical | clears | least | hold |\n|---|---|---|---|---|---|---|\n",
    );
    for rule in Rule::ALL {
        let RuleSettings { enabled, warning, critical, clear, least, hold, .. } = rule.defaults();
        let [bad, good] = match rule.direction() {
            Direction::Above => ["from", "below"],
            Direction::Below => ["below", "from"],
        };
        let level = |word: &str, value: Option<f64>| match (rule.unit(), value) {
            (Unit::None, _) | (_, None) => String::new(),
            (_, Some(value)) => format!("{word} {}", rule.value(value)),
        };
        let (warning, critical, clear) = (level(bad, Some(warning)), level(bad, critical), level(good, Some(clear)));
        let least = if rule.has_least() { least.to_string() } else { String::new() };
        let off = if enabled { "" } else { " (off)" };
        let formula = rule.formula();
        let _ = writeln!(
            text,
            "| `{rule}`{off} | {formula} | {warning} | {critical} | {clear} | {least} | {} |",
            lasting(hold)
        );
    }
    text.push_str("\n## What to do\n\n");
    for rule in Rule::ALL {
        let _ = writeln!(text, "* `{rule}`: {}", rule.action());
    }
    text
}
