//! `/`: what runs, what waits, and what needs attention.

use super::cells::{self, Count};
use super::factory_row::{self, FactoryRow, factory_row};
use super::frame::{self, Answer, Asked, Frame, Section};
use super::label_pilots::LabelPilots;
use super::link::Link;
use super::number::counted;
use super::plots::Plots;
use super::queue_row::{self, QueueRow, QueueSituation};
use super::reading::{Reader, in_state};
use super::sorting::{self, Column};
use super::{assets, control, factories, link, moment, number, queues, result, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::alarm::exclusion::ISSUER;
use model::job::{JobCounts, JobSummary};
use model::{Demand, FactorySummary, JobState, Order, PilotState, Time};
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::FactoryFlow;
use wire::api::{AlarmView, HistoryQuery, JobQuery};

/// Rows of the short lists.
const SHORT_ROWS: u32 = 10;
/// Rows of the tables of queues and factories.
const TABLE_ROWS: usize = 20;
/// Alarms that are told here; the list of alarms tells all.
const ALARMS_SHOWN_MAX: usize = 20;

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
    /// The queues in trouble, then those in which most waits, then those with most pilots; with their last decision.
    pub busiest: Vec<QueueSituation>,
    /// What waits in the queues.
    pub demand: Vec<Demand>,
    /// All factories.
    #[serde(serialize_with = "as_list")]
    pub factories: Vec<Arc<FactorySummary>>,
    /// Pilots of all labels.
    #[serde(skip)]
    pub pilots: LabelPilots,
    /// What happened to the pilots of each factory by the hour, in the last day.
    #[serde(serialize_with = "as_flows")]
    pub activity: Arc<Vec<FactoryFlow>>,
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
    /// Those in trouble first, then the busiest.
    queues: Vec<QueueRow>,
    queue_columns: Vec<Column>,
    queues_total: u64,
    running: Vec<JobSummary>,
    failed: Vec<JobSummary>,
    /// Those in trouble first.
    factories: Vec<FactoryRow>,
    columns: Vec<Column>,
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
        let row =
            |factory: &Arc<FactorySummary>| factory_row(factory, frame.now, &situation.pilots, &situation.activity);
        let factories = worst_first(situation.factories.iter().map(row).collect());
        Overview {
            jobs: cells::of_jobs(&situation.jobs, &Link::to("/jobs")),
            pilots: cells::of_pilots(&pilots, &Link::to("/pilots")),
            running_pilots: pilots.get(&PilotState::Running).copied().unwrap_or_default(),
            idle: counted(idle, "slot"),
            troubles,
            factories,
            columns: sorting::columns(factories::PATH, &factory_row::SORTABLE, None),
            queues_total: situation.queues.len() as u64,
            queues: queue_row::rows(situation.busiest, &situation.alarms),
            queue_columns: sorting::columns(queues::PATH, &queue_row::SORTABLE, None),
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
        if self.troubles.is_empty() && self.frame.trouble.is_none() {
            text += " Nothing needs attention.";
        }
        text
    }
}

/// Factories that are silent or have labels in trouble before the others, as many as there is room for.
fn worst_first(mut factories: Vec<FactoryRow>) -> Vec<FactoryRow> {
    factories.sort_by_key(|factory| Reverse((factory.silent, factory.troubled)));
    factories.truncate(TABLE_ROWS);
    factories
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

fn as_flows<S: Serializer>(flows: &Arc<Vec<FactoryFlow>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(flows.iter())
}

/// `GET /`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let queues = read.queues().await?;
    let alarms = read.open_alarms().await?;
    let mut busiest = queue_row::worst_first(&queues, &alarms, TABLE_ROWS);
    read.decided(&mut busiest).await?;
    let situation = Situation {
        jobs: read.counts(JobQuery::default()).await?.unwrap_or_default(),
        queues,
        busiest,
        demand: read.all_demand().await?,
        factories: read.factories().await?,
        pilots: read.label_pilots().await?,
        activity: read.activity().await?,
        running: read.jobs(in_state(JobState::Running, SHORT_ROWS)).await?.jobs,
        failed: read.failures(SHORT_ROWS).await?,
        alarms: alarms.to_vec(),
        excluded: read.orders(None).await?.into_iter().filter(|order| order.by == ISSUER).collect(),
        plots: Plots::read(&read, &asked, "/".to_owned(), HistoryQuery::default()).await?,
    };
    if asked.json {
        return frame::data(&situation);
    }
    let frame = Frame::new(Section::Overview, "Overview", &asked).with_plots().live(&["overview", "alarms"]);
    frame::shown(&Overview::new(frame, situation))
}
