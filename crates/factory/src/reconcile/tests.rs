use super::*;
use std::time::Instant;

const QUIET: Duration = Duration::from_secs(90);
const HELLO: Duration = Duration::from_secs(300);

fn record(id: i64, state: PilotState) -> PilotSummary {
    PilotSummary {
        id: PilotId(id),
        factory: "f1".into(),
        label: "l".into(),
        queue: "q".into(),
        site: "s".into(),
        batch: "b".into(),
        batch_id: String::new(),
        native_state: String::new(),
        state,
        flag: None,
        incarnation: 0,
        node: String::new(),
        slots: 1,
        jobs_now: 0,
        jobs_ended: 0,
        announced: Time(1_000_000),
        started: None,
        first_job: None,
        last_heard: None,
        ended: None,
        error_class: None,
        message: String::new(),
        test: None,
        reported: false,
    }
}

fn shown(id: i64, event: PilotEvent, native: &str) -> PilotStatus {
    PilotStatus {
        pilot: PilotId(id),
        event: Some(event),
        batch_id: format!("7_{id}"),
        native_state: native.into(),
        flag: None,
        error_class: None,
        message: String::new(),
    }
}

fn status(complete: bool, pilots: Vec<PilotStatus>) -> Status {
    Status { taken: Instant::now(), complete, pilots }
}

/// Reconciles one record with one answer that was taken `after_s` after the announcement.
fn close(record: &PilotSummary, status: &Status, after_s: u64, memory: &mut Memory) -> Option<BatchUpdate> {
    let answer = Answer {
        status,
        taken: Time(1_000_000) + Duration::from_secs(after_s),
        began: Time(0),
        settles_within: Duration::from_secs(65),
        quiet: QUIET,
        hello: HELLO,
        foreign: &BTreeSet::from(["foreign"]),
    };
    reconcile(&[record], answer, memory).updates.pop()
}

#[test]
fn a_pilot_that_is_shown_is_adopted_whatever_was_recorded() {
    let status = status(true, vec![shown(5, PilotEvent::Run, "RUNNING")]);
    let update = close(&record(5, PilotState::Announced), &status, 1, &mut Memory::default()).unwrap();
    assert_eq!((update.event, update.batch_id.as_str()), (PilotEvent::Run, "7_5"));
}

#[test]
fn an_announcement_expires_only_after_a_complete_answer_that_is_late_enough() {
    let announced = record(5, PilotState::Announced);
    let mut memory = Memory::default();
    assert!(close(&announced, &status(true, vec![]), 60, &mut memory).is_none());
    assert!(close(&announced, &status(false, vec![]), 70, &mut memory).is_none());
    let update = close(&announced, &status(true, vec![]), 80, &mut memory).unwrap();
    assert_eq!((update.event, update.error_class), (PilotEvent::Break, Some(ErrorClass::Batch)));
}

#[test]
fn a_missing_pilot_is_closed_after_two_complete_answers_and_silence() {
    let running = record(5, PilotState::Running);
    let empty = status(true, vec![]);
    let mut memory = Memory::default();
    assert!(close(&running, &empty, 100, &mut memory).is_none());
    assert!(close(&running, &empty, 100, &mut memory).is_none(), "the same answer counts once");
    assert!(close(&running, &status(false, vec![]), 120, &mut memory).is_none(), "an incomplete one not at all");
    let update = close(&running, &empty, 130, &mut memory).unwrap();
    assert_eq!((update.event, update.error_class), (PilotEvent::Break, Some(ErrorClass::Lost)));
}

#[test]
fn a_missing_pilot_that_speaks_stays() {
    let mut running = record(5, PilotState::Running);
    running.last_heard = Some(Time(1_000_000) + Duration::from_secs(120));
    let (empty, mut memory) = (status(true, vec![]), Memory::default());
    for after_s in [100, 130, 160] {
        assert!(close(&running, &empty, after_s, &mut memory).is_none());
    }
    assert!(close(&running, &empty, 210, &mut memory).is_some());
}

#[test]
fn a_pilot_that_comes_back_is_counted_anew() {
    let (running, empty) = (record(5, PilotState::Running), status(true, vec![]));
    let mut memory = Memory::default();
    assert!(close(&running, &empty, 100, &mut memory).is_none());
    close(&running, &status(true, vec![shown(5, PilotEvent::Run, "RUNNING")]), 130, &mut memory);
    assert!(close(&running, &empty, 160, &mut memory).is_none());
}

#[test]
fn a_missing_pilot_that_said_goodbye_is_done() {
    let (exiting, empty) = (record(5, PilotState::Exiting), status(true, vec![]));
    let mut memory = Memory::default();
    assert!(close(&exiting, &empty, 100, &mut memory).is_none());
    assert_eq!(close(&exiting, &empty, 130, &mut memory).unwrap().event, PilotEvent::End);
}

#[test]
fn an_old_answer_does_not_send_a_started_pilot_back() {
    let mut running = record(5, PilotState::Running);
    running.started = Some(Time(1_000_000) + Duration::from_secs(50));
    let pending = status(true, vec![shown(5, PilotEvent::Queue, "PENDING")]);
    assert!(close(&running, &pending, 40, &mut Memory::default()).is_none());
    let requeued = close(&running, &pending, 60, &mut Memory::default()).unwrap();
    assert_eq!(requeued.event, PilotEvent::Queue);
}

