//! Alerts to a real Alertmanager.

use super::{end_pilots, quick, until_open};
use crate::harness::{Stage, eventually};
use model::PilotEvent;
use serde_json::Value;
use server::Destination;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Alertmanager on a free port; it ends when dropped.
struct Alertmanager {
    url: String,
    process: Child,
    _dir: TempDir,
}

impl Alertmanager {
    async fn start() -> Alertmanager {
        let dir = TempDir::new().unwrap();
        let config = dir.path().join("alertmanager.yml");
        std::fs::write(&config, "route: {receiver: none}\nreceivers: [{name: none}]\n").unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("/usr/bin/prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", dir.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let alertmanager = Alertmanager { url: format!("http://127.0.0.1:{port}"), process, _dir: dir };
        let ready = format!("{}/-/ready", alertmanager.url);
        eventually("Alertmanager is ready", async || {
            reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        alertmanager
    }

    async fn alerts(&self) -> Vec<Value> {
        let answer = reqwest::get(format!("{}/api/v2/alerts", self.url)).await.unwrap();
        answer.json().await.unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_open_as_long_as_the_alarm() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let alertmanager = Alertmanager::start().await;
    let to = Destination::Alertmanager { url: alertmanager.url.clone(), secret_file: None };
    let stage = Stage::with(quick(to)).await;
    end_pilots(&stage, 10, PilotEvent::Break).await;
    until_open(&stage, 1).await;
    eventually("the alert is there", async || !alertmanager.alerts().await.is_empty()).await;
    let [alert] = alertmanager.alerts().await.try_into().unwrap();
    let label = |name: &str| alert["labels"][name].as_str().unwrap_or_default().to_owned();
    let labels = ["alertname", "severity", "kind", "name", "factory", "queue"].map(label);
    assert_eq!(labels, ["fault-ratio", "warning", "label", "l", "f", "q"]);
    assert_eq!(alert["annotations"]["error"], "no space left");
    assert_eq!(alert["generatorURL"], stage.url("/alarms/1"));
    end_pilots(&stage, 20, PilotEvent::End).await;
    until_open(&stage, 0).await;
    eventually("the alert is over", async || alertmanager.alerts().await.is_empty()).await;
    stage.close().await;
}
