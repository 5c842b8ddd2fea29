//! Factories of other software, their labels and pilots.

use super::support::{NOW, TestStore, hello, on_both};
use crate::{
    Announcement, Claimant, FactoryReport, LabelReport, PilotClaim, REPORTED_FACTORIES_MAX, Registered, Verdict,
};
use model::pilot::{Source, Word};
use model::reported::IDLE_AFTER;
use model::{
    BatchUpdate, Claim, ErrorClass, FactoryHeartbeat, LabelPatterns, PilotEvent, PilotId, PilotState, QueueStatus, Time,
};
use std::sync::Arc;
use std::time::Duration;

on_both! {
    lives => claims_make_pilots_and_move_them_forward;
    ours => what_is_said_about_pilots_of_ours_is_only_kept;
    silent => the_most_silent_come_first;
    factories => a_factory_is_known_by_what_others_say_until_it_speaks_for_itself;
    bounded => names_without_end_make_no_factories_without_end;
}

fn claim(batch_id: &str, claim: Claim, result: Option<i64>) -> PilotClaim {
    PilotClaim {
        factory: "fab".into(),
        batch_id: batch_id.into(),
        label: "Q_X-17".into(),
        queue: String::new(),
        resource: String::new(),
        claim,
        result,
        jobs: 0,
        error_class: None,
        text: "said".into(),
        only_known: false,
    }
}

async fn report(test: &TestStore, claims: Vec<PilotClaim>, now: Time) -> Vec<Verdict> {
    let by = Claimant { source: Source::Apfmon, address: "192.0.2.7".into(), now };
    test.store.report_pilots(claims, Arc::new(LabelPatterns::default()), by).await.unwrap()
}

async fn claims_make_pilots_and_move_them_forward(test: TestStore) {
    let created = |ids: &[&str]| ids.iter().map(|id| claim(id, Claim::Created, None)).collect::<Vec<_>>();
    let verdicts = report(&test, created(&["1.0", "2.0", "1.0"]), NOW).await;
    let (first, second) = (PilotId(1), PilotId(2));
    let noted = Verdict::Noted(first, PilotState::Submitted);
    assert_eq!(verdicts, [Verdict::Created(first), Verdict::Created(second), noted]);
    let later = NOW + Duration::from_secs(60);
    let unknown = PilotClaim { only_known: true, ..claim("3.0", Claim::Running, None) };
    let verdicts = report(&test, vec![claim("1.0", Claim::Running, None), unknown], later).await;
    assert_eq!(verdicts, [Verdict::Moved(first, PilotState::Running), Verdict::Unknown]);
    let verdicts =
        report(&test, vec![claim("2.0", Claim::Exiting, Some(64)), claim("2.0", Claim::Done, None)], later).await;
    assert_eq!(verdicts, [Verdict::Moved(second, PilotState::Exiting), Verdict::Moved(second, PilotState::Fault)]);
    assert_eq!(test.store.pilot_by_batch_id("fab".into(), "2.0".into()).await.unwrap(), Some(second));
    assert_eq!(test.store.pilot_by_batch_id("fob".into(), "2.0".into()).await.unwrap(), None);
    let results = test.store.pilot_results(vec![first, second]).await.unwrap();
    assert_eq!(results.into_iter().collect::<Vec<_>>(), [(second, 64)]);
    let pilot = test.store.pilot(second).await.unwrap().unwrap();
    assert_eq!((pilot.queue.as_str(), pilot.error_class), ("Q_X", Some(ErrorClass::Node)));
    let running = test.store.pilot(first).await.unwrap().unwrap();
    assert_eq!((running.started, running.announced), (Some(later), NOW));
    let queue = test.store.queue("Q_X".into()).await.unwrap().unwrap();
    assert_eq!(queue.status, QueueStatus::Offline, "it must not attract jobs");
    let counts: Vec<_> =
        test.store.pilot_counts().await.unwrap().into_iter().map(|one| (one.state, one.pilots)).collect();
    assert_eq!(counts, [(PilotState::Running, 1), (PilotState::Fault, 1)]);
    let told = test.store.told_of(second).await.unwrap();
    assert_eq!(told.iter().map(|one| one.word).collect::<Vec<_>>(), [Word::Submitted, Word::Exiting, Word::Fault]);
}

