//! Which pilots a command to a factory means.

use crate::spelling::hint;
use crate::{IdSet, JobId, PilotState, PilotSummary};

/// Pilots by their properties; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PilotChoice {
    /// Only these.
    pub ids: Option<IdSet>,
    /// Only of this label.
    pub label: Option<String>,
    /// Only of this queue.
    pub queue: Option<String>,
    /// Only in this state.
    pub state: Option<PilotState>,
}

const WORDS: [&str; 4] = ["pilots", "label", "queue", "state"];

impl PilotChoice {
    /// As arguments of a command, such as `label=short`.
    pub fn arguments(&self) -> Vec<String> {
        let ids = self.ids.as_ref().map(|ids| format!("pilots={ids}"));
        let label = self.label.as_ref().map(|label| format!("label={label}"));
        let queue = self.queue.as_ref().map(|queue| format!("queue={queue}"));
        let state = self.state.map(|state| format!("state={state}"));
        [ids, label, queue, state].into_iter().flatten().collect()
    }

    /// Of the arguments of a command. Nothing given is refused: it would mean all.
    pub fn of_arguments(arguments: &[String]) -> Result<PilotChoice, String> {
        let mut choice = PilotChoice::default();
        for argument in arguments {
            match argument.split_once('=') {
                Some(("pilots", ids)) => choice.ids = Some(ids.parse().map_err(|error| format!("pilots: {error}"))?),
                Some(("label", label)) => choice.label = Some(label.to_owned()),
                Some(("queue", queue)) => choice.queue = Some(queue.to_owned()),
                Some(("state", state)) => choice.state = Some(state.parse()?),
                _ => {
                    let word = argument.split('=').next().unwrap_or_default();
                    return Err(format!("'{argument}' chooses no pilots{}", hint(word, WORDS)));
                }
            }
        }
        if choice == PilotChoice::default() {
            return Err("no pilots are chosen; name some, a label, a queue or a state".to_owned());
        }
        Ok(choice)
    }

    /// Whether it means this pilot.
    pub fn includes(&self, pilot: &PilotSummary) -> bool {
        let is = |wanted: &Option<String>, have: &String| wanted.as_ref().is_none_or(|wanted| wanted == have);
        self.ids.as_ref().is_none_or(|ids| ids.contains(JobId(pilot.id.0)))
            && is(&self.label, &pilot.label)
            && is(&self.queue, &pilot.queue)
            && self.state.is_none_or(|state| state == pilot.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_travels_as_arguments() {
        let choice = PilotChoice {
            ids: Some("3-5,9".parse().unwrap()),
            label: Some("short".into()),
            queue: None,
            state: Some(PilotState::Pending),
        };
        let arguments = choice.arguments();
        assert_eq!(arguments, ["pilots=3-5,9", "label=short", "state=pending"]);
        assert_eq!(PilotChoice::of_arguments(&arguments), Ok(choice));
    }

    #[test]
    fn nothing_or_nonsense_never_means_all() {
        let refused = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
            PilotChoice::of_arguments(&arguments).unwrap_err()
        };
        assert_eq!(refused(&[]), "no pilots are chosen; name some, a label, a queue or a state");
        assert_eq!(refused(&["labl=x"]), "'labl=x' chooses no pilots; did you mean 'label'?");
        assert!(refused(&["state=gone"]).starts_with("'gone' is no pilot state"));
    }
}
