//! Grid types: the real HTCondor reads every description, and one of them goes the whole way.

use crate::pool::{Pool, call, ids};
use batch::condor::{CondorJob, Grid};
use batch::{BatchSystem, SubmitRequest};
use model::{PilotEvent, PilotId};
use std::fs;

const FLAVOURS: [&str; 10] = [
    "type = 'htcondor-ce'\nhost = 'ce1.x.org'",
    "type = 'arc'\nhost = 'https://arc.x/arex'\nqueue = 'grid'\nrte = ['ENV/PROXY']\nresources = '<Memory>1</Memory>'",
    "type = 'batch'\nsystem = 'slurm'\nhost = 'h'\nuser = 'u'\nkey = '/k'\nqueue = 'short'",
    "type = 'pbs'",
    "type = 'lsf'",
    "type = 'ec2'\nurl = 'https://ec2.x/'\nami_id = 'ami-1'\ninstance_type = 'm1'\naccess_key_id = '/dev/null'\n\
     secret_access_key = '/dev/null'\nsecurity_groups = ['a']\nspot_price = 0.1\nuser_data = 'x=1'",
    "type = 'cream'\nwebservice = 'ce.x'\nbatch = 'pbs'\nqueue = 'long'",
    "type = 'gt2'\ngatekeeper = 'gk.x/jobmanager-pbs'",
    "type = 'gt5'\ngatekeeper = 'gk.x/jobmanager-pbs'",
    "type = 'nordugrid'\nhost = 'arc.x'",
];

fn job(grid: &str) -> CondorJob {
    CondorJob { grid: Some(toml::from_str::<Grid>(grid).unwrap()), ..CondorJob::default() }
}

#[tokio::test]
async fn every_description_is_read_by_htcondor() {
    let pool = Pool::new("flavours");
    for flavour in FLAVOURS {
        let condor = job(flavour);
        let unsupported = condor.grid.as_ref().unwrap().unsupported().is_some();
        let request = SubmitRequest { condor, ..pool.request(7, 3) };
        let dir = pool.submission(7);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("pilots"), "7\n8\n9\n").unwrap();
        fs::create_dir_all(dir.join("spool")).unwrap();
        for name in ["wrapper", "7.json", "8.json", "9.json"] {
            fs::write(dir.join(name), "x").unwrap();
        }
        let (description, ads) = (pool.path("description"), pool.path("ads"));
        fs::write(&description, pool.describe(&request)).unwrap();
        let said = call("condor_submit", &["-dry-run", &ads, &description]);
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.success(), !unsupported, "{flavour}: {err}");
        assert_eq!(err.contains("for grid type"), unsupported, "{flavour}: {err}");
        if !unsupported {
            let ads = fs::read_to_string(&ads).unwrap();
            assert!(ads.contains("PilotageId=9") && ads.contains("MATCH_APF_QUEUE=\"there\""), "{flavour}: {ads}");
        }
    }
}

/// From one schedd to another, as to an HTCondor-CE; here both are the same one.
#[tokio::test]
async fn a_pilot_runs_behind_another_schedd() {
    let value = |name: &str| String::from_utf8(call("condor_config_val", &[name]).stdout).unwrap().trim().to_owned();
    let (schedd, collector) = (value("SCHEDD_NAME"), value("COLLECTOR_HOST"));
    let (host, port) = collector.split_once(':').unwrap();
    let pool = Pool::new("ce");
    let grid = job(&format!("type = 'htcondor-ce'\nhost = '{host}'\nport = {port}\nschedd = '{schedd}'"));
    pool.submit_as(1, 4, grid).await;
    let running = pool.wait_for_event(4, PilotEvent::Run).await;
    assert_eq!(running.native_state, "Running (RUNNING)");
    // The other schedd's copies carry our attributes too, but are not ours.
    assert_eq!(ids(&pool.condor.status().await.unwrap()), [1, 2, 3, 4]);
    pool.wait_for_event(1, PilotEvent::End).await;
    let broken = pool.wait_for_event(2, PilotEvent::Break).await;
    assert_eq!(broken.message, "HTCondor: exit code 73");
    pool.check_spool(2);
    assert_eq!(fs::read_to_string(pool.condor.logs(PilotId(2)).err).unwrap(), "600\nsecret 1");
    pool.condor.remove(&[PilotId(4)]).await.unwrap();
    pool.wait_for_event(4, PilotEvent::End).await;
}
