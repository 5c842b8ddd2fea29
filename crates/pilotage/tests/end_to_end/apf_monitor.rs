//! A factory that tells an APF monitor, and is killed at any moment.

use crate::apart::Site;
use crate::apf::{Apf, Mood};
use crate::support::eventually;

/// All told, in the order that the monitor accepts, and nothing twice.
fn is_whole(states: &[String]) -> bool {
    let words: Vec<&str> = states.iter().map(String::as_str).collect();
    words == ["created", "running", "exiting 0", "done"]
}

#[test]
fn a_check_asks_the_monitor_and_tells_it_nothing() {
    let apf = Apf::start();
    let site = Site::new();
    let text = std::fs::read_to_string(&site.factory_file).unwrap();
    std::fs::write(&site.factory_file, text + &format!("[monitor.apf]\nurl = \"{}\"\n", apf.url())).unwrap();
    let server = site.server();
    let check = || {
        let output = site.place.bare(&["factory", "check", "--config", &site.factory_file]).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = check();
    assert!(code == 0 && said.contains("knows 0 labels"), "{said}");
    assert!(apf.lock().calls.iter().all(|call| call.what.starts_with("GET ")));
    apf.set(Mood::Page(200));
    let (code, said) = check();
    assert!(code == 1 && said.contains("the answer is no list of labels"), "{said}");
    server.stop();
}

#[test]
fn a_factory_that_is_killed_again_and_again_tells_every_life_once_and_whole() {
    let apf = Apf::start();
    let site = Site::new();
    let text = std::fs::read_to_string(&site.factory_file).unwrap();
    // One slot in each pilot, so that there are several; the monitor is away for half of the time.
    let text =
        text.replace("slots = 3\ncores = 3", "idle_s = 1") + &format!("[monitor.apf]\nurl = \"{}\"\n", apf.url());
    std::fs::write(&site.factory_file, text).unwrap();
    let server = site.server();
    let mut factory = site.factory();
    site.run(&["queues", "define", "own"]);
    for round in 0..4 {
        apf.set(if round % 2 == 0 { Mood::Away } else { Mood::Well });
        let job = site.submit("exit 0\n");
        site.run(&["wait", "--timeout", "60", &job]);
        factory.crash();
        factory = site.factory();
    }
    apf.set(Mood::Well);
    let rows = || -> serde_json::Value { serde_json::from_str(&site.run(&["pilots", "--json", "--all"])).unwrap() };
    let ended = || rows()["pilots"].as_array().unwrap().iter().all(|pilot| pilot["state"] == "done");
    eventually("the end of all pilots", || ended().then_some(()));
    let pilots = rows()["pilots"].as_array().unwrap().len();
    let lives = || apf.lives().into_iter().filter(|states| is_whole(states)).count();
    eventually("the end of all lives", || (lives() == pilots).then_some(()));
    assert_eq!(apf.lives().len(), pilots);
    let info = site.run(&["factories"]);
    assert!(info.contains(&format!("monitor apf, {}: 0 events waiting, 0 dropped, 0 refused", apf.url())), "{info}");
    factory.stop();
    server.stop();
    site.place.assert_empty();
}
