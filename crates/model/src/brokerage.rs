//! Brokerage: which queue a job goes to, and why it goes to none.

use crate::{JobSpec, Placement, QueueRecord, QueueStatus};

/// One queue as brokerage sees it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The queue.
    pub queue: QueueRecord,
    /// Jobs waiting in it.
    pub waiting: u64,
    /// Slots of its live pilots, busy or idle.
    pub slots: u64,
    /// Jobs it finished in the last hour.
    pub finished_last_hour: u64,
}

/// Where a job goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Into this queue.
    Queue(String),
    /// Nowhere for now; it stays defined with this reason.
    Nowhere(String),
    /// Its placement names a queue that does not exist: refused at submit.
    UnknownQueue(String),
}

/// The wait that a job added to a queue should expect, in seconds.
///
/// Little's law with the throughput of the last hour: (waiting + 1) / rate. A queue that finished nothing is
/// judged by its slots as if each job took an hour, and a queue without slots as if it had one.
pub fn expected_wait_s(candidate: &Candidate) -> f64 {
    let ahead = (candidate.waiting + 1) as f64;
    let rate_per_s = candidate.finished_last_hour.max(candidate.slots).max(1) as f64 / 3600.0;
    ahead / rate_per_s
}

/// Chooses the queue with the shortest expected wait among those that fit; equal ones by name.
pub fn place(spec: &JobSpec, candidates: &[Candidate]) -> Outcome {
    if let Placement::Queue(name) = &spec.placement
        && !candidates.iter().any(|candidate| candidate.queue.name == *name)
    {
        return Outcome::UnknownQueue(name.clone());
    }
    let mut reasons = Vec::new();
    let mut best: Option<(&Candidate, f64)> = None;
    for candidate in candidates.iter().filter(|c| is_meant(&spec.placement, &c.queue)) {
        if let Some(reason) = misfit(spec, &candidate.queue) {
            reasons.push(format!("{}: {reason}", candidate.queue.name));
            continue;
        }
        let wait = expected_wait_s(candidate);
        let better = best.is_none_or(|(held, shortest)| (wait, &candidate.queue.name) < (shortest, &held.queue.name));
        if better {
            best = Some((candidate, wait));
        }
    }
    match best {
        Some((candidate, _)) => Outcome::Queue(candidate.queue.name.clone()),
        None => Outcome::Nowhere(explain(&spec.placement, reasons)),
    }
}

fn is_meant(placement: &Placement, queue: &QueueRecord) -> bool {
    match placement {
        Placement::Any => true,
        Placement::Queue(name) => queue.name == *name,
        Placement::Site(site) => queue.site == *site,
        Placement::Tags(tags) => tags.iter().all(|tag| queue.tags.contains(tag)),
    }
}

fn misfit(spec: &JobSpec, queue: &QueueRecord) -> Option<String> {
    let named = matches!(spec.placement, Placement::Queue(_));
    let beyond = |what: &str, need: u32, limit: u32, unit: &str| {
        (limit > 0 && need > limit).then(|| format!("needs {need}{unit} of {what}, the queue allows {limit}{unit}"))
    };
    match queue.status {
        QueueStatus::Offline => return Some("is offline".to_owned()),
        QueueStatus::Test | QueueStatus::BrokerOff if !named => return Some(format!("is {}", queue.status)),
        _ => {}
    }
    beyond("cores", spec.cores, queue.max_cores, "")
        .or_else(|| beyond("memory", spec.memory_mib, queue.max_memory_mib, " MiB"))
        .or_else(|| beyond("wall time", spec.wall_time_s, queue.max_wall_time_s, " s"))
}

fn explain(placement: &Placement, reasons: Vec<String>) -> String {
    if !reasons.is_empty() {
        return reasons.join("; ");
    }
    match placement {
        Placement::Any => "there is no queue yet".to_owned(),
        Placement::Queue(name) => format!("queue {name} does not fit"),
        Placement::Site(site) => format!("no queue belongs to site {site}"),
        Placement::Tags(tags) => format!("no queue carries the tags {}", tags.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, waiting: u64, finished_last_hour: u64) -> Candidate {
        Candidate { queue: QueueRecord::named(name), waiting, slots: 2, finished_last_hour }
    }

    #[test]
    fn the_shortest_expected_wait_wins() {
        let candidates = [candidate("slow", 10, 10), candidate("fast", 100, 1000), candidate("long", 500, 1000)];
        assert_eq!(place(&JobSpec::command("true", []), &candidates), Outcome::Queue("fast".into()));
    }

    #[test]
    fn the_reason_names_every_queue_that_was_meant() {
        let mut off = candidate("a", 0, 0);
        off.queue.status = QueueStatus::Offline;
        let mut small = candidate("b", 0, 0);
        small.queue.max_cores = 2;
        let spec = JobSpec { cores: 8, ..JobSpec::command("true", []) };
        let reason = "a: is offline; b: needs 8 of cores, the queue allows 2";
        assert_eq!(place(&spec, &[off, small]), Outcome::Nowhere(reason.into()));
    }

    #[test]
    fn only_a_named_queue_takes_jobs_in_test() {
        let mut test = candidate("t", 0, 0);
        test.queue.status = QueueStatus::Test;
        let any = JobSpec::command("true", []);
        let named = JobSpec { placement: Placement::Queue("t".into()), ..any.clone() };
        assert_eq!(place(&any, &[test.clone()]), Outcome::Nowhere("t: is test".into()));
        assert_eq!(place(&named, &[test.clone()]), Outcome::Queue("t".into()));
        let unknown = JobSpec { placement: Placement::Queue("x".into()), ..any };
        assert_eq!(place(&unknown, &[test]), Outcome::UnknownQueue("x".into()));
    }
}
