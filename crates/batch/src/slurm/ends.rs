//! How ended jobs ended: `scontrol show job -o` while Slurm remembers them, `sacct` afterwards.

use crate::name::pilot_of;
use model::PilotId;
use std::collections::BTreeMap;

/// The end of one array task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Slurm's id of the task, such as `17_3`.
    pub batch_id: String,
    /// Long form of the state.
    pub state: String,
    /// Slurm's reason; empty when it gives none.
    pub reason: String,
    /// Exit code and signal.
    pub exit: Option<(i32, i32)>,
}

/// Fields of `sacct`: job, state, exit code, name; in every version since 2.
pub const SACCT_FORMAT: &str = "JobID,State,ExitCode,JobName";

/// Reads `scontrol show job -o JOB`: one line per array task. The name tells whose a row is: numbers of jobs are used
/// again, by another cluster or after Slurm was set up anew.
pub fn parse_scontrol(text: &str, factory: &str) -> BTreeMap<PilotId, Ended> {
    text.lines().filter_map(|line| row_of_scontrol(line, factory)).collect()
}

fn row_of_scontrol(line: &str, factory: &str) -> Option<(PilotId, Ended)> {
    let field = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key));
    let first = pilot_of(field("JobName=")?, factory)?;
    // A row of tasks that still wait together has "ArrayTaskId=3-9".
    let index: i64 = field("ArrayTaskId=")?.parse().ok()?;
    let ended = Ended {
        batch_id: format!("{}_{index}", field("ArrayJobId=")?),
        state: field("JobState=")?.to_owned(),
        reason: field("Reason=").filter(|reason| !reason.starts_with('(')).unwrap_or_default().to_owned(),
        exit: field("ExitCode=").and_then(parse_exit),
    };
    Some((PilotId(first.0 + index), ended))
}

/// Reads `sacct -X -n -P -o SACCT_FORMAT -j JOBS`.
pub fn parse_sacct(text: &str, factory: &str) -> BTreeMap<PilotId, Ended> {
    text.lines().filter_map(|line| row_of_sacct(line, factory)).collect()
}

fn row_of_sacct(line: &str, factory: &str) -> Option<(PilotId, Ended)> {
    let fields: Vec<&str> = line.splitn(4, '|').collect();
    let [task, state, exit, name] = fields[..] else { return None };
    let first = pilot_of(name, factory)?;
    let index: i64 = task.split_once('_')?.1.parse().ok()?;
    let ended =
        Ended { batch_id: task.to_owned(), state: state.to_owned(), reason: String::new(), exit: parse_exit(exit) };
    Some((PilotId(first.0 + index), ended))
}

fn parse_exit(text: &str) -> Option<(i32, i32)> {
    let (code, signal) = text.split_once(':')?;
    Some((code.parse().ok()?, signal.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_recorded_ends() {
        insta::assert_debug_snapshot!(parse_scontrol(include_str!("recorded/scontrol-job.txt"), "f1"));
    }

    #[test]
    fn reads_a_recorded_accounting() {
        insta::assert_debug_snapshot!(parse_sacct(include_str!("recorded/sacct.txt"), "f1"));
    }

    #[test]
    fn a_number_that_is_another_job_s_now_says_nothing() {
        assert_eq!(parse_scontrol(include_str!("recorded/scontrol-job.txt"), "f2"), BTreeMap::new());
        assert_eq!(parse_sacct(include_str!("recorded/sacct.txt"), "f2"), BTreeMap::new());
    }
}
