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
fn the_condor_example_is_valid() {
    let config = factory::Config::load(&example("condor.toml")).unwrap();
    assert_eq!(config.label.len(), 2);
}

/// Every block of TOML in a page about a batch system is a configuration that `up` takes.
#[test]
fn the_examples_in_the_documentation_are_valid() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/condor.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    for block in &blocks {
        let config = factory::config::Main::parse(block, &page, "here").unwrap().config;
        assert!(!config.label.is_empty(), "{block}");
    }
    assert_eq!(blocks.len(), 3);
}

#[test]
fn the_configuration_of_the_page_about_own_batch_systems_is_valid() {
    let page = PathBuf::from("command.md");
    let config = factory::config::Main::parse(&blocks("command.md"), &page, "here").unwrap().config;
    assert_eq!(config.batch["mine"].kind(), "command");
}

#[test]
fn the_configuration_of_the_page_about_counting_jobs_is_valid() {
    let config = factory::config::Main::parse(&blocks("wms.md"), &PathBuf::from("wms.md"), "here").unwrap().config;
    let kinds: Vec<&str> = config.wms.values().map(factory::config::WmsSection::kind).collect();
    assert_eq!((kinds, config.label["machines"].wms.label.as_str()), (vec!["panda", "condor"], "users"));
}

#[test]
fn the_server_example_is_valid() {
    let mut program = Command::cargo_bin("pilotage").unwrap();
    program.args(["server", "--check", "--config"]).arg(example("server.toml")).assert().success();
}

/// The page about logs has a part of a server's file and one of a factory's.
#[test]
fn the_configurations_of_the_page_about_logs_are_valid() {
    let text = blocks("logs.md");
    let (server, factory) = text.split_once("# factory.toml").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.toml");
    std::fs::write(&file, format!("dir = '{}'\n{server}", dir.path().display())).unwrap();
    let mut program = Command::cargo_bin("pilotage").unwrap();
    program.args(["server", "--check", "--config"]).arg(&file).assert().success();
    let factory: toml::Table = factory.parse().unwrap();
    let days = |section: &toml::Value| section["logs"]["keep_days"].as_integer().unwrap();
    assert_eq!((days(&factory["factory"]), days(&factory["label"]["short"])), (30, 2));
}

#[test]
fn the_configuration_of_the_page_about_alarms_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.toml");
    std::fs::write(&file, format!("dir = '{}'\n{}", dir.path().display(), blocks("alarms.md"))).unwrap();
    let mut program = Command::cargo_bin("pilotage").unwrap();
    program.args(["server", "--check", "--config"]).arg(&file).assert().success();
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
fn the_configuration_of_the_page_about_credentials_is_valid() {
    let page = "credentials.md";
    let config = factory::Config::parse(&blocks(page), page.as_ref()).unwrap();
    let kinds: Vec<&str> = config.credential.values().map(|credential| credential.kind()).collect();
    assert_eq!(kinds, ["token", "ssh", "token", "token", "voms", "myproxy", "voms", "file"]);
    assert!(config.armed(&config.label["ce"]).condor.proxy.ends_with("credentials/production.pem"));
}

#[test]
fn the_configuration_of_the_page_about_autopyfactory_is_valid() {
    let page = "autopyfactory.md";
    let config = factory::Config::parse(&blocks(page), page.as_ref()).unwrap();
    assert_eq!(config.source["queues"].from.len(), 3);
}

#[test]
fn the_pages_about_factories_are_valid() {
    let text = blocks("factories.md");
    let (first, second) = text.split_at(text.rfind("[factory]").unwrap());
    let parsed = |text: &str| factory::Config::parse(text, "page.md".as_ref()).unwrap();
    assert_eq!(parsed(first).label["cluster"].cores, 8);
    assert_eq!(parsed(second).factory.name, "cern");
    let (before, _) = first.split_once("[label.cluster]").unwrap();
    assert_eq!(parsed(&format!("{before}{}", blocks("scheduler.md"))).label["cluster"].chain.len(), 5);
}

/// All that is wrong with the server's page is that its certificate is not on this machine.
#[test]
fn the_configuration_of_the_page_about_servers_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.toml");
    // What follows the whole file are the other modes of its section.
    let text = blocks("servers.md");
    let (whole, _) = text.split_at(text.match_indices("[tls]").nth(1).unwrap().0);
    std::fs::write(&file, whole).unwrap();
    let output = Command::cargo_bin("pilotage").unwrap().args(["server", "--check", "--config"]).arg(&file).output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains(":tls.certificate: /etc/pilotage/tls/chain.pem: ") && said.lines().count() == 1, "{said}");
}
