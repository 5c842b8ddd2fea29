//! A factory of other software on the pages: told as what it is, without anything that cannot work.

use crate::world::{PATIENCE, World};
use model::{Hold, OrderScope, PilotState, Target, Verb};
use reqwest::StatusCode;
use std::time::{Duration, Instant};
use wire::api::{CommandRequest, OrderRequest, PilotQuery};

const LABEL: &str = "/factories/era2/labels/ANALY_TWO-4711";

impl World {
    /// AutoPyFactory with a label and three pilots: one waits, one ran a job, one broke; and errors that a cron job counted.
    pub async fn add_reported(&self) {
        let factory = r#"{"url": "https://logs.example/era2", "version": "2.4.9", "email": "ops@example.org", "type": "AutoPyFactory"}"#;
        self.report("PUT", "factories/era2", factory).await;
        let jobs = ["2001.0", "2001.1", "2001.2"].map(|cid| {
            format!(r#"{{"cid": "{cid}", "factory": "era2", "label": "ANALY_TWO-4711", "resource": "ce1.example"}}"#)
        });
        self.report("PUT", "jobs", &format!("[{}]", jobs.join(","))).await;
        for (cid, says) in [
            ("2001.0", "state=running"),
            ("2001.0", "state=exiting&rc=0&ids=42"),
            ("2001.0", "state=done"),
            ("2001.1", "state=running"),
            ("2001.1", "state=fault&rc=64&msg=<b>scene</b> is not mounted"),
        ] {
            self.report("POST", &format!("jobs/era2:{cid}"), says).await;
        }
        let chain = "status=Ready:in=None,activated=3,pending=0,ret=3;MaxPending:in=3,pending=0,maxpending=9,ret=3";
        self.report("POST", "labels/era2:ANALY_TWO-4711", chain).await;
        self.report("POST", "labels/era2:ANALY_TWO-4711", "error=GLOBUS_FTP&count=12").await;
        self.report("POST", "factories/era2", "status=3 jobs, 1 idle, 0 running").await;
    }

    async fn report(&self, method: &str, path: &str, body: &str) {
        let url = format!("{}/api/{path}", self.server.url());
        let answer = self.http.request(method.parse().unwrap(), url).body(body.to_owned()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} {body}: {}", answer.text().await.unwrap());
    }

    /// The page of the reported pilot that ran.
    pub async fn reported_pilot(&self) -> String {
        format!("/pilots/{}", self.reported_pilots(PilotState::Done).await[0].id)
    }

    /// The page once it has these words: what pages share of factories is a moment old.
    async fn page_with(&self, path: &str, words: &str) -> String {
        let began = Instant::now();
        loop {
            let page = self.page(path).await;
            if page.contains(words) {
                return page;
            }
            assert!(began.elapsed() < PATIENCE, "{path} never has {words}: {page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn reported_pilots(&self, state: PilotState) -> Vec<model::PilotSummary> {
        let query = PilotQuery { factory: Some("era2".into()), state: Some(state), ..PilotQuery::default() };
        self.admin.pilots(&query).await.unwrap().pilots
    }
}

#[tokio::test]
async fn pages_of_reported_things_tell_what_they_are_and_offer_nothing_that_cannot_work() {
    let (world, _pilot) = World::filled().await;
    let badge = r#"<span class="tag">reported</span>"#;
    for path in ["/", "/factories", "/pilots?factory=era2", "/factories/era2", LABEL] {
        world.page_with(path, badge).await;
    }
    assert!(!world.page("/factories/f1").await.contains(badge));
    for path in ["/factories/era2", LABEL, &world.reported_pilot().await] {
        let page = world.page(path).await;
        for word in
            ["id=\"actions\"><details", "<form method=\"post\"", "announced", "Announced", "its hello", "Incarnation"]
        {
            assert!(!page.contains(word), "{path} has {word}");
        }
    }
    let label = world.page_with(LABEL, "Errors that its factory counted").await;
    assert!(label.contains("GLOBUS_FTP (12)"), "{label}");
    world.page_with("/factories/era2", "Counted errors: GLOBUS_FTP (12)").await;
    let pilot = world.page(&world.reported_pilot().await).await;
    assert!(pilot.contains("https://logs.example/era2/") && pilot.contains("1, as reported"), "{pilot}");
    let broken = &world.reported_pilots(PilotState::Fault).await[0];
    let page = world.page(&format!("/pilots/{}", broken.id)).await;
    assert!(page.contains("&#60;b&#62;scene&#60;/b&#62; is not mounted"), "{page}");
    world.server.shutdown().await;
}

#[tokio::test]
async fn other_software_takes_no_orders_tests_and_commands() {
    let (world, _pilot) = World::filled().await;
    let refusal = |error: wire::client::Error| error.code().map(str::to_owned);
    let (factory, scope, reason) = ("era2".to_owned(), OrderScope::All, "because".to_owned());
    let order = OrderRequest { factory, scope, hold: Hold::Pause, reason, until: None };
    let only_reports = Some("only-reports".to_owned());
    assert_eq!(refusal(world.admin.give_order(&order).await.unwrap_err()), only_reports);
    let waiting = world.reported_pilots(PilotState::Submitted).await[0].id;
    for (target, verb, arguments) in [
        (Target::Factory("era2".into()), Verb::Cycle, vec![]),
        (Target::Factory("era2".into()), Verb::Test, vec!["ANALY_TWO-4711".to_owned()]),
        (Target::Pilot(waiting), Verb::Drain, vec![]),
    ] {
        let command = CommandRequest { target, verb, arguments, expires_s: None };
        assert_eq!(refusal(world.admin.command(&command).await.unwrap_err()), only_reports, "{verb:?}");
    }
    let answer = world.send(&format!("{LABEL}/test"), "").await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    world.server.shutdown().await;
}

#[tokio::test]
async fn the_factory_of_pilots_by_pandas_interface_is_nobody_elses() {
    let (world, _pilot) = World::filled().await;
    world.report("PUT", "factories/panda", "{}").await;
    world.report("PUT", "jobs", r#"[{"cid": "1.0", "factory": "panda", "label": "l"}]"#).await;
    let known = world.server.state().store.factories().await.unwrap();
    assert_eq!(known.iter().map(|factory| factory.name.as_str()).collect::<Vec<_>>(), ["era2", "f1"]);
    let error = world.factory.factory_heartbeat("panda", &known[1].said).await.unwrap_err();
    assert_eq!(error.code(), Some(wire::api::FACTORY_TAKEN), "{error}");
    world.server.shutdown().await;
}
