//! What became of a submission.

use super::answer::{Answer, How, at, check_word, read};
use crate::SubmitOutcome;
use crate::command::short;
use crate::name::{job_name, pilot_of};
use model::PilotId;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One accepted pilot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    name: String,
    batch_id: String,
}

/// Reads the answer about `count` pilots. Those without a line are refused when the end says so; else each must have
/// one.
pub fn parse(said: &str, factory: &str, first: PilotId, count: usize) -> Result<SubmitOutcome, String> {
    let Answer { rows, end } = read::<Accepted>(said, &[How::Complete, How::Full, How::Refused])?;
    let last = first.0.saturating_add(count as i64);
    let mut accepted: BTreeMap<PilotId, String> = BTreeMap::new();
    for (number, Accepted { name, batch_id }) in rows {
        let asked = pilot_of(&name, factory).filter(|pilot| (first.0..last).contains(&pilot.0));
        let pilot = asked.ok_or_else(|| at(number, format!("'{name}' was not to be submitted")))?;
        check_word("batch_id", &batch_id).map_err(|what| at(number, what))?;
        if accepted.insert(pilot, batch_id).is_some() {
            return Err(at(number, format!("'{name}' has a line already")));
        }
    }
    let refused: Vec<PilotId> = (first.0..last).map(PilotId).filter(|pilot| !accepted.contains_key(pilot)).collect();
    if end.end == How::Complete && !refused.is_empty() {
        let name = job_name(factory, refused[0]);
        return Err(format!("it is incomplete: '{name}' has no line, as {} of {count}", refused.len()));
    }
    let reason = match short(&end.message) {
        _ if refused.is_empty() => String::new(),
        message if message.is_empty() => "it gave no reason".to_owned(),
        message => message,
    };
    Ok(SubmitOutcome { accepted: accepted.into_iter().collect(), refused, reason, full: end.end == How::Full })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(lines: &str) -> Result<SubmitOutcome, String> {
        parse(&format!("{{\"pilotage\":1}}\n{lines}"), "f1", PilotId(7), 3)
    }

    const SEVEN: &str = "{\"name\":\"pilotage.f1.7\",\"batch_id\":\"x7\"}\n";

    #[test]
    fn full_and_refused_speak_of_those_without_a_line() {
        let full = outcome(&format!("{SEVEN}{{\"end\":\"full\",\"message\":\"1 slot\"}}")).unwrap();
        assert_eq!(full.accepted, [(PilotId(7), "x7".to_owned())]);
        assert_eq!((full.refused, full.reason.as_str(), full.full), (vec![PilotId(8), PilotId(9)], "1 slot", true));
        let refused = outcome("{\"end\":\"refused\"}").unwrap();
        assert_eq!((refused.refused.len(), refused.reason.as_str(), refused.full), (3, "it gave no reason", false));
    }

    #[test]
    fn lines_that_are_missing_or_make_no_sense_are_named() {
        let nine = SEVEN.replace(".7", ".10");
        let cases = [
            (format!("{SEVEN}{{\"end\":\"complete\"}}"), "it is incomplete: 'pilotage.f1.8' has no line, as 2 of 3"),
            (format!("{SEVEN}{SEVEN}{{\"end\":\"full\"}}"), "line 3: 'pilotage.f1.7' has a line already"),
            (
                format!("{}{{\"end\":\"full\"}}", SEVEN.replace("x7", "\\u0000")),
                "line 2: 'batch_id' has control characters or more than 128 characters",
            ),
            (format!("{nine}{{\"end\":\"full\"}}"), "line 2: 'pilotage.f1.10' was not to be submitted"),
        ];
        for (lines, complaint) in cases {
            assert_eq!(outcome(&lines).unwrap_err(), complaint);
        }
    }
}
