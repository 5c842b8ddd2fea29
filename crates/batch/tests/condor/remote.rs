//! A schedd that is named: files are sent to it, output is fetched from it.

use crate::pool::{Pool, call, ids};
use batch::BatchSystem;
use batch::condor::CondorConfig;
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;

fn value(name: &str) -> String {
    String::from_utf8(call("condor_config_val", &[name]).stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn output_comes_back_and_the_schedd_forgets() {
    let config =
        CondorConfig { schedd: value("SCHEDD_NAME"), pool: value("COLLECTOR_HOST"), ..CondorConfig::default() };
    let pool = Pool::with("remote", config);
    pool.submit(1, 4).await;
    pool.wait_for_event(1, PilotEvent::End).await;
    let broken = pool.wait_for_event(2, PilotEvent::Break).await;
    assert_eq!((broken.error_class, broken.message.as_str()), (Some(ErrorClass::Node), "HTCondor: exit code 73"));
    pool.check_spool(2);
    let logs = pool.condor.logs(PilotId(2));
    assert_eq!(fs::read_to_string(&logs.err).unwrap(), "600\nsecret 1");
    assert!(fs::read_to_string(&logs.log).unwrap().contains("return value 73"));
    pool.wait_for_event(3, PilotEvent::Break).await;

    pool.condor.forget(&[1, 2, 3].map(PilotId)).await;
    let until = std::time::Instant::now() + crate::pool::DEADLINE;
    while ids(&pool.condor.status().await.unwrap()) != [4] {
        assert!(std::time::Instant::now() < until, "ended pilots stay at the schedd");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    pool.wait_for_event(4, PilotEvent::Run).await;
    pool.condor.remove(&[PilotId(4)]).await.unwrap();
    let removed = pool.wait_for_event(4, PilotEvent::End).await;
    assert_eq!(removed.message, "removed");
    pool.condor.forget(&[PilotId(4)]).await;
    assert!(!pool.submission(1).exists());
}
