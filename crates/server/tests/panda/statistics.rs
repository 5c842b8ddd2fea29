//! What factories ask: how many jobs wait where.

use crate::bench::{Bench, QUEUE, shell, written};
use model::{JobSpec, QueueRecord, Role};
use serde_json::{Value, json};

impl Bench {
    async fn ask(&self, path: &str) -> Value {
        let answer = self.http.get(self.url(&format!("/api/v1/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn jobs_are_counted_by_queue_resource_type_label_and_state() {
    let bench = Bench::start().await;
    let none = json!({"activated": 0, "starting": 0, "running": 0});
    let idle = bench.ask("statistics/active_job_detailed_stats_by_site").await;
    assert_eq!(idle, json!({"success": true, "message": "", "data": {QUEUE: {"SCORE": {"user": none}}}}));

    let first = bench.submit(shell("true")).await;
    bench.submit(shell("true")).await;
    bench.submit(JobSpec { cores: 8, source_label: "managed".into(), ..shell("true") }).await;
    assert_eq!(bench.get_job().await["PandaID"], first.0);
    bench.update(first, "running").await;
    let counts = |activated: u32, running: u32| json!({"activated": activated, "starting": 0, "running": running});
    let told = bench.ask("statistics/active_job_detailed_stats_by_site").await;
    let expected = json!({QUEUE: {"SCORE": {"user": counts(1, 1)}, "MCORE": {"managed": counts(1, 0)}}});
    assert_eq!(told["data"], expected);
    let told = bench.ask("statistics/active_job_stats_by_site").await;
    assert_eq!(told["data"], json!({QUEUE: counts(2, 1)}));
    bench.update(first, "finished").await;
    assert_eq!(bench.ask("statistics/active_job_stats_by_site").await["data"], json!({QUEUE: counts(2, 0)}));
    let sites = bench.ask("metaconfig/get_site_specs?type=all").await;
    assert_eq!((&sites["success"], &sites["data"][QUEUE]["status"]), (&json!(true), &json!("online")));
    bench.server.shutdown().await;
}

#[tokio::test]
async fn a_token_sees_the_queues_of_its_sites_alone() {
    let bench = Bench::start_with(|config| config.public_url = Some("https://pilotage.example".into())).await;
    bench.server.state().store.put_queue(QueueRecord::named("OTHER"), written()).await.unwrap();
    let path = "/api/v1/statistics/active_job_stats_by_site";
    let (status, _) = bench.get_as("", path).await;
    assert_eq!(status, 403);
    let token = bench.token(Role::Pilot, &[QUEUE]).await;
    let (status, told) = bench.get_as(&token, path).await;
    assert_eq!((status.as_u16(), told["data"].as_object().unwrap().len()), (200, 1));
    let token = bench.token(Role::Pilot, &["NOWHERE"]).await;
    let (_, told) = bench.get_as(&token, path).await;
    assert_eq!(told, json!({"success": false, "message": "there is no queue", "data": {}}));
    let token = bench.token(Role::Factory, &[]).await;
    let (_, told) = bench.get_as(&token, path).await;
    assert_eq!(told["data"].as_object().unwrap().len(), 2);
    bench.server.shutdown().await;
}
