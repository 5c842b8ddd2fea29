//! `/`: what runs, what waits, and what needs attention.

use super::cells::{self, Count};
use super::frame::{self, Answer, Asked, Frame, Section};
use super::label_pilots::LabelPilots;
use super::link::Link;
use super::number::counted;
use super::plots::Plots;
use super::reading::{Reader, in_state};
use super::{assets, control, link, moment, number, result, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::alarm::exclusion::ISSUER;
use model::job::{JobCounts, JobSummary};
use model::{
    Decision, Demand, FactorySummary, JobState, Order, PilotState, QueueRecord, QueueStatus, StatusChange, Time,
};
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::api::{AlarmQuery, AlarmView, HistoryQuery, JobQuery};

/// Rows of the short lists.
const SHORT_ROWS: u32 = 10;
/// Rows of the tables of queues and factories.
const TABLE_ROWS: usize = 20;
/// Alarms that are told here; the list of alarms tells all.
const ALARMS_SHOWN_MAX: usize = 20;

/// Jobs and pilots in the row of a queue.
pub const QUEUE_COLUMNS: [&str; 6] = ["Waiting", "With pilots", "Finished", "Failed", "Pilots created", "Running"];

/// A queue with everything its row shows.
pub struct QueueRow {
    /// Its name.
    pub name: String,
    /// Its site.
    pub site: String,
    /// Its region.
    pub region: String,
    /// Its status.
    pub status: QueueStatus,
    /// One for each of [`QUEUE_COLUMNS`].
    pub cells: Vec<cells::Cell>,
    /// Slots without a job.
    pub idle_slots: u64,
    /// The last decision for it.
    pub last: Option<Decision>,
}

/// A factory with everything its row shows.
pub struct FactoryRow {
    /// Its name.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Its version.
    pub version: String,
    /// How many labels it has.
    pub labels: usize,
    /// How many of them are in trouble.
    pub troubled: usize,
    /// Seconds between two cycles.
    pub cycle_s: u32,
    /// When it started.
    pub started: Time,
    /// When it was heard last.
    pub heard: Time,
    /// It has not been heard for several cycles.
    pub silent: bool,
    /// It takes no new work.
    pub draining: bool,
    /// It is one of other software.
    pub reported: bool,
    /// Created, running, exiting; done and fault in the last hour.
    pub cells: Vec<cells::Cell>,
}

/// Something that needs attention.
pub struct Trouble {
    /// What has it.
    pub what: String,
    /// Its page.
    pub href: String,
    /// What is wrong.
    pub why: String,
}

/// What the overview is made of.
#[derive(Serialize)]
pub struct Situation {
    /// All jobs by state.
    pub jobs: JobCounts,
    /// All queues with their counts.
    pub queues: Vec<QueueSituation>,
    /// The queues in which most waits, then those with most pilots, with their last decision.
    pub busiest: Vec<QueueSituation>,
    /// What waits in the queues.
    pub demand: Vec<Demand>,
    /// All factories.
    #[serde(serialize_with = "as_list")]
    pub factories: Vec<Arc<FactorySummary>>,
    /// Newest running jobs.
    pub running: Vec<JobSummary>,
    /// The jobs that failed last.
    pub failed: Vec<JobSummary>,
    /// Open alarms, the worst first.
    pub alarms: Vec<AlarmView>,
    /// Orders by which alarms hold labels back.
    pub excluded: Vec<Order>,
    /// The history of all pilots.
    #[serde(rename = "history")]
    pub plots: Plots,
}

/// One queue with its counts.
#[derive(Clone, Debug, Serialize)]
pub struct QueueSituation {
    /// As registered.
    pub queue: QueueRecord,
    /// Its jobs by state.
    pub jobs: JobCounts,
    /// Its pilots by state.
    pub pilots: BTreeMap<PilotState, u64>,
    /// Slots without a job.
    pub idle_slots: u64,
    /// Who last set its status.
    pub status_set: Option<StatusChange>,
    /// The last decision for it.
    pub last: Option<Decision>,
}

/// The page.
#[derive(Template)]
#[template(path = "overview.html")]
pub struct Overview {
    frame: Frame,
    totals: JobCounts,
    jobs: Vec<Count>,
    pilots: Vec<Count>,
    running_pilots: u64,
    idle: String,
    troubles: Vec<Trouble>,
    /// The busiest.
    queues: Vec<QueueRow>,
    queues_total: u64,
    running: Vec<JobSummary>,
    failed: Vec<JobSummary>,
    /// Those in trouble first.
    factories: Vec<FactoryRow>,
    factories_total: u64,
    plots: Plots,
}

impl Overview {
    /// Builds the page.
    pub fn new(frame: Frame, situation: Situation) -> Overview {
        let mut pilots: BTreeMap<PilotState, u64> = BTreeMap::new();
        for (state, count) in situation.queues.iter().flat_map(|queue| &queue.pilots) {
            *pilots.entry(*state).or_default() += count;
        }
        let idle: u64 = situation.queues.iter().map(|queue| queue.idle_slots).sum();
        let troubles = troubles(&situation, frame.now);
        let factories =
            situation.factories.iter().map(|factory| factory_row(factory, frame.now, &LabelPilots::default()));
        Overview {
            jobs: cells::of_jobs(&situation.jobs, &Link::to("/jobs")),
            pilots: cells::of_pilots(&pilots, &Link::to("/pilots")),
            running_pilots: pilots.get(&PilotState::Running).copied().unwrap_or_default(),
            idle: counted(idle, "slot"),
            troubles,
            factories: worst_first(factories.collect()),
            queues_total: situation.queues.len() as u64,
            queues: situation.busiest.into_iter().map(queue_row).collect(),
            factories_total: situation.factories.len() as u64,
            totals: situation.jobs,
            running: situation.running,
            failed: situation.failed,
            plots: situation.plots,
            frame,
        }
    }

    /// The time that counts in the short lists.
    fn moment_of(&self, job: &JobSummary) -> Option<Time> {
        if job.state.is_final() { job.ended } else { job.started }
    }

    fn headline(&self) -> String {
        let running: u64 = self.totals.0.iter().filter(|(state, _)| state.is_with_pilot()).map(|(_, jobs)| jobs).sum();
        let waiting: u64 = self.totals.0.iter().filter(|(state, _)| state.is_waiting()).map(|(_, jobs)| jobs).sum();
        let mut text = match self.totals.total() {
            0 => "No job was submitted yet.".to_owned(),
            _ if running + waiting == 0 => {
                format!("All jobs have ended, {} running.", counted(self.running_pilots, "pilot"))
            }
            _ => format!(
                "{} with pilots, {} waiting, {} running.",
                number::capitalised(counted(running, "job")),
                number::grouped(waiting),
                counted(self.running_pilots, "pilot"),
            ),
        };
        if self.troubles.is_empty() {
            text += " Nothing needs attention.";
        }
        text
    }
}

/// Queues that show most, as many as the overview has room for.
fn busiest(queues: &[QueueSituation]) -> Vec<QueueSituation> {
    let mut queues: Vec<&QueueSituation> = queues.iter().collect();
    let live = |queue: &QueueSituation| queue.pilots.values().sum::<u64>();
    queues.sort_by_key(|queue| Reverse((queue.jobs.of(JobState::Activated), live(queue))));
    queues.into_iter().take(TABLE_ROWS).cloned().collect()
}

/// Factories that are silent or have labels in trouble before the others, as many as there is room for.
fn worst_first(mut factories: Vec<FactoryRow>) -> Vec<FactoryRow> {
    factories.sort_by_key(|factory| Reverse((factory.silent, factory.troubled)));
    factories.truncate(TABLE_ROWS);
    factories
}

/// Whether anything was decided for any of the queues, as far as that was read.
pub fn has_decisions(queues: &[QueueRow]) -> bool {
    queues.iter().any(|row| row.last.is_some())
}

/// The row of one queue.
pub fn queue_row(situation: QueueSituation) -> QueueRow {
    let QueueSituation { queue, jobs, pilots, idle_slots, status_set: _, last } = situation;
    let jobs_link = Link::to("/jobs").with("queue", &queue.name);
    let pilots_link = Link::to("/pilots").with("queue", &queue.name);
    let with_state = |state: JobState| jobs_link.clone().with("state", state).url();
    let with_pilots = jobs.0.iter().filter(|(state, _)| state.is_with_pilot()).map(|(_, count)| count).sum();
    let cell = |number: u64, href: String| cells::Cell { number, href };
    let row = vec![
        cell(jobs.of(JobState::Activated), with_state(JobState::Activated)),
        cell(with_pilots, jobs_link.clone().with("with_pilot", true).url()),
        cell(jobs.of(JobState::Finished), with_state(JobState::Finished)),
        cell(jobs.of(JobState::Failed), with_state(JobState::Failed)),
        cell(cells::sum(&pilots, PilotState::is_pending), pilots_link.clone().with("live", true).url()),
        cell(
            pilots.get(&PilotState::Running).copied().unwrap_or_default(),
            pilots_link.with("state", PilotState::Running).url(),
        ),
    ];
    QueueRow {
        name: queue.name,
        site: queue.site,
        region: queue.region,
        status: queue.status,
        cells: row,
        idle_slots,
        last,
    }
}

/// The row of one factory.
pub fn factory_row(factory: &FactorySummary, now: Time, pilots: &LabelPilots) -> FactoryRow {
    let said = &factory.said;
    FactoryRow {
        name: factory.name.clone(),
        host: said.host.clone(),
        version: said.version.clone(),
        labels: said.labels.len(),
        troubled: said.labels.iter().filter(|label| !label.trouble.is_empty()).count(),
        cycle_s: said.cycle_s,
        started: said.started,
        heard: factory.last_heard,
        silent: factory.is_silent(now),
        draining: said.draining,
        reported: factory.reported.is_some(),
        cells: pilots.of_factory(&factory.name),
    }
}

/// Open alarms, then labels that alarms hold back, then jobs that wait in vain.
fn troubles(situation: &Situation, now: Time) -> Vec<Trouble> {
    let mut found = alarming(&situation.alarms);
    found.extend(excluded(&situation.excluded));
    found.extend(situation.queues.iter().filter_map(|queue| unserved(queue, &situation.factories)));
    found.extend(situation.demand.iter().filter_map(|demand| unfit(demand, &situation.factories, now)));
    let unplaced = situation.jobs.of(JobState::Defined);
    if unplaced > 0 {
        let href = Link::to("/jobs").with("state", JobState::Defined).url();
        found.push(Trouble {
            what: counted(unplaced, "job"),
            href,
            why: "no queue fits; each one says why".to_owned(),
        });
    }
    found
}

/// Alarms that nobody looks after, the worst first.
fn alarming(alarms: &[AlarmView]) -> Vec<Trouble> {
    let loud: Vec<&AlarmView> = alarms.iter().filter(|view| view.needs_attention()).collect();
    let trouble = |view: &&AlarmView| {
        let alarm = &view.alarm;
        let class = alarm.error_class.map(|class| class.to_string()).unwrap_or_default();
        let error: Vec<&str> =
            [class.as_str(), &alarm.error_text].into_iter().filter(|word| !word.is_empty()).collect();
        let error = if error.is_empty() { String::new() } else { format!("; most often {}", error.join(": ")) };
        Trouble {
            what: number::capitalised(number::capped(alarm.subject.to_string(), 120)),
            href: format!("/alarms/{}", alarm.id),
            why: format!("{}{error}", alarm.words),
        }
    };
    let mut found: Vec<Trouble> = loud.iter().take(ALARMS_SHOWN_MAX).map(trouble).collect();
    if loud.len() > ALARMS_SHOWN_MAX {
        let what = counted((loud.len() - ALARMS_SHOWN_MAX) as u64, "more alarm");
        found.push(Trouble { what, href: "/alarms".to_owned(), why: "see the list of all".to_owned() });
    }
    found
}

/// Labels that alarms hold back: nothing comes there although nobody said so.
fn excluded(orders: &[Order]) -> Vec<Trouble> {
    let trouble = |order: &Order| Trouble {
        what: number::capped(format!("{} of {}", number::capitalised(order.scope.in_words()), order.factory), 120),
        href: control::page_of(order),
        why: order.in_words(),
    };
    orders.iter().map(trouble).collect()
}

/// A queue with jobs that no pilot of any factory alive can hold.
fn unfit(demand: &Demand, factories: &[Arc<FactorySummary>], now: Time) -> Option<Trouble> {
    let alive = factories.iter().filter(|factory| !factory.is_silent(now));
    let labels = || alive.clone().flat_map(|factory| &factory.said.labels).filter(|label| label.queue == demand.queue);
    let waiting = demand.waiting.iter();
    let unfit = waiting.filter_map(|waiting| Some((waiting.jobs, model::factory::misfit(waiting.shape, labels())?)));
    let (jobs, why) = unfit.reduce(|(jobs, why), (more, _)| (jobs + more, why))?;
    Some(Trouble {
        what: format!("Queue {}", demand.queue),
        href: link::queue(&demand.queue),
        why: format!("{} waiting in vain: {why}", counted(jobs, "job")),
    })
}

/// A queue whose jobs wait while no factory has a label for it and no pilot is there.
fn unserved(queue: &QueueSituation, factories: &[Arc<FactorySummary>]) -> Option<Trouble> {
    let waiting = queue.jobs.of(JobState::Activated);
    let has_pilot = cells::sum(&queue.pilots, |state| !state.is_final()) > 0;
    let has_label = || factories.iter().flat_map(|factory| &factory.said.labels).any(|l| l.queue == queue.queue.name);
    (waiting > 0 && !has_pilot && !has_label()).then(|| Trouble {
        what: format!("Queue {}", queue.queue.name),
        href: link::queue(&queue.queue.name),
        why: format!("{} waiting and no factory has a label for it", counted(waiting, "job")),
    })
}

fn as_list<S: Serializer>(factories: &[Arc<FactorySummary>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(factories.iter().map(Arc::as_ref))
}

/// `GET /`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let queues = read.queues().await?;
    let mut busiest = busiest(&queues);
    read.decided(&mut busiest).await?;
    let situation = Situation {
        jobs: read.counts(JobQuery::default()).await?.unwrap_or_default(),
        queues,
        busiest,
        demand: read.all_demand().await?,
        factories: read.factories().await?,
        running: read.jobs(in_state(JobState::Running, SHORT_ROWS)).await?.jobs,
        failed: read.failures(SHORT_ROWS).await?,
        alarms: read.alarms(AlarmQuery::default()).await?.alarms,
        excluded: read.orders(None).await?.into_iter().filter(|order| order.by == ISSUER).collect(),
        plots: Plots::read(&read, &asked, "/".to_owned(), HistoryQuery::default()).await?,
    };
    if asked.json {
        return frame::data(&situation);
    }
    let frame = Frame::new(Section::Overview, "Overview", &asked).with_plots().live(&["overview", "alarms"]);
    frame::shown(&Overview::new(frame, situation))
}
