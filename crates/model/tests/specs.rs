//! What a job specification refuses, with the field and the reason.

#![allow(clippy::unwrap_used)]

use model::job::FileTransfer;
use model::{JobSpec, Placement};

fn refusal(change: impl FnOnce(&mut JobSpec)) -> String {
    let mut spec = JobSpec::command("/bin/true", []);
    change(&mut spec);
    spec.checked().unwrap_err().to_string()
}

fn file(name: &str, url: &str) -> Vec<FileTransfer> {
    vec![FileTransfer { name: name.into(), url: url.into() }]
}

#[test]
fn each_bad_field_is_named() {
    let refusals = [
        refusal(|spec| spec.transformation = " ".into()),
        refusal(|spec| spec.name = "a\u{7}b".into()),
        refusal(|spec| spec.name = "x".repeat(257)),
        refusal(|spec| spec.arguments = vec!["ok".into(), "a\0b".into()]),
        refusal(|spec| spec.arguments = vec!["x".repeat(2 << 20)]),
        refusal(|spec| drop(spec.environment.insert("A=B".into(), String::new()))),
        refusal(|spec| drop(spec.environment.insert("PILOTAGE_QUEUE".into(), String::new()))),
        refusal(|spec| spec.cores = 0),
        refusal(|spec| spec.max_attempts = 0),
        refusal(|spec| spec.inputs = file("../x", "/etc/hosts")),
        refusal(|spec| spec.inputs = file("x", "ftp://host/x")),
        refusal(|spec| spec.inputs = file("x", "")),
        refusal(|spec| spec.outputs = file("/x", "")),
        refusal(|spec| spec.outputs = file(&"x".repeat(4097), "")),
        refusal(|spec| spec.placement = Placement::Tags(vec!["gpu".into(), "a b".into()])),
        refusal(|spec| spec.placement = Placement::Tags(vec!["gpu".into(); 65])),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn an_output_without_url_stays_with_the_server() {
    let spec = JobSpec { outputs: file("plot.png", ""), ..JobSpec::command("/opt/sim/run", []) };
    assert_eq!(spec.checked().unwrap().name, "run");
}

#[test]
fn the_least_json_is_a_command() {
    let spec: JobSpec = serde_json::from_str(r#"{"transformation":"true"}"#).unwrap();
    assert_eq!((spec.placement.clone(), spec.cores, spec.max_attempts), (Placement::Any, 1, 1));
    assert_eq!(spec, JobSpec::command("true", []));
}
