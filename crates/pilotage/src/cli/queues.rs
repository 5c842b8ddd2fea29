//! `pilotage queues`.

use super::args::{QueueDefinition, QueuesAction, QueuesArgs};
use super::jobs::or_dash;
use super::with_client;
use crate::config::whole_seconds;
use crate::output::{BadInput, Table, Tone, count, mib, print, print_json};
use model::{JobState, PilotState, QueueRecord, QueueStatus};
use std::process::ExitCode;
use wire::Client;
use wire::api::{QueueList, QueueSummary, SetQueueStatus};

/// Lists queues, sets the status of one, or defines one.
pub fn run(args: QueuesArgs) -> anyhow::Result<ExitCode> {
    match args.action {
        None => with_client(&args.server, async |client| list(args.output.json, &client).await),
        Some(QueuesAction::Set { queue, status, reason, server }) => {
            with_client(&server, async |client| set(&queue, status, reason, &client).await)
        }
        Some(QueuesAction::Define(definition)) => {
            with_client(&definition.server.clone(), async |client| define(definition, &client).await)
        }
    }
}

async fn list(json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let list = client.queues().await?;
    if json {
        print_json(&list)?
    } else {
        print(&table(&list))?
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(queue: &str, status: QueueStatus, reason: String, client: &Client) -> anyhow::Result<ExitCode> {
    client.set_queue_status(queue, &SetQueueStatus { status, reason }).await?;
    print(&format!("queue {queue} is {status}\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn define(definition: QueueDefinition, client: &Client) -> anyhow::Result<ExitCode> {
    let queue = definition.record();
    for name in [&queue.name, &queue.site] {
        model::queue::check_name(name).map_err(|error| BadInput::new(error.to_string()))?;
    }
    client.put_queue(&queue).await?;
    let QueueRecord { name, site, status, .. } = client.queue(&queue.name).await?.queue;
    print(&format!("queue {name} at {site} is {status}\n"))?;
    Ok(ExitCode::SUCCESS)
}

impl QueueDefinition {
    fn record(self) -> QueueRecord {
        QueueRecord {
            site: self.site.unwrap_or_else(|| self.queue.clone()),
            name: self.queue,
            region: self.region,
            tags: self.tag.into_iter().collect(),
            status: self.status,
            max_cores: self.max_cores,
            max_memory_mib: self.max_memory,
            max_wall_time_s: whole_seconds(self.max_time),
        }
    }
}

fn table(list: &QueueList) -> String {
    if list.queues.is_empty() {
        return "no queues\n".to_owned();
    }
    let headings = [
        "queue",
        "site",
        "region",
        "status",
        ">waiting",
        ">running",
        ">finished",
        ">failed",
        ">pilots",
        ">idle slots",
        "~tags",
        "~limits",
    ];
    let mut table = Table::new(&headings).minor(&["region", "limits", "tags", "idle slots", "finished", "site"]);
    for summary in &list.queues {
        let status = table.toned(tone(summary.queue.status), summary.queue.status.as_str());
        table.row(row(summary, status));
    }
    list.queues.iter().filter_map(why).fold(table.text(), |text, line| text + &line)
}

/// Who took a queue out of service, when and why.
fn why(summary: &QueueSummary) -> Option<String> {
    let (queue, set) = (&summary.queue, summary.status_set.as_ref()?);
    let reason = if set.reason.is_empty() { String::new() } else { format!(": {}", set.reason) };
    (queue.status != QueueStatus::Online)
        .then(|| format!("{} is {} since {} by {}{reason}\n", queue.name, queue.status, set.at, set.by))
}

fn row(summary: &QueueSummary, status: String) -> [String; 12] {
    let (queue, jobs) = (&summary.queue, &summary.jobs);
    let sum = |wanted: fn(JobState) -> bool| {
        count(JobState::ALL.into_iter().filter(|state| wanted(*state)).map(|state| jobs.of(state)).sum())
    };
    let is_unfinished = |state: JobState| state.is_final() && state != JobState::Finished;
    [
        queue.name.clone(),
        or_dash(&queue.site),
        or_dash(&queue.region),
        status,
        sum(JobState::is_waiting),
        sum(JobState::is_with_pilot),
        count(jobs.of(JobState::Finished)),
        sum(is_unfinished),
        pilots(summary),
        count(summary.idle_slots),
        or_dash(&queue.tags.iter().cloned().collect::<Vec<_>>().join(", ")),
        or_dash(&limits(queue)),
    ]
}

/// `2` running, or `2+3` with three on their way.
fn pilots(summary: &QueueSummary) -> String {
    let sum = |wanted: fn(PilotState) -> bool| -> u64 {
        summary.pilots.iter().filter(|(state, _)| wanted(**state)).map(|(_, number)| number).sum()
    };
    let pending = sum(PilotState::is_pending);
    let there = sum(|state| matches!(state, PilotState::Running | PilotState::Exiting));
    if pending > 0 { format!("{there}+{pending}") } else { there.to_string() }
}

fn limits(queue: &QueueRecord) -> String {
    let mut limits = Vec::new();
    if queue.max_cores > 0 {
        limits.push(format!("{} cores", queue.max_cores));
    }
    if queue.max_memory_mib > 0 {
        limits.push(mib(queue.max_memory_mib.into()));
    }
    if queue.max_wall_time_s > 0 {
        limits.push(crate::output::duration(std::time::Duration::from_secs(queue.max_wall_time_s.into())));
    }
    limits.join(", ")
}

fn tone(status: QueueStatus) -> Tone {
    match status {
        QueueStatus::Online => Tone::Done,
        QueueStatus::Offline => Tone::Fault,
        QueueStatus::Test | QueueStatus::BrokerOff => Tone::Created,
    }
}
