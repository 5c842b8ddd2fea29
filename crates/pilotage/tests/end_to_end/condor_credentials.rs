//! Grid proxies of HTCondor's pilots, renewed from a VOMS server that stops and comes back.

use crate::condor::{Site, array, pilots, running, variable};
use crate::support::{Place, Up, eventually, wait_for_file};
use crate::voms::{Voms, folder};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Seconds that the server gives attributes for: renewed with 60 % left, dead with 3 s left.
const LIFE_S: u32 = 20;

fn start(voms: &Voms) -> Up {
    let mut site = Site::new();
    site.label = format!("credential = \"grid\"\n{}", voms.section(&site.place));
    let bin = site.bin.display().to_string();
    site.up("127.0.0.1:0", &bin, 30)
}

/// Seconds that it gives them for later: then none is renewed any more.
const LONG_LIFE_S: u32 = 3600;

/// A job that writes down what the proxy of its pilot says, at its start and whenever that was renewed, and ends with the
/// gate.
fn look(place: &Place) -> String {
    format!(
        "cd {}; export HOME=$PWD X509_VOMS_DIR={voms}/vomsdir X509_CERT_DIR={voms}/certificates\n\
         until [ -e gate ]; do\n\
         now=$(cksum <$X509_USER_PROXY); [ \"$now\" = \"$last\" ] || voms-proxy-info -fqan -file $X509_USER_PROXY >>seen\n\
         last=$now; sleep 0.1; done",
        place.path("").display(),
        voms = folder().display()
    )
}

fn credential(up: &Up) -> Value {
    up.json(&["factories", "--json"])["factories"][0]["credentials"][0].clone()
}

fn trouble(up: &Up) -> String {
    let labels = up.json(&["factories", "--json"])["factories"][0]["labels"].clone();
    labels[0]["trouble"].as_str().unwrap().to_owned()
}

#[test]
fn pilots_carry_a_proxy_that_is_renewed_and_wait_when_it_is_dead() {
    let mut voms = Voms::start(LIFE_S);
    let up = start(&voms);
    let first = up.submit(&["--queue", "pool", "--", "sh", "-c", &look(&up.place)]);
    eventually("the job to run", || (up.job(first)["state"] == "running").then_some(()));
    // HTCondor hands the renewed one on to the pilot that runs.
    let seen = || {
        let seen = fs::read_to_string(up.place.path("seen")).unwrap_or_default();
        seen.matches("/testvo/Role=pilot/Capability=NULL").count()
    };
    eventually("the proxy to be renewed on the node", || (seen() >= 2).then_some(()));
    let said = credential(&up);
    assert_eq!(
        (&said["kind"], &said["who"]),
        (&Value::from("voms"), &Value::from("/DC=test/DC=pilotage/CN=Test Pilot"))
    );
    assert_eq!(said["attributes"][0], "/testvo/Role=pilot");

    voms.stop();
    eventually("the proxy to be dead", || (credential(&up)["is_usable"] == false).then_some(()));
    let words = trouble(&up);
    assert!(
        words.contains("credential 'grid': its attributes ") && words.contains("None of the contacted servers"),
        "{words}"
    );
    let (there, old) = (pilots(&up).len(), seen());
    let (_, ids) = array(&up, 4, "true");
    eventually("the label to wait", || {
        let said = up.out(&["decisions", "--label", "pool", "--last", "1"]);
        said.contains("it waits for credential 'grid'").then_some(())
    });
    assert_eq!((pilots(&up).len(), running(&up).len()), (there, 1), "{:?}", pilots(&up));
    assert_eq!(up.job(first)["state"], "running");

    voms.life_s = LONG_LIFE_S;
    voms.run();
    up.wait(&ids, 0);
    assert!(trouble(&up).is_empty(), "{}", trouble(&up));
    // HTCondor's shadow and starter wait for each other when a pilot ends while its proxy is handed on.
    eventually("the new proxy to be on the node", || (seen() > old).then_some(()));
    fs::write(up.place.path("gate"), "").unwrap();
    up.wait(&first.to_string(), 0);
    assert_secret(&up);
    up.stop();
}

/// What is secret in the files is in no log, and no file of it can be read by others.
fn assert_secret(up: &Up) {
    let file = up.place.path("server/credentials/grid.pem");
    wait_for_file(&file);
    assert!(!up.place.log().contains("PRIVATE KEY"));
    let user = variable("PILOTAGE_TEST_CONDOR_USER");
    let mut stat = Command::new("find");
    stat.arg(file.parent().unwrap()).args(["(", "-perm", "/077", "-o", "!", "-user", &user, ")", "-print"]);
    let found = stat.output().unwrap();
    assert!(found.status.success() && found.stdout.is_empty(), "{found:?}");
}
