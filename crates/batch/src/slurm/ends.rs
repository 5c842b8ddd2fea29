//! How ended jobs ended: `scontrol show job -o` while Slurm remembers them, `sacct` afterwards.

use std::collections::BTreeMap;

/// The end of one array task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Long form of the state.
    pub state: String,
    /// Slurm's reason; `None` when it gives none.
    pub reason: String,
    /// Exit code and signal.
    pub exit: Option<(i32, i32)>,
    /// The node.
    pub node: String,
}

/// Fields of `sacct`: job, state, exit code, node; in every version since 2.
pub const SACCT_FORMAT: &str = "JobID,State,ExitCode,NodeList";

/// Reads `scontrol show job -o JOB`: one line per array task, keyed by index.
pub fn parse_scontrol(text: &str) -> BTreeMap<i64, Ended> {
    let mut ends = BTreeMap::new();
    for line in text.lines() {
        let field = |key: &str| line.split_whitespace().find_map(|word| word.strip_prefix(key));
        // A row of tasks that still wait together has "ArrayTaskId=3-9".
        let index = field("ArrayTaskId=").and_then(|index| index.parse().ok());
        if let (Some(index), Some(state)) = (index, field("JobState=")) {
            let word = |key: &str| field(key).filter(|value| !value.starts_with('(')).unwrap_or_default().to_owned();
            let exit = field("ExitCode=").and_then(parse_exit);
            let ended = Ended { state: state.to_owned(), reason: word("Reason="), exit, node: word("NodeList=") };
            ends.insert(index, ended);
        }
    }
    ends
}

/// Reads `sacct -X -n -P -o SACCT_FORMAT -j JOB`, keyed by index.
pub fn parse_sacct(text: &str) -> BTreeMap<i64, Ended> {
    let mut ends = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split('|');
        let (Some(job), Some(state), Some(exit), Some(node)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if let Some(index) = job.split_once('_').and_then(|(_, index)| index.parse().ok()) {
            let ended =
                Ended { state: state.to_owned(), reason: String::new(), exit: parse_exit(exit), node: node.to_owned() };
            ends.insert(index, ended);
        }
    }
    ends
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
        insta::assert_debug_snapshot!(parse_scontrol(include_str!("recorded/scontrol-job.txt")));
    }

    #[test]
    fn reads_a_recorded_accounting() {
        insta::assert_debug_snapshot!(parse_sacct(include_str!("recorded/sacct.txt")));
    }
}
