//! What pages do: login, kill, retry, drain, problems, live updates.

use crate::world::{World, log_in};
use model::job::JobState;
use model::{JobSpec, PilotState, Role};
use reqwest::StatusCode;
use wire::api::SetQueueStatus;

#[tokio::test]
async fn a_stranger_is_led_to_the_login_and_back() {
    let world = World::empty().await;
    let url = world.server.url();
    let answer = world.http.get(format!("{url}/jobs?state=failed")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/login?next=%2Fjobs%3Fstate%3Dfailed");
    let login = world.http.get(format!("{url}/login?next=%2Fjobs%3Fstate%3Dfailed")).send().await.unwrap();
    let login = login.text().await.unwrap();
    assert!(login.contains(r#"name="next" value="/jobs?state=failed""#), "{login}");
    let live = world.http.get(format!("{url}/jobs")).header("hx-request", "true").send().await.unwrap();
    assert_eq!(live.status(), StatusCode::UNAUTHORIZED);
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_wrong_token_is_told() {
    let world = World::empty().await;
    let url = world.server.url();
    let form = world.http.post(format!("{url}/login")).header("content-type", "application/x-www-form-urlencoded");
    let answer = form.header("origin", url).body("token=plt_nonsense&next=/").send().await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    let page = world.http.get(format!("{url}{back}")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("does not know this token"), "{page}");
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_table_is_not_sorted_by_what_it_has_not() {
    let world = World::empty().await;
    for path in ["/sites", "/regions", "/tags", "/queues", "/factories"] {
        let answer = world.get(&format!("{path}?sort=-colour")).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("There is no column &#39;colour&#39; to sort by, only"), "{page}");
    }
    world.server.shutdown().await;
}

#[tokio::test]
async fn kill_and_retry_of_a_job() {
    let world = World::empty().await;
    world.admin.put_queue(&model::QueueRecord::named("q")).await.unwrap();
    let id = world.submit(JobSpec::command("/bin/true", []), None).await;
    let page = world.page(&format!("/jobs/{id}")).await;
    assert!(page.contains(&format!(r#"action="/jobs/{id}/kill""#)) && !page.contains("/retry"), "{page}");

    let url = world.server.url().to_owned();
    let foreign = world.post(&format!("/jobs/{id}/kill"), "http://elsewhere.example").await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let killed = world.post(&format!("/jobs/{id}/kill"), &url).await;
    assert_eq!(killed.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.admin.job(id).await.unwrap().summary.state, JobState::Cancelled);
    let page = world.page(&format!("/jobs/{id}")).await;
    assert!(page.contains(&format!(r#"action="/jobs/{id}/retry""#)) && !page.contains("/kill\""), "{page}");

    let retried = world.post(&format!("/jobs/{id}/retry"), &url).await;
    assert_eq!(retried.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.admin.job(id).await.unwrap().summary.state, JobState::Activated);
    world.server.shutdown().await;
}

#[tokio::test]
async fn others_see_a_job_but_get_no_buttons() {
    let mut world = World::empty().await;
    world.admin.put_queue(&model::QueueRecord::named("q")).await.unwrap();
    let id = world.submit(JobSpec::command("/bin/true", []), None).await;
    world.cookie = world.session_of("bob", Role::User).await;
    let page = world.page(&format!("/jobs/{id}")).await;
    assert!(!page.contains("/kill\""), "{page}");
    let url = world.server.url().to_owned();
    let refused = world.post(&format!("/jobs/{id}/kill"), &url).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let refused = refused.text().await.unwrap();
    assert!(refused.contains("Not allowed") && refused.contains("belongs to somebody else"), "{refused}");
    world.server.shutdown().await;
}

#[tokio::test]
async fn drain_of_a_pilot() {
    let (world, pilot) = World::filled().await;
    let url = world.server.url().to_owned();
    let path = format!("/pilots/{}", pilot.id);
    assert!(world.page(&path).await.contains(&format!(r#"action="{path}/drain""#)));
    let drained = world.post(&format!("{path}/drain"), &url).await;
    assert_eq!(drained.status(), StatusCode::SEE_OTHER);
    let record = world.admin.pilot(pilot.id).await.unwrap().summary;
    assert_eq!((record.state, record.flag), (PilotState::Running, Some(model::pilot::PilotFlag::Retiring)));
    assert!(world.page(&path).await.contains("retiring"));
    world.server.shutdown().await;
}

#[tokio::test]
async fn problems_are_pages_that_tell_what_to_do() {
    let world = World::empty().await;
    let cases = [
        ("/jobs/99", StatusCode::NOT_FOUND, "There is no job 99."),
        ("/jobs/x%3Cb%3E", StatusCode::NOT_FOUND, "&#39;x&#60;b&#62;&#39; is no id of a job"),
        ("/pilots/99", StatusCode::NOT_FOUND, "There is no pilot 99."),
        ("/queues/nowhere", StatusCode::NOT_FOUND, "nowhere"),
        ("/factories/none", StatusCode::NOT_FOUND, "There is no factory"),
        ("/nothing/here", StatusCode::NOT_FOUND, "There is no page /nothing/here."),
        ("/jobs?statee=failed", StatusCode::BAD_REQUEST, "did you mean &#39;state&#39;?"),
        ("/jobs?state=sleeping", StatusCode::BAD_REQUEST, "state"),
        ("/jobs?ids=9-3", StatusCode::UNPROCESSABLE_ENTITY, "ends before it begins"),
        ("/jobs?queue=nowhere", StatusCode::UNPROCESSABLE_ENTITY, "There is no queue &#39;nowhere&#39;"),
        ("/decisions?label=nowhere", StatusCode::UNPROCESSABLE_ENTITY, "There is no label &#39;nowhere&#39;"),
    ];
    for (path, status, words) in cases {
        let answer = world.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(words), "{path} does not say {words}: {page}");
    }
    world.server.shutdown().await;
}

#[tokio::test]
async fn urls_are_clean_and_hold_the_view() {
    let (world, _pilot) = World::filled().await;
    let answer = world.get("/jobs?queue=glasgow-short&user=&ids=").await;
    assert_eq!(answer.headers()["location"], "/jobs?queue=glasgow-short");
    let answer = world.get("/jobs?ids=2").await;
    assert_eq!(answer.headers()["location"], "/jobs/2");
    let first = world.page("/jobs?queue=lancs&limit=5").await;
    let next = first.split(r#"rel="next" href=""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let next = next.replace("&#38;", "&");
    assert!(next.starts_with("/jobs?queue=lancs&limit=5&cursor="), "{next}");
    let second = world.page(&next).await;
    assert!(second.contains("← Newest") && second.contains(r#"data-label="Job""#), "{second}");
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_live_update_is_the_content_alone() {
    let (world, _pilot) = World::filled().await;
    for path in ["/", "/jobs", "/jobs/1", "/queues", "/queues/glasgow-short", "/pilots", "/factories/f1"] {
        let (whole, part) = (world.page(path).await, world.fragment(path).await);
        assert!(whole.starts_with("<!doctype html>") && !part.contains("<html") && !part.contains("id=\"live\""));
        let heading =
            |html: &str| html.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next()).map(str::to_owned);
        assert!(heading(&part).is_some() && heading(&part) == heading(&whole), "{path}");
    }
    world.server.shutdown().await;
}

#[tokio::test]
async fn assets_are_cached_for_ever_under_their_hash() {
    let world = World::empty().await;
    let page = world.page("/").await;
    let urls: Vec<&str> = page.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(urls.len() >= 6, "{urls:?}");
    for url in urls {
        let answer = world.http.get(format!("{}/assets/{url}", world.server.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{url}");
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    }
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_queue_tells_who_took_it_offline_and_why() {
    let world = World::empty().await;
    world.admin.put_queue(&model::QueueRecord::named("q")).await.unwrap();
    assert!(!world.page("/queues/q").await.contains("Why it is"));
    let status = SetQueueStatus { status: model::QueueStatus::Offline, reason: "<cooling> is repaired".into() };
    world.admin.set_queue_status("q", &status).await.unwrap();
    let page = world.page("/queues/q").await;
    let words = ["Why it is offline", "&#60;cooling&#62; is repaired", "Set by"];
    assert!(words.iter().all(|words| page.contains(words)), "{page}");
    let set = world.admin.queue("q").await.unwrap().status_set.unwrap();
    assert_eq!((set.by, set.reason), (world.admin.whoami().await.unwrap().user, status.reason));
    world.server.shutdown().await;
}

#[tokio::test]
async fn logging_out_ends_the_session_of_the_browser() {
    let world = World::empty().await;
    let url = world.server.url().to_owned();
    let answer = world.post("/logout", &url).await;
    assert_eq!(answer.headers()["location"], "/login");
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let kept = world.get("/jobs").await;
    assert_eq!(kept.headers()["location"], "/login?next=%2Fjobs", "whoever kept the cookie is not let in");
    log_in(&world.http, &url, world.server.admin_token()).await;
    world.server.shutdown().await;
}
