//! Which jobs a PanDA pilot may get: its `prodSourceLabel` names a set of the jobs' labels.

const USER: [&str; 3] = ["user", "panda", "install"];
const MANAGED: [&str; 4] = ["managed", "test", "prod_test", "install"];
const TEST: [&str; 3] = ["test", "prod_test", "install"];

/// The labels of jobs that a pilot asking with `label` may get, by upstream's rule of dispatch.
pub(super) fn wanted(label: Option<&str>) -> Vec<String> {
    let own = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    match label.unwrap_or("managed") {
        "user" => own(&USER),
        "managed" => own(&MANAGED),
        "unified" => own(&[&USER[..], &MANAGED[..3]].concat()),
        "test" => own(&TEST),
        other => own(&[other]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_a_set() {
        assert_eq!(wanted(Some("user")), ["user", "panda", "install"]);
        assert_eq!(wanted(None), wanted(Some("managed")));
        assert_eq!(wanted(Some("unified")), ["user", "panda", "install", "managed", "test", "prod_test"]);
        assert_eq!(wanted(Some("test")), ["test", "prod_test", "install"]);
        assert_eq!(wanted(Some("rc_test2")), ["rc_test2"]);
    }
}
