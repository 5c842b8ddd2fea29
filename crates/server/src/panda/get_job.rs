//! `getJob`: a PanDA pilot leases a job.

use super::Face;
use super::access::{Access, Refused};
use super::answer::{Answer, Code};
use super::arguments::Arguments;
use super::labels;
use super::pilots::{PandaPilot, Sender};
use super::record::Dispatched;
use super::script_url;
use crate::events::JobsLeased;
use model::{Offer, QueueRecord, QueueStatus, Shape, SubmissionId, TaskId};
use serde_json::Value;
use store::{LeaseCall, LeaseFilter, LeasedJob, Leases};

/// The most jobs of one call.
const JOBS_MAX: u32 = 64;

/// What a pilot asks for.
struct Wish {
    sender: Sender,
    slot: Shape,
    filter: LeaseFilter,
    /// Given when the pilot wants a list, of at most so many.
    jobs: Option<u32>,
}

/// Answers with a job, a list of jobs when `nJobs` is given, or "no job".
pub(super) async fn answer(
    face: &Face,
    access: &Access,
    arguments: &Arguments,
    base_url: &str,
) -> store::Result<Answer> {
    let Some(name) = arguments.text("siteName") else { return Ok(Answer::failed("siteName is missing")) };
    let queue = face.state.store.queue(name.to_owned()).await?;
    let Some(queue) = queue.filter(|queue| queue.status != QueueStatus::Offline) else { return Ok(no_jobs()) };
    if !access.covers(&queue.site) {
        return Ok(Answer::failed(Refused::Site));
    }
    let wish = Wish::read(arguments, &queue);
    let (pilot, leases) = lease(face, &wish).await?;
    if leases.jobs.is_empty() {
        return Ok(no_jobs());
    }
    JobsLeased { pilot: pilot.id, queue: &queue.name, jobs: leases.jobs.len() }.emit(&face.state.metrics);
    let records = leases.jobs.iter().filter_map(|job| record(face, job, &leases, &queue, base_url));
    Ok(in_form(records.collect(), wish.jobs))
}

/// A single record is the answer itself; a list has the records inside.
fn in_form(mut records: Vec<Answer>, wanted: Option<u32>) -> Answer {
    match wanted {
        Some(_) => {
            let list: Vec<Value> = records.into_iter().map(Answer::into_json).collect();
            Answer::new(Code::Ok).with("jobs", list)
        }
        None => records.pop().unwrap_or_else(no_jobs),
    }
}

fn no_jobs() -> Answer {
    Answer::new(Code::NoJobs).with("errorDialog", "no jobs in PanDA")
}

/// Leases with a record of this sender. A record that has ended meanwhile is replaced once.
async fn lease(face: &Face, wish: &Wish) -> store::Result<(PandaPilot, Leases)> {
    let mut pilot = face.known.take(&wish.sender, wish.slot, &face.state).await?;
    let mut leases = face.state.store.lease_and_report(wish.call(pilot)).await?;
    if leases.drain && leases.jobs.is_empty() {
        pilot = face.known.take(&wish.sender, wish.slot, &face.state).await?;
        leases = face.state.store.lease_and_report(wish.call(pilot)).await?;
    }
    face.heard(pilot.id, &wish.sender.queue, pilot.incarnation);
    match leases.jobs.len() {
        0 => face.known.is_idle(&wish.sender, pilot),
        jobs => face.known.is_busy(&wish.sender, pilot, jobs),
    }
    Ok((pilot, leases))
}

fn record(face: &Face, job: &LeasedJob, leases: &Leases, queue: &QueueRecord, base_url: &str) -> Option<Answer> {
    let LeasedJob { id, attempt, submission, .. } = *job;
    let spec = &spec_of(leases, submission)?.spec;
    let transformation = script_url(&face.state, base_url, id, attempt);
    let region = queue.region.as_str();
    Some(Dispatched { job: id, attempt, submission, spec, region, transformation }.answer())
}

fn spec_of(leases: &Leases, submission: SubmissionId) -> Option<&store::LeasedSpec> {
    leases.specs.iter().find(|spec| spec.submission == submission)
}

impl Wish {
    fn read(arguments: &Arguments, queue: &QueueRecord) -> Wish {
        Wish {
            sender: sender(arguments, &queue.name),
            slot: slot(arguments, queue),
            filter: filter(arguments, queue),
            jobs: arguments.unsigned("nJobs").map(|jobs| jobs.clamp(1, JOBS_MAX)),
        }
    }

    fn call(&self, pilot: PandaPilot) -> LeaseCall {
        LeaseCall {
            pilot: pilot.id,
            incarnation: pilot.incarnation,
            queue: self.sender.queue.clone(),
            // Several jobs run one after the other, each with all that the pilot has.
            offer: Offer { slots: 1, whole: self.slot },
            max_slots: self.jobs.unwrap_or(1),
            max_jobs: self.jobs.unwrap_or(1),
            filter: self.filter.clone(),
            reports: Vec::new(),
            now: crate::now(),
        }
    }
}

