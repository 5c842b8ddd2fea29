//! What machines watch: health, metrics, events; and calls within the process.

use crate::harness::*;
use model::pilot::BatchUpdate;
use model::{JobState, PilotEvent, QueueRecord, QueueStatus};
use wire::Client;
use wire::api::*;

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_token_and_metrics_do() {
    let stage = Stage::open().await;
    for path in ["/healthz", "/readyz"] {
        assert!(reqwest::get(stage.url(path)).await.unwrap().status().is_success(), "{path}");
    }
    assert_eq!(reqwest::get(stage.url("/metrics")).await.unwrap().status().as_u16(), 401);
    stage.submit_array(7).await;
    let text = metrics(&stage).await;
    for line in [
        "pilotage_jobs{queue=\"q\",state=\"activated\"} 7",
        "pilotage_jobs_submitted_total{queue=\"q\"} 7",
        "pilotage_refusals_total{kind=\"no-credential\"} 1",
        "pilotage_requests_total{route=\"POST /pilotage/v1/jobs\",status=\"200\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    stage.close().await;
}

/// Whoever calls chooses the method; it must not choose how many members a metric has.
#[tokio::test(flavor = "multi_thread")]
async fn invented_methods_are_counted_as_one() {
    let stage = Stage::open().await;
    for method in ["BREW", "STEEP", "POUR"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        reqwest::Client::new().request(method, stage.url("/healthz")).send().await.unwrap();
    }
    let text = metrics(&stage).await;
    assert!(text.contains("pilotage_requests_total{route=\"other /healthz\",status=\"405\"} 3"), "{text}");
    assert!(!text.contains("BREW"), "{text}");
    stage.close().await;
}

/// Who creates and changes queues does not thereby set their status.
#[tokio::test(flavor = "multi_thread")]
async fn changing_a_queue_keeps_its_status() {
    let stage = Stage::open().await;
    let offline = SetQueueStatus { status: QueueStatus::Offline, reason: "broken cooling".into() };
    stage.admin.set_queue_status("q", &offline).await.unwrap();
    let queue = QueueRecord { max_cores: 8, ..QueueRecord::named("q") };
    stage.factory.put_queue(&queue).await.unwrap();
    let there = stage.admin.queue("q").await.unwrap().queue;
    assert_eq!((there.status, there.max_cores), (QueueStatus::Offline, 8));
    let new = QueueRecord { status: QueueStatus::Test, ..QueueRecord::named("new") };
    stage.admin.put_queue(&new).await.unwrap();
    assert_eq!(stage.admin.queue("new").await.unwrap().queue.status, QueueStatus::Test);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scrapes_at_the_same_time_count_each_pilot_once() {
    let stage = Stage::open().await;
    stage.pilot(1).await;
    stage.announce().await;
    for _ in 0..30 {
        tokio::join!(metrics(&stage), metrics(&stage), metrics(&stage), metrics(&stage));
        let text = metrics(&stage).await;
        for state in ["running", "announced"] {
            let whose = r#"factory="f",label="l",queue="q",site="q""#;
            let line = format!("pilotage_pilots{{{whose},state=\"{state}\"}} 1\n");
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
    }
    stage.close().await;
}

/// Nobody who asks needs a credential, so that a question must not cost a commit.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_looked_at_once_a_second() {
    let stage = Stage::open().await;
    let operations = async || stage.running.state().store.health().await.unwrap().operations;
    let (began, before) = (std::time::Instant::now(), operations().await);
    for _ in 0..200 {
        assert!(reqwest::get(stage.url("/readyz")).await.unwrap().status().is_success());
    }
    let (seconds, looked) = (began.elapsed().as_secs(), operations().await - before);
    // The server itself writes now and then.
    assert!(looked < 50 + 10 * seconds, "{looked} operations in {seconds} s");
    stage.close().await;
}

/// The event stream of a page.
struct Events {
    stream: reqwest::Response,
    seen: String,
}

impl Events {
    async fn of(stage: &Stage, topics: &str) -> Events {
        let call = reqwest::Client::new().get(stage.url(&format!("/events?topics={topics}")));
        let stream = call.bearer_auth(stage.running.admin_token()).send().await.unwrap();
        let mut events = Events { stream, seen: String::new() };
        events.until("connected").await;
        events
    }

    async fn until(&mut self, topic: &str) {
        while !self.seen.contains(&format!("event: {topic}\n")) {
            let piece = tokio::time::timeout(DEADLINE, self.stream.chunk()).await.unwrap().unwrap().unwrap();
            self.seen.push_str(std::str::from_utf8(&piece).unwrap());
        }
        self.seen.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_which_topics_changed() {
    let stage = Stage::open().await;
    let id = stage.submit(job("watched")).await;
    let mut events = Events::of(&stage, &format!("jobs,job:{id},pilots")).await;
    let pilot = stage.pilot(1).await;
    events.until("pilots").await;
    let one = pilot.lease_one().await;
    events.until(&format!("job:{id}")).await;
    pilot.report(vec![finished(&one)]).await;
    events.until("jobs").await;
    stage.close().await;
}

/// A commit names only so many pilots and jobs; the page of one that it does not name is told too.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_thing_are_told_of_commits_that_change_very_many() {
    let stage = Stage::open().await;
    let count = 1500;
    let request = AnnounceRequest {
        factory: "f".into(),
        label: "l".into(),
        queue: "q".into(),
        batch: "local".into(),
        count,
        test: None,
    };
    let first = stage.factory.announce(&request).await.unwrap().first;
    let ids = (first.0..first.0 + i64::from(count)).map(model::PilotId);
    let watched = format!("pilot:{}", first.0 + i64::from(count) - 1);
    let mut events = Events::of(&stage, &watched).await;
    let update = |pilot| BatchUpdate {
        pilot,
        event: PilotEvent::Submit,
        batch_id: pilot.to_string(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    let report = BatchReport { factory: "f".into(), updates: ids.map(update).collect() };
    stage.factory.report_batch(&report).await.unwrap();
    events.until(&watched).await;

    let array = stage.submit_array(u64::from(count)).await;
    let last = array.first.0 + i64::from(count) - 1;
    let mut events = Events::of(&stage, &format!("job:{last}")).await;
    stage.admin.kill(&format!("{}-{last}", array.first)).await.unwrap();
    events.until(&format!("job:{last}")).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_same_process_needs_no_socket() {
    let stage = Stage::open().await;
    let client = Client::in_process(stage.running.in_process(), Some(stage.running.factory_token().to_owned()));
    assert_eq!(client.whoami().await.unwrap().role, model::Role::Factory);
    let error = client.submit(&SubmitRequest { spec: job("x"), array: None }, "k").await.unwrap_err();
    assert_eq!(error.code(), Some("forbidden"), "{error}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_answers_its_long_polls() {
    let stage = Stage::open().await;
    let pilot = stage.pilot(1).await;
    let waiting = tokio::spawn(async move { pilot.lease(1, 30).await });
    eventually("the call waits", async || {
        stage.admin.demand().await.unwrap().demand.iter().any(|demand| demand.idle_slots == 1)
    })
    .await;
    let began = std::time::Instant::now();
    stage.close().await;
    assert!(waiting.await.unwrap().jobs.is_empty());
    assert!(began.elapsed() < std::time::Duration::from_secs(4), "took {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_sites_and_tags_carry_their_counts() {
    let stage = Stage::open().await;
    let queue = QueueRecord {
        site: "cern".into(),
        tags: ["gpu".to_owned(), "big".to_owned()].into(),
        ..QueueRecord::named("a")
    };
    stage.admin.put_queue(&queue).await.unwrap();
    let spec = model::JobSpec { placement: model::Placement::Site("cern".into()), ..job("there") };
    stage.submit(spec).await;
    let queues = stage.admin.queues().await.unwrap().queues;
    let names: Vec<_> = queues.iter().map(|queue| queue.queue.name.as_str()).collect();
    assert_eq!(names, ["a", "q"]);
    assert_eq!(queues[0].jobs.of(JobState::Activated), 1);
    let sites = stage.admin.sites().await.unwrap().groups;
    assert_eq!((sites[0].name.as_str(), sites[0].jobs.total()), ("cern", 1));
    let tags = stage.admin.tags().await.unwrap().groups;
    assert_eq!(tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["big", "gpu"]);
    let of_site = JobQuery { site: Some("cern".into()), ..JobQuery::default() };
    assert_eq!(stage.admin.job_counts(&of_site).await.unwrap().of(JobState::Activated), 1);
    stage.close().await;
}
