//! Programs by name and version, and their files.

use super::support::{NOW, TestStore, on_both};
use crate::{Error, ProgramRow};
use model::ProgramInfo;
use std::time::Duration;

on_both! {
    programs => a_file_goes_with_its_last_program;
}

fn program(version: &str, sha256: &str, location: &str) -> ProgramRow {
    let (name, version, sha256) = ("pilot".to_owned(), version.to_owned(), sha256.to_owned());
    let info = ProgramInfo { name, version, sha256, bytes: 3, added: NOW, added_by: "ada".to_owned() };
    ProgramRow { info, location: location.to_owned() }
}

async fn a_file_goes_with_its_last_program(test: TestStore) {
    let store = &test.store;
    let due = async || store.discarded(NOW, 10).await.unwrap();
    for place in ["p/1", "p/2", "p/3", "p/4"] {
        store.discard(vec![place.to_owned()], NOW + Duration::from_secs(60)).await.unwrap();
    }
    store.add_program(program("1", "aa", "p/1")).await.unwrap();
    store.add_program(program("2", "aa", "p/2")).await.unwrap();
    assert_eq!(store.program("pilot".into(), "2".into()).await.unwrap().unwrap().location, "p/1");
    assert_eq!(due().await, ["p/2"], "a second file with the same content is not kept");
    store.add_program(program("1", "aa", "p/3")).await.unwrap();
    let other = store.add_program(program("1", "bb", "p/4")).await.unwrap_err();
    assert!(matches!(&other, Error::Conflict(why) if why == "pilot 1 is there with the checksum aa"), "{other}");
    assert_eq!(store.programs().await.unwrap().len(), 2);
    let drop = async |version: &str| store.drop_program("pilot".into(), version.into(), NOW).await;
    drop("1").await.unwrap();
    assert!(!due().await.contains(&"p/1".to_owned()));
    drop("2").await.unwrap();
    assert!(due().await.contains(&"p/1".to_owned()));
    assert!(matches!(drop("2").await.unwrap_err(), Error::NotFound { .. }));
}
