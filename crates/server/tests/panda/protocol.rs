//! The calls of the first slice, each as clients were seen to make it.

use crate::bench::{Bench, QUEUE, command, shell};
use model::job::LogStream;
use model::{ErrorClass, JobId, JobSpec, JobState, Offer, PilotState, QueueStatus, Shape, TaskId};
use serde_json::{Value, json};
use tower::ServiceExt;
use wire::api::{AnnounceRequest, HelloRequest, LeaseRequest, SetQueueStatus};

#[tokio::test]
async fn health_and_unknown_methods_answer_in_text() {
    let bench = Bench::start().await;
    for path in ["/server/panda/isAlive", "//server/panda/isAlive"] {
        let answer = bench.http.get(bench.url(path)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "alive=yes"), "{path}");
    }
    let answer = bench.http.get(bench.url("/server/panda/rm")).send().await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!((status, answer.text().await.unwrap().as_str()), (403, "ERROR : method rm is forbidden"));
    bench.server.shutdown().await;
}

#[tokio::test]
async fn documents_describe_the_queues() {
    let bench = Bench::start().await;
    let get = async |path: &str| {
        let answer = bench.http.get(bench.url(path)).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap_or_default())
    };
    let (status, record) = get(&format!("/cache/schedconfig/{QUEUE}.all.json")).await;
    assert_eq!((status, record["state"].as_str(), record["status"].as_str()), (200, Some("ACTIVE"), Some("online")));
    for path in ["/cache/schedconfig/pandaqueues.json", "/cric/pandaqueues.json"] {
        assert_eq!(get(path).await.1[QUEUE], record, "{path}");
    }
    assert_eq!(get("/cache/ddmendpoints.json").await.1["LOCAL_DISK"]["state"], "ACTIVE");
    assert_eq!(get("/cache/schedconfig/NOWHERE.all.json").await.0, 404);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn without_a_job_the_code_is_20() {
    let bench = Bench::start().await;
    assert_eq!(bench.get_job().await["StatusCode"], 20);
    let answer = bench.form("getJob", &format!("siteName={QUEUE}&prodSourceLabel=user&node=n")).await;
    assert!(answer.starts_with("StatusCode=20&"), "{answer}");
    assert_eq!(bench.call("getJob", json!({"siteName": "NOWHERE"})).await["StatusCode"], 20);
    bench.submit(shell("true")).await;
    let offline = SetQueueStatus { status: QueueStatus::Offline, reason: String::new() };
    bench.client.set_queue_status(QUEUE, &offline).await.unwrap();
    assert_eq!(bench.get_job().await["StatusCode"], 20);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn a_job_goes_from_sent_to_finished() {
    let bench = Bench::start().await;
    let id = bench.submit(JobSpec { name: "hello".into(), ..shell("true") }).await;
    let record = bench.get_job().await;
    assert_eq!(
        (&record["PandaID"], &record["attemptNr"], &record["jobName"]),
        (&json!(id.0), &json!(1), &json!("hello"))
    );
    assert_eq!(bench.job(id).await.summary.state, JobState::Sent);
    for (state, known) in
        [("starting", JobState::Starting), ("running", JobState::Running), ("starting", JobState::Running)]
    {
        assert_eq!(bench.update(id, state).await, "NULL");
        assert_eq!(bench.job(id).await.summary.state, known, "after {state}");
    }
    assert_eq!(bench.update(id, "merging").await, "NULL");
    let status = bench.call("getStatus", json!({"ids": format!("{id} 999999")})).await;
    assert_eq!((&status["status"], &status["attemptNr"]), (&json!("running+notfound"), &json!("1+0")));
    let report = format!(
        "jobId={id}&state=finished&attemptNr=1&transExitCode=0&cpuConsumptionTime=3&maxRSS=2048&pilotTiming=1%7C0%7C5%7C0%7C1%7C0"
    );
    assert_eq!(bench.form("updateJob", &report).await, "StatusCode=0&command=NULL");
    let detail = bench.job(id).await;
    assert_eq!((detail.summary.state, detail.summary.exit_code), (JobState::Finished, Some(0)));
    let usage = detail.attempts[0].usage;
    assert_eq!((usage.cpu_ms, usage.max_rss_kib, usage.wall_ms), (3000, 2048, 5000));
    assert_eq!(bench.update(id, "finished").await, "alreadydone");
    let pilot = bench.client.pilot(detail.summary.pilot.unwrap()).await.unwrap().summary;
    assert_eq!((pilot.factory.as_str(), pilot.queue.as_str(), pilot.state), ("panda", QUEUE, PilotState::Running));
    assert_eq!(pilot.node, "slot1@worker");
    bench.server.shutdown().await;
}

#[tokio::test]
async fn a_failure_keeps_exit_code_class_and_extract() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("exit 17")).await;
    bench.get_job().await;
    bench.update(id, "running").await;
    let report = json!({"jobId": id.0, "state": "failed", "attemptNr": "1", "transExitCode": 17, "pilotErrorCode": 1305,
        "pilotErrorDiag": "Failed to execute payload", "pilotLog": "the end of the pilot's log"});
    assert_eq!(command(&bench.call("updateJob", report).await), "NULL");
    let detail = bench.job(id).await;
    assert_eq!((detail.summary.state, detail.summary.exit_code), (JobState::Failed, Some(17)));
    assert_eq!(detail.summary.error_class, Some(ErrorClass::Payload));
    assert!(detail.summary.message.contains("Failed to execute payload"), "{}", detail.summary.message);
    assert_eq!(bench.log(id, LogStream::Stderr).await, "the end of the pilot's log");
    assert_eq!(bench.update(id, "running").await, "alreadydone");
    bench.server.shutdown().await;
}

