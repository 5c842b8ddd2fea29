//! `/api/factories`.

use super::Call;
use super::answer::{Answer, Answered, Failed, time};
use super::body::Fields;
use crate::AppState;
use http::Method;
use model::{FactorySummary, Span, Time, reported};
use serde_json::{Value, json};
use std::time::Duration;
use store::{FactoryReport, HistoryOf, Registered};

/// What of the activity of a factory is told: so many spans of five minutes.
const BARS: usize = 24;
const BAR_S: i64 = 300;
/// The most characters of a text about a factory.
const TEXT_MAX_CHARS: usize = 1024;
const UNSUPPORTED: &str = "this is not done here; nothing is deleted, what is idle leaves the listings by itself";

/// `GET /api/factories`.
pub(super) async fn list(call: &Call) -> Answer {
    if !call.is(&Method::GET) {
        return Ok(Answered::text(UNSUPPORTED));
    }
    let state = &call.face.state;
    let mut rows = Vec::new();
    for (at, factory) in state.store.factories().await?.iter().enumerate() {
        let mut row = object(at, factory);
        row["active"] = json!(factory.clone().without_idle(crate::now()).is_some());
        row["activity"] = json!(activity(state, HistoryOf::Factory(factory.name.clone()), crate::now()).await?);
        rows.push(row);
    }
    Ok(Answered::json(&Value::from(rows)))
}

/// `/api/factories/NAME`.
pub(super) async fn one(call: &Call, name: String) -> Answer {
    let name = reported::name(&name).ok_or_else(|| Failed::Missing("a factory without a name".to_owned()))?;
    match call.parts.method {
        Method::GET | Method::HEAD => show(call, &name).await,
        Method::PUT => {
            let fields = call.fields()?;
            let report = FactoryReport { starts: true, software: software(&fields), ..told(call, &name, &fields) };
            register(call, report).await
        }
        Method::POST => {
            let fields = call.fields()?;
            let totals = fields.get("status").map(capped);
            register(call, FactoryReport { totals, ..told(call, &name, &fields) }).await
        }
        _ => Ok(Answered::text(UNSUPPORTED)),
    }
}

async fn show(call: &Call, name: &str) -> Answer {
    let factories = call.face.state.store.factories().await?;
    let found = factories.iter().enumerate().find(|(_, factory)| factory.name == name);
    let (at, factory) = found.ok_or_else(|| Failed::Missing(format!("the factory {name}")))?;
    Ok(Answered::json(&object(at, factory)))
}

/// What the registration calls of all eras tell.
pub(super) fn told(call: &Call, name: &str, fields: &Fields) -> FactoryReport {
    FactoryReport {
        name: name.to_owned(),
        version: fields.get("version").or_else(|| fields.get("versionTag")).map(capped),
        mail: ["email", "factoryAdminEmail", "factoryOwner"].iter().find_map(|key| fields.get(key)).map(capped),
        log_url: fields.get("url").or_else(|| fields.get("baseLogDirUrl")).map(capped),
        address: call.caller.address.clone(),
        ..FactoryReport::default()
    }
}

fn software(fields: &Fields) -> Option<String> {
    fields.get("type").or_else(|| fields.get("factory_type")).map(capped)
}

fn capped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_MAX_CHARS).collect()
}

/// Writes down what a factory tells about itself.
pub(super) async fn register(call: &Call, report: FactoryReport) -> Answer {
    call.caller.may_report(&report.name)?;
    let name = report.name.clone();
    Ok(match call.face.state.store.report_factory(report, crate::now()).await? {
        Registered::Created => Answered::text(format!("factory {name} is registered")).created(true),
        Registered::Updated => Answered::text(format!("factory {name} is updated")),
        Registered::Full => Answered::text(format!("there are too many factories; {name} is not kept")),
        Registered::Ours => Answered::text(format!("factory {name} speaks for itself; nothing was changed")),
    })
}

/// A factory as APFmon showed it; its number is its place among all.
fn object(at: usize, factory: &FactorySummary) -> Value {
    let told = factory.reported.clone().unwrap_or_default();
    json!({
        "id": at + 1,
        "name": factory.name,
        "email": told.mail,
        "url": told.log_url,
        "version": factory.said.version,
        "factory_type": if factory.reported.is_some() { &told.software } else { "Pilotage" },
        "ip": told.address,
        "last_modified": time(factory.last_heard),
        "last_startup": time(factory.said.started),
    })
}

/// Pilots that were submitted in each five minutes of the last two hours.
pub(super) async fn activity(state: &AppState, of: HistoryOf, now: Time) -> store::Result<Vec<u64>> {
    let first = now.as_secs().div_euclid(BAR_S) - (BARS as i64 - 1);
    let since = now - Duration::from_secs(BARS as u64 * BAR_S.unsigned_abs());
    let mut bars = vec![0; BARS];
    for at in state.store.pilot_flow(of, Span::Minute, since).await? {
        let bar = usize::try_from(at.start.div_euclid(BAR_S) - first).ok().and_then(|bar| bars.get_mut(bar));
        bar.into_iter().for_each(|bar| *bar += at.flow.submitted);
    }
    Ok(bars)
}
