//! Jobs of a PanDA server: one question for all queues, of two calls, statistics and sites.

mod legacy;

use super::states::NATIVE_STATES;
use super::{Asked, Jobs, Ready, Told, WmsError};
use crate::config::{PandaInterface, PandaJobs};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::panda::{Panda, PandaAccess};

const STATISTICS: &str = "/api/v1/statistics/active_job_detailed_stats_by_site";
/// Of servers that do not have the other call yet: without resource types and labels.
const PLAIN_STATISTICS: &str = "/api/v1/statistics/active_job_stats_by_site";
const SITES: &str = "/api/v1/metaconfig/get_site_specs?type=all";

/// What every answer is wrapped in.
#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    message: Option<String>,
    data: Option<T>,
}

/// Jobs by queue, resource type, `prodSourceLabel` and state.
type Statistics = BTreeMap<String, BTreeMap<String, BTreeMap<String, BTreeMap<String, Option<i64>>>>>;

/// What we want to know of a site.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Site {
    status: Option<String>,
}

type Sites = BTreeMap<String, Site>;

pub(super) async fn ask(jobs: &PandaJobs, asked: &BTreeSet<Asked>) -> Result<Told, WmsError> {
    let panda = Panda::open(&PandaAccess {
        servers: jobs.servers.clone(),
        proxy: jobs.proxy.clone(),
        token_file: jobs.token_file.clone(),
        vo: jobs.vo.clone(),
        authorities: jobs.authorities.clone(),
        timeout: Duration::try_from_secs_f64(jobs.timeout_s).unwrap_or(Duration::from_secs(60)),
    })?;
    let (statistics, sites) = match jobs.interface {
        PandaInterface::V1 => tokio::join!(statistics(&panda), get::<Sites>(&panda, SITES)),
        PandaInterface::Legacy => tokio::join!(legacy::statistics(&panda), legacy::sites(&panda)),
    };
    let sites = sites.unwrap_or_else(|error| {
        tracing::warn!(%error, "PanDA does not tell its sites; queues without jobs are unknown");
        Sites::new()
    });
    Ok(told(&statistics?, &sites, asked))
}

async fn get<T: DeserializeOwned>(panda: &Panda, call: &str) -> Result<T, WmsError> {
    read(call, &panda.get(call).await?)
}

/// When both calls fail, what the first one said counts.
async fn statistics(panda: &Panda) -> Result<Statistics, WmsError> {
    match get(panda, STATISTICS).await {
        Ok(statistics) => Ok(statistics),
        Err(error) => get(panda, PLAIN_STATISTICS).await.map(detailed).map_err(|_| error),
    }
}

/// Statistics without resource types and labels, as if all jobs had the same.
fn detailed(plain: BTreeMap<String, BTreeMap<String, Option<i64>>>) -> Statistics {
    let by_label = |states| BTreeMap::from([(String::new(), states)]);
    let by_type = |states| BTreeMap::from([(String::new(), by_label(states))]);
    plain.into_iter().map(|(queue, states)| (queue, by_type(states))).collect()
}

/// The data of an answer. Of an idle server and of a broken one the statistics say the same: no success, and no data.
fn read<T: DeserializeOwned>(call: &str, body: &[u8]) -> Result<T, WmsError> {
    let garbled = |what: String| WmsError::Garbled { from: call.to_owned(), what };
    let json = &mut serde_json::Deserializer::from_slice(body);
    let envelope: Envelope<T> = serde_path_to_error::deserialize(json)
        .map_err(|error| garbled(format!("{}: {}", error.path(), error.inner())))?;
    let said = envelope.message.unwrap_or_default();
    match envelope.data {
        Some(data) if envelope.success => Ok(data),
        _ => Err(garbled(format!("it says '{}', as an idle server does and a broken one", batch::short(&said)))),
    }
}

/// A queue without jobs is not in the statistics; one that the sites lack too is unknown, as is one of resource types that
/// no queue has.
fn told(statistics: &Statistics, sites: &Sites, asked: &BTreeSet<Asked>) -> Told {
    let types: BTreeSet<&str> = statistics.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let is_known = |asked: &&Asked| {
        let has_queue = statistics.contains_key(&asked.queue) || sites.contains_key(&asked.queue);
        let wanted = &asked.resource_types;
        has_queue && (wanted.is_empty() || wanted.iter().any(|wanted| types.contains(wanted.as_str())))
    };
    let jobs = |asked: &Asked| {
        let status = sites.get(&asked.queue).and_then(|site| site.status.clone());
        let mut jobs = Jobs { status, ..Jobs::default() };
        for (resource_type, by_label) in statistics.get(&asked.queue).into_iter().flatten() {
            if asked.resource_types.is_empty() || asked.resource_types.contains(resource_type) {
                let states = by_label.values().flatten();
                states.for_each(|(state, count)| add(&mut jobs, state, count.unwrap_or(0).max(0)));
            }
        }
        (asked.clone(), jobs)
    };
    asked.iter().filter(is_known).map(jobs).collect()
}

