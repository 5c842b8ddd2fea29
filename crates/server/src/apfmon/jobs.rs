//! `/api/jobs`: APFmon's jobs are our pilots.

use super::Call;
use super::answer::{Answer, Answered, Failed, time};
use super::body::Fields;
use super::lists::{Window, window};
use http::Method;
use model::{Claim, PilotId, PilotState, PilotSummary, reported};
use serde_json::{Value, json};
use store::{PilotClaim, PilotFilter, Verdict};

/// The result of a pilot that told none.
const UNKNOWN_RESULT: i64 = -1;
/// Fields of a claim that have a place of their own.
const KNOWN: [&str; 4] = ["cid", "factory", "label", "state"];

/// `/api/jobs`.
pub(super) async fn all(call: &Call) -> Answer {
    match call.parts.method {
        Method::PUT | Method::POST => create(call).await,
        _ => list(call).await,
    }
}

/// Pilots that were submitted: a list of objects with `cid`, `factory`, `label`, and whatever else is known.
async fn create(call: &Call) -> Answer {
    let entries = super::body::objects(&call.body)?;
    let total = entries.len();
    let claims: Vec<PilotClaim> = entries.iter().filter_map(|entry| submitted(entry, call)).collect();
    let left_out = total - claims.len();
    let verdicts = report(call, claims).await?;
    let created = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Created(_))).count();
    let text = format!("created {created} of {total}, {left_out} left out");
    Ok(Answered::text(text).created(created > 0))
}

fn submitted(entry: &Fields, call: &Call) -> Option<PilotClaim> {
    let (factory, batch_id) = (reported::name(entry.get("factory")?)?, reported::name(entry.get("cid")?)?);
    call.caller.may_report(&factory).ok()?;
    Some(claim(factory, batch_id, Claim::Created, entry))
}

/// A claim with what the fields tell beside it.
pub(super) fn claim(factory: String, batch_id: String, claim: Claim, fields: &Fields) -> PilotClaim {
    let name = |names: &[&str]| reported::name(&fields.first(names)).unwrap_or_default();
    let ids = fields.first(&["ids"]);
    let jobs = ids.split([',', ' ']).filter(|id| !id.trim().is_empty()).count();
    PilotClaim {
        factory,
        batch_id,
        label: name(&["label"]),
        queue: name(&["computingsite", "wmsqueue", "batchqueue", "nick", "qarg"]),
        resource: name(&["computingelement", "resource"]),
        claim,
        result: fields.get("rc").and_then(|rc| rc.parse().ok()),
        jobs: u32::try_from(jobs).unwrap_or(u32::MAX),
        error_class: None,
        text: fields.others(&KNOWN),
        only_known: false,
    }
}

/// Writes down claims.
pub(super) async fn report(call: &Call, claims: Vec<PilotClaim>) -> Result<Vec<Verdict>, Failed> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let face = &call.face;
    Ok(face.state.store.report_pilots(claims, face.config.patterns.clone(), call.claimant()).await?)
}

/// `/api/jobs/FACTORY:CID`.
pub(super) async fn one(call: &Call, factory: String, batch_id: String) -> Answer {
    let missing = || Failed::Missing(format!("the job {factory}:{batch_id}"));
    let factory_name = reported::name(&factory).ok_or_else(missing)?;
    let id = reported::name(&batch_id).ok_or_else(missing)?;
    match call.parts.method {
        Method::POST | Method::PUT => state(call, factory_name, id).await,
        Method::GET | Method::HEAD => show(call, factory_name, id).await,
        _ => Ok(Answered::text("nothing is deleted here; what has ended goes by itself")),
    }
}

