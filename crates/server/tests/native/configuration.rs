//! What factories tell of their configuration by the interface.

use crate::harness::{Stage, heartbeat};
use model::configuration::{CAUSE_MAX, KEY_MAX, SETTINGS_MAX};
use model::{ConfigSection, Role, Setting};
use wire::api::{
    ConfigurationOutline, ConfigurationQuery, ConfigurationSections, NO_CONFIGURATION, SECTIONS_PER_CALL_MAX,
};

fn section(name: &str, settings: usize) -> ConfigSection {
    let setting = |at| Setting { key: format!("key-{at}"), value: "v".repeat(1000), place: String::new() };
    ConfigSection { name: name.into(), digest: "1".into(), settings: (0..settings).map(setting).collect(), left_out: 0 }
}

fn outline(sections: &[&str]) -> ConfigurationOutline {
    let sections = sections.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
    ConfigurationOutline { digest: "1".into(), cause: "x".repeat(1000), sections, left_out: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_told_by_its_factory_and_cut_to_its_bounds() {
    let stage = Stage::open().await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    let query = |label: Option<&str>| ConfigurationQuery { label: label.map(str::to_owned), limit: None };
    let untold = stage.factory.configuration("f", &query(None)).await.unwrap_err();
    assert_eq!(untold.code(), Some(NO_CONFIGURATION), "{untold}");
    assert_eq!(untold.to_string(), "factory f has not told its configuration");
    let unknown = stage.factory.configuration("g", &query(None)).await.unwrap_err();
    assert_eq!(unknown.code(), Some("unknown-factory"), "{unknown}");

    let wanted = stage.factory.outline_configuration("f", &outline(&["factory", "label.l"])).await.unwrap().wanted;
    assert_eq!(wanted, ["factory", "label.l"]);
    let sections = vec![section("factory", SETTINGS_MAX + 3), section("label.l", 1)];
    let told = ConfigurationSections { digest: "1".into(), sections, last: true };
    stage.factory.tell_sections("f", &told).await.unwrap();
    let known = stage.factory.configuration("f", &query(None)).await.unwrap();
    assert_eq!((known.sections[0].settings.len(), known.sections[0].left_out), (SETTINGS_MAX, 3));
    assert_eq!(known.cause.chars().count(), CAUSE_MAX);
    let label = stage.factory.configuration("f", &query(Some("l"))).await.unwrap();
    assert_eq!(label.sections.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["label.l"]);
    let unknown = stage.factory.configuration("f", &query(Some("k"))).await.unwrap_err();
    assert_eq!(unknown.code(), Some("unknown-label"), "{unknown}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_or_told_by_others_is_refused() {
    let stage = Stage::open().await;
    let long = "n".repeat(KEY_MAX + 1);
    let refused = stage.factory.outline_configuration("f", &outline(&[&long])).await.unwrap_err();
    assert_eq!(refused.code(), Some("too-long"), "{refused}");
    let sections = vec![section("label.l", 0); SECTIONS_PER_CALL_MAX + 1];
    let told = ConfigurationSections { digest: "1".into(), sections, last: true };
    assert_eq!(stage.factory.tell_sections("f", &told).await.unwrap_err().code(), Some("too-many"));
    let early = ConfigurationSections { sections: Vec::new(), ..told };
    let early = stage.factory.tell_sections("f", &early).await.unwrap_err();
    assert_eq!((early.status(), early.code()), (Some(409), Some("conflict")), "{early}");
    let user = stage.client("ann", "g", Role::User).await;
    let refused = user.outline_configuration("f", &outline(&["factory"])).await.unwrap_err();
    assert_eq!(refused.status(), Some(403), "{refused}");
    stage.close().await;
}
