//! The whole transition tables of jobs and pilots, so that a change of one cell is seen.

use model::{JobEvent, JobState, PilotEvent, PilotState};

const JOB_EVENTS: [JobEvent; 13] = [
    JobEvent::Activate,
    JobEvent::Unplace,
    JobEvent::Lease,
    JobEvent::Start,
    JobEvent::Run,
    JobEvent::Hold,
    JobEvent::Transfer,
    JobEvent::Finish,
    JobEvent::Fail,
    JobEvent::Requeue,
    JobEvent::Cancel,
    JobEvent::Close,
    JobEvent::Retry,
];

const PILOT_EVENTS: [PilotEvent; 6] =
    [PilotEvent::Submit, PilotEvent::Queue, PilotEvent::Run, PilotEvent::Exit, PilotEvent::End, PilotEvent::Break];

#[test]
fn the_job_table() {
    let mut table = String::new();
    for state in JobState::ALL {
        for event in JOB_EVENTS {
            if let Ok(next) = state.next(event) {
                table += &format!("{state} --{event:?}-> {next}\n");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_pilot_table() {
    let mut table = String::new();
    for state in PilotState::ALL {
        for event in PILOT_EVENTS {
            if let Ok(next) = state.next(event) {
                table += &format!("{state} --{event:?}-> {next}\n");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_final_job_leaves_its_state_only_when_somebody_asks() {
    for state in JobState::ALL.into_iter().filter(|state| state.is_final()) {
        for event in JOB_EVENTS.into_iter().filter(|event| *event != JobEvent::Retry) {
            assert!(state.next(event).is_err(), "{state} accepts {event:?}");
        }
    }
}

#[test]
fn names_are_read_back() {
    for state in JobState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
    }
    for state in PilotState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
}
