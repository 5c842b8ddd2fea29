//! `updateJob`: a PanDA pilot reports, and hears whether the job is still wanted.

use super::Face;
use super::access::{Access, Refused};
use super::answer::{Answer, Code};
use super::arguments::Arguments;
use super::pilots::FACTORY;
use super::update::{Trouble, Update};
use crate::events::{ReportRefused, ReportsApplied};
use model::job::LogStream;
use model::{BatchUpdate, CommandState, JobDetail, JobState, PilotEvent, PilotId, PilotSummary, Verb};
use object_store::ObjectStoreExt;
use store::{LogFrom, LogName, Taker};

/// Bytes at the end of standard error in which the script's last words are looked for.
const TROUBLE_TAIL: u64 = 4096;

/// What a pilot is told beside "all is well".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Go on. Pilots die of a null, so the word is `NULL`.
    GoOn,
    /// The job is not wanted from this pilot: kill the payload.
    Stop,
    /// The end of the job is recorded already.
    Ended,
    /// The caller may not speak about it.
    NotYours,
}

/// Applies the report and answers with the command for the pilot.
pub(super) async fn answer(face: &Face, access: &Access, arguments: &Arguments) -> store::Result<Answer> {
    let update = match Update::read(arguments) {
        Ok(update) => update,
        Err(error) => return Ok(Answer::failed(error)),
    };
    let verdict = judge(face, access, &update).await?;
    if verdict != Verdict::GoOn {
        tracing::info!(job = %update.job, attempt = update.attempt, ?verdict, "a PanDA pilot is turned away");
    }
    Ok(verdict.answer())
}

impl Verdict {
    fn answer(self) -> Answer {
        let command = match self {
            Verdict::GoOn => "NULL",
            Verdict::Stop => "tobekilled",
            Verdict::Ended => "alreadydone",
            Verdict::NotYours => return Answer::failed(Refused::Site),
        };
        Answer::new(Code::Ok).with("command", command)
    }
}

async fn judge(face: &Face, access: &Access, update: &Update) -> store::Result<Verdict> {
    let Some(detail) = face.state.store.job(update.job).await? else { return Ok(Verdict::Stop) };
    if !access.covers(&detail.summary.site) {
        return Ok(Verdict::NotYours);
    }
    let Some(pilot) = pilot_of(face, &detail).await? else { return Ok(Verdict::Stop) };
    let attempt = detail.summary.attempt;
    if update.attempt.is_some_and(|said| said != attempt) || is_other_batch_job(update, &detail, &pilot) {
        return Ok(Verdict::Stop);
    }
    face.heard(pilot.id, &pilot.queue, pilot.incarnation);
    if update.is_final() {
        face.known.ended_job(pilot.id);
    }
    let ended = verdict_of_state(detail.summary.state, update);
    match ended {
        Some(_) => confirm_kills(face, pilot.id).await?,
        None => note_batch_id(face, update, &pilot).await?,
    }
    let applied = match update.state {
        // The record of a cancelled attempt still takes what it used.
        Some(state) if ended.is_none() || update.is_final() => apply(face, update, state, attempt, pilot.id).await?,
        _ => Verdict::GoOn,
    };
    Ok(ended.unwrap_or(applied))
}

/// The PanDA pilot that holds or held the job; none when it is one of ours, which PanDA's calls must not touch.
async fn pilot_of(face: &Face, detail: &JobDetail) -> store::Result<Option<PilotSummary>> {
    let Some(pilot) = detail.summary.pilot else { return Ok(None) };
    let pilot = face.state.store.pilot(pilot).await?;
    Ok(pilot.filter(|pilot| pilot.factory == FACTORY))
}

/// A second copy of the job: once it runs, only the batch job that began it may report.
fn is_other_batch_job(update: &Update, detail: &JobDetail, pilot: &PilotSummary) -> bool {
    let begun = detail.summary.state != JobState::Sent;
    begun && ![&update.batch_id, &pilot.batch_id].iter().any(|id| id.is_empty()) && update.batch_id != pilot.batch_id
}

