//! Each call in each dialect: raw requests, and what is known after them.

use crate::stage::Stage;
use model::PilotState;
use serde_json::json;

const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// A request as it is sent: method, path, content type, body; and the status of its answer.
type Sent = (&'static str, &'static str, Option<&'static str>, &'static str, u16);

async fn sends(stage: &Stage, requests: &[Sent]) {
    for (method, path, content_type, body, status) in requests {
        let (found, text) = stage.send(method, path, *content_type, body).await;
        assert_eq!(found, *status, "{method} {path} {body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn factories_register_with_whatever_they_say() {
    let stage = Stage::open().await;
    let full = r#"{"url": "http://logs.example/fab", "email": "ops@example.org", "version": "2.4.9", "type": "AutoPyFactory"}"#;
    sends(
        &stage,
        &[
            ("GET", "/api/factories/fab", None, "", 404),
            ("PUT", "/api/factories/fab", FORM, full, 201),
            ("PUT", "/api/factories/fab/", JSON, full, 200),
            ("PUT", "/api/factories/bare", None, "{}", 201),
            ("PUT", "/api/factories/null", Some("text/plain"), r#"{"url": null, "email": "", "version": 7}"#, 201),
            ("PUT", "/api/factories/none", None, "", 201),
            ("PUT", "/api/factories/form", FORM, "version=1&email=a%40b", 201),
            ("PUT", "/api/factories/broken", JSON, r#"{"url": "#, 400),
            ("POST", "/api/factories/fab", FORM, "status=8848+jobs%2C+12+idle", 200),
            ("POST", "/api/factories/new", None, r#"{"status": "1 jobs"}"#, 201),
            ("DELETE", "/api/factories/fab", None, "", 200),
        ],
    )
    .await;
    let fab = stage.json("/api/factories/fab").await;
    let wanted = json!({"name": "fab", "email": "ops@example.org", "url": "http://logs.example/fab", "version": "2.4.9",
        "factory_type": "AutoPyFactory", "ip": "127.0.0.1"});
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(fab[key], *value, "{key}");
    }
    assert!(fab["last_startup"].as_str().unwrap().ends_with('Z'));
    let all = stage.json("/api/factories/").await;
    let names: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bare", "fab", "form", "new", "none", "null"]);
    assert_eq!(all[0]["activity"].as_array().unwrap().len(), 24);
    assert_eq!(stage.json("/api/factories/null").await["version"], "7");
    let store = &stage.running.state().store;
    let totals = store.factories().await.unwrap().into_iter().find(|one| one.name == "fab").unwrap().reported.unwrap();
    assert_eq!(totals.totals, "8848 jobs, 12 idle");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_always_a_list_and_find_their_queues() {
    let stage = Stage::open().await;
    sends(
        &stage,
        &[
            ("GET", "/api/labels?factory=nobody", None, "", 200),
            (
                "PUT",
                "/api/labels",
                FORM,
                r#"[{"name": "ANALY_X-4711", "factory": "fab", "batchqueue": "", "wmsqueue": "", "resource": "", "localqueue": ""},
                    {"name": "Q_Y-ce01.example.org", "factory": "fab"}, null, {"name": "orphan"}, {"factory": "fab"},
                    {"name": "any", "factory": "fab", "wmsqueue": "TOLD/Q", "resource": "ce.example", "localqueue": "long"}]"#,
                201,
            ),
            ("PUT", "/api/labels/", None, r#"[{"name": "ANALY_X-4711", "factory": "fab"}]"#, 200),
            ("PUT", "/api/labels", None, "[]", 200),
            ("PUT", "/api/labels", None, "", 200),
            ("PUT", "/api/labels", None, "[{", 400),
            ("POST", "/api/labels/fab:ANALY_X-4711", FORM, "status=Ready%3Ain%3D0%2Cret%3D7", 200),
            ("POST", "/api/labels/fab:any", None, r#"{"status": null, "data": {"managed": {"SCORE": {"PR": {"nQueue": 3}}}}}"#, 200),
            ("POST", "/api/labels/fab:any", FORM, "error=CREAM_DELEGATE&count=12", 200),
            ("POST", "/api/labels/fab:a:b", FORM, "status=x", 200),
            ("POST", "/api/labels/fab:empty", FORM, "", 200),
            ("GET", "/api/labels/fab:nobody", None, "", 404),
        ],
    )
    .await;
    assert_eq!(stage.json("/api/labels?factory=nobody").await, json!([]));
    let all = stage.json("/api/labels?factory=fab&limit=0").await;
    let found: Vec<_> = all.as_array().unwrap().iter().map(|row| (row["name"].clone(), row["prq"].clone())).collect();
    let row = |name: &str, queue: &str| (json!(name), json!(queue));
    let wanted = [
        row("ANALY_X-4711", "ANALY_X"),
        row("Q_Y-ce01.example.org", "Q_Y"),
        row("a:b", "a_b"),
        row("any", "TOLD_Q"),
        row("empty", "empty"),
    ];
    assert_eq!(found, wanted);
    assert_eq!(stage.json("/api/labels/fab:any").await["resource"], "ce.example long");
    assert_eq!(stage.json("/api/labels?factory=fab&offset=1&limit=2").await.as_array().unwrap().len(), 2);
    assert_eq!(stage.json("/api/labels?offset=x&limit=y").await.as_array().unwrap().len(), 5);

    let store = &stage.running.state().store;
    let decisions = store.decisions(store::DecisionFilter::default(), None, 10).await.unwrap().rows;
    let ready = decisions.iter().find(|decision| decision.label == "ANALY_X-4711").unwrap();
    assert_eq!((ready.number, ready.queue.as_str(), ready.steps[0].plugin.as_str()), (7, "ANALY_X", "Ready"));
    let counted = decisions.iter().find(|decision| decision.label == "any").unwrap();
    assert_eq!(counted.facts[0].name, "harvester.managed.SCORE.PR.nQueue");
    for queue in store.queues().await.unwrap() {
        assert_eq!(queue.status, model::QueueStatus::Offline, "{} must not attract jobs", queue.name);
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pilots_are_taken_in_every_form() {
    let stage = Stage::open().await;
    let harvester = r#"[{"cid": 4711, "factory": "harvester", "harvesterid": "harvester", "workerid": 12, "computingsite": "Q_Z",
        "computingelement": "ce.example", "label": "Q_Z-ce.example", "jdlurl": "http://x/1", "stdouturl": null}]"#;
    sends(
        &stage,
        &[
            (
                "PUT",
                "/api/jobs",
                FORM,
                r#"[{"cid": "1.0", "factory": "fab", "label": "a"}, {"cid": "2.0", "factory": "fab", "label": "a"}]"#,
                201,
            ),
            ("PUT", "/api/jobs/", JSON, r#"[{"cid": "1.0", "factory": "fab", "label": "a"}]"#, 200),
            ("PUT", "/api/jobs", None, "[]", 200),
            ("PUT", "/api/jobs", None, r#"[null, {"cid": "", "factory": "fab"}, {"cid": "9.9"}, 3]"#, 200),
            ("PUT", "/api/jobs", None, "[{", 400),
            ("PUT", "/api/jobs", JSON, harvester, 201),
            ("POST", "/api/jobs/fab:1.0", FORM, "state=running", 200),
            ("POST", "/api/jobs/fab:1.0/", JSON, "state=exiting&rc=0&ids=1,2,3", 200),
            ("POST", "/api/jobs/fab:2.0", None, r#"{"state": "wrapperrunning", "uuid": "u", "rc": null}"#, 200),
            ("POST", "/api/jobs/fab:2.0", FORM, "", 200),
            ("POST", "/api/jobs/fab:2.0", FORM, "state=", 200),
            ("POST", "/api/jobs/fab:2.0", FORM, "state=sleeping&rc=x", 200),
            ("POST", "/api/jobs/fab:2.0", FORM, "state=exiting", 200),
            ("POST", "/api/jobs/fab:3.0", FORM, "state=running", 200),
            ("POST", "/api/jobs/harvester:4711", FORM, "state=4", 200),
            ("POST", "/api/jobs/fab:2.0", JSON, r#"{"state": "#, 400),
            ("GET", "/api/jobs/fab:8.8", None, "", 404),
        ],
    )
    .await;
    use PilotState::{Done, Exiting, Running};
    let states = stage.states().await;
    let state = |id: &str, state| (id.to_owned(), state);
    assert_eq!(states, [state("1.0", Exiting), state("2.0", Exiting), state("4711", Done), state("3.0", Running)]);
    let one = stage.json("/api/jobs/fab:1.0").await;
    assert_eq!(
        (one["state"].as_str(), one["result"].as_i64(), one["label"].as_str()),
        (Some("exiting"), Some(0), Some("a"))
    );
    assert_eq!(one["messages"].as_array().unwrap().len(), 4, "{one}");
    assert_eq!(stage.json("/api/jobs/fab:2.0").await["result"], -1);
    assert_eq!(stage.json("/api/jobs?factory=fab&state=RUNNING").await.as_array().unwrap().len(), 1);
    assert_eq!(stage.json("/api/jobs?limit=1&offset=1").await[0]["jid"], "harvester:4711");
    let pilots = stage.pilots().await;
    assert_eq!((pilots[2].queue.as_str(), pilots[3].label.as_str(), pilots[0].jobs_ended), ("Q_Z", "unknown", 3));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_style_answers_ok_whatever_happens() {
    let stage = Stage::open().await;
    sends(
        &stage,
        &[
            (
                "POST",
                "/mon/h/",
                FORM,
                "factoryId=old&factoryOwner=me&baseLogDirUrl=http://logs/&versionTag=1.3&monitorURL=x",
                200,
            ),
            ("POST", "/h", FORM, "factoryOwner=me", 200),
            (
                "POST",
                "/mon/c/",
                FORM,
                r#"data=[["7.0","ANALY_X","old","a+b&c"],["7.1","ANALY_X","old","a+b&c"],null,["7.2"]]"#,
                200,
            ),
            ("POST", "/mon/c", FORM, "", 200),
            ("POST", "/c/", FORM, "data=%5B%5B%227.3%22%2C%22ANALY_X%22%2C%22old%22%2C%22l%22%5D%5D", 200),
            ("POST", "/mon/c/", FORM, "data=[[", 400),
            ("POST", "/mon/m/", FORM, r#"cycle=7&data=[["ANALY_X","old","a+b&c","3 jobs & 2 pilots"]]"#, 200),
            ("POST", "/mon/cr/", FORM, "cid=7.4&nick=ANALY_X&fid=old&label=l", 200),
            ("POST", "/mon/msg/", FORM, "nick=ANALY_X&fid=old&label=l&msg=nothing+to+do", 200),
            ("GET", "/mon/rn/old/7.0/", None, "", 200),
            ("GET", "/rn/old/7.1", None, "", 200),
            ("GET", "/mon/rn/never/heard/", None, "", 200),
            ("GET", "/mon/rn/old", None, "", 200),
            ("GET", "/mon/ex/old/7.0/64", None, "", 200),
            ("GET", "/mon/ex/old/7.1/", None, "", 200),
            ("GET", "/apirn/old/7.3/", None, "", 200),
            ("GET", "/apiex/old/7.3/0", None, "", 200),
            ("POST", "/mon/st/", FORM, "fid=old&cid=7.1&js=4&gs=8", 200),
            ("POST", "/mon/st/", FORM, "fid=old&cid=7.0&js=4", 200),
            ("POST", "/mon/stale/", FORM, r#"fid=old&data=[{"cid":"7.4","jobstate":"2","globusstate":2},null]"#, 200),
            ("POST", "/mon/awol/", FORM, r#"fid=old&data=["7.4",null]"#, 200),
        ],
    )
    .await;
    use PilotState::{Done, Exiting, Fault, Running};
    let state = |id: &str, state| (id.to_owned(), state);
    let states = stage.states().await;
    let wanted = [
        state("7.0", Fault),
        state("7.1", Done),
        state("7.2", PilotState::Submitted),
        state("7.3", Exiting),
        state("7.4", Fault),
        state("heard", Running),
    ];
    // A row without names of factory and label is left out.
    let wanted: Vec<_> = wanted.into_iter().filter(|(id, _)| id != "7.2").collect();
    assert_eq!(states, wanted);
    let labels: Vec<String> = stage.pilots().await.into_iter().map(|pilot| pilot.label).collect();
    assert_eq!(labels[..2], ["a+b&c", "a+b&c"]);
    assert_eq!(stage.get("/mon/cid/old").await.1, "7.3");
    assert_eq!(stage.get("/mon/n/old/FAULT/0").await.1, "2");
    assert_eq!(stage.get("/f/").await.1, "never old");
    assert!(stage.get("/mon/r").await.1.contains("ANALY_X"));
    let stats = stage.json("/mon/stats/").await;
    assert_eq!(stats.as_array().unwrap().iter().map(|row| row["nfault"].as_i64().unwrap()).sum::<i64>(), 2);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_names_queues_and_never_opens_them() {
    let stage = Stage::open().await;
    let dump = r#"{"Q1": {"nickname": "ANALY_X", "atlas_site": "SITE", "cloud": "UK", "status": "online", "tier": null},
        "Q2": {"rc_site": "OTHER", "panda_resource": "Q2"}, "../../etc": {"nickname": "../../etc"}}"#;
    sends(
        &stage,
        &[
            ("POST", "/kit/update/", None, dump, 200),
            ("POST", "/kit/update", None, dump, 200),
            ("POST", "/kit/update/", None, "[", 400),
        ],
    )
    .await;
    assert_eq!(stage.get("/kit/q/").await.1, "ANALY_X\nQ2\n");
    let queues = stage.running.state().store.queues().await.unwrap();
    assert_eq!((queues[0].site.as_str(), queues[0].region.as_str()), ("SITE", "UK"));
    assert!(queues.iter().all(|queue| queue.status == model::QueueStatus::Offline));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_pages_lead_to_ours_and_the_report_stays_a_list() {
    let stage = Stage::open().await;
    let jobs: Vec<_> = (0..12).map(|at| json!({"cid": format!("{at}.0"), "factory": "fab", "label": "l"})).collect();
    stage.put("/api/jobs", &json!(jobs).to_string()).await;
    for at in 0..12 {
        stage.post(&format!("/api/jobs/fab:{at}.0"), "state=fault").await;
    }
    let leads = async |path: &str| {
        let answer = stage.http.get(format!("{}{path}", stage.running.url())).send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to.unwrap_or_default())
    };
    for (path, to) in [
        ("/q/ANALY_X/page/2", "/queues/ANALY%5FX"),
        ("/mon/site/S", "/sites/S"),
        ("/cloud/UK", "/regions/UK"),
        ("/query/a b/", "/search?q=a%20b"),
        ("/report", "/alarms"),
        ("/fab", "/factories/fab"),
        ("/fab/l", "/factories/fab/labels/l"),
        ("/fab/3.0/", "/pilots/4"),
    ] {
        assert_eq!(leads(path).await, (302, to.to_owned()), "{path}");
    }
    for path in ["/nobody", "/fab/nothing", "/a/b/c"] {
        assert_ne!(leads(path).await.0, 302, "{path}");
    }
    let url = format!("{}/report?min_created=1&min_fault=1&min_percent=1", stage.running.url());
    let answer = stage.http.get(url).header("accept", "application/json").send().await.unwrap();
    let report: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(
        (report[0]["name"].as_str(), report[0]["fault"].as_i64(), report[0]["per"].as_i64()),
        (Some("l"), Some(12), Some(100))
    );
    stage.close().await;
}