async fn what_is_said_about_pilots_of_ours_is_only_kept(test: TestStore) {
    test.queue("q").await;
    let announcement = Announcement {
        factory: "fab".into(),
        label: "l".into(),
        queue: "q".into(),
        batch: "b".into(),
        secret_hashes: vec![[7; 32]],
        test: None,
        now: NOW,
    };
    let pilot = test.store.announce(announcement).await.unwrap();
    let update = BatchUpdate {
        pilot,
        event: PilotEvent::Submit,
        batch_id: "1.0".into(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    test.store.batch_updates("fab".into(), vec![update], NOW).await.unwrap();
    let verdicts = report(&test, vec![claim("1.0", Claim::Fault, Some(1))], NOW).await;
    assert_eq!(verdicts, [Verdict::Noted(pilot, PilotState::Submitted)]);
    let told = test.store.told_of(pilot).await.unwrap();
    assert_eq!((told[2].source, told[2].word, told[2].state), (Source::Apfmon, Word::Fault, PilotState::Submitted));
    test.store.hello(hello(pilot, "one")).await.unwrap();
    assert_eq!(test.store.told_of(pilot).await.unwrap().len(), 4, "it is still ours");
}

async fn the_most_silent_come_first(test: TestStore) {
    for (at, id) in ["1.0", "2.0", "3.0"].into_iter().enumerate() {
        report(&test, vec![claim(id, Claim::Running, None)], NOW + Duration::from_secs(at as u64)).await;
    }
    report(&test, vec![claim("1.0", Claim::Nothing, None)], NOW + Duration::from_secs(60)).await;
    let of = async |after: (Time, i64), limit: u32| {
        let before = NOW + Duration::from_secs(30);
        let found = test.store.silent_pilots(PilotState::Running, before, after, limit).await.unwrap();
        found.into_iter().map(|pilot| (pilot.batch_id, pilot.last_heard, pilot.id)).collect::<Vec<_>>()
    };
    let first = of((Time(0), 0), 1).await;
    assert_eq!(first[0].0, "2.0");
    let rest = of((first[0].1, first[0].2), 9).await;
    assert_eq!(rest.iter().map(|(id, _, _)| id.as_str()).collect::<Vec<_>>(), ["3.0"]);
    let waiting = test.store.silent_pilots(PilotState::Submitted, NOW + IDLE_AFTER, (Time(0), 0), 9).await.unwrap();
    assert_eq!(waiting, []);
}

async fn a_factory_is_known_by_what_others_say_until_it_speaks_for_itself(test: TestStore) {
    let register = FactoryReport {
        name: "fab".into(),
        starts: true,
        version: Some("2.4".into()),
        mail: Some("a@b".into()),
        address: "192.0.2.7".into(),
        ..FactoryReport::default()
    };
    assert_eq!(test.store.report_factory(register.clone(), NOW).await.unwrap(), Registered::Created);
    let quiet = FactoryReport { name: "fab".into(), totals: Some("7 jobs".into()), ..FactoryReport::default() };
    assert_eq!(test.store.report_factory(quiet, NOW).await.unwrap(), Registered::Updated);
    let label = |name: &str| LabelReport { factory: "fab".into(), label: name.into(), ..LabelReport::default() };
    let patterns = Arc::new(LabelPatterns::default());
    let done = test.store.report_labels(vec![label("a"), label("b-7")], patterns.clone(), NOW).await.unwrap();
    assert_eq!((done.created, done.updated), (2, 0));
    let much_later = NOW + IDLE_AFTER + Duration::from_secs(1);
    report(&test, vec![PilotClaim { label: "b-7".into(), ..claim("1.0", Claim::Created, None) }], much_later).await;
    let factory = test.store.factories().await.unwrap().remove(0);
    let reported = factory.reported.clone().unwrap();
    assert_eq!((reported.mail.as_str(), reported.totals.as_str()), ("a@b", "7 jobs"));
    assert_eq!((factory.said.version.as_str(), factory.last_heard), ("2.4", much_later));
    let labels: Vec<_> = factory.said.labels.iter().map(|label| (label.name.as_str(), label.queue.as_str())).collect();
    assert_eq!(labels, [("a", "a"), ("b-7", "b")]);
    let seen = factory.without_idle(much_later).unwrap();
    assert_eq!(seen.said.labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["b-7"]);
    assert!(seen.without_idle(much_later + IDLE_AFTER + Duration::from_secs(1)).is_none());

    let said = FactoryHeartbeat {
        version: "0.1".into(),
        host: "h".into(),
        pid: 1,
        started: NOW,
        cycle_s: 30,
        labels: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: Vec::new(),
        nodes: Vec::new(),
        trouble: String::new(),
        health: None,
    };
    assert!(test.store.factory_says("fab".into(), said, much_later).await.unwrap().is_none());
    let factory = test.store.factories().await.unwrap().remove(0);
    assert!(factory.reported.is_none() && factory.said.labels.is_empty());
    assert_eq!(test.store.report_factory(register, much_later).await.unwrap(), Registered::Ours);
    assert_eq!(test.store.report_labels(vec![label("c")], patterns, much_later).await.unwrap().ours, 1);
    assert_eq!(report(&test, vec![claim("9.0", Claim::Created, None)], much_later).await, [Verdict::Ours]);
}

async fn names_without_end_make_no_factories_without_end(test: TestStore) {
    let named = |nth: i64| FactoryReport { name: format!("fab-{nth}"), ..FactoryReport::default() };
    let made = (0..REPORTED_FACTORIES_MAX).map(|nth| test.store.report_factory(named(nth), NOW));
    let made = futures_util::future::join_all(made).await;
    assert!(made.into_iter().all(|made| made.unwrap() == Registered::Created));
    let one_more = test.store.report_factory(named(REPORTED_FACTORIES_MAX), NOW).await.unwrap();
    assert_eq!(one_more, Registered::Full);
    assert_eq!(test.store.report_factory(named(7), NOW).await.unwrap(), Registered::Updated);
    assert_eq!(report(&test, vec![claim("1.0", Claim::Running, None)], NOW).await, [Verdict::Ours]);
    assert_eq!(test.store.factories().await.unwrap().len() as i64, REPORTED_FACTORIES_MAX);
}
