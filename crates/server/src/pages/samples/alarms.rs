//! Alarms of the same moment.

use super::{NOW, before};
use model::alarm::{Acknowledgement, Alarm, Matcher, Rule, Severity, Silence, Subject, SubjectKind};
use model::{AlarmId, ErrorClass, PilotId, SilenceId};
use std::time::Duration;
use wire::api::AlarmView;

/// An alarm that began some hours ago.
fn alarm(id: i64, rule: Rule, subject: Subject, severity: Severity, words: &str) -> AlarmView {
    let alarm = Alarm {
        id: AlarmId(id),
        rule,
        subject,
        severity,
        worst: severity,
        began: before(9000),
        opened: Some(before(8400)),
        seen: before(20),
        cleared: None,
        words: words.to_owned(),
        figures: vec![("fault in 2 h".into(), "36".into()), ("done in 2 h".into(), "4".into())],
        error_class: Some(ErrorClass::Node),
        error_text: "/cvmfs/<b>atlas</b> did not answer within 30 s".into(),
        pilots: vec![PilotId(41), PilotId(40)],
        acknowledged: None,
        told: None,
        held: None,
    };
    AlarmView { silence: None, explained_by: None, action: rule.action().to_owned(), alarm }
}

/// One that is open, one that it explains, one that somebody looks after, one that is silenced.
pub fn alarms() -> Vec<AlarmView> {
    let of = |kind, name: &str| {
        let subject = Subject::of_factory(kind, name, "f1");
        Subject { queue: "glasgow-short".into(), site: "GLASGOW".into(), ..subject }
    };
    let queue = Subject { factory: String::new(), ..of(SubjectKind::Queue, "glasgow-short") };
    let faults = "90 % of its pilots end in fault: 36 of 40 pilots in the last 2 h";
    let open = alarm(7, Rule::FaultRatio, queue, Severity::Critical, faults);
    let label = alarm(5, Rule::FaultRatio, of(SubjectKind::Label, "glasgow-slurm"), Severity::Warning, faults);
    let node = alarm(4, Rule::BlackHole, of(SubjectKind::Node, "wn7"), Severity::Warning, "8 of 8 ends were failures");
    let silent = alarm(3, Rule::FactorySilent, Subject::factory("f2"), Severity::Critical, "it was not heard for 3 h");
    let by = Acknowledgement { by: "ann".into(), at: before(600), why: "see #17".into() };
    vec![
        open.clone(),
        AlarmView { explained_by: Some(open.alarm.id), ..label },
        AlarmView { alarm: Alarm { acknowledged: Some(by), ..silent.alarm }, ..silent },
        AlarmView { silence: Some(silence()), ..node },
    ]
}

pub fn silence() -> Silence {
    let of = Matcher { rule: "black-hole".into(), site: "GLASGOW".into(), ..Matcher::default() };
    let (owner, reason) = ("bob".into(), "the node is being <mended>, #18".into());
    Silence { id: SilenceId(2), of, owner, reason, made: before(3600), until: NOW + Duration::from_secs(3600) }
}
