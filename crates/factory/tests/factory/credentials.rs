//! Labels that wait for their credential and go on by themselves.

use crate::grid_proxy::{GridProxy, put};
use crate::site::{Site, WAITS, cycle_until};
use factory::Config;
use model::{Decision, PilotState as S};
use std::path::PathBuf;

/// A label with a proxy that somebody else renews.
struct Watched {
    site: Site,
    path: PathBuf,
}

impl Watched {
    fn new() -> Watched {
        let site = Site::new(WAITS);
        let path = site.dir.path().join("proxy.pem");
        Watched { site, path }
    }

    fn cycler(&self) -> factory::Cycler {
        let more = format!(
            "credential = \"grid\"\n[credential.grid]\nkind = \"file\"\npath = {:?}\nmin_life_s = 2\n",
            self.path
        );
        self.site.cycler_with(9, &more)
    }

    fn last(&self) -> Decision {
        self.site.server.lock().decisions.last().unwrap().clone()
    }

    fn is_usable(&self) -> bool {
        self.site.server.lock().heartbeats.last().unwrap().credentials[0].is_usable
    }
}

#[tokio::test]
async fn a_label_waits_for_its_credential_and_leaves_its_pilots_alone() {
    let watched = Watched::new();
    watched.site.server.lock().waiting = 1;
    let mut cycler = watched.cycler();
    cycler.cycle().await;
    let decision = watched.last();
    assert_eq!(decision.number, 0);
    assert!(decision.message().ends_with("Credential:comment=waits for credential 'grid',in=1,ret=0"), "{decision:?}");
    let path = watched.path.display();
    assert_eq!(
        decision.error,
        format!("credential 'grid': {path} cannot be read: No such file or directory (os error 2)")
    );
    assert_eq!(factory::replay(&decision).unwrap(), (0, decision.steps.clone()));

    GridProxy::living(3600).write(&watched.path);
    cycle_until(&mut cycler, "a pilot runs", || watched.site.server.states() == [S::Running]).await;
    assert_eq!(watched.last().error, "");

    // Neither more nor fewer, whatever the queue asks for.
    for (content, mode, words) in [
        ("garbage".to_owned(), 0o600, "has no private key"),
        (GridProxy::living(3600).pem(), 0o644, "can be used by others (mode 0644); make it 0600"),
        (GridProxy::living(3600).pem().replace("MII", "AAA"), 0o600, "has a certificate that cannot be read"),
        ("x".repeat(2 << 20), 0o600, "has more than 1048576 bytes"),
    ] {
        put(&watched.path, &content, mode);
        for waiting in [5, 0] {
            watched.site.server.lock().waiting = waiting;
            cycler.cycle().await;
            assert!(watched.last().error.contains(words), "{:?}", watched.last());
            assert_eq!(watched.site.server.states(), [S::Running]);
        }
    }
    GridProxy::living(3600).write(&watched.path);
    watched.site.server.lock().waiting = 5;
    cycle_until(&mut cycler, "the label goes on", || watched.site.server.states() == [S::Running; 5]).await;
    assert!(watched.is_usable());
}

#[tokio::test]
async fn a_credential_dies_of_its_age_and_of_that_of_its_attributes() {
    for proxy in [GridProxy::living(4), GridProxy::of_pilot(3600, 4)] {
        let watched = Watched::new();
        proxy.write(&watched.path);
        let mut cycler = watched.cycler();
        cycler.cycle().await;
        assert!(watched.last().error.is_empty(), "{:?}", watched.last());
        let part = if proxy.fqans.is_empty() { "it" } else { "its attributes" };
        let short = format!("credential 'grid': {part} will end at ");
        cycle_until(&mut cycler, "it is too short", || watched.last().error.starts_with(&short)).await;
        let dead = format!("credential 'grid': {part} ended at ");
        cycle_until(&mut cycler, "it is dead", || watched.last().error.starts_with(&dead)).await;
        cycler.cycle().await;
        let said = watched.site.server.lock().heartbeats.last().unwrap().credentials[0].clone();
        assert_eq!((said.alarm_percent, said.is_usable), (Some(10), false));
        GridProxy::living(3600).write(&watched.path);
        cycle_until(&mut cycler, "it is good again", || watched.last().error.is_empty()).await;
    }
}

#[test]
fn credentials_that_cannot_work_are_told() {
    let text = "[factory]\nname = \"f\"\n[batch.far]\nsystem = \"slurm\"\ndir = \"/d\"\nssh = { host = \"login\", user = \"u\" }\n\
                [batch.pool]\nsystem = \"condor\"\n\
                [label.a]\nqueue = \"q\"\nbatch = \"pool\"\ncredential = \"grit\"\n\
                [label.b]\nqueue = \"q\"\nbatch = \"pool\"\ncredential = [\"grid\", \"robot\", \"token\", \"key\"]\n\
                [label.c]\nqueue = \"q\"\nbatch = \"pool\"\ncredential = \"grid\"\ncondor.proxy = \"/p\"\n\
                [label.d]\nqueue = \"q\"\nbatch = \"far\"\ncredential = [\"key\", \"token\"]\n\
                [credential.grid]\nkind = \"file\"\npath = \"/p\"\n[credential.robot]\nkind = \"file\"\n\
                [credential.token]\nkind = \"token\"\npath = \"/t\"\ncommand = [\"x\"]\n\
                [credential.key]\nkind = \"ssh\"\nkey = \"/k\"\n\
                [credential.ring]\nkind = \"voms\"\nvo = \"v\"\nover = \"gnir\"\n\
                [credential.gnir]\nkind = \"myproxy\"\nserver = \"s\"\nusername = \"u\"\nretriever = \"ring\"\n\
                [credential.odd]\nkind = \"voms\"\nvo = \"v\"\nover = \"key\"\nrenew.at_percent = 100\n";
    insta::assert_snapshot!(Config::parse(text, "factory.toml".as_ref()).unwrap_err().to_string());
}
