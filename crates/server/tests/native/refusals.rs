//! Bad input and what it gets: a table of calls with the code, status, field and words of the answer.

use crate::harness::*;
use rstest::rstest;
use serde_json::Value;

/// A call with the operator's token and what its problem document must say.
struct Refusal {
    call: (&'static str, &'static str),
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    field: Option<&'static str>,
    says: &'static str,
}

fn refusal(
    call: (&'static str, &'static str),
    body: impl Into<Vec<u8>>,
    problem: (u16, &'static str, Option<&'static str>),
    says: &'static str,
) -> Refusal {
    let (status, code, field) = problem;
    Refusal { call, body: body.into(), status, code, field, says }
}

const SUBMIT: (&str, &str) = ("POST", "/jobs");
const BULK: (&str, &str) = ("POST", "/jobs/bulk");
const HELLO: (&str, &str) = ("POST", "/pilots/1/hello");

fn hello(clock: &str, more: &str) -> String {
    format!(
        r#"{{"secret":"s","instance":"i","version":"0","node":"n1","slots":1,"shape":{{"cores":1,"memory_mib":0,
        "wall_time_s":0}},"clock":"{clock}"{more}}}"#
    )
}

fn argument_of(bytes: usize) -> String {
    format!(r#"{{"transformation":"x","arguments":["{}"]}}"#, "a".repeat(bytes))
}

#[rstest]
#[case::no_json(refusal(SUBMIT, "{\n \"a\" 1}", (400, "bad-json", None), "line 2 column 6"))]
#[case::cut_json(refusal(SUBMIT, "{\"transformation\":", (400, "bad-json", None), "EOF"))]
#[case::empty(refusal(SUBMIT, "", (400, "bad-json", None), "the body is empty"))]
#[case::not_utf8(refusal(SUBMIT, b"{\"name\":\"\xff\"}".to_vec(), (400, "not-utf8", None), "offset 9"))]
#[case::unknown_field(refusal(SUBMIT, r#"{"transformation":"x","argument":[]}"#,
    (422, "unknown-field", Some("argument")), "did you mean 'arguments'?"))]
#[case::missing_field(refusal(SUBMIT, r#"{"name":"x"}"#,
    (422, "missing-field", Some("transformation")), "'transformation' is missing"))]
#[case::wrong_type(refusal(SUBMIT, r#"{"transformation":"x","cores":"two"}"#,
    (422, "bad-value", Some("cores")), "invalid type: string"))]
#[case::negative(refusal(SUBMIT, r#"{"transformation":"x","cores":-1}"#, (422, "bad-value", Some("cores")), "-1"))]
#[case::no_cores(refusal(SUBMIT, r#"{"transformation":"x","cores":0}"#,
    (422, "bad-job", Some("cores")), "at least 1"))]
#[case::nested(refusal(SUBMIT, r#"{"transformation":"x","arguments":["a",2]}"#,
    (422, "bad-value", Some("arguments[1]")), "invalid type"))]
#[case::empty_command(refusal(SUBMIT, r#"{"transformation":" "}"#, (422, "bad-job", Some("transformation")), "is empty"))]
#[case::binary_name(refusal(SUBMIT, r#"{"transformation":"x","name":"a\u0001b"}"#,
    (422, "bad-job", Some("name")), "control character"))]
#[case::nul_argument(refusal(SUBMIT, r#"{"transformation":"x","arguments":["a\u0000"]}"#,
    (422, "bad-job", Some("arguments[0]")), "NUL byte at offset 1"))]
#[case::pilot_variable(refusal(SUBMIT, r#"{"transformation":"x","environment":{"PILOTAGE_JOB_ID":"1"}}"#,
    (422, "bad-job", Some("environment.PILOTAGE_JOB_ID")), "set by the pilot"))]
#[case::escaping_input(refusal(SUBMIT, r#"{"transformation":"x","inputs":[{"name":"../x","url":"/x"}]}"#,
    (422, "bad-job", Some("inputs[0].name")), "below the scratch directory"))]
#[case::source_label(refusal(SUBMIT, r#"{"transformation":"x","source_label":"a b"}"#,
    (422, "bad-job", Some("source_label")), "'a b'"))]
#[case::large_argument(refusal(SUBMIT, argument_of(2 << 20), (422, "bad-job", Some("arguments")), "use an input file"))]
#[case::huge_body(refusal(SUBMIT, argument_of(9 << 20), (413, "body-too-large", None), "larger than 8388608 bytes"))]
#[case::unknown_queue(refusal(SUBMIT, r#"{"transformation":"x","placement":{"queue":"quick"}}"#,
    (422, "unknown-queue", Some("queue")), "there is no queue 'quick'"))]
#[case::empty_array(refusal(SUBMIT, r#"{"transformation":"x","array":0}"#,
    (422, "bad-value", Some("array")), "between 1 and 1000000"))]
#[case::large_array(refusal(SUBMIT, r#"{"transformation":"x","array":1000001}"#,
    (422, "bad-value", Some("array")), "between 1 and 1000000"))]
