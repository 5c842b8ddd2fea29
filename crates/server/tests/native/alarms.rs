//! Alarms from what pilots do to what people are told.

mod alertmanager;
mod exclusion;
pub mod listener;
mod mail;

use crate::harness::{DEADLINE, Stage, eventually, heartbeat, now};
use listener::Listener;
use model::alarm::{AlarmEventKind, AlarmSettings, Change, Matcher, Rule, Severity};
use model::{AlarmId, BatchUpdate, ErrorClass, PilotEvent, Role};
use server::{Alarms, Config, Destination, Receiver};
use std::time::Duration;
use wire::api::*;

const SHORT: Duration = Duration::from_millis(50);

/// Alarms that open and end at once, told to one receiver.
pub fn quick(to: Destination) -> impl FnOnce(&mut Config) {
    move |config: &mut Config| {
        let at_once = Change { hold: Some(Duration::ZERO), ..Change::default() };
        let rules = [Rule::FaultRatio, Rule::Trouble].map(|rule| (rule, at_once)).into();
        let rules = AlarmSettings { every: SHORT, clear_after: SHORT, rules, ..AlarmSettings::default() };
        let receiver = Receiver { name: "ops".into(), of: Matcher::default(), least: Severity::Warning, to };
        config.alarms = Alarms { rules, receivers: vec![receiver], send_again: SHORT, ..config.alarms.clone() };
    }
}

/// Pilots that end, in fault or as wanted.
pub async fn end_pilots(stage: &Stage, count: usize, event: PilotEvent) {
    let mut updates = Vec::new();
    for _ in 0..count {
        let (pilot, _) = stage.announce().await;
        let update = |event, error_class, message: &str| BatchUpdate {
            pilot,
            event,
            batch_id: String::new(),
            native_state: String::new(),
            flag: None,
            error_class,
            message: message.to_owned(),
        };
        updates.push(update(PilotEvent::Submit, None, ""));
        let is_fault = event == PilotEvent::Break;
        let (class, words) = if is_fault { (Some(ErrorClass::Node), "no space left") } else { (None, "") };
        updates.push(update(event, class, words));
    }
    stage.factory.report_batch(&BatchReport { factory: "f".into(), updates }).await.unwrap();
}

async fn open(stage: &Stage) -> Vec<AlarmView> {
    stage.admin.alarms(&AlarmQuery::default()).await.unwrap().alarms
}

