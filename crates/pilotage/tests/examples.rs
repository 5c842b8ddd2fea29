//! The example configurations are accepted by the program that they are shipped with.

// Functions beside the tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

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

/// The TOML blocks of a page, one after the other.
fn blocks(page: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect()
}

#[test]
fn the_configuration_of_the_page_about_it_is_valid() {
    let page = "factory-configuration.md";
    let config = factory::Config::parse(&blocks(page), page.as_ref()).unwrap();
    assert_eq!((config.label.len(), config.source.len(), config.template.len()), (2, 2, 3));
}

#[test]
fn the_configuration_of_the_page_about_autopyfactory_is_valid() {
    let page = "autopyfactory.md";
    let config = factory::Config::parse(&blocks(page), page.as_ref()).unwrap();
    assert_eq!(config.source["queues"].from.len(), 3);
}