#[case::bad_array(refusal(SUBMIT, r#"{"transformation":"x","array":"ten"}"#,
    (422, "bad-value", Some("array")), "a number of jobs"))]
#[case::bulk_place(refusal(BULK, r#"{"jobs":[{"transformation":"x"},{"transformation":7}]}"#,
    (422, "bad-value", Some("jobs[1].transformation")), "invalid type"))]
#[case::unknown_parameter(refusal(("GET", "/jobs?stat=running"), "",
    (400, "unknown-parameter", Some("stat")), "did you mean 'state'?"))]
#[case::bad_state(refusal(("GET", "/jobs?state=runing"), "", (400, "bad-parameter", Some("state")), "runing"))]
#[case::bad_limit(refusal(("GET", "/jobs?limit=100000"), "",
    (400, "bad-parameter", Some("limit")), "between 1 and 1000"))]
#[case::bad_cursor(refusal(("GET", "/jobs?cursor=x"), "", (400, "bad-parameter", Some("cursor")), "'next'"))]
#[case::label_of_no_factory(refusal(("GET", "/pilots/history?label=l"), "",
    (400, "bad-parameter", Some("label")), "give 'factory' too"))]
#[case::history_of_two(refusal(("GET", "/pilots/history?factory=f&queue=q"), "",
    (400, "bad-parameter", Some("queue")), "not both"))]
#[case::history_of_no_time(refusal(("GET", "/pilots/history?hours=0"), "",
    (400, "bad-parameter", Some("hours")), "between 1 and 9600"))]
#[case::history_of_a_typo(refusal(("GET", "/pilots/history?queue=qq"), "",
    (422, "unknown-queue", Some("queue")), "did you mean 'q'?"))]
#[case::bad_ids(refusal(("GET", "/jobs?ids=9-3"), "", (422, "bad-ids", Some("ids")), "ends before it begins"))]
#[case::long_poll(refusal(("GET", "/jobs/wait?wait_s=3600"), "", (422, "bad-value", Some("wait_s")), "at most 60"))]
#[case::bad_path(refusal(("GET", "/jobs/x"), "", (400, "bad-path", None), "/jobs/x"))]
#[case::unknown_job(refusal(("GET", "/jobs/77"), "", (404, "unknown-job", None), "no job 77"))]
#[case::unknown_log(refusal(("GET", "/jobs/77/logs/stdout"), "", (404, "unknown-job", None), "no job 77"))]
#[case::unknown_pilot(refusal(("GET", "/pilots/77"), "", (404, "unknown-pilot", None), "no pilot 77"))]
#[case::unknown_path(refusal(("GET", "/job"), "", (404, "unknown-path", None), "/job"))]
#[case::wrong_method(refusal(("DELETE", "/jobs"), "", (405, "wrong-method", None), "does not take DELETE"))]
#[case::missing_queue(refusal(("GET", "/queues/qq"), "", (404, "unknown-queue", Some("queue")), "did you mean 'q'?"))]
#[case::queue_name(refusal(("PUT", "/queues/a%20b"), r#"{"name":"a b"}"#, (422, "bad-name", Some("name")), "'a b'"))]
#[case::queue_path(refusal(("PUT", "/queues/a"), r#"{"name":"b"}"#, (422, "bad-value", Some("name")), "'b'"))]
#[case::queue_status(refusal(("PUT", "/queues/q/status"), r#"{"status":"onlin"}"#,
    (422, "bad-value", Some("status")), "onlin"))]
#[case::no_secret(refusal(HELLO, hello("2026-01-01T00:00:00Z", r#","extra":1"#),
    (422, "unknown-field", Some("extra")), "extra"))]
#[case::clock(refusal(HELLO, hello("2026-01-01T00:00:00Z", ""), (422, "clock-off", Some("clock")), "behind the server's"))]
#[case::no_clock(refusal(HELLO, hello("yesterday", ""), (422, "bad-value", Some("clock")), "four digit integer as year"))]
#[case::verb(refusal(("POST", "/commands"), r#"{"target":{"job":1},"verb":"kill"}"#,
    (422, "verb-does-not-fit", Some("verb")), "/jobs/kill"))]
#[case::no_factory(refusal(("POST", "/commands"), r#"{"target":{"factory":"x"},"verb":"cycle"}"#,
    (404, "unknown-factory", None), "'x'"))]
#[case::pilot_token(refusal(("POST", "/tokens"), r#"{"user":"x","role":"pilot"}"#,
    (422, "missing-field", Some("sites")), "at least one site"))]
#[case::needless_sites(refusal(("POST", "/tokens"), r#"{"user":"x","role":"user","sites":["s"]}"#,
    (422, "bad-value", Some("sites")), "role user has no sites"))]
