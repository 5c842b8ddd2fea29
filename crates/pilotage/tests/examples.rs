//! The example configurations are accepted by the program that they are shipped with.

use assert_cmd::Command;
use std::path::PathBuf;

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packaging/examples").join(name)
}

#[test]
fn the_factory_example_is_valid() {
    let config = factory::Config::load(&example("factory.toml")).unwrap();
    assert_eq!(config.label.len(), 2);
}

#[test]
fn the_server_example_is_valid() {
    let mut program = Command::cargo_bin("pilotage").unwrap();
    program.args(["server", "--check", "--config"]).arg(example("server.toml")).assert().success();
}
