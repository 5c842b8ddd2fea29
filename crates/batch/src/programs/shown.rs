//! The pilots that a status shows.

use super::answer::{Answer, How, at, check_word, read};
use crate::command::short;
use crate::name::pilot_of;
use crate::{Flag, PilotStatus, exit_class};
use model::{ErrorClass, PilotEvent, PilotId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One batch job.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    state: State,
    #[serde(default)]
    batch_id: String,
    /// The batch system's own word; that of `state` when empty.
    #[serde(default)]
    native: String,
    flag: Option<FlagWord>,
    exit_code: Option<i32>,
    error: Option<ErrorClass>,
    #[serde(default)]
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Pending,
    Running,
    Exiting,
    Ended,
    Unknown,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FlagWord {
    Held,
    Suspended,
    Retiring,
}

/// Reads a status: this factory's pilots, and whether none is missing. Batch jobs with other names are skipped.
pub fn parse(said: &str, factory: &str) -> Result<(BTreeMap<PilotId, PilotStatus>, bool), String> {
    let Answer { rows, end } = read::<Row>(said, &[How::Complete, How::Partial])?;
    let mut pilots = BTreeMap::new();
    for (number, row) in rows {
        let Some(pilot) = pilot_of(&row.name, factory) else { continue };
        let name = row.name.clone();
        let status = status_of(pilot, row).map_err(|what| at(number, what))?;
        if pilots.insert(pilot, status).is_some() {
            return Err(at(number, format!("'{name}' has a line already")));
        }
    }
    let complete = end.end == How::Complete;
    if !complete {
        tracing::warn!(message = short(&end.message), "the status of a batch system is incomplete");
    }
    Ok((pilots, complete))
}

fn status_of(pilot: PilotId, row: Row) -> Result<PilotStatus, String> {
    if row.state != State::Ended && (row.exit_code.is_some() || row.error.is_some()) {
        return Err("'exit_code' and 'error' are for state 'ended' alone".to_owned());
    }
    check_word("batch_id", &row.batch_id)?;
    check_word("native", &row.native)?;
    let code = row.exit_code.filter(|code| *code != 0);
    let error_class = row.error.or_else(|| code.map(exit_class));
    let message = match code {
        Some(code) if row.message.is_empty() => format!("the pilot ended with exit code {code}"),
        _ => short(&row.message),
    };
    let native_state = if row.native.is_empty() { format!("{:?}", row.state).to_lowercase() } else { row.native };
    Ok(PilotStatus {
        pilot,
        event: event_of(row.state, error_class.is_some()),
        batch_id: row.batch_id,
        native_state,
        flag: row.flag.map(Flag::from),
        error_class,
        message,
    })
}

fn event_of(state: State, is_broken: bool) -> Option<PilotEvent> {
    match state {
        State::Pending => Some(PilotEvent::Queue),
        State::Running => Some(PilotEvent::Run),
        State::Exiting => Some(PilotEvent::Exit),
        State::Ended if is_broken => Some(PilotEvent::Break),
        State::Ended => Some(PilotEvent::End),
        State::Unknown => None,
    }
}

impl From<FlagWord> for Flag {
    fn from(word: FlagWord) -> Flag {
        match word {
            FlagWord::Held => Flag::Held,
            FlagWord::Suspended => Flag::Suspended,
            FlagWord::Retiring => Flag::Retiring,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rows: &[&str]) -> Result<(BTreeMap<PilotId, PilotStatus>, bool), String> {
        parse(&format!("{{\"pilotage\":1}}\n{}\n{{\"end\":\"complete\"}}\n", rows.join("\n")), "f1")
    }

    fn one(fields: &str) -> Result<PilotStatus, String> {
        let row = format!("{{\"name\":\"pilotage.f1.7\",{fields}}}");
        shown(&[&row]).map(|(pilots, _)| pilots[&PilotId(7)].clone())
    }

    #[test]
    fn states_and_ends_have_their_meaning() {
        let meaning = |fields| one(fields).map(|status| (status.event, status.error_class)).unwrap();
        use PilotEvent as E;
        let cases = [
            ("\"state\":\"pending\"", Some(E::Queue), None),
            ("\"state\":\"running\",\"flag\":\"suspended\"", Some(E::Run), None),
            ("\"state\":\"exiting\"", Some(E::Exit), None),
            ("\"state\":\"unknown\",\"native\":\"Z\"", None, None),
            ("\"state\":\"ended\"", Some(E::End), None),
            ("\"state\":\"ended\",\"exit_code\":0", Some(E::End), None),
            ("\"state\":\"ended\",\"exit_code\":72", Some(E::Break), Some(ErrorClass::Node)),
            ("\"state\":\"ended\",\"exit_code\":137", Some(E::Break), Some(ErrorClass::Killed)),
            ("\"state\":\"ended\",\"exit_code\":137,\"error\":\"memory\"", Some(E::Break), Some(ErrorClass::Memory)),
            ("\"state\":\"ended\",\"error\":\"wall-time\"", Some(E::Break), Some(ErrorClass::WallTime)),
        ];
        for (fields, event, class) in cases {
            assert_eq!(meaning(fields), (event, class), "{fields}");
        }
        let held = one("\"state\":\"pending\",\"flag\":\"held\",\"batch_id\":\"4\",\"native\":\"Hq\"").unwrap();
        assert_eq!((held.flag, held.batch_id.as_str(), held.native_state.as_str()), (Some(Flag::Held), "4", "Hq"));
        assert_eq!(one("\"state\":\"ended\",\"exit_code\":3").unwrap().message, "the pilot ended with exit code 3");
        assert_eq!(one("\"state\":\"running\"").unwrap().native_state, "running");
        let told = one(&format!("\"state\":\"ended\",\"message\":\"a\\nb\\u0000{}\"", "c".repeat(9000))).unwrap();
        assert!(told.message.starts_with("a; b c") && told.message.len() < 1000, "{}", told.message);
    }

    #[test]
    fn jobs_of_others_are_skipped() {
        let rows = ["pilotage.f2.1", "pilotage.f1.x", "somebody's"].map(|name| {
            let row = serde_json::json!({"name": name, "state": "running"});
            row.to_string()
        });
        let (pilots, complete) = shown(&rows.each_ref().map(String::as_str)).unwrap();
        assert!(pilots.is_empty() && complete);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let seven = "{\"name\":\"pilotage.f1.7\",\"state\":\"running\"}";
        assert_eq!(shown(&[seven, seven]).unwrap_err(), "line 3: 'pilotage.f1.7' has a line already");
        let said = one("\"state\":\"running\",\"exit_code\":0").unwrap_err();
        assert_eq!(said, "line 2: 'exit_code' and 'error' are for state 'ended' alone");
        let said = one(&format!("\"state\":\"pending\",\"native\":\"{}\"", "Q".repeat(129))).unwrap_err();
        assert_eq!(said, "line 2: 'native' has control characters or more than 128 characters");
        let said = one("\"state\":\"runing\"").unwrap_err();
        assert_eq!(said, "line 2: unknown value 'runing'; did you mean 'running'?");
    }

    #[test]
    fn a_status_may_say_that_something_is_missing() {
        let said = "{\"pilotage\":1}\n{\"end\":\"partial\",\"message\":\"one of two schedulers is silent\"}\n";
        assert!(!parse(said, "f1").unwrap().1);
    }
}