pub async fn until_open(stage: &Stage, count: usize) -> Vec<AlarmView> {
    eventually(&format!("{count} alarms are open"), async || open(stage).await.len() == count).await;
    open(stage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_pilots_are_an_alarm_until_they_are_mended() {
    let listener = Listener::start().await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "s3cret\n").unwrap();
    let to = Destination::Webhook { url: listener.url("/hook"), secret_file: Some(secret.path().to_owned()) };
    let stage = Stage::with(quick(to)).await;
    end_pilots(&stage, 10, PilotEvent::Break).await;

    let [view] = until_open(&stage, 1).await.try_into().unwrap();
    let alarm = &view.alarm;
    assert_eq!((alarm.rule, alarm.severity), (Rule::FaultRatio, Severity::Warning));
    assert_eq!(alarm.subject.to_string(), "label l of f");
    assert_eq!(alarm.words, "100 % of its pilots end in fault: 10 of 10 pilots in the last 2 h");
    assert_eq!((alarm.error_class, alarm.error_text.as_str()), (Some(ErrorClass::Node), "no space left"));
    assert_eq!(alarm.pilots.len(), 1);

    let told = listener.next().await;
    assert_eq!(told.authorization, "Bearer s3cret");
    let notice = &told.body["notices"][0];
    assert_eq!((told.body["receiver"].as_str(), notice["occasion"].as_str()), (Some("ops"), Some("opened")));
    assert_eq!(notice["url"], stage.url(&format!("/alarms/{}", alarm.id)));
    assert_eq!(notice["alarm"]["error_text"], "no space left");

    end_pilots(&stage, 20, PilotEvent::End).await;
    until_open(&stage, 0).await;
    let over = listener.next().await;
    assert_eq!(over.body["notices"][0]["occasion"], "cleared");
    assert_ne!(over.key, told.key);
    let past = AlarmQuery { state: Some(AlarmState::Past), ..AlarmQuery::default() };
    let past = stage.admin.alarms(&past).await.unwrap().alarms;
    assert_eq!((past.len(), past[0].alarm.id), (1, alarm.id));
    let id = alarm.id;
    eventually("both messages are in the history", async || {
        let events = stage.admin.alarm(id).await.unwrap().events;
        events.iter().filter(|event| event.kind == AlarmEventKind::Told).count() == 2
    })
    .await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_look_after_alarms() {
    let listener = Listener::start().await;
    let stage = Stage::with(quick(Destination::Webhook { url: listener.url("/"), secret_file: None })).await;
    let said = FactoryHeartbeat { trouble: "queues.toml:3: unknown key".into(), ..heartbeat() };
    stage.factory.factory_heartbeat("f", &said).await.unwrap();
    let [view] = until_open(&stage, 1).await.try_into().unwrap();
    let id = view.alarm.id;
    assert_eq!((view.alarm.rule, view.alarm.words.as_str()), (Rule::Trouble, "queues.toml:3: unknown key"));

    let shifter = stage.client("ann", "", Role::Shifter).await;
    shifter.acknowledge_alarm(id, "mending it").await.unwrap();
    shifter.comment_alarm(id, "see #17").await.unwrap();
    let empty = shifter.comment_alarm(id, " ").await.unwrap_err().to_string();
    assert!(empty.contains("the comment is empty"), "{empty}");
    let long = shifter.comment_alarm(id, &"x".repeat(ALARM_TEXT_MAX + 1)).await.unwrap_err().to_string();
    assert!(long.contains("more than 2000 characters"), "{long}");
    let unknown = shifter.alarm(AlarmId(99)).await.unwrap_err().to_string();
    assert!(unknown.contains("there is no alarm 99"), "{unknown}");

    let request = |of, alarm| SilenceRequest { of, alarm, reason: "known".into(), for_s: 3600 };
    let silence = shifter.silence(&request(None, Some(id))).await.unwrap();
    assert_eq!((silence.of.factory.as_str(), silence.of.rule.as_str()), ("f", "trouble"));
    let of = |rule: &str| Some(Matcher { rule: rule.into(), ..Matcher::default() });
    let wrong = shifter.silence(&request(of("truoble"), None)).await.unwrap_err().to_string();
    assert!(wrong.contains("did you mean 'trouble'?"), "{wrong}");
    let nothing = shifter.silence(&request(Some(Matcher::default()), None)).await.unwrap_err().to_string();
    assert!(nothing.contains("at least one pattern"), "{nothing}");

    let detail = shifter.alarm(id).await.unwrap();
    assert_eq!(detail.view.silence.as_ref().map(|silence| silence.owner.as_str()), Some("ann"));
    assert_eq!(detail.view.alarm.acknowledged.unwrap().why, "mending it");
    use AlarmEventKind::{Acknowledged, Comment, Opened, Silenced, Told};
    let mut kinds: Vec<_> = detail.events.iter().map(|event| (event.kind, event.who.as_str())).collect();
    kinds.retain(|(kind, _)| *kind != Told);
    assert_eq!(kinds, [(Opened, ""), (Acknowledged, "ann"), (Comment, "ann"), (Silenced, "ann")]);

    shifter.end_silence(silence.id).await.unwrap();
    let gone = shifter.end_silence(silence.id).await.unwrap_err().to_string();
    assert!(gone.contains("there is no silence 1 in force"), "{gone}");
    assert!(shifter.silences().await.unwrap().silences.is_empty());
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    until_open(&stage, 0).await;
    let late = shifter.acknowledge_alarm(id, "").await.unwrap_err().to_string();
    assert!(late.contains("alarm 1 is over"), "{late}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_admin_looks_after_the_alarms_of_the_site() {
    let listener = Listener::start().await;
    let stage = Stage::with(quick(Destination::Webhook { url: listener.url("/"), secret_file: None })).await;
    end_pilots(&stage, 10, PilotEvent::Break).await;
    let [view] = until_open(&stage, 1).await.try_into().unwrap();
    let id = view.alarm.id;
    let here = stage.client_of_sites("sam", "", Role::SiteAdmin, &["q"]).await;
    let elsewhere = stage.client_of_sites("eve", "", Role::SiteAdmin, &["p"]).await;
    here.acknowledge_alarm(id, "").await.unwrap();
    let refused = elsewhere.acknowledge_alarm(id, "").await.unwrap_err().to_string();
    assert!(refused.contains("not of the site 'q'"), "{refused}");
    let of = |site: &str| Matcher { rule: "short".into(), site: site.into(), ..Matcher::default() };
    let request = |site: &str| SilenceRequest { of: Some(of(site)), alarm: None, reason: "r".into(), for_s: 60 };
    let silence = here.silence(&request("q")).await.unwrap();
    for site in ["p", "*", ""] {
        assert!(here.silence(&request(site)).await.is_err(), "{site}");
    }
    assert!(elsewhere.end_silence(silence.id).await.is_err());
    here.end_silence(silence.id).await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_told_is_told_after_a_restart() {
    let listener = Listener::start().await;
    listener.refuse(true);
    let to = || Destination::Webhook { url: listener.url("/"), secret_file: None };
    let stage = Stage::with(quick(to())).await;
    end_pilots(&stage, 10, PilotEvent::Break).await;
    let first = listener.next().await;
    let second = listener.next().await;
    assert_eq!(first.key, second.key, "the receiver knows the repetition");
    let stage = stage.restart(quick(to())).await;
    listener.refuse(false);
    eventually("it is told", async || listener.accepted() == 1).await;
    let events = stage.admin.alarm(AlarmId(1)).await.unwrap().events;
    assert_eq!(events.iter().filter(|event| event.kind == AlarmEventKind::Opened).count(), 1);
    // Turns go on, and nothing is told twice.
    let began = now();
    eventually("some turns have passed", async || now().since(began) > SHORT * 6).await;
    assert_eq!(listener.accepted(), 1);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_given_up() {
    let listener = Listener::start().await;
    listener.refuse(true);
    let to = || Destination::Webhook { url: listener.url("/"), secret_file: None };
    let stage = Stage::with(quick(to())).await;
    end_pilots(&stage, 10, PilotEvent::Break).await;
    listener.next().await;
    let rename = |config: &mut Config| {
        quick(to())(config);
        config.alarms.receivers[0].name = "others".into();
    };
    let stage = stage.restart(rename).await;
    eventually("it is given up", async || {
        let events = stage.admin.alarm(AlarmId(1)).await.unwrap().events;
        events.iter().any(|event| event.text == "ops could not be told: no receiver has this name any more")
    })
    .await;
    stage.close().await;
}