fn sender(arguments: &Arguments, queue: &str) -> Sender {
    let text = |key: &str| arguments.text(key).unwrap_or_default();
    let worker = match worker(text("harvester_id"), text("worker_id")) {
        Some(worker) => worker,
        None => text("schedulerID").to_owned(),
    };
    Sender { queue: queue.to_owned(), node: text("node").chars().take(128).collect(), worker }
}

/// One name for a worker of a Harvester.
pub(super) fn worker(harvester: &str, worker: &str) -> Option<String> {
    (!worker.is_empty()).then(|| format!("{harvester}:{worker}"))
}

/// What the pilot offers. It runs one job with the cores that the queue data names.
fn slot(arguments: &Arguments, queue: &QueueRecord) -> Shape {
    let single = arguments.text("resourceType").is_some_and(|kind| kind.starts_with("SCORE"));
    Shape {
        cores: if single { 1 } else { queue.max_cores.max(1) },
        memory_mib: arguments.unsigned("mem").unwrap_or_default(),
        wall_time_s: arguments.unsigned("remaining_time").unwrap_or_default(),
    }
}

/// A pilot on a queue in test asks with the label `test` whatever its jobs are; what was placed there by name may run.
fn filter(arguments: &Arguments, queue: &QueueRecord) -> LeaseFilter {
    let label = arguments.text("prodSourceLabel");
    let any = queue.status == QueueStatus::Test && label == Some("test");
    LeaseFilter {
        user: arguments.text("prodUserID").map(user_of),
        group: None,
        task: arguments.integer("taskID").filter(|task| *task > 0).map(TaskId),
        source_labels: if any { Vec::new() } else { labels::wanted(label) },
    }
}

/// The user of a distinguished name is its last common name that is not that of a proxy.
fn user_of(name: &str) -> String {
    let names = name.split("/CN=").skip(1).map(str::trim);
    let user = names.filter(|part| *part != "proxy" && !part.chars().all(|c| c.is_ascii_digit())).last();
    user.unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(form: &str) -> Wish {
        let mut arguments = Arguments::default();
        arguments.add_form(form.as_bytes());
        Wish::read(&arguments, &QueueRecord::named("Q"))
    }

    /// The getJob of pilot 3.7, as seen on the wire.
    const SEEN: &str = "siteName=Q&computingElement=Q&prodSourceLabel=user&diskSpace=14336&workingGroup=&cpu=2596.12\
        &mem=15949.55859375&node=slot1%40worker&allowOtherCountry=False";

    #[test]
    fn a_getjob_is_read_into_sender_slot_and_filter() {
        let wish = wish(SEEN);
        assert_eq!(wish.sender, Sender { queue: "Q".into(), node: "slot1@worker".into(), worker: String::new() });
        assert_eq!(wish.slot, Shape { cores: 1, memory_mib: 15949, wall_time_s: 0 });
        assert_eq!(wish.filter.source_labels, ["user", "panda", "install"]);
        assert_eq!((wish.filter.user, wish.filter.task, wish.jobs), (None, None, None));
    }

    #[test]
    fn task_user_worker_and_number_are_taken_when_given() {
        let wish = wish(
            "siteName=Q&taskID=10000001&worker_id=7&harvester_id=h&nJobs=1000&prodUserID=%2FDC%3Dch%2FCN%3Dann%2FCN%3D123%2FCN%3Dproxy",
        );
        assert_eq!(wish.sender.worker, "h:7");
        assert_eq!((wish.filter.task, wish.jobs), (Some(TaskId(10_000_001)), Some(JOBS_MAX)));
        assert_eq!(wish.filter.user.as_deref(), Some("ann"));
        assert_eq!(wish.filter.source_labels, ["managed", "test", "prod_test", "install"]);
    }

    #[test]
    fn a_queue_in_test_gives_what_was_placed_there() {
        let mut arguments = Arguments::default();
        arguments.add_form(b"prodSourceLabel=test");
        let queue = QueueRecord { status: QueueStatus::Test, ..QueueRecord::named("Q") };
        assert_eq!(filter(&arguments, &queue).source_labels, Vec::<String>::new());
        assert_eq!(filter(&arguments, &QueueRecord::named("Q")).source_labels.len(), 3);
    }

    #[test]
    fn no_job_is_said_in_form_and_in_a_list() {
        assert_eq!(in_form(vec![], None).into_json()["StatusCode"], 20);
        let list = in_form(vec![Answer::new(Code::Ok).with("PandaID", 1)], Some(2)).into_json();
        assert_eq!(list["jobs"][0]["PandaID"], 1);
    }
}
