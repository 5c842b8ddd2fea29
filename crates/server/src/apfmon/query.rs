//! The query style of AutoPyFactory 1.x, its wrappers, and the cron jobs on its hosts.

use super::Call;
use super::answer::{Answer, Answered, Failed};
use super::body::{self, Fields, text};
use super::factories::{register, told};
use super::jobs::{claim, in_words, report, state_word};
use super::labels;
use super::place::Word;
use model::{Claim, PilotState, reported};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{FactoryReport, LabelReport, PilotClaim, PilotFilter};

/// The most ids that are told to those who look after old pilots.
const IDS_MAX: u32 = 500;
/// JobStatus and GlobusState of a batch system that has not caught up yet: 1 and 2 are idle and running.
const BEHIND: [&str; 2] = ["1", "2"];

/// A call of the query style.
pub(super) async fn call(call: &Call, word: Word, rest: &[String]) -> Answer {
    match word {
        Word::Hello => hello(call).await,
        Word::Created => created(call).await,
        Word::Messages => messages(call).await,
        Word::CreatedOne => created_one(call).await,
        Word::Message => message(call).await,
        Word::Running => claimed(call, rest, Claim::Running).await,
        Word::Exiting => claimed(call, rest, Claim::Exiting).await,
        Word::Info => claimed(call, rest, Claim::Nothing).await,
        Word::State => state(call).await,
        Word::Stale => stale(call).await,
        Word::Awol => awol(call).await,
        Word::ExitingIds => ids(call, rest, &[PilotState::Exiting]).await,
        Word::OldIds => ids(call, rest, &[PilotState::Submitted, PilotState::Running]).await,
        Word::Count => count(call, rest).await,
        Word::Factories => names(call, |_, factory| factory.to_owned()).await,
        Word::Queues => names(call, |queue, _| queue.to_owned()).await,
        Word::Stats => stats(call).await,
    }
}

fn ok() -> Answered {
    Answered::text("OK")
}

async fn hello(call: &Call) -> Answer {
    let fields = call.fields()?;
    let Some(name) = fields.get("factoryId").and_then(reported::name) else {
        return Ok(Answered::text("factoryId is missing; nothing was written down"));
    };
    let software = Some("AutoPyFactory".to_owned());
    register(call, FactoryReport { starts: true, software, ..told(call, &name, &fields) }).await?;
    Ok(ok())
}

/// `data=[[cid, nick, factory, label], ...]`.
async fn created(call: &Call) -> Answer {
    let rows = body::data(&call.body)?;
    let claims: Vec<PilotClaim> = rows
        .iter()
        .filter_map(|row| {
            let [cid, nick, factory, label] = texts(row)?;
            PilotClaim { label, queue: nick, ..bare(call, &factory, &cid, Claim::Created)? }.into()
        })
        .collect();
    report(call, claims).await?;
    Ok(ok())
}

/// `data=[[nick, factory, label, text], ...]`.
async fn messages(call: &Call) -> Answer {
    for row in body::data(&call.body)? {
        let Some([nick, factory, label, text]) = texts(&row) else { continue };
        say(call, nick, &factory, &label, &text).await?;
    }
    Ok(ok())
}

async fn say(call: &Call, queue: String, factory: &str, label: &str, text: &str) -> Result<(), Failed> {
    let (Some(factory), Some(label)) = (reported::name(factory), reported::name(label)) else { return Ok(()) };
    if call.caller.may_report(&factory).is_err() {
        return Ok(());
    }
    labels::decide(call, LabelReport { factory, label, queue, resource: String::new() }, text, Vec::new()).await
}

async fn created_one(call: &Call) -> Answer {
    let fields = call.fields()?;
    let of = |name: &str| fields.first(&[name]);
    let claim = bare(call, &of("fid"), &of("cid"), Claim::Created);
    let claim = claim.map(|claim| PilotClaim { label: of("label"), queue: of("nick"), ..claim });
    report(call, claim.into_iter().collect()).await?;
    Ok(ok())
}

async fn message(call: &Call) -> Answer {
    let fields = call.fields()?;
    let of = |name: &str| fields.first(&[name]);
    say(call, of("nick"), &of("fid"), &of("label"), &of("msg")).await?;
    Ok(ok())
}

/// `rn/FACTORY/CID/`, `ex/FACTORY/CID/[code]`.
async fn claimed(call: &Call, rest: &[String], word: Claim) -> Answer {
    let (Some(factory), Some(cid)) = (rest.first(), rest.get(1)) else { return Ok(ok()) };
    let fields = call.fields()?;
    let Some(bare) = bare(call, factory, cid, word) else { return Ok(ok()) };
    let more = claim(bare.factory.clone(), bare.batch_id.clone(), word, &fields);
    let result = rest.get(2).and_then(|code| code.parse().ok()).or(more.result);
    let text = result.map_or(more.text, |result| format!("rc={result}"));
    report(call, vec![PilotClaim { result, text, ..more }]).await?;
    Ok(ok())
}

/// What the batch system said about one pilot: `fid`, `cid`, `js` (JobStatus), `gs` (GlobusState).
async fn state(call: &Call) -> Answer {
    let fields = call.fields()?;
    let of = |name: &str| fields.first(&[name]);
    let claim = bare(call, &of("fid"), &of("cid"), of_job_status(&of("js")));
    let words = format!("JobStatus {} GlobusState {}", of("js"), of("gs"));
    let verdicts = report(call, claim.map(|claim| PilotClaim { text: words, ..claim }).into_iter().collect()).await?;
    Ok(Answered::text(format!("OK, {}", in_words(verdicts.first()))))
}