#[test]
fn nothing_new_is_not_told_and_retiring_stays() {
    let mut running = record(5, PilotState::Running);
    running.batch_id = "7_5".into();
    running.native_state = "RUNNING".into();
    running.flag = Some(PilotFlag::Retiring);
    let same = status(true, vec![shown(5, PilotEvent::Run, "RUNNING")]);
    assert!(close(&running, &same, 100, &mut Memory::default()).is_none());
    let mut suspended = shown(5, PilotEvent::Run, "SUSPENDED");
    suspended.flag = Some(Flag::Suspended);
    let update = close(&running, &status(true, vec![suspended]), 100, &mut Memory::default()).unwrap();
    assert_eq!(update.flag, Some(PilotFlag::Suspended));
}

#[test]
fn a_state_that_nobody_knows_is_shown_and_changes_nothing() {
    let mut strange = shown(5, PilotEvent::Run, "MELTING");
    strange.event = None;
    strange.message = "Slurm: MELTING".into();
    let update =
        close(&record(5, PilotState::Pending), &status(true, vec![strange]), 1, &mut Memory::default()).unwrap();
    assert_eq!(PilotState::Pending.next(update.event), Ok(PilotState::Pending));
    assert_eq!((update.native_state.as_str(), update.message.as_str()), ("MELTING", "Slurm: MELTING"));
}

#[test]
fn strangers_are_removed_after_two_answers_and_ended_ones_cleaned_up() {
    let status = status(true, vec![shown(8, PilotEvent::Run, "RUNNING"), shown(9, PilotEvent::End, "COMPLETED")]);
    let mut memory = Memory::default();
    let mut gap = |after_s| {
        let taken = Time(1_000_000) + Duration::from_secs(after_s);
        let foreign = BTreeSet::new();
        let settles_within = Duration::ZERO;
        let answer = Answer {
            status: &status,
            taken,
            began: Time(0),
            settles_within,
            quiet: QUIET,
            hello: HELLO,
            foreign: &foreign,
        };
        reconcile(&[], answer, &mut memory)
    };
    let first = gap(0);
    assert_eq!((first.remove, first.closed), (vec![], vec![PilotId(9)]));
    assert_eq!(gap(0).remove, vec![], "the same answer counts once");
    assert_eq!(gap(30).remove, vec![PilotId(8)]);
}

/// What becomes of a pilot that is seen to run at each of these seconds.
fn seen_running(record: &PilotSummary, seconds: &[u64]) -> Option<(PilotEvent, Option<ErrorClass>, String)> {
    let (status, mut memory) = (status(true, vec![shown(5, PilotEvent::Run, "RUNNING")]), Memory::default());
    let updates = seconds.iter().map(|after_s| close(record, &status, *after_s, &mut memory)).collect::<Vec<_>>();
    let last = updates.last()?.clone()?;
    Some((last.event, last.error_class, last.message))
}

fn running_as(native: &str, label: &str) -> PilotSummary {
    let (batch_id, native_state) = ("7_5".to_owned(), native.to_owned());
    PilotSummary { batch_id, native_state, label: label.into(), ..record(5, PilotState::Running) }
}

#[test]
fn a_pilot_that_never_says_hello_is_taken_away() {
    let silent = running_as("RUNNING", "l");
    assert_eq!(seen_running(&silent, &[0, 80, 160, 240]), None);
    let words = "it ran for 300 s without a hello".to_owned();
    let taken = Some((PilotEvent::Break, Some(ErrorClass::Node), words));
    assert_eq!(seen_running(&silent, &[0, 80, 160, 240, 320]), taken);
    assert_eq!(seen_running(&silent, &[0, 100_000]), None, "a time without answers counts little");
    let heard = PilotSummary { started: Some(Time(1_000_001)), ..silent };
    assert_eq!(seen_running(&heard, &[0, 80, 160, 240, 320]), None);
    assert_eq!(seen_running(&running_as("RUNNING", "foreign"), &[0, 80, 160, 240, 320]), None);
}

#[test]
fn a_pilot_that_is_taken_away_is_cleaned_up_after_its_end_only() {
    let silent = running_as("RUNNING", "l");
    let (status, foreign) = (status(true, vec![shown(5, PilotEvent::Run, "RUNNING")]), BTreeSet::new());
    let mut memory = Memory::default();
    let mut gap = Gap::default();
    for after_s in [0, 80, 160, 240, 320] {
        let taken = Time(1_000_000) + Duration::from_secs(after_s);
        let settles_within = Duration::ZERO;
        let answer = Answer {
            status: &status,
            taken,
            began: Time(0),
            settles_within,
            quiet: QUIET,
            hello: HELLO,
            foreign: &foreign,
        };
        gap = reconcile(&[&silent], answer, &mut memory);
    }
    assert_eq!((gap.remove, gap.closed), (vec![PilotId(5)], vec![]));
}

/// The announcement is as old in either case; what counts is when the last part may have been sent.
#[test]
fn an_announcement_whose_submission_was_cut_off_late_expires_later() {
    let (announced, empty) = (record(5, PilotState::Announced), status(true, vec![]));
    let at = |after_s: u64| Time(1_000_000) + Duration::from_secs(after_s);
    let expires = |began: u64, given_up: Option<u64>, taken: u64| {
        let mut memory = Memory::default();
        memory.in_doubt(given_up.map(|_| PilotId(5)), at(given_up.unwrap_or_default()));
        let answer = Answer {
            status: &empty,
            taken: at(taken),
            began: at(began),
            settles_within: Duration::from_secs(65),
            quiet: QUIET,
            hello: HELLO,
            foreign: &BTreeSet::new(),
        };
        !reconcile(&[&announced], answer, &mut memory).updates.is_empty()
    };
    assert!(expires(0, None, 70));
    assert!(
        !expires(300, None, 360) && expires(300, None, 370),
        "the process that submitted it was killed before 300 s"
    );
    assert!(!expires(0, Some(300), 360) && expires(0, Some(300), 370), "its third part had no answer at 300 s");
}