#[case::role(refusal(("POST", "/tokens"), r#"{"user":"x","role":"king"}"#, (422, "bad-value", Some("role")), "king"))]
#[case::jobs_of_no_queue(refusal(("GET", "/jobs?queue=qq"), "", (422, "unknown-queue", Some("queue")), "did you mean 'q'?"))]
#[case::count_of_no_queue(refusal(("GET", "/jobs/count?queue=far"), "", (422, "unknown-queue", Some("queue")), "known are q"))]
#[case::jobs_of_no_site(refusal(("GET", "/jobs?site=qq"), "", (422, "unknown-site", Some("site")), "did you mean 'q'?"))]
#[case::demand_of_no_queue(refusal(("GET", "/demand?queue=far"), "", (422, "unknown-queue", Some("queue")), "'far'"))]
#[case::pilots_of_no_factory(refusal(("GET", "/pilots?factory=f"), "",
    (422, "unknown-factory", Some("factory")), "there is none yet"))]
#[case::decisions_of_no_label(refusal(("GET", "/decisions?label=nope"), "",
    (422, "unknown-label", Some("label")), "there is none yet"))]
#[case::count(refusal(("GET", "/jobs/count?name=x"), "", (400, "not-counted", Some("name")), "list them"))]
#[case::announce(refusal(("POST", "/pilots/announce"),
    r#"{"factory":"f","label":"l","queue":"none","batch":"b","count":1}"#,
    (422, "unknown-queue", Some("queue")), "'none'"))]
#[case::announce_many(refusal(("POST", "/pilots/announce"),
    r#"{"factory":"f","label":"l","queue":"q","batch":"b","count":99999}"#,
    (422, "bad-value", Some("count")), "between 1 and 10000"))]
#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_told_precisely(#[case] refusal: Refusal) {
    let stage = Stage::open().await;
    let (method, path) = refusal.call;
    let answer = reqwest::Client::new()
        .request(method.parse().unwrap(), stage.url(&format!("/pilotage/v1{path}")))
        .bearer_auth(stage.running.admin_token())
        .body(refusal.body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!((status, problem["code"].as_str().unwrap()), (refusal.status, refusal.code), "{problem}");
    assert_eq!(problem["field"].as_str(), refusal.field, "{problem}");
    assert!(detail.contains(refusal.says), "{detail}");
    stage.close().await;
}

#[rstest]
#[case::none(None, "no-credential", "send 'Authorization: Bearer TOKEN'")]
#[case::basic(Some("Basic YTpi"), "bad-credential", "not of the form")]
#[case::unknown(Some("Bearer pilotage_00"), "bad-credential", "unknown or was revoked")]
#[case::nonsense(Some("Bearer x"), "bad-credential", "none of this server's")]
#[tokio::test(flavor = "multi_thread")]
async fn bad_credentials_are_told(#[case] header: Option<&str>, #[case] code: &str, #[case] says: &str) {
    let stage = Stage::open().await;
    let mut request = reqwest::Client::new().get(stage.url("/pilotage/v1/jobs"));
    if let Some(header) = header {
        request = request.header("authorization", header);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    assert!(answer.headers().contains_key("www-authenticate"));
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(problem["code"], code);
    assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_and_a_revoked_token_are_told_apart() {
    use wire::api::TokenRequest;
    let stage = Stage::open().await;
    let request = TokenRequest {
        user: "bob".into(),
        group: String::new(),
        role: model::Role::User,
        sites: Vec::new(),
        expires_s: Some(1),
        note: String::new(),
    };
    let short = stage.admin.create_token(&request).await.unwrap();
    let bob = stage.admin.with_token(&short.token);
    assert_eq!(bob.whoami().await.unwrap().user, "bob");
    eventually("the token has expired", async || bob.whoami().await.is_err()).await;
    let error = bob.whoami().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), Some("expired-credential")));
    assert!(error.to_string().starts_with("the token of 'bob' has expired at 2"), "{error}");
    let long = stage.admin.create_token(&TokenRequest { expires_s: None, ..request }).await.unwrap();
    let bob = stage.admin.with_token(&long.token);
    bob.whoami().await.unwrap();
    stage.admin.revoke_token(long.id).await.unwrap();
    assert_eq!(bob.whoami().await.unwrap_err().code(), Some("bad-credential"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_an_unknown_pilot_look_the_same() {
    let stage = Stage::open().await;
    let (pilot, _) = stage.announce().await;
    for id in [pilot, model::PilotId(999)] {
        let error = stage.admin.hello(id, &hello_request("guess".into(), "one", 1)).await.err().unwrap();
        assert_eq!((error.status(), error.code()), (Some(401), Some("bad-secret")));
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_report_is_refused_alone() {
    let stage = Stage::open().await;
    let (one, two) = (stage.submit(job("a")).await, stage.submit(job("b")).await);
    let pilot = stage.pilot(2).await;
    let held = pilot.lease(2, 10).await.jobs;
    let mut forged = finished(&held[0]);
    forged.token = held[1].token.clone();
    let refused = pilot.report(vec![forged, finished(&held[1])]).await.refused;
    assert_eq!((refused.len(), refused[0].job), (1, held[0].id));
    let states = [stage.state_of(one).await, stage.state_of(two).await];
    assert!(states.contains(&model::JobState::Sent) && states.contains(&model::JobState::Finished));
    stage.close().await;
}
