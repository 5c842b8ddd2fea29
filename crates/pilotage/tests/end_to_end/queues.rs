//! Several queues, and who is placed where.

use crate::support::Up;

const TWO: &str = r#"
[queue.fast]
site = "Lakeside"
tags = ["gpu"]
max_cores = 1

[batch.more]
system = "local"
slots = 1

[label.fast]
queue = "fast"
batch = "more"
slots = 2
"#;

#[test]
fn jobs_go_where_they_ask_to() {
    let place = crate::support::Place::new();
    let file = place.write("up.toml", TWO);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "1", "--config", file.to_str().unwrap()]);
    let by_queue = up.submit(&["--queue", "local", "--", "true"]);
    let by_site = up.submit(&["--site", "Lakeside", "--", "true"]);
    let by_tag = up.submit(&["--tag", "gpu", "--", "true"]);
    let nowhere = up.submit(&["--tag", "gpu", "--cores", "2", "--", "true"]);
    up.wait(&format!("{by_queue},{by_site},{by_tag}"), 0);
    let place_of =
        |id| (up.job(id)["queue"].as_str().unwrap().to_owned(), up.job(id)["site"].as_str().unwrap().to_owned());
    assert_eq!(place_of(by_queue), ("local".into(), "local".into()));
    assert_eq!(place_of(by_site), ("fast".into(), "Lakeside".into()));
    assert_eq!(place_of(by_tag), ("fast".into(), "Lakeside".into()));
    let waiting = up.job(nowhere);
    assert_eq!(waiting["state"], "defined");
    assert_eq!(waiting["message"], "fast: needs 2 of cores, the queue allows 1");
    up.out(&["queues", "set", "fast", "offline", "--reason", "test"]);
    let refused = up.submit(&["--site", "Lakeside", "--", "true"]);
    assert_eq!(up.job(refused)["message"], "fast: is offline");
    let listed = up.out(&["queues"]);
    assert!(listed.contains("fast is offline since 2") && listed.trim_end().ends_with(": test"), "{listed}");
    up.out(&["queues", "set", "fast", "online"]);
    up.wait(&refused.to_string(), 0);
    up.stop();
}