/// What a job that has ended answers; none while reports still matter.
fn verdict_of_state(state: JobState, update: &Update) -> Option<Verdict> {
    match state {
        JobState::Cancelled | JobState::Closed if !update.is_final() => Some(Verdict::Stop),
        state if state.is_final() => Some(Verdict::Ended),
        _ => None,
    }
}

/// The pilot is told to stop now: the commands that wait for it have reached it.
async fn confirm_kills(face: &Face, pilot: PilotId) -> store::Result<()> {
    let taker = Taker::Pilot(pilot);
    let taken = face.state.store.take_commands(taker.clone(), crate::now(), face.state.config.heartbeat).await?;
    for command in taken.commands {
        let (state, note) = match command.verb {
            Verb::Kill => (CommandState::Done, "told with the answer to its report"),
            _ => (CommandState::Refused, "a PanDA pilot cannot do this"),
        };
        face.state.store.command_outcome(taker.clone(), command.id, state, note.to_owned()).await?;
    }
    Ok(())
}

async fn note_batch_id(face: &Face, update: &Update, pilot: &PilotSummary) -> store::Result<()> {
    if update.batch_id.is_empty() || update.batch_id == pilot.batch_id {
        return Ok(());
    }
    let change = BatchUpdate {
        pilot: pilot.id,
        event: PilotEvent::Run,
        batch_id: update.batch_id.clone(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: update.pilot_id.clone(),
    };
    let refused = face.state.store.batch_updates(FACTORY.to_owned(), vec![change], crate::now()).await?;
    for refusal in refused {
        tracing::debug!(pilot = %refusal.pilot, reason = refusal.reason, "batch id of a PanDA pilot was not kept");
    }
    Ok(())
}

async fn apply(face: &Face, update: &Update, state: JobState, attempt: u32, pilot: PilotId) -> store::Result<Verdict> {
    let token = face.state.key.job_token(update.job, attempt);
    let (said, has_logs) = match update.is_final() {
        true => script_words(face, update, attempt).await?,
        false => (None, false),
    };
    let report = update.report(state, attempt, token, said, has_logs);
    let metrics = &face.state.metrics;
    match face.state.store.report(pilot, vec![report], crate::now()).await?.into_iter().next() {
        Some(refused) => {
            ReportRefused { pilot, refused: &refused }.emit(metrics);
            Ok(if refused.stop { Verdict::Stop } else { Verdict::GoOn })
        }
        None => {
            ReportsApplied { states: vec![state] }.emit(metrics);
            Ok(Verdict::GoOn)
        }
    }
}

/// What the job's script said about the end, and whether it uploaded logs.
async fn script_words(face: &Face, update: &Update, attempt: u32) -> store::Result<(Option<Trouble>, bool)> {
    let log = LogName { job: update.job, attempt, stream: LogStream::Stderr };
    let Some(position) = face.state.store.log_position(log).await? else { return Ok((None, false)) };
    let tail = match &position.location {
        Some(location) => moved_tail(face, location, position.size).await,
        None => face.state.store.read_log(log, LogFrom::Tail(TROUBLE_TAIL), TROUBLE_TAIL).await?.bytes,
    };
    Ok((Trouble::read(&tail), position.complete))
}

/// The end of a log in the object store; nothing when it cannot be read, as the report matters more.
async fn moved_tail(face: &Face, location: &str, size: u64) -> Vec<u8> {
    let path = crate::objects::stored(location);
    let range = size.saturating_sub(TROUBLE_TAIL)..size;
    match face.state.objects.get_range(&path, range).await {
        Ok(bytes) => bytes.into(),
        Err(error) => {
            tracing::warn!(%location, %error, "failed to read the end of a log");
            Vec::new()
        }
    }
}
