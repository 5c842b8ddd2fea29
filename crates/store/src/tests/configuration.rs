//! What factories tell of their configuration.

use super::support::{NOW, TestStore, on_both};
use crate::{ConfigurationOutline, Error};
use model::configuration::{CHANGES_KEPT, SECTIONS_MAX};
use model::{ConfigSection, Configuration, Setting, Time};
use std::time::Duration;

on_both! {
    configuration => changes_are_noted_once_whatever_is_repeated;
    begins => the_first_configuration_is_no_change;
    bounded => old_changes_go_first;
    outrun => a_configuration_that_is_told_too_late_is_refused;
}

fn after(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

fn section(name: &str, cores: u32) -> ConfigSection {
    let setting = |key: &str, value: String| Setting { key: key.into(), value, place: "f:3".into() };
    let settings = vec![setting("cores", cores.to_string()), setting("queue", "q".into())];
    ConfigSection { name: name.into(), digest: format!("{name}={cores}"), settings, left_out: 0 }
}

fn outline(sections: &[ConfigSection]) -> ConfigurationOutline {
    let digest = sections.iter().map(|section| section.digest.clone()).collect::<Vec<_>>().join(" ");
    let sections = sections.iter().map(|section| (section.name.clone(), section.digest.clone())).collect();
    ConfigurationOutline { digest, cause: "a signal".into(), sections, left_out: 0 }
}

/// Tells all of it, as a factory does that is asked for everything; what was asked for.
async fn tell(test: &TestStore, sections: &[ConfigSection], now: Time) -> Vec<String> {
    let outline = outline(sections);
    let digest = outline.digest.clone();
    let wanted = test.store.outline_configuration("f".into(), outline, now).await.unwrap();
    test.store.tell_sections("f".into(), digest, sections.to_vec(), true).await.unwrap();
    wanted
}

async fn known(test: &TestStore, label: Option<&str>) -> Configuration {
    test.store.configuration("f".into(), label.map(str::to_owned), 50).await.unwrap().unwrap()
}

/// The newest changes in words.
async fn changes(test: &TestStore, label: Option<&str>) -> Vec<String> {
    let changes = known(test, label).await.changes.into_iter();
    changes.map(|one| format!("{} {} {:?} {:?}", one.section, one.key, one.from, one.to)).collect()
}

async fn the_first_configuration_is_no_change(test: TestStore) {
    assert_eq!(test.store.configuration("f".into(), None, 50).await.unwrap(), None);
    let all = [section("factory", 0), section("label.a", 1), section("label.b", 1)];
    let wanted = test.store.outline_configuration("f".into(), outline(&all), NOW).await.unwrap();
    assert_eq!(wanted, ["factory", "label.a", "label.b"]);
    // It is killed before it has told all of it, and told the same again.
    let digest = outline(&all).digest;
    test.store.tell_sections("f".into(), digest, all[..1].to_vec(), false).await.unwrap();
    assert_eq!(tell(&test, &all, after(60)).await, ["label.a", "label.b"]);
    assert_eq!(known(&test, None).await.since, NOW, "it has used it all the time");
    assert_eq!(changes(&test, None).await, [] as [&str; 0]);
    assert_eq!(known(&test, None).await.sections, [section("factory", 0)]);
    assert_eq!(known(&test, Some("b")).await.sections, [section("label.b", 1)]);
    assert_eq!(known(&test, Some("x")).await.sections, []);
}

async fn changes_are_noted_once_whatever_is_repeated(test: TestStore) {
    tell(&test, &[section("factory", 0), section("label.a", 1), section("label.b", 1)], NOW).await;
    let next = [section("factory", 0), section("label.a", 2), section("label.c", 1)];
    for seconds in [10, 20] {
        let wanted = tell(&test, &next, after(seconds)).await;
        assert_eq!(wanted, if seconds == 10 { vec!["label.a", "label.c"] } else { Vec::new() });
    }
    let expected = [
        r#"label.c  None Some("2 settings")"#,
        r#"label.a cores Some("1") Some("2")"#,
        r#"label.b  Some("2 settings") None"#,
    ];
    assert_eq!(changes(&test, None).await, expected);
    assert_eq!(changes(&test, Some("a")).await, expected[1..2]);
    let change = known(&test, Some("a")).await.changes.remove(0);
    assert_eq!((change.at, change.cause.as_str(), change.place.as_str()), (after(10), "a signal", "f:3"));

    // Written elsewhere, it is the same; where it is written now is known.
    let mut moved = next.clone();
    moved[1].settings[0].place = "f:9".into();
    moved[1].digest = "moved".into();
    assert_eq!(tell(&test, &moved, after(30)).await, ["label.a"]);
    assert_eq!(changes(&test, None).await, expected);
    assert_eq!(known(&test, Some("a")).await.sections[0].settings[0].place, "f:9");
}

async fn old_changes_go_first(test: TestStore) {
    let labels = |cores| (0..CHANGES_KEPT / 2 + 1).map(|at| section(&format!("label.{at}"), cores)).collect::<Vec<_>>();
    for (cores, seconds) in [(1, 0), (2, 1), (3, 2)] {
        tell(&test, &labels(cores), after(seconds)).await;
    }
    let all = test.store.configuration("f".into(), None, CHANGES_KEPT + 9).await.unwrap().unwrap().changes;
    assert_eq!(all.len(), CHANGES_KEPT as usize);
    assert_eq!((all[0].at, all.last().unwrap().at), (after(2), after(1)));

    // More than the outline names.
    let many: Vec<_> = (0..SECTIONS_MAX).map(|at| section(&format!("batch.{at}"), 1)).collect();
    let refused = test.store.tell_sections("f".into(), outline(&labels(3)).digest, many, true).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(known(&test, None).await.sections, [], "nothing of it is kept");
}

async fn a_configuration_that_is_told_too_late_is_refused(test: TestStore) {
    let (old, new) = ([section("label.a", 1)], [section("label.a", 2)]);
    test.store.outline_configuration("f".into(), outline(&old), NOW).await.unwrap();
    tell(&test, &new, after(1)).await;
    let late = test.store.tell_sections("f".into(), outline(&old).digest, old.to_vec(), true).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    assert_eq!(known(&test, Some("a")).await.sections, new);
}
