//! Alarms from onset to retention, silences, and messages that survive a restart.

use super::support::{NOW, TestStore, hello, on_both};
use crate::{Announcement, Error, HelloCall, NewMessage, PilotEnd};
use model::alarm::{
    Acknowledgement, Alarm, AlarmEventKind, AlarmSettings, Finding, Matcher, Notice, Occasion, Rule, Silence,
    Situation, findings, turn,
};
use model::{AlarmId, BatchUpdate, FactorySummary, PilotEvent, PilotFlag, PilotId, PilotState, Shape, SilenceId, Time};
use std::time::Duration;

on_both! {
    life => an_alarm_is_kept_from_onset_to_retention;
    silences => a_silence_lasts_until_its_end;
    outbox => messages_survive_until_they_are_sent;
    facts => runs_and_decisions_are_found_by_label;
    held => held_pilots_are_counted_while_they_are_held;
}

const HOUR: Duration = Duration::from_secs(3600);

/// What is found when a factory was heard at `heard` last.
fn silent(heard: Time, now: Time) -> Vec<Finding> {
    let said = serde_json::json!({
        "version": "1", "host": "h", "pid": 1, "started": Time(0), "cycle_s": 30, "labels": []
    });
    let said = serde_json::from_value(said).unwrap();
    let factory = FactorySummary { name: "fab".into(), said, last_heard: heard, reported: None };
    let situation = Situation { now, factories: vec![factory], ..Situation::default() };
    findings(&situation, &AlarmSettings::default())
}

fn to_ops(notices: &[Notice]) -> Vec<NewMessage> {
    if notices.is_empty() {
        return Vec::new();
    }
    vec![NewMessage { receiver: "ops".into(), notices: notices.to_vec() }]
}

async fn evaluate(test: &TestStore, found: Vec<Finding>, now: Time) {
    let settings = AlarmSettings::default();
    let evaluate = move |before: Vec<Alarm>, silences: &[Silence]| turn(before, &found, &settings, silences, now);
    test.store.turn_alarms(evaluate, to_ops, now).await.unwrap();
}

async fn an_alarm_is_kept_from_onset_to_retention(mut test: TestStore) {
    evaluate(&test, silent(NOW, NOW + HOUR / 2), NOW + HOUR / 2).await;
    let open = test.store.open_alarms().await.unwrap();
    assert_eq!((open[0].id, open[0].rule), (AlarmId(1), Rule::FactorySilent));
    test.reopen().await;
    let ann = Acknowledgement { by: "ann".into(), at: NOW, why: "rebooting it".into() };
    test.store.acknowledge_alarm(AlarmId(1), ann.clone()).await.unwrap();
    test.store.comment_alarm(AlarmId(1), "bob".into(), "ticket #17".into(), NOW).await.unwrap();
    let said = test.store.alarm_remarks(2).await.unwrap();
    assert_eq!(said.iter().map(|remark| remark.event.who.as_str()).collect::<Vec<_>>(), ["bob", "ann"]);
    assert_eq!((said[0].alarm, said[0].subject.name.as_str()), (AlarmId(1), "fab"));
    assert_eq!(test.store.alarm_remarks(1).await.unwrap(), said[..1]);
    evaluate(&test, silent(NOW, NOW + HOUR), NOW + HOUR).await;
    let open = test.store.open_alarms().await.unwrap();
    assert_eq!(open.len(), 1, "it is the same alarm");
    assert_eq!(open[0].acknowledged, Some(ann.clone()));
    evaluate(&test, Vec::new(), NOW + HOUR * 2).await;
    assert_eq!(test.store.open_alarms().await.unwrap(), []);

    let (alarm, events) = test.store.alarm(AlarmId(1)).await.unwrap().unwrap();
    assert_eq!(alarm.cleared, Some(NOW + HOUR * 2));
    use AlarmEventKind::{Acknowledged, Cleared, Comment, Opened, Worse};
    let kinds: Vec<AlarmEventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Opened, Acknowledged, Comment, Worse, Cleared]);
    let late = test.store.acknowledge_alarm(AlarmId(1), ann).await.unwrap_err();
    assert!(matches!(&late, Error::Conflict(why) if why == "alarm 1 is over"), "{late}");
    let unknown = test.store.comment_alarm(AlarmId(9), "bob".into(), "?".into(), NOW).await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound { .. }), "{unknown}");

    evaluate(&test, silent(NOW, NOW + HOUR * 3), NOW + HOUR * 3).await;
    let past = test.store.past_alarms(None, 10).await.unwrap().rows;
    assert_eq!(past.iter().map(|alarm| alarm.id.0).collect::<Vec<_>>(), [1], "the next time it is another alarm");
    assert_eq!(test.store.drop_alarms(NOW + HOUR * 2).await.unwrap(), 0);
    assert_eq!(test.store.drop_alarms(NOW + HOUR * 4).await.unwrap(), 1);
    assert_eq!(test.store.alarm(AlarmId(1)).await.unwrap(), None);
    assert_eq!(test.store.open_alarms().await.unwrap()[0].id, AlarmId(2), "open ones stay");
}