/// A pilot that has ended is looked after only when it is about to end, so a batch system that has not caught up has ended it too.
fn of_job_status(status: &str) -> Claim {
    match status {
        "4" => Claim::Done,
        status if BEHIND.contains(&status) => Claim::Done,
        "" => Claim::Nothing,
        _ => Claim::Fault,
    }
}

/// `fid`, `data=[{cid, jobstate, globusstate}, ...]`: old pilots as the batch system sees them.
async fn stale(call: &Call) -> Answer {
    let fields = call.fields().unwrap_or_default();
    let factory = fields.first(&["fid"]);
    let claims = body::data(&call.body)?.into_iter().filter_map(|row| {
        let of = |name: &str| row.get(name).and_then(text).unwrap_or_default();
        let status = of("jobstate");
        let claim = match status.as_str() {
            "4" => Claim::Done,
            "1" => Claim::Created,
            "2" => Claim::Running,
            "" => Claim::Nothing,
            _ => Claim::Fault,
        };
        let words = format!("JobStatus {status} GlobusState {}", of("globusstate"));
        Some(PilotClaim { text: words, ..bare(call, &factory, &of("cid"), claim)? })
    });
    report(call, claims.collect()).await?;
    Ok(ok())
}

/// `fid`, `data=[cid, ...]` or `cid`: pilots that the batch system does not know.
async fn awol(call: &Call) -> Answer {
    let fields = call.fields().unwrap_or_default();
    let factory = fields.first(&["fid"]);
    let listed = body::data(&call.body)?;
    let cids = listed.iter().filter_map(text).chain(fields.get("cid").map(str::to_owned));
    let class = Some(model::ErrorClass::Lost);
    let claims = cids.filter_map(|cid| {
        let claim = bare(call, &factory, &cid, Claim::Fault)?;
        Some(PilotClaim { error_class: class, text: "the batch system does not know it".to_owned(), ..claim })
    });
    report(call, claims.collect()).await?;
    Ok(ok())
}

/// A claim about a pilot by its names alone; none when they are empty or not the caller's to report.
fn bare(call: &Call, factory: &str, cid: &str, word: Claim) -> Option<PilotClaim> {
    let (factory, cid) = (reported::name(factory)?, reported::name(cid)?);
    call.caller.may_report(&factory).ok()?;
    Some(claim(factory, cid, word, &Fields::default()))
}

/// The first texts of a row; null is an empty text.
fn texts(row: &Value) -> Option<[String; 4]> {
    let row = row.as_array()?;
    let at = |at: usize| row.get(at).and_then(text).unwrap_or_default();
    Some([at(0), at(1), at(2), at(3)])
}

/// `cid/FACTORY`, `old/FACTORY`: ids of pilots for cron jobs to look after.
async fn ids(call: &Call, rest: &[String], states: &[PilotState]) -> Answer {
    let mut found = Vec::new();
    for state in states {
        let filter =
            PilotFilter { factory: rest.first().cloned(), state: Some(*state), live: true, ..PilotFilter::default() };
        let page = call.face.state.store.pilots(filter, None, IDS_MAX).await?;
        found.extend(page.rows.into_iter().map(|pilot| pilot.batch_id));
    }
    Ok(Answered::text(found.join(",")))
}

/// `n/FACTORY/STATE/QUEUE`: how many pilots, as scripts of plots asked; 0 stands for all. Names stand for numbers.
async fn count(call: &Call, rest: &[String]) -> Answer {
    let part = |at: usize| rest.get(at).map(|part| part.to_ascii_lowercase()).filter(|part| part != "0");
    let (factory, state, queue) = (part(0), part(1), part(2));
    let is =
        |wanted: &Option<String>, have: &str| wanted.as_ref().is_none_or(|wanted| *wanted == have.to_ascii_lowercase());
    let counts = call.face.state.store.pilot_counts().await?.into_iter();
    let counts =
        counts.filter(|one| is(&factory, &one.factory) && is(&queue, &one.queue) && is(&state, state_word(one.state)));
    Ok(Answered::text(counts.map(|one| one.pilots).sum::<u64>().to_string()))
}

async fn names(call: &Call, of: impl Fn(&str, &str) -> String) -> Answer {
    let counts = call.face.state.store.pilot_counts().await?;
    let names: BTreeSet<String> = counts.iter().map(|count| of(&count.queue, &count.factory)).collect();
    Ok(Answered::text(names.into_iter().collect::<Vec<_>>().join(" ")))
}

/// All labels with how their pilots ended.
async fn stats(call: &Call) -> Answer {
    let store = &call.face.state.store;
    let flows =
        store.pilot_flow_by_label(model::Span::TenMinutes, crate::now() - std::time::Duration::from_secs(3600)).await?;
    let factories = store.factories().await?;
    let rows = flows.iter().enumerate().map(|(at, flow)| {
        let factory = factories.iter().find(|factory| factory.name == flow.factory);
        let url = factory.and_then(|factory| factory.reported.as_ref()).map(|told| told.log_url.clone());
        json!({
            "label": flow.label, "labelid": at + 1, "factory": flow.factory,
            "factoryver": factory.map(|factory| factory.said.version.clone()).unwrap_or_default(),
            "pandaq": flow.queue, "ndone": flow.flow.done, "nfault": flow.flow.fault,
            "nhit": flow.flow.done.saturating_sub(flow.flow.empty), "nmiss": flow.flow.empty,
            "logurl": url.unwrap_or_default(), "timestamp": super::answer::time(crate::now()),
        })
    });
    Ok(Answered::json(&Value::from(rows.collect::<Vec<_>>())))
}
