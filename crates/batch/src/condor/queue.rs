//! `condor_q` and `condor_history`: one call for all pilots of a factory, as JSON.

use super::state::{self, Facts};
use super::text;
use crate::PilotStatus;
use model::PilotId;
use serde::Deserialize;

/// Who our jobs belong to: what every constraint begins with.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Name of the factory.
    pub factory: String,
    /// The account it runs under; another user's factory may have the same name.
    pub user: String,
}

impl Owner {
    /// ClassAd expression for all jobs of this factory. The copies that HTCondor makes of a job that it hands on (to a
    /// CE, by the job router) have all attributes of ours, and are left out.
    pub fn constraint(&self) -> String {
        format!(
            "PilotageFactory =?= {} && PilotageUser =?= {} && SubmitterGlobalJobId =?= undefined && RoutedFromJobId =?= undefined",
            text::string(&self.factory),
            text::string(&self.user)
        )
    }

    /// The same for some of its pilots.
    pub fn constraint_on(&self, pilots: &[PilotId]) -> String {
        format!("{} && ({})", self.constraint(), ranges(pilots))
    }
}

/// Ids are mostly consecutive.
fn ranges(pilots: &[PilotId]) -> String {
    let mut sorted: Vec<i64> = pilots.iter().map(|pilot| pilot.0).collect();
    sorted.sort_unstable();
    let mut found: Vec<(i64, i64)> = Vec::new();
    for id in sorted {
        match found.last_mut() {
            Some((_, last)) if id <= *last + 1 => *last = id,
            _ => found.push((id, id)),
        }
    }
    let one = |(first, last): &(i64, i64)| match first == last {
        true => format!("PilotageId == {first}"),
        false => format!("(PilotageId >= {first} && PilotageId <= {last})"),
    };
    found.iter().map(one).collect::<Vec<_>>().join(" || ")
}

/// Attributes that are asked for.
pub const ATTRIBUTES: &str = "ClusterId,ProcId,PilotageId,PilotageFactory,PilotageUser,JobStatus,GridJobStatus,\
HoldReason,HoldReasonCode,ExitCode,ExitBySignal,ExitSignal,RemoveReason,LastJobStatus,LastHoldReason,LastHoldReasonCode";

/// One row of the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    cluster_id: i64,
    proc_id: i64,
    pilotage_id: i64,
    pilotage_factory: String,
    pilotage_user: String,
    #[serde(flatten)]
    facts: Facts,
}

/// Reads an answer of `condor_q`. The error says what is wrong with it, and then nothing of it can be used.
pub fn parse(json: &str, owner: &Owner) -> Result<Vec<PilotStatus>, String> {
    let pilots = rows(json, owner)?;
    Ok(pilots.into_iter().map(|row| state::status(row.pilot(), row.batch_id(), &row.facts)).collect())
}

/// Reads an answer of `condor_history`, where only ended jobs are.
pub fn parse_history(json: &str, owner: &Owner) -> Result<Vec<PilotStatus>, String> {
    let pilots = rows(json, owner)?;
    Ok(pilots.into_iter().map(|row| state::ended(row.pilot(), row.batch_id(), &row.facts.end())).collect())
}

/// An empty answer is empty text in some versions and an empty list in others.
fn rows(json: &str, owner: &Owner) -> Result<Vec<Row>, String> {
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Row> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    rows.retain(|row| row.pilotage_factory == owner.factory && row.pilotage_user == owner.user);
    Ok(rows)
}

impl Row {
    fn pilot(&self) -> PilotId {
        PilotId(self.pilotage_id)
    }

    fn batch_id(&self) -> String {
        format!("{}.{}", self.cluster_id, self.proc_id)
    }
}

/// The number of jobs that `condor_q -totals` found; `None` for anything else than its answer.
pub fn parse_totals(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Total for query: "))?;
    line.split_once(" jobs;")?.0.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner { factory: "f1".into(), user: "games".into() }
    }

    #[test]
    fn reads_a_recorded_answer() {
        let pilots = parse(include_str!("recorded/condor_q.json"), &owner()).unwrap();
        insta::assert_debug_snapshot!(pilots);
    }

    #[test]
    fn reads_a_recorded_history() {
        let pilots = parse_history(include_str!("recorded/condor_history.json"), &owner()).unwrap();
        insta::assert_debug_snapshot!(pilots);
    }

    #[test]
    fn an_empty_answer_is_none_and_half_an_answer_is_an_error() {
        assert_eq!(parse("", &owner()).unwrap(), []);
        assert_eq!(parse("[\n]\n", &owner()).unwrap(), []);
        assert!(parse("[ { \"ClusterId\": 1,", &owner()).unwrap_err().contains("EOF"));
        assert!(parse("-- Failed to fetch ads from: schedd", &owner()).is_err());
    }

    #[test]
    fn an_empty_answer_is_confirmed_by_the_totals() {
        assert_eq!(parse_totals(include_str!("recorded/totals.txt")), Some(0));
        assert_eq!(parse_totals("OK\n"), None);
    }

    #[test]
    fn constraints_name_the_factory_and_ranges_of_pilots() {
        let pilots = [7, 3, 4, 5, 9, 10].map(PilotId);
        let constraint = owner().constraint_on(&pilots);
        insta::assert_snapshot!(constraint);
    }
}
