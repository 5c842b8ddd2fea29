//! Credentials that the factory makes, by programs that work, fail, hang and lie.

use crate::grid_proxy::{GridProxy, put};
use crate::site::{DEADLINE, Site, WAITS, wait_until};
use factory::credential::Credentials;
use factory::{Factory, Signal};
use model::PilotState as S;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Stands for voms-proxy-init: does what the file `mode` says, and writes down what it was asked for.
const PROGRAM: &str = r#"#!/bin/sh
HERE=$(dirname "$0"); echo "$X509_VOMS_DIR $*" >>$HERE/asked
while [ $# -gt 1 ]; do [ "$1" = -out ] && out=$2; shift; done
case $(cat $HERE/mode) in
  good) cp $HERE/next.pem $out;;
  fails) echo 'None of the contacted servers were capable.' >&2; exit 1;;
  hangs) exec sleep 1000;;
  silent) ;;
  garbage) echo garbage >$out;;
  open) cp $HERE/next.pem $out; chmod 644 $out;;
esac
"#;

struct Maker {
    site: Site,
}

impl Maker {
    fn new() -> Maker {
        let maker = Maker { site: Site::new(WAITS) };
        put(&maker.path("program"), PROGRAM, 0o755);
        maker
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.site.dir.path().join(name)
    }

    fn set(&self, mode: &str) {
        put(&self.path("mode"), mode, 0o600);
    }

    fn section(&self) -> String {
        format!(
            "credential = \"grid\"\n[credential.grid]\nkind = \"voms\"\nvo = \"vo\"\nfqans = [\"/vo/Role=pilot\"]\n\
             certificate = \"/c\"\nkey = \"/k\"\nvomsdir = \"/v\"\nprogram = {:?}\nmin_life_s = 1\nrenew.timeout_s = 0.5\n\
             renew.retry_s = 0.1\n",
            self.path("program")
        )
    }

    fn credentials(&self) -> Credentials {
        Credentials::of(&self.site.config(4, 0.1, &self.section()))
    }
}

#[tokio::test]
async fn only_what_is_good_takes_the_place_of_the_old_one() {
    let maker = Maker::new();
    let credentials = maker.credentials();
    let path = credentials.path("grid");
    assert_eq!(path, maker.path("credentials/grid.pem"));
    GridProxy::of_pilot(3600, 1800).write(&maker.path("next.pem"));
    maker.set("open");
    credentials.renew("grid").await.unwrap();
    let first = fs::read(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let asked = fs::read_to_string(maker.path("asked")).unwrap();
    assert!(asked.starts_with("/v -rfc -cert /c -key /k -voms vo:/vo/Role=pilot -valid 96:00 "), "{asked}");

    let program = maker.path("program").display().to_string();
    for (mode, words) in [
        ("fails", format!("run {program}: exit code 1: None of the contacted servers were capable.")),
        ("hangs", format!("get an answer of {program} within 0 s")),
        ("silent", format!("run {program}: it ended well and wrote no proxy")),
        ("garbage", "has no private key".to_owned()),
    ] {
        maker.set(mode);
        let error = credentials.renew("grid").await.unwrap_err();
        assert!(error.contains(&words), "{mode}: {error}");
        let view = credentials.look(crate::server::now()).remove("grid").unwrap();
        assert!(view.refusal.is_empty() && view.info.trouble.contains(&words), "{view:?}");
    }
    let other = GridProxy { fqans: vec!["/vo/Role=NULL/Capability=NULL"], ..GridProxy::living(3600) };
    maker.set("good");
    for (proxy, words) in [
        (other, "get /vo/Role=pilot: the new proxy has only /vo"),
        (GridProxy::living(3600), "get attributes of the VO: the new proxy has none"),
    ] {
        proxy.write(&maker.path("next.pem"));
        assert_eq!(credentials.renew("grid").await.unwrap_err(), words);
    }
    assert_eq!(fs::read(&path).unwrap(), first);
    let left: Vec<_> =
        fs::read_dir(maker.path("credentials")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["grid.pem"]);
}

#[tokio::test]
async fn the_factory_renews_beside_its_cycles() {
    let maker = Maker::new();
    maker.site.server.lock().waiting = 1;
    maker.set("hangs");
    fs::create_dir_all(maker.path("credentials/.new-grid-dead")).unwrap();
    // Without a nudge the second cycle would come in an hour.
    let config = maker.site.config(4, 3600.0, &maker.section());
    let factory = Factory::new(config, Arc::new(maker.site.server.clone()), maker.site.launch()).unwrap();
    let (signals, inbox) = mpsc::channel(4);
    let task = tokio::spawn(factory.run(inbox));
    let trouble = || maker.site.server.lock().decisions.last().map(|last| last.error.clone()).unwrap_or_default();
    wait_until("the failures are told", || trouble().contains("failed 2 times in a row, at last to get an answer"))
        .await;
    assert!(maker.site.server.states().is_empty());
    assert!(!maker.path("credentials/.new-grid-dead").exists());

    GridProxy::of_pilot(3600, 3).write(&maker.path("next.pem"));
    maker.set("good");
    wait_until("the label goes on", || maker.site.server.states() == [S::Running]).await;
    let variable = fs::read_to_string(format!("/proc/{}/environ", maker.site.leader(1).unwrap())).unwrap();
    assert!(variable.contains(&format!("X509_USER_PROXY={}\0", maker.path("credentials/grid.pem").display())));
    // Its attributes last three seconds: it is made anew again and again, long before its end.
    let asked = || fs::read_to_string(maker.path("asked")).unwrap().lines().count();
    let before = asked();
    GridProxy::of_pilot(3600, 1800).write(&maker.path("next.pem"));
    wait_until("it is renewed", || asked() > before).await;
    signals.send(Signal::Leave).await.unwrap();
    tokio::time::timeout(DEADLINE, task).await.unwrap().unwrap().unwrap();
    let after = asked();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(asked(), after, "nobody renews when the factory is gone");
}