async fn a_silence_lasts_until_its_end(test: TestStore) {
    let silence = |until: Time| Silence {
        id: SilenceId(0),
        of: Matcher { factory: "f*".into(), ..Matcher::default() },
        owner: "ann".into(),
        reason: "downtime".into(),
        made: NOW,
        until,
    };
    let first = test.store.silence(silence(NOW + HOUR), None).await.unwrap();
    let second = test.store.silence(silence(NOW + HOUR * 3), None).await.unwrap();
    assert_eq!(test.store.silences(NOW).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(test.store.silences(NOW + HOUR).await.unwrap(), std::slice::from_ref(&second));
    evaluate(&test, silent(NOW, NOW + HOUR), NOW + HOUR).await;
    assert_eq!(test.store.due_messages(NOW + HOUR).await.unwrap(), []);
    assert!(test.store.end_silence(second.id, NOW + HOUR).await.unwrap());
    assert!(!test.store.end_silence(second.id, NOW + HOUR).await.unwrap());
    evaluate(&test, silent(NOW, NOW + HOUR), NOW + HOUR).await;
    assert_eq!(test.store.due_messages(NOW + HOUR).await.unwrap().len(), 1);
    let of_alarm = test.store.silence(silence(NOW + HOUR * 3), Some(AlarmId(1))).await.unwrap();
    let (_, events) = test.store.alarm(AlarmId(1)).await.unwrap().unwrap();
    assert_eq!(events.last().unwrap().kind, AlarmEventKind::Silenced);
    assert_eq!(test.store.one_silence(of_alarm.id).await.unwrap(), Some(of_alarm));
    test.store.drop_alarms(NOW + HOUR * 2).await.unwrap();
    assert_eq!(test.store.one_silence(first.id).await.unwrap(), None);
}

async fn messages_survive_until_they_are_sent(mut test: TestStore) {
    let now = NOW + HOUR;
    evaluate(&test, silent(NOW, now), now).await;
    test.reopen().await;
    let [message] = test.store.due_messages(now).await.unwrap().try_into().unwrap();
    assert_eq!((message.receiver.as_str(), message.tries), ("ops", 0));
    assert_eq!((message.notices[0].occasion, message.notices[0].alarm.id), (Occasion::Opened, AlarmId(1)));
    test.store.put_off_message(message.id, now + HOUR).await.unwrap();
    assert_eq!(test.store.due_messages(now).await.unwrap(), []);
    let [again] = test.store.due_messages(now + HOUR).await.unwrap().try_into().unwrap();
    assert_eq!((again.id, again.tries), (message.id, 1), "a receiver knows it by its number");
    for _ in 0..2 {
        test.store.message_done(again.clone(), "mail to ops".into(), now + HOUR).await.unwrap();
    }
    assert_eq!(test.store.due_messages(now + HOUR).await.unwrap(), []);
    let (_, events) = test.store.alarm(AlarmId(1)).await.unwrap().unwrap();
    let told: Vec<&str> =
        events.iter().filter(|event| event.kind == AlarmEventKind::Told).map(|event| event.text.as_str()).collect();
    assert_eq!(told, ["mail to ops"], "it is told once");
}

/// A pilot that ran.
async fn ran(test: &TestStore, started: Time, ended: Time) {
    let (factory, label, queue, batch) = ("fab".to_owned(), "a".to_owned(), "q".to_owned(), "local".to_owned());
    let secret_hashes = vec![[7; 32]];
    test.store
        .announce(Announcement { factory, label, queue, batch, secret_hashes, test: None, now: started })
        .await
        .unwrap();
    let call = HelloCall {
        pilot: PilotId(1),
        secret_hash: [7; 32],
        instance: "i".into(),
        version: "1".into(),
        node: "n".into(),
        slots: 1,
        shape: Shape::default(),
        batch_id: String::new(),
        profile: String::new(),
        unfit: String::new(),
        now: started,
    };
    test.store.hello(call).await.unwrap();
    let end = PilotEnd { pilot: PilotId(1), error_class: None, message: String::new(), now: ended };
    test.store.close_pilot(end).await.unwrap();
    let gone = BatchUpdate {
        pilot: PilotId(1),
        event: PilotEvent::End,
        batch_id: String::new(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    test.store.batch_updates("fab".into(), vec![gone], ended).await.unwrap();
}

async fn runs_and_decisions_are_found_by_label(test: TestStore) {
    let decision = |label: &str, time: Time, error: &str| model::Decision {
        id: model::DecisionId(0),
        factory: "fab".into(),
        label: label.to_owned(),
        queue: "q".into(),
        time,
        last_time: time,
        times: 1,
        number: 0,
        announced: 0,
        accepted: 0,
        error: error.to_owned(),
        facts: Default::default(),
        steps: Vec::new(),
    };
    let decisions = vec![decision("a", NOW, ""), decision("b", NOW, ""), decision("a", NOW + HOUR, "refused")];
    test.store.add_decisions(decisions).await.unwrap();
    let labels = ["a", "b", "c"].map(|label| ("fab".to_owned(), label.to_owned()));
    let last = test.store.last_decisions(labels.to_vec()).await.unwrap();
    let last: Vec<_> = last.iter().map(|last| (last.label.as_str(), last.time, last.error.as_str())).collect();
    assert_eq!(last, [("a", NOW + HOUR, "refused"), ("b", NOW, "")]);

    test.queue("q").await;
    ran(&test, NOW, NOW + HOUR).await;
    let runs = test.store.runs_by_label(NOW).await.unwrap();
    let label = ("fab".to_owned(), "a".to_owned(), "q".to_owned());
    assert_eq!((runs.len(), runs[&label].count()), (1, 1));
    let median = runs[&label].quantile(0.5).unwrap();
    assert!((HOUR * 9 / 10..HOUR * 11 / 10).contains(&median), "{median:?}");
    assert!(test.store.runs_by_label(NOW + HOUR * 2).await.unwrap().is_empty());
    let starts = async |since, until| test.store.starts_by_label(since, until).await.unwrap().get(&label).copied();
    assert_eq!(starts(NOW - HOUR, NOW + HOUR).await, Some(1));
    assert_eq!(starts(NOW - HOUR, NOW).await, None);
    assert_eq!(starts(NOW + HOUR, NOW + HOUR * 2).await.unwrap_or_default(), 0);
}

/// How many of a label's pilots are held back, by state.
async fn held(test: &TestStore) -> Vec<(PilotState, u64)> {
    let counts = test.store.pilot_counts().await.unwrap();
    counts.iter().filter(|count| count.held > 0).map(|count| (count.state, count.held)).collect()
}

async fn held_pilots_are_counted_while_they_are_held(test: TestStore) {
    test.queue("q").await;
    let (factory, label, queue, batch) = ("fab".to_owned(), "a".to_owned(), "q".to_owned(), "local".to_owned());
    let announcement =
        Announcement { factory, label, queue, batch, secret_hashes: vec![[7; 32]; 3], test: None, now: NOW };
    test.store.announce(announcement).await.unwrap();
    let say = async |pilot: i64, event, flag| {
        let (batch_id, native_state, message) = (String::new(), "H".to_owned(), String::new());
        let update =
            BatchUpdate { pilot: PilotId(pilot), event, batch_id, native_state, flag, error_class: None, message };
        assert_eq!(test.store.batch_updates("fab".into(), vec![update], NOW).await.unwrap(), []);
    };
    for pilot in 1..=3 {
        say(pilot, PilotEvent::Queue, Some(PilotFlag::Held)).await;
        say(pilot, PilotEvent::Queue, Some(PilotFlag::Held)).await;
    }
    assert_eq!(held(&test).await, [(PilotState::Pending, 3)], "each once");
    let key = |label: &str| ("fab".to_owned(), label.to_owned(), "q".to_owned());
    let examples = async || test.store.held_pilots(vec![key("a"), key("b")]).await.unwrap();
    assert_eq!(examples().await, [(key("a"), [3, 2, 1].map(PilotId).to_vec())].into());
    say(1, PilotEvent::Queue, None).await;
    assert_eq!(held(&test).await, [(PilotState::Pending, 2)], "released");
    say(2, PilotEvent::Run, Some(PilotFlag::Held)).await;
    assert_eq!(
        held(&test).await,
        [(PilotState::Pending, 1), (PilotState::Running, 1)],
        "the count goes with the pilot"
    );
    test.store.hello(hello(PilotId(2), "one")).await.unwrap();
    assert_eq!(held(&test).await, [(PilotState::Pending, 1)], "one that says hello is not held");
    test.store.flag_pilot(PilotId(1), Some(PilotFlag::Held), "no room".into(), NOW).await.unwrap();
    test.store.flag_pilot(PilotId(1), Some(PilotFlag::Retiring), "goes".into(), NOW).await.unwrap();
    say(3, PilotEvent::Break, Some(PilotFlag::Held)).await;
    assert_eq!(held(&test).await, [], "gone");
    assert!(examples().await.is_empty());
}