#[tokio::test]
async fn zombies_are_told_to_stop() {
    let bench = Bench::start().await;
    assert_eq!(bench.update(JobId(999_999), "running").await, "tobekilled");
    let id = bench.submit(shell("true")).await;
    assert_eq!(bench.update(id, "running").await, "tobekilled", "no pilot has it yet");
    bench.get_job().await;
    let report =
        |attempt: u32, batch: &str| json!({"jobId": id.0, "state": "running", "attemptNr": attempt, "batchID": batch});
    assert_eq!(command(&bench.call("updateJob", report(2, "b1")).await), "tobekilled");
    assert_eq!(command(&bench.call("updateJob", report(1, "b1")).await), "NULL");
    assert_eq!(command(&bench.call("updateJob", report(1, "b2")).await), "tobekilled");
    assert_eq!(command(&bench.call("updateJob", report(1, "b1")).await), "NULL");
    bench.server.shutdown().await;
}

#[tokio::test]
async fn a_kill_reaches_the_pilot_with_its_next_report() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("sleep 1000")).await;
    bench.get_job().await;
    assert_eq!(bench.update(id, "running").await, "NULL");
    bench.client.kill(&id.to_string()).await.unwrap();
    assert_eq!(bench.update(id, "running").await, "tobekilled");
    let report = json!({"jobId": id.0, "state": "failed", "attemptNr": 1, "pilotErrorCode": 1144});
    assert_eq!(command(&bench.call("updateJob", report).await), "alreadydone");
    assert_eq!(bench.job(id).await.summary.state, JobState::Cancelled);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn labels_tasks_and_lists_choose_jobs() {
    let bench = Bench::start().await;
    let managed = bench.submit(JobSpec { source_label: "managed".into(), ..shell("true") }).await;
    let tasked = bench.submit(JobSpec { task: TaskId(10_000_001), ..shell("true") }).await;
    let more = [bench.submit(shell("true")).await, bench.submit(shell("true")).await];
    let ask = async |extra: Value| {
        let mut call = json!({"siteName": QUEUE, "node": "n", "mem": 100});
        call.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        bench.call("getJob", call).await
    };
    assert_eq!(ask(json!({"prodSourceLabel": "rc_test"})).await["StatusCode"], 20);
    assert_eq!(ask(json!({"prodSourceLabel": "managed"})).await["PandaID"], managed.0);
    assert_eq!(ask(json!({"prodSourceLabel": "user", "taskID": 5})).await["StatusCode"], 20);
    assert_eq!(ask(json!({"prodSourceLabel": "user", "taskID": "10000001"})).await["PandaID"], tasked.0);
    let list = ask(json!({"prodSourceLabel": "user", "nJobs": 5})).await;
    let ids: Vec<i64> = list["jobs"].as_array().unwrap().iter().map(|job| job["PandaID"].as_i64().unwrap()).collect();
    assert_eq!(ids, more.map(|id| id.0));
    bench.server.shutdown().await;
}

