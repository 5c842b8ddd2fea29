//! What operators see of the same moment.

use super::{NOW, alarms, before, silence};
use crate::config::Config;
use crate::pages::admin::{Origin, Retention, Situation, Topology, kept_by};
use crate::pilot_log::status::{Pressure, Status};
use model::alarm::{AlarmEvent, AlarmEventKind, AlarmRemark};
use model::{QueueRecord, QueueStatus, Role, StatusChange, Time, TokenInfo, Written};
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Removable, Removal};

fn token(id: i64, user: &str, role: Role, note: &str) -> TokenInfo {
    TokenInfo {
        id,
        user: user.into(),
        group: String::new(),
        role,
        sites: Vec::new(),
        note: note.into(),
        created: before(400_000),
        expires: None,
        last_used: Some(before(42)),
    }
}

fn tokens() -> Vec<TokenInfo> {
    let in_days = |days: u32| Some(NOW + Duration::from_secs(86_400) * days);
    let sites = vec!["GLASGOW".to_owned(), "LANCS".to_owned()];
    vec![
        TokenInfo { sites, expires: in_days(3), ..token(4, "sam", Role::SiteAdmin, "desk of <sam>") },
        TokenInfo { group: "atlas".into(), last_used: None, ..token(3, "bob", Role::User, "") },
        TokenInfo { expires: in_days(200), ..token(2, "f1", Role::Factory, "factory at Glasgow") },
        token(1, "ann", Role::Operator, "made by the server, in /srv/pilotage/admin.token"),
    ]
}

fn remarks() -> Vec<AlarmRemark> {
    let alarm = alarms().remove(2).alarm;
    let remark = |seconds, kind, who: &str, text: &str| AlarmRemark {
        alarm: alarm.id,
        subject: alarm.subject.clone(),
        event: AlarmEvent { at: before(seconds), kind, who: who.into(), text: text.into() },
    };
    vec![
        remark(60, AlarmEventKind::Comment, "bob", "its <disk> is full, see #17"),
        remark(600, AlarmEventKind::Acknowledged, "ann", ""),
    ]
}

fn topology() -> Topology {
    let written = |by: &str, at: Time| Some(Written { by: by.into(), at });
    let queue = QueueRecord {
        site: "GLASGOW".into(),
        region: "UK".into(),
        tags: ["render".to_owned(), "test".to_owned()].into(),
        status: QueueStatus::Offline,
        max_cores: 8,
        max_memory_mib: 16_000,
        ..QueueRecord::named("glasgow-short")
    };
    let set = StatusChange { by: "sam".into(), at: before(7200), reason: "new <cooling>".into() };
    let plain = QueueRecord::named("lancs");
    Topology {
        total: 240,
        queues: vec![
            Origin { queue, status_set: Some(set), written: written("f1", before(90_000)) },
            Origin { queue: plain, status_set: None, written: None },
        ],
        next: Some("lancs".into()),
    }
}

pub fn retention() -> Retention {
    let removed: BTreeMap<_, _> = [
        (Removable::Pilots, Removal { at: before(50), count: 12_345 }),
        (Removable::Days, Removal { at: before(8000), count: 1 }),
    ]
    .into();
    let pressure = Pressure { at: before(500), logs: 70, bytes: 3 << 30, ..Pressure::default() };
    let logs = Status { at: before(30), bytes: 7 << 30, used_percent: Some(88), pressure: Some(pressure) };
    Retention { kept: kept_by(&Config::in_dir("/srv/pilotage"), &removed), database_bytes: 5 << 30, logs: Some(logs) }
}

/// Something of everything.
pub fn situation() -> Situation {
    Situation {
        silences: vec![silence()],
        remarks: remarks(),
        tokens: Some(tokens()),
        retention: retention(),
        topology: topology(),
    }
}
