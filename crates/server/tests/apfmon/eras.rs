//! Programs of each era, by the calls that they make: shell scripts with curl, Harvester's own client, and our factory's.

use crate::stage::Stage;
use model::{ErrorClass, PilotState};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use wire::apfmon::{ApfMonitor, JobEntry, LabelEntry, Registration};
use wire::tls::Trust;

/// Runs the script of an era against the server; it must end well.
async fn era(stage: &Stage, name: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apfmon/eras").join(name);
    let place = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.arg(script).env("BASE", stage.running.url()).current_dir(place.path());
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(ended.status.success(), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_of_2012_and_its_wrappers() {
    let stage = Stage::open().await;
    era(&stage, "autopyfactory-1.sh").await;
    era(&stage, "wrapper-0.9.sh").await;
    let pilots = stage.pilots().await;
    let found: Vec<_> =
        pilots.iter().map(|pilot| (pilot.batch_id.as_str(), pilot.state, pilot.label.as_str())).collect();
    let label = "one+two&three";
    assert_eq!(found, [("1001.0", PilotState::Exiting, label), ("1001.1", PilotState::Exiting, label)]);
    assert_eq!(pilots[0].queue, "ANALY_ONE");
    let decisions =
        stage.running.state().store.decisions(store::DecisionFilter::default(), None, 9).await.unwrap().rows;
    assert_eq!(decisions[0].steps[0].message, "2 activated jobs, 0 inactive pilots & depth 2");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_of_2016_its_wrappers_and_the_cron_jobs_of_its_host() {
    let stage = Stage::open().await;
    era(&stage, "autopyfactory-2.sh").await;
    era(&stage, "runpilot3.sh").await;
    era(&stage, "pilot2-wrapper.sh").await;
    use PilotState::{Done, Exiting, Fault};
    let found =
        async || stage.pilots().await.into_iter().map(|pilot| (pilot.state, pilot.error_class)).collect::<Vec<_>>();
    let bad = (Fault, Some(ErrorClass::Node));
    assert_eq!(found().await, [(Exiting, None), bad, (Exiting, None)]);
    era(&stage, "condor-crons.sh").await;
    assert_eq!(found().await, [(Done, None), bad, (Done, None)]);
    let factory = stage.running.state().store.factories().await.unwrap().remove(0);
    let reported = factory.reported.unwrap();
    assert_eq!(reported.errors["ANALY_TWO-4711"]["GLOBUS_FTP"], 12);
    assert!(reported.totals.starts_with("3 jobs, 0 completed"));
    assert_eq!((factory.said.labels[0].queue.as_str(), factory.said.version.as_str()), ("ANALY_TWO", "2.4.9"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_factory_tells_another_server() {
    let stage = Stage::open().await;
    let base = format!("{}/api", stage.running.url());
    let monitor = ApfMonitor::new(&base, &Trust::default(), Duration::from_secs(10)).unwrap();
    let (factory, label) = ("ours".to_owned(), "grid".to_owned());
    let registration = Registration { version: "0.1.0".into(), email: "a@b".into(), url: "https://logs/ours".into() };
    monitor.put_factory("ours", &registration).await.unwrap();
    assert_eq!(monitor.labels("ours").await.unwrap(), [""; 0]);
    let entry = LabelEntry {
        name: label.clone(),
        factory: factory.clone(),
        wmsqueue: "q".into(),
        batchqueue: "q".into(),
        resource: "condor".into(),
        localqueue: String::new(),
    };
    monitor.put_labels(&[entry]).await.unwrap();
    assert_eq!(monitor.labels("ours").await.unwrap(), ["grid"]);
    let job = |cid: &str| JobEntry { cid: cid.into(), label: label.clone(), factory: factory.clone() };
    monitor.put_jobs(&[job("1.0"), job("2.0")]).await.unwrap();
    monitor.put_jobs(&[job("1.0")]).await.unwrap();
    monitor.post_job("ours", "1.0", "running", None).await.unwrap();
    monitor.post_job("ours", "1.0", "exiting", Some(20)).await.unwrap();
    monitor.post_job("ours", "1.0", "done", None).await.unwrap();
    monitor.post_job("ours", "2.0", "fault", None).await.unwrap();
    monitor.post_label("ours", "grid", "Ready:in=None,activated=2,pending=0,ret=2").await.unwrap();
    use PilotState::{Done, Fault};
    assert_eq!(stage.states().await, [("1.0".to_owned(), Done), ("2.0".to_owned(), Fault)]);
    stage.close().await;
}