#[tokio::test]
async fn two_pilots_of_one_node_are_two_pilots_and_one_after_another_is_one() {
    let bench = Bench::start().await;
    let ids = [bench.submit(shell("true")).await, bench.submit(shell("true")).await];
    for _ in ids {
        bench.get_job().await;
    }
    let pilot = async |id| bench.job(id).await.summary.pilot.unwrap();
    assert_ne!(pilot(ids[0]).await, pilot(ids[1]).await);
    bench.update(ids[0], "finished").await;
    let third = bench.submit(shell("true")).await;
    bench.get_job().await;
    assert_eq!(pilot(third).await, pilot(ids[0]).await);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn a_worker_that_finished_closes_its_pilot() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("true")).await;
    let worker = json!({"workerID": 7, "harvesterID": "h", "status": "started", "site": QUEUE, "node_id": "n"});
    assert_eq!(bench.call("updateWorkerPilotStatus", worker.clone()).await["StatusCode"], 0);
    let call = json!({"siteName": QUEUE, "prodSourceLabel": "user", "node": "n", "harvester_id": "h", "worker_id": 7});
    assert_eq!(bench.call("getJob", call).await["PandaID"], id.0);
    bench.update(id, "finished").await;
    let mut finished = worker;
    finished["status"] = json!("finished");
    assert_eq!(bench.call("updateWorkerPilotStatus", finished).await["StatusCode"], 0);
    let pilot = bench.job(id).await.summary.pilot.unwrap();
    assert_eq!(bench.client.pilot(pilot).await.unwrap().summary.state, PilotState::Done);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn jobs_of_our_own_pilots_are_out_of_reach() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("true")).await;
    let request = AnnounceRequest {
        factory: "f".into(),
        label: "l".into(),
        queue: QUEUE.into(),
        batch: "b".into(),
        count: 1,
        test: None,
    };
    let announced = bench.client.announce(&request).await.unwrap();
    let shape = Shape { cores: 1, memory_mib: 0, wall_time_s: 0 };
    let hello = HelloRequest {
        secret: announced.secrets[0].clone(),
        instance: "i".into(),
        version: "0".into(),
        node: "n".into(),
        slots: 1,
        shape,
        batch_id: String::new(),
        profile: None,
        failed: Vec::new(),
        clock: jiff::Timestamp::now().into(),
    };
    let session = bench.client.hello(announced.first, &hello).await.unwrap().token;
    let pilot = bench.client.with_token(&session);
    let lease = LeaseRequest {
        max_slots: 1,
        offer: Offer { slots: 1, whole: shape },
        idle_slots: 1,
        wait_s: 0,
        reports: Vec::new(),
    };
    assert_eq!(pilot.lease(announced.first, &lease).await.unwrap().jobs[0].id, id);
    assert_eq!(bench.update(id, "finished").await, "tobekilled");
    assert_eq!(bench.job(id).await.summary.state, JobState::Sent);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn pages_of_other_servers_are_refused() {
    let bench = Bench::start().await;
    for origin in ["http://evil.example", "null"] {
        let request = bench.http.post(bench.url("/server/panda/getJob")).header("origin", origin);
        assert_eq!(request.send().await.unwrap().status(), 403, "{origin}");
    }
    let request = bench.http.post(bench.url("/server/panda/isAlive")).header("origin", "atlas.pilot");
    assert_eq!(request.send().await.unwrap().status(), 200);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn reached_from_outside_a_token_is_needed() {
    let bench = Bench::start_with(|config| config.public_url = Some("https://pilotage.example".into())).await;
    // The URL is not ours to reach, so the calls go straight to the router.
    let alive = async |token: Option<&str>| {
        let request = http::Request::get("/server/panda/isAlive");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(axum::body::Body::empty()).unwrap();
        bench.server.router().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(alive(None).await, 403);
    assert_eq!(alive(Some("wrong")).await, 403);
    assert_eq!(alive(Some(bench.server.admin_token())).await, 200);
    assert_eq!(alive(Some(bench.server.factory_token())).await, 200);
    bench.server.shutdown().await;
}
