//! Off this machine a PanDA pilot shows a token: one that does nothing else, at its sites alone.

use crate::bench::{Bench, QUEUE, shell, written};
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use model::{JobState, QueueRecord, Role, Shape};
use serde_json::{Value, json};
use tower::ServiceExt;
use wire::api::{AnnounceRequest, HelloRequest, TokenRequest};

const ELSEWHERE: &str = "ELSEWHERE";

/// Served to others; its URL is not ours to reach, so calls go straight to the router.
async fn public() -> Bench {
    let bench = Bench::start_with(|config| config.public_url = Some("https://pilotage.example".into())).await;
    bench.server.state().store.put_queue(QueueRecord::named(ELSEWHERE), written()).await.unwrap();
    bench
}

impl Bench {
    pub async fn token(&self, role: Role, sites: &[&str]) -> String {
        let request = TokenRequest {
            user: "panda".into(),
            group: String::new(),
            role,
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            expires_s: None,
            note: String::new(),
        };
        wire::Client::in_process(self.server.in_process(), Some(self.server.admin_token().to_owned()))
            .create_token(&request)
            .await
            .unwrap()
            .token
    }

    /// A document; without a token when that is empty.
    pub async fn get_as(&self, token: &str, path: &str) -> (StatusCode, Value) {
        let mut request = Request::get(path).header("host", "pilotage.example");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = self.server.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn call_as(&self, token: &str, method: &str, arguments: Value) -> (StatusCode, Value) {
        let request = Request::post(format!("/server/panda/{method}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.header("accept", "application/json").header("host", "pilotage.example");
        let request = request.body(Body::from(arguments.to_string())).unwrap();
        let answer = self.server.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

fn ask(queue: &str) -> Value {
    json!({"siteName": queue, "prodSourceLabel": "user", "node": "n", "mem": 100})
}

#[tokio::test]
async fn a_token_for_panda_pilots_is_for_its_sites_alone() {
    let bench = public().await;
    let admin = wire::Client::in_process(bench.server.in_process(), Some(bench.server.admin_token().to_owned()));
    let submit = async |queue: &str| {
        let spec = model::JobSpec { placement: model::Placement::Queue(queue.into()), ..shell("true") };
        let request = wire::api::SubmitRequest { spec, array: None };
        admin.submit(&request, queue).await.unwrap().first
    };
    let (here, there) = (submit(QUEUE).await, submit(ELSEWHERE).await);
    let (ours, theirs) = (bench.token(Role::Pilot, &[QUEUE]).await, bench.token(Role::Pilot, &[ELSEWHERE]).await);

    let (_, refused) = bench.call_as(&ours, "getJob", ask(ELSEWHERE)).await;
    assert_eq!((&refused["StatusCode"], refused.get("PandaID")), (&json!(30), None), "{refused}");
    let (_, job) = bench.call_as(&ours, "getJob", ask(QUEUE)).await;
    assert_eq!(job["PandaID"], here.0);
    let script = job["transformation"].as_str().unwrap();
    assert!(script.starts_with("https://pilotage.example/trf/user/"), "{script}");
    assert_eq!(bench.call_as(&theirs, "getJob", ask(ELSEWHERE)).await.1["PandaID"], there.0);

    let report = |state: &str| json!({"jobId": here.0, "state": state, "attemptNr": 1});
    let (_, refused) = bench.call_as(&theirs, "updateJob", report("failed")).await;
    assert_eq!((&refused["StatusCode"], refused.get("command")), (&json!(30), None), "{refused}");
    assert_eq!(admin.job(here).await.unwrap().summary.state, JobState::Sent);
    assert_eq!(bench.call_as(&ours, "updateJob", report("running")).await.1["command"], "NULL");
    let (_, status) = bench.call_as(&ours, "getStatus", json!({"ids": format!("{here} {there}")})).await;
    assert_eq!(status["status"], "running+notfound");
    bench.server.shutdown().await;
}

#[tokio::test]
async fn such_a_token_does_nothing_else_and_others_do_not_pass() {
    let bench = public().await;
    let token = bench.token(Role::Pilot, &[QUEUE]).await;
    let client = wire::Client::in_process(bench.server.in_process(), Some(token.clone()));
    assert_eq!(client.whoami().await.unwrap().sites, [QUEUE]);
    for refused in [client.queues().await.map(drop), client.kill("1").await.map(drop)] {
        assert_eq!(refused.unwrap_err().code(), Some("forbidden"));
    }
    assert_eq!(client.pilot_commands(model::PilotId(1), 0).await.unwrap_err().status(), Some(401));
    let user = bench.token(Role::User, &[]).await;
    assert_eq!(bench.call_as(&user, "getJob", ask(QUEUE)).await.0, 403);
    let session = ended_pilot(&bench).await;
    assert_eq!(bench.call_as(&session, "getJob", ask(QUEUE)).await.0, 403);
    assert_eq!(bench.call_as(&token, "isAlive", json!({})).await.0, 200);
    bench.server.shutdown().await;
}

/// The session token of a pilot of ours.
async fn ended_pilot(bench: &Bench) -> String {
    let factory = wire::Client::in_process(bench.server.in_process(), Some(bench.server.factory_token().to_owned()));
    let request = AnnounceRequest {
        factory: "f".into(),
        label: "l".into(),
        queue: QUEUE.into(),
        batch: "b".into(),
        count: 1,
        test: None,
    };
    let announced = factory.announce(&request).await.unwrap();
    let hello = HelloRequest {
        secret: announced.secrets[0].clone(),
        instance: "i".into(),
        version: "0".into(),
        node: "n".into(),
        slots: 1,
        shape: Shape { cores: 1, memory_mib: 0, wall_time_s: 0 },
        batch_id: String::new(),
        profile: None,
        failed: Vec::new(),
        clock: jiff::Timestamp::now().into(),
    };
    factory.hello(announced.first, &hello).await.unwrap().token
}
