//! `squeue`: one call for all pilots of a factory.

use super::state::{in_words, meaning};
use crate::PilotStatus;
use crate::name::pilot_of;
use model::{PilotEvent, PilotId};

/// Fields of one row: array job, index, state, reason, name. All of them are in every version since 14; the name is
/// last since others may hold any character in theirs.
pub const FORMAT: &str = "%F|%K|%T|%r|%j";

/// Arguments for the jobs of one user, ended ones included while Slurm remembers them.
pub fn arguments(user: &str) -> [&str; 8] {
    ["-h", "-r", "-t", "all", "-u", user, "-o", FORMAT]
}

/// The rows of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// This factory's pilots.
    pub pilots: Vec<PilotStatus>,
    /// Arrays whose tasks that still waited were all cancelled together: Slurm 22.05 then shows one row without an
    /// index, and those tasks have no row of their own.
    pub rests: Vec<Rest>,
    /// The first row that made no sense.
    pub garbled: Option<String>,
}

/// The end of those tasks of an array that have no row of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Pilot of index 0.
    pub first: PilotId,
    job: String,
    state: String,
    reason: String,
}

impl Rest {
    /// How a pilot of it ended.
    pub fn status(&self, pilot: PilotId) -> PilotStatus {
        status(self.first, &self.job, pilot.0 - self.first.0, &self.state, &self.reason)
    }
}

/// What one row says.
enum Row {
    Tasks(Vec<PilotStatus>),
    Rest(Rest),
    Foreign,
    Garbled,
}

/// Reads an answer; rows of other jobs are skipped.
pub fn parse(text: &str, factory: &str) -> Answer {
    let mut answer = Answer::default();
    // With -M a line "CLUSTER: name" comes first, also without headings.
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("CLUSTER: ")) {
        match row(line, factory) {
            Row::Tasks(pilots) => answer.pilots.extend(pilots),
            Row::Rest(rest) => answer.rests.push(rest),
            Row::Foreign => {}
            Row::Garbled => answer.garbled = answer.garbled.or_else(|| Some(line.to_owned())),
        }
    }
    answer
}

fn row(line: &str, factory: &str) -> Row {
    let fields: Vec<&str> = line.splitn(5, '|').collect();
    let [job, indices, state, reason, name] = fields[..] else { return Row::Garbled };
    let Some(first) = pilot_of(name, factory) else { return Row::Foreign };
    if indices == "N/A" {
        let text = |field: &str| field.to_owned();
        return Row::Rest(Rest { first, job: text(job), state: text(state), reason: text(reason) });
    }
    let Some(indices) = expand(indices) else { return Row::Garbled };
    Row::Tasks(indices.into_iter().map(|index| status(first, job, index, state, reason)).collect())
}

/// Array indices: a single one with `-r`; folded ones (`3-9%3`, `0-4:2,8`) where a version or a plug-in ignores it.
pub fn expand(text: &str) -> Option<Vec<i64>> {
    let listed = text.trim_start_matches('[').split(['%', ']']).next()?;
    let mut indices = Vec::new();
    for part in listed.split(',') {
        let (range, step) = part.split_once(':').map_or((part, Ok(1)), |(range, step)| (range, step.parse::<usize>()));
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (from, to): (i64, i64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        indices.extend((from..=to).step_by(step.ok().filter(|step| *step > 0)?));
    }
    Some(indices)
}

fn status(first: PilotId, job: &str, index: i64, state: &str, reason: &str) -> PilotStatus {
    let meaning = meaning(state, reason);
    let worth_words = meaning.event.is_none() || meaning.flag.is_some() || meaning.event == Some(PilotEvent::Break);
    PilotStatus {
        pilot: PilotId(first.0 + index),
        event: meaning.event,
        batch_id: format!("{job}_{index}"),
        native_state: state.to_owned(),
        flag: meaning.flag,
        error_class: meaning.error_class,
        message: if worth_words { in_words(state, reason, None) } else { String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded from Slurm 22.05.8 with `squeue -h -r -t all -o FORMAT`.
    const RECORDED: &str = include_str!("recorded/squeue.txt");

    #[test]
    fn reads_a_recorded_answer() {
        let answer = parse(RECORDED, "f1");
        assert_eq!(answer.garbled, None);
        let seen: Vec<_> = answer
            .pilots
            .iter()
            .map(|pilot| (pilot.pilot.0, pilot.batch_id.as_str(), pilot.native_state.as_str(), pilot.event))
            .collect();
        insta::assert_debug_snapshot!(seen);
    }

    #[test]
    fn folded_rows_are_unfolded() {
        assert_eq!(expand("7"), Some(vec![7]));
        assert_eq!(expand("3-6%3"), Some(vec![3, 4, 5, 6]));
        assert_eq!(expand("[0-4:2,8]"), Some(vec![0, 2, 4, 8]));
        assert_eq!(expand("N/A"), None);
        assert_eq!(expand("0-4:0"), None);
        let answer = parse("12|3-5%2|PENDING|Resources|pilotage.f1.100\n", "f1");
        let ids: Vec<_> = answer.pilots.iter().map(|pilot| (pilot.pilot.0, pilot.batch_id.as_str())).collect();
        assert_eq!(ids, [(103, "12_3"), (104, "12_4"), (105, "12_5")]);
    }

    #[test]
    fn tasks_that_were_cancelled_together_are_told_by_one_row() {
        // Recorded from Slurm 22.05.8 after `scancel 44_0 44_1` of a held array of two.
        let answer = parse("44|N/A|CANCELLED|JobHeldUser|pilotage.f1.7\n", "f1");
        assert_eq!((answer.pilots.len(), answer.garbled.as_deref()), (0, None));
        let status = answer.rests[0].status(PilotId(8));
        assert_eq!((status.batch_id.as_str(), status.event), ("44_1", Some(PilotEvent::Break)));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(parse("slurm is upgrading\n", "f1").garbled.as_deref(), Some("slurm is upgrading"));
        let strange = parse("CLUSTER: big\n12|0|MELTING|None|pilotage.f1.5\n12|N/A|RUNNING|None|other|name\n", "f1");
        assert_eq!(strange.garbled, None);
        assert_eq!((strange.pilots[0].event, strange.pilots[0].message.as_str()), (None, "Slurm: MELTING"));
    }
}