fn add(jobs: &mut Jobs, native: &str, count: i64) {
    let state = NATIVE_STATES.iter().find(|(name, _)| *name == native).map_or(native, |(_, state)| *state);
    let counter = match state {
        "activated" => {
            let Ready::Pilots(ready) = &mut jobs.ready else { return };
            ready
        }
        "notready" => &mut jobs.notready,
        "running" => &mut jobs.running,
        "transferring" => {
            jobs.transferring = jobs.transferring.saturating_add(count);
            &mut jobs.running
        }
        "done" => &mut jobs.done,
        "failed" => &mut jobs.failed,
        _ => &mut jobs.unknown,
    };
    *counter = counter.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("samples/active_job_detailed_stats_by_site.json");
    const SITES_SAMPLE: &str = include_str!("samples/get_site_specs.json");

    fn asked(queue: &str, types: &[&str]) -> Asked {
        Asked { queue: queue.into(), resource_types: types.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn jobs(queue: &str, types: &[&str]) -> Option<Jobs> {
        let statistics = read(STATISTICS, SAMPLE.as_bytes()).unwrap();
        let sites = read(SITES, SITES_SAMPLE.as_bytes()).unwrap();
        let asked = asked(queue, types);
        told(&statistics, &sites, &BTreeSet::from([asked.clone()])).remove(&asked)
    }

    #[test]
    fn states_are_summed_over_labels_and_resource_types() {
        let jobs = jobs("BNL", &[]).unwrap();
        let expected = Jobs {
            ready: Ready::Pilots(6693),
            notready: 98,
            running: 3747,
            transferring: 40,
            unknown: 3,
            status: Some("online".into()),
            ..Jobs::default()
        };
        assert_eq!(jobs, expected);
    }

    #[test]
    fn resource_types_choose_jobs() {
        let ready = |types: &[&str]| jobs("BNL", types).map(|jobs| jobs.ready);
        assert_eq!(ready(&["MCORE"]), Some(Ready::Pilots(1693)));
        assert_eq!(ready(&["MCORE", "SCORE"]), Some(Ready::Pilots(6693)));
        assert_eq!(ready(&["MCORE_HIMEM"]), Some(Ready::Pilots(0)), "another queue has some");
        assert_eq!(ready(&["MCOR"]), None, "no queue has any");
    }

    #[test]
    fn an_idle_queue_has_no_jobs_and_an_unknown_one_is_unknown() {
        let idle = jobs("IDLE_QUEUE", &[]).unwrap();
        assert_eq!(idle, Jobs { status: Some("test".into()), ..Jobs::default() });
        assert_eq!(jobs("BLN", &[]), None);
        let statistics = read(STATISTICS, SAMPLE.as_bytes()).unwrap();
        let idle = BTreeSet::from([asked("IDLE_QUEUE", &[])]);
        assert!(told(&statistics, &Sites::new(), &idle).is_empty(), "without sites nobody knows that it is idle");
    }

    #[test]
    fn plain_statistics_are_all_of_one_type() {
        let plain = r#"{"success": true, "message": "", "data": {"A": {"activated": 3, "running": 2}, "B": {}}}"#;
        let statistics = detailed(read(PLAIN_STATISTICS, plain.as_bytes()).unwrap());
        let asked = BTreeSet::from([asked("A", &[]), asked("B", &[]), asked("A", &["MCORE"])]);
        let told: Vec<_> = told(&statistics, &Sites::new(), &asked).into_values().collect();
        let a = Jobs { ready: Ready::Pilots(3), running: 2, ..Jobs::default() };
        assert_eq!(told, [a, Jobs::default()], "of the types nothing is known");
    }

    #[test]
    fn no_success_and_no_data_is_unknown() {
        let complaint = |body: &str| read::<Statistics>(STATISTICS, body.as_bytes()).unwrap_err().to_string();
        let said = complaint(r#"{"success": false, "message": "Database failure", "data": {}}"#);
        let expected = "understand the answer of /api/v1/statistics/active_job_detailed_stats_by_site: it says 'Database \
                        failure', as an idle server does and a broken one";
        assert_eq!(said, expected);
        assert!(complaint(r#"{"success": true, "message": "", "data": null}"#).contains("it says ''"));
        let said = complaint(r#"{"success": true, "message": "", "data": {"A": {"B": {"C": {"activated": "x"}}}}}"#);
        assert!(said.contains("data.A.B.C.activated: invalid type: string \"x\""), "{said}");
        assert!(complaint("<html>").contains("expected value at line 1 column 1"));
    }
}