async fn state(call: &Call, factory: String, batch_id: String) -> Answer {
    call.caller.may_report(&factory)?;
    let fields = call.fields()?;
    let word = fields.first(&["state"]);
    let mut claimed = claim(factory.clone(), batch_id.clone(), Claim::of(&word).unwrap_or(Claim::Nothing), &fields);
    if claimed.claim == Claim::Nothing && !word.is_empty() {
        claimed.text = format!("state={word} {}", claimed.text);
    }
    let verdict = report(call, vec![claimed]).await?;
    Ok(Answered::text(format!("/api/jobs/{factory}:{batch_id} {}", in_words(verdict.first()))))
}

/// What became of a claim.
pub(super) fn in_words(verdict: Option<&Verdict>) -> String {
    match verdict {
        None => "nothing was claimed".to_owned(),
        Some(Verdict::Created(pilot)) => format!("is new as pilot {pilot}"),
        Some(Verdict::Moved(_, state)) => format!("is {state}"),
        Some(Verdict::Noted(_, state)) => format!("stays {state}"),
        Some(Verdict::Unknown) => "is not known".to_owned(),
        Some(Verdict::Ours) => "is of a factory that speaks for itself".to_owned(),
    }
}

async fn show(call: &Call, factory: String, batch_id: String) -> Answer {
    let store = &call.face.state.store;
    let missing = || Failed::Missing(format!("the job {factory}:{batch_id}"));
    let id = store.pilot_by_batch_id(factory.clone(), batch_id.clone()).await?.ok_or_else(missing)?;
    let pilot = store.pilot(id).await?.ok_or_else(missing)?;
    let results = store.pilot_results(vec![id]).await?;
    let told = store.told_of(id).await?;
    let messages = told.iter().map(|one| format!("{} {} {}: {}", one.time, one.address, one.word, one.text));
    let mut object = object(&pilot, results.get(&id).copied());
    object["cid"] = json!(pilot.batch_id);
    object["factory"] = json!(pilot.factory);
    object["label"] = json!(pilot.label);
    object["messages"] = json!(messages.collect::<Vec<_>>());
    Ok(Answered::json(&object))
}

fn object(pilot: &PilotSummary, result: Option<i64>) -> Value {
    let modified = pilot.ended.or(pilot.last_heard).or(pilot.started).unwrap_or(pilot.announced);
    json!({
        "jid": format!("{}:{}", pilot.factory, pilot.batch_id),
        "state": state_word(pilot.state),
        "created": time(pilot.announced),
        "last_modified": time(modified),
        "result": result.unwrap_or(UNKNOWN_RESULT),
        "flag": pilot.flag.is_some(),
    })
}

/// The state as APFmon called it.
pub(super) fn state_word(state: PilotState) -> &'static str {
    if state.is_pending() { "created" } else { state.as_str() }
}

/// The newest first; `factory`, `label`, `state`, `offset`, `limit` (50; 0 for all).
async fn list(call: &Call) -> Answer {
    let fields = call.fields()?;
    let filter = PilotFilter {
        factory: fields.get("factory").map(str::to_owned),
        label: fields.get("label").map(str::to_owned),
        ..PilotFilter::default()
    };
    let word = fields.get("state").map(str::to_ascii_lowercase);
    let is_meant = |pilot: &PilotSummary| word.as_ref().is_none_or(|word| word == state_word(pilot.state));
    let Window { offset, limit } = window(&fields);
    let mut pilots = Vec::new();
    let mut cursor = None;
    while pilots.len() < offset + limit {
        let page = call.face.state.store.pilots(filter.clone(), cursor, 1000).await?;
        pilots.extend(page.rows.into_iter().filter(is_meant));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let shown: Vec<PilotSummary> = pilots.into_iter().skip(offset).take(limit).collect();
    let ids: Vec<PilotId> = shown.iter().map(|pilot| pilot.id).collect();
    let results = call.face.state.store.pilot_results(ids).await?;
    let rows: Vec<Value> = shown.iter().map(|pilot| object(pilot, results.get(&pilot.id).copied())).collect();
    Ok(Answered::json(&Value::from(rows)))
}
