//! What the schedd does by itself: release, remove, wall time.

use crate::pool::Pool;
use batch::condor::{CondorJob, HoldPolicy};
use batch::{BatchSystem, Flag, Needs, SubmitRequest};
use model::{ErrorClass, PilotEvent};

/// A job that can never start: one of its files does not exist.
fn hopeless(hold: HoldPolicy) -> CondorJob {
    let attributes = [("transfer_input_files".to_owned(), "/nowhere/at-all".to_owned())].into();
    CondorJob { attributes, hold, ..CondorJob::default() }
}

#[tokio::test]
async fn held_pilots_are_released_and_in_the_end_removed() {
    let pool = Pool::new("hold");
    let hold = HoldPolicy { releases: Some(1), release_after_s: Some(1), remove_after_s: Some(8) };
    let accepted = pool.submit_as(4, 1, hopeless(hold)).await.accepted;
    let held = pool.wait_for(4, |pilot| pilot.flag == Some(Flag::Held)).await;
    assert!(held.message.contains("/nowhere/at-all") && held.message.ends_with("(code 13)"), "{}", held.message);
    let gone = pool.wait_for_event(4, PilotEvent::Break).await;
    assert_eq!((gone.native_state.as_str(), gone.error_class), ("Removed", Some(ErrorClass::Batch)));
    assert!(gone.message.contains("/nowhere/at-all") && gone.message.ends_with("then removed"), "{}", gone.message);
    let log = std::fs::read_to_string(pool.condor.logs(accepted[0].0).log).unwrap();
    let count = |number: &str| log.lines().filter(|line| line.starts_with(number)).count();
    assert_eq!((count("012 "), count("013 "), count("009 ")), (2, 1, 1), "{log}");
}

#[tokio::test]
async fn a_pilot_that_runs_for_too_long_has_its_class() {
    let pool = Pool::new("long");
    let needs = Needs { cores: 1, wall_time_s: 3, ..Needs::default() };
    let outcome = pool.condor.submit(&SubmitRequest { needs, ..pool.request(4, 1) }).await.unwrap();
    assert_eq!(outcome.accepted.len(), 1);
    let ended = pool.wait_for_event(4, PilotEvent::Break).await;
    assert_eq!((ended.error_class, ended.native_state.as_str()), (Some(ErrorClass::WallTime), "Removed"));
    assert_eq!(ended.message, "HTCondor: removed after it ran for too long");
}
