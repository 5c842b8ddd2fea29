//! `/api/labels`.

use super::Call;
use super::answer::{Answer, Answered, Failed, time};
use super::body::{self, Fields};
use super::chain;
use super::factories::{activity, told};
use super::lists::{Window, window};
use http::Method;
use model::decision::Fact;
use model::{Decision, DecisionId, FactorySummary, LabelInfo, PilotState, reported};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{FactoryReport, HistoryOf, LabelCount, LabelReport};

/// The most characters of what a scheduler said.
const STATUS_MAX_CHARS: usize = 1024;
/// The most numbers of one message.
const FACTS_MAX: usize = 50;

/// `/api/labels`.
pub(super) async fn all(call: &Call) -> Answer {
    match call.parts.method {
        Method::PUT | Method::POST => put(call).await,
        _ => list(call).await,
    }
}

/// Labels that are registered: a list of objects with `name`, `factory`, and whatever else is known.
async fn put(call: &Call) -> Answer {
    let entries = body::objects(&call.body)?;
    let total = entries.len();
    let labels: Vec<LabelReport> = entries.iter().filter_map(|entry| registered(entry, call)).collect();
    let face = &call.face;
    let done = face.state.store.report_labels(labels, face.config.patterns.clone(), crate::now()).await?;
    let text = format!("created {} of {total}, updated {}", done.created, done.updated);
    Ok(Answered::text(text).created(done.created > 0))
}

fn registered(entry: &Fields, call: &Call) -> Option<LabelReport> {
    let report = report(entry.get("factory")?, entry.get("name")?, entry)?;
    call.caller.may_report(&report.factory).ok()?;
    Some(report)
}

/// What is told of a label.
pub(super) fn report(factory: &str, label: &str, fields: &Fields) -> Option<LabelReport> {
    let resource = [fields.first(&["resource"]), fields.first(&["localqueue"])].join(" ");
    Some(LabelReport {
        factory: reported::name(factory)?,
        label: reported::name(label)?,
        queue: fields.first(&["batchqueue", "wmsqueue", "nick"]),
        resource: reported::name(&resource).unwrap_or_default(),
    })
}

/// `/api/labels/FACTORY:LABEL`.
pub(super) async fn one(call: &Call, factory: String, label: String) -> Answer {
    match call.parts.method {
        Method::GET | Method::HEAD => show(call, &factory, &label).await,
        Method::POST | Method::PUT => say(call, &factory, &label).await,
        _ => Ok(Answered::text("nothing is deleted here; what is idle leaves the listings by itself")),
    }
}

/// What the label's scheduler said, what Harvester counted, or an error that somebody counted.
async fn say(call: &Call, factory: &str, label: &str) -> Answer {
    call.caller.may_report(factory)?;
    let fields = call.fields()?;
    let missing = || Failed::Missing(format!("the label {factory}:{label}"));
    let report = report(factory, label, &fields).ok_or_else(missing)?;
    let name = report.label.clone();
    let status = fields.first(&["status", "msg"]);
    let facts = fields.get("data").and_then(|data| serde_json::from_str(data).ok()).map(|data| facts(&data));
    let place = format!("/api/labels/{factory}:{label}");
    if !status.is_empty() || facts.is_some() {
        decide(call, report, &status, facts.unwrap_or_default()).await?;
    } else {
        let patterns = call.face.config.patterns.clone();
        call.face.state.store.report_labels(vec![report], patterns, crate::now()).await?;
    }
    if let Some(code) = fields.get("error").and_then(reported::name) {
        let times = fields.get("count").and_then(|count| count.parse().ok()).unwrap_or(1);
        let told = FactoryReport { error: Some((name, code, times)), ..told(call, factory, &Fields::default()) };
        call.face.state.store.report_factory(told, crate::now()).await?;
    }
    Ok(Answered::text(place))
}

/// Keeps what a scheduler said as a decision of the label.
pub(super) async fn decide(call: &Call, label: LabelReport, status: &str, facts: Vec<Fact>) -> Result<(), Failed> {
    let status: String = status.chars().filter(|c| !c.is_control()).take(STATUS_MAX_CHARS).collect();
    let (steps, now) = (chain::steps(&status), crate::now());
    let number = steps.last().map_or(0, |step| step.output);
    // These schedulers say how many they submit, not how many were taken.
    let submitted = u64::try_from(number).unwrap_or_default();
    let decision = Decision {
        id: DecisionId(0),
        time: now,
        last_time: now,
        times: 1,
        factory: label.factory.clone(),
        label: label.label.clone(),
        queue: String::new(),
        facts,
        number,
        steps,
        announced: submitted,
        accepted: submitted,
        error: String::new(),
    };
    let face = &call.face;
    face.state.store.report_decision(label, face.config.patterns.clone(), decision).await?;
    Ok(())
}

