//! From onset to end: what findings make of alarms.

use super::finding::{Finding, Grade};
use super::inhibition::inhibitor;
use super::notice::{Notice, Occasion};
use super::record::{Alarm, AlarmEvent, AlarmEventKind, Severity, Told};
use super::rule::Rule;
use super::settings::AlarmSettings;
use super::silence::Silence;
use crate::{AlarmId, Time};
use std::collections::BTreeMap;

/// What one evaluation makes of the alarms that are not over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// All alarms that are not over, and those that ended now, with what happened to each.
    pub alarms: Vec<(Alarm, Vec<AlarmEvent>)>,
    /// Those that ended before they had been found for long enough.
    pub forgotten: Vec<AlarmId>,
    /// What receivers should be told.
    pub notices: Vec<Notice>,
}

/// What becomes of the alarms that were not over. Run twice with the same findings it changes nothing the second time.
pub fn turn(
    before: Vec<Alarm>,
    findings: &[Finding],
    settings: &AlarmSettings,
    silences: &[Silence],
    now: Time,
) -> Turn {
    let mut left: BTreeMap<(Rule, String), Alarm> = before.into_iter().map(|alarm| (alarm.key(), alarm)).collect();
    let mut turn = Turn::default();
    for finding in findings {
        let known = left.remove(&(finding.rule, finding.subject.key()));
        match found(known, finding, settings, now) {
            Found::Alarm(alarm, events) => turn.alarms.push((*alarm, events)),
            Found::Forgotten(id) => turn.forgotten.push(id),
            Found::Nothing => {}
        }
    }
    for alarm in left.into_values() {
        match alarm.opened {
            None => turn.forgotten.push(alarm.id),
            Some(_) => turn.alarms.push(not_found(alarm, settings, now)),
        }
    }
    tell(&mut turn, settings, silences, now);
    turn
}

enum Found {
    Alarm(Box<Alarm>, Vec<AlarmEvent>),
    Forgotten(AlarmId),
    Nothing,
}

fn found(known: Option<Alarm>, finding: &Finding, settings: &AlarmSettings, now: Time) -> Found {
    let (alarm, severity) = match (known, finding.grade) {
        (None, Grade::Lingers) => return Found::Nothing,
        (None, Grade::Bad(severity)) => (onset(finding, severity, now), severity),
        (Some(alarm), Grade::Lingers) if alarm.opened.is_none() => return Found::Forgotten(alarm.id),
        (Some(alarm), Grade::Lingers) => {
            let severity = alarm.severity.min(Severity::Warning);
            (alarm, severity)
        }
        (Some(alarm), Grade::Bad(severity)) => (alarm, severity),
    };
    let mut events = Vec::new();
    let mut alarm = renewed(alarm, finding, now);
    if alarm.opened.is_some() && severity != alarm.severity {
        let kind = if severity > alarm.severity { AlarmEventKind::Worse } else { AlarmEventKind::Better };
        events.push(event(kind, &alarm, now));
    }
    (alarm.severity, alarm.worst) = (severity, alarm.worst.max(severity));
    if alarm.opened.is_none() && now.since(alarm.began) >= settings.of(alarm.rule, &alarm.subject).hold {
        alarm.opened = Some(now);
        events.push(event(AlarmEventKind::Opened, &alarm, now));
    }
    Found::Alarm(Box::new(alarm), events)
}

fn onset(finding: &Finding, severity: Severity, now: Time) -> Alarm {
    Alarm {
        id: AlarmId(0),
        rule: finding.rule,
        subject: finding.subject.clone(),
        severity,
        worst: severity,
        began: now,
        opened: None,
        seen: now,
        cleared: None,
        words: String::new(),
        figures: Vec::new(),
        error_class: None,
        error_text: String::new(),
        pilots: Vec::new(),
        acknowledged: None,
        told: None,
        held: None,
    }
}

/// The same with what was found now.
fn renewed(alarm: Alarm, finding: &Finding, now: Time) -> Alarm {
    Alarm {
        subject: finding.subject.clone(),
        seen: now,
        words: finding.words.clone(),
        figures: finding.figures.clone(),
        error_class: finding.error_class,
        error_text: finding.error_text.clone(),
        pilots: finding.pilots.clone(),
        ..alarm
    }
}

fn not_found(alarm: Alarm, settings: &AlarmSettings, now: Time) -> (Alarm, Vec<AlarmEvent>) {
    if now.since(alarm.seen) < settings.clear_after {
        return (alarm, Vec::new());
    }
    let alarm = Alarm { cleared: Some(now), ..alarm };
    let events = vec![event(AlarmEventKind::Cleared, &alarm, now)];
    (alarm, events)
}

fn event(kind: AlarmEventKind, alarm: &Alarm, now: Time) -> AlarmEvent {
    AlarmEvent { at: now, kind, who: String::new(), text: alarm.words.clone() }
}

/// Says of which alarms receivers are told, and remembers it.
fn tell(turn: &mut Turn, settings: &AlarmSettings, silences: &[Silence], now: Time) {
    let open: Vec<Alarm> =
        turn.alarms.iter().map(|(alarm, _)| alarm).filter(|alarm| alarm.is_open()).cloned().collect();
    for (alarm, _) in &mut turn.alarms {
        let is_quiet = alarm.severity == Severity::Info
            || silences.iter().any(|silence| silence.covers(alarm, now))
            || inhibitor(alarm, &open).is_some();
        let Some(occasion) = occasion(alarm, settings, now).filter(|_| !is_quiet) else { continue };
        alarm.told = Some(Told { at: now, severity: alarm.severity });
        turn.notices.push(Notice { occasion, alarm: alarm.clone() });
    }
}

fn occasion(alarm: &Alarm, settings: &AlarmSettings, now: Time) -> Option<Occasion> {
    match (&alarm.told, alarm.opened, alarm.cleared) {
        (Some(_), _, Some(_)) => Some(Occasion::Cleared),
        (None, _, Some(_)) | (_, None, _) => None,
        (Some(told), ..) if alarm.severity > told.severity => Some(Occasion::Worse),
        _ if alarm.acknowledged.is_some() => None,
        (None, ..) => Some(Occasion::Opened),
        (Some(told), ..) => (now.since(told.at) >= settings.repeat).then_some(Occasion::Again),
    }
}
