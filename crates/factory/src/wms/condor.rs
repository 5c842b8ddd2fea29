//! Jobs of an HTCondor pool.

use super::{Asked, Jobs, Ready, Told, WmsError};
use batch::condor::{Alike, CondorJobs};
use model::Shape;
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn ask(jobs: &CondorJobs, asked: &BTreeSet<Asked>) -> Result<Told, WmsError> {
    Ok(told(&jobs.count().await?, asked, jobs.queue.is_empty()))
}

/// The schedd names every job, so a queue that none names has none.
fn told(counted: &BTreeMap<Alike, u64>, asked: &BTreeSet<Asked>, is_one_queue: bool) -> Told {
    let empty = || Jobs { ready: Ready::Shapes(Vec::new()), ..Jobs::default() };
    let mut told: Told = asked.iter().map(|asked| (asked.clone(), empty())).collect();
    for (asked, jobs) in &mut told {
        for (alike, count) in counted.iter().filter(|(alike, _)| is_one_queue || alike.queue == asked.queue) {
            add(jobs, alike, *count);
        }
    }
    told
}

/// AutoPyFactory's table, with suspended jobs, which it lost, among those that pilots hold.
fn add(jobs: &mut Jobs, alike: &Alike, count: u64) {
    let number = i64::try_from(count).unwrap_or(i64::MAX);
    match alike.status {
        0 | 1 => {
            let shape = Shape { cores: alike.cores, memory_mib: alike.memory_mib, wall_time_s: 0 };
            jobs.add_waiting(shape, count);
        }
        2 | 7 => jobs.running += number,
        6 => {
            jobs.running += number;
            jobs.transferring += number;
        }
        3 | 4 => jobs.done += number,
        5 => jobs.failed += number,
        _ => jobs.unknown += number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::WaitingShape;

    fn asked(queues: &[&str]) -> BTreeSet<Asked> {
        queues.iter().map(|queue| Asked { queue: (*queue).to_owned(), ..Asked::default() }).collect()
    }

    #[test]
    fn states_are_mapped_and_jobs_belong_to_the_queue_that_they_name() {
        let rows = [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (9, 256)];
        let alike = |queue: &str, status| Alike { queue: queue.into(), status, cores: 2, memory_mib: 100 };
        let mut counted: BTreeMap<Alike, u64> =
            rows.iter().map(|(status, count)| (alike("blue", *status), *count)).collect();
        counted.insert(alike("", 1), 1000);
        let shape = Shape { cores: 2, memory_mib: 100, wall_time_s: 0 };
        let all = told(&counted, &asked(&["blue", "green"]), false);
        let blue = Jobs {
            ready: Ready::Shapes(vec![WaitingShape { shape, jobs: 3 }]),
            running: 196,
            transferring: 64,
            done: 24,
            failed: 32,
            unknown: 256,
            ..Jobs::default()
        };
        assert_eq!(all.values().next(), Some(&blue));
        assert_eq!(all.values().last().unwrap().ready, Ready::Shapes(Vec::new()));
        let one = told(&counted, &asked(&["any"]), true);
        assert_eq!(one.values().next().unwrap().ready, Ready::Shapes(vec![WaitingShape { shape, jobs: 1003 }]));
    }
}