/// Harvester's numbers, by job type, resource type and pilot type.
fn facts(data: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    collect(data, "harvester", &mut facts);
    facts
}

fn collect(value: &Value, name: &str, facts: &mut Vec<Fact>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            let key: String = key.chars().filter(|c| !c.is_control()).take(64).collect();
            collect(value, &format!("{name}.{key}"), facts);
        }),
        Value::Number(number) if facts.len() < FACTS_MAX => {
            facts.push(Fact { name: name.to_owned(), value: number.to_string(), age_s: 0.0 });
        }
        _ => {}
    }
}

/// A label with its factory and how many pilots it has.
struct Row<'a> {
    at: usize,
    factory: &'a FactorySummary,
    label: &'a LabelInfo,
    pilots: BTreeMap<PilotState, u64>,
}

fn rows<'a>(factories: &'a [FactorySummary], counts: &[LabelCount]) -> Vec<Row<'a>> {
    let mut by_label: BTreeMap<(&str, &str), BTreeMap<PilotState, u64>> = BTreeMap::new();
    for count in counts {
        let pilots = by_label.entry((&count.factory, &count.label)).or_default();
        *pilots.entry(count.state).or_default() += count.pilots;
    }
    let labels = factories.iter().flat_map(|factory| factory.said.labels.iter().map(move |label| (factory, label)));
    let row = |(at, (factory, label)): (usize, (&'a FactorySummary, &'a LabelInfo))| {
        let pilots = by_label.get(&(factory.name.as_str(), label.name.as_str())).cloned().unwrap_or_default();
        Row { at, factory, label, pilots }
    };
    labels.enumerate().map(row).collect()
}

/// `factory`, `offset`, `limit` (50; 0 for all).
async fn list(call: &Call) -> Answer {
    let fields = call.fields()?;
    let (factories, counts) = read(call).await?;
    let Window { offset, limit } = window(&fields);
    let wanted = fields.get("factory");
    let rows = rows(&factories, &counts).into_iter();
    let rows = rows.filter(|row| wanted.is_none_or(|wanted| wanted == row.factory.name));
    let rows: Vec<Value> = rows.skip(offset).take(limit).map(|row| object(&row)).collect();
    Ok(Answered::json(&Value::from(rows)))
}

async fn read(call: &Call) -> Result<(Vec<FactorySummary>, Vec<LabelCount>), Failed> {
    let store = &call.face.state.store;
    Ok((store.factories().await?, store.pilot_counts().await?))
}

async fn show(call: &Call, factory: &str, label: &str) -> Answer {
    let (factories, counts) = read(call).await?;
    let mut rows = rows(&factories, &counts).into_iter();
    let found = rows.find(|row| row.factory.name == factory && row.label.name == label);
    let row = found.ok_or_else(|| Failed::Missing(format!("the label {factory}:{label}")))?;
    let of = HistoryOf::Label { factory: factory.to_owned(), label: label.to_owned() };
    let mut object = object(&row);
    object["activity"] = json!(activity(&call.face.state, of, crate::now()).await?);
    Ok(Answered::json(&object))
}

/// A label as APFmon showed it; its number is its place among all.
fn object(row: &Row<'_>) -> Value {
    let count = |state| row.pilots.get(&state).copied().unwrap_or_default();
    let (done, fault) = (count(PilotState::Done), count(PilotState::Fault));
    let created = PilotState::ALL.into_iter().filter(|state| state.is_pending()).map(count).sum::<u64>();
    let reported = row.factory.reported.as_ref();
    let heard = reported.and_then(|told| told.heard.get(&row.label.name)).copied().unwrap_or(row.factory.last_heard);
    json!({
        "id": row.at + 1,
        "name": row.label.name,
        "factory": row.factory.name,
        "prq": row.label.queue,
        "resource": row.label.batch,
        "last_modified": time(heard),
        "url": format!("/factories/{}/labels/{}", row.factory.name, row.label.name),
        "ncreated": created,
        "nrunning": count(PilotState::Running),
        "nexiting": count(PilotState::Exiting),
        "ndone": done,
        "nfault": fault,
        "mortality": (100 * fault).checked_div(done + fault).unwrap_or_default(),
    })
}
