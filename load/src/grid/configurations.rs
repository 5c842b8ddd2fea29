//! What the factories of the grid tell of their configurations, and what changed in them.

use super::{DAYS, FACTORIES, HOUR, LABELS, factory, label, queue};
use anyhow::Result;
use model::{ConfigSection, Setting, Time};
use std::time::Duration;
use store::{ConfigurationOutline, Store};

/// Versions of each configuration; with every next one somebody lets labels have more pilots.
const VERSIONS: u64 = 8;
/// Settings of a label besides those that change.
const SETTINGS: usize = 30;
/// One label of so many lets more pilots wait than the others.
const APART: usize = 10;

/// Tells every version of all configurations, over the past until `now`.
pub async fn fill(store: &Store, now: Time) -> Result<()> {
    let each = Duration::from_secs(DAYS * 86_400 / VERSIONS);
    for version in 0..VERSIONS {
        let at = now - HOUR * (24 * DAYS as u32) + each * version as u32;
        for index in 0..FACTORIES {
            tell(store, index, version, at).await?;
        }
    }
    Ok(())
}

async fn tell(store: &Store, index: usize, version: u64, at: Time) -> Result<()> {
    let mut sections: Vec<ConfigSection> = (0..LABELS).map(|at| of_label(index, at, version)).collect();
    let file = format!("/etc/pilotage/{}.toml", factory(index));
    let own = [("cycle_s", "30.0"), ("dir", "/var/lib/pilotage"), ("max_pilots", "20000"), ("name", &factory(index))];
    let own = own.map(|(key, value)| setting(key, value, &format!("{file}:3")));
    sections.push(ConfigSection { name: "factory".into(), digest: "1".into(), settings: own.into(), left_out: 0 });
    let (digest, cause) = (version.to_string(), if version == 0 { "its start" } else { "command 7 of ann" });
    let digests = sections.iter().map(|section| (section.name.clone(), section.digest.clone())).collect();
    let outline =
        ConfigurationOutline { digest: digest.clone(), cause: cause.to_owned(), sections: digests, left_out: 0 };
    let wanted = store.outline_configuration(factory(index), outline, at).await?;
    sections.retain(|section| wanted.contains(&section.name));
    store.tell_sections(factory(index), digest, sections, true).await?;
    Ok(())
}

fn of_label(index: usize, at: usize, version: u64) -> ConfigSection {
    let file = format!("/etc/pilotage/{}.toml", factory(index));
    let common = (0..SETTINGS).map(|nth| setting(&format!("sched.step{nth:02}.maximum"), "100", ""));
    let pending = 50 + version + if at.is_multiple_of(APART) { 100 + at as u64 } else { 0 };
    let mut settings = vec![
        setting("batch", "slurm", &format!("{file}:{}", 20 + 5 * at)),
        setting("queue", &queue(index, at), &format!("{file}:{}", 21 + 5 * at)),
        setting("sched.maxpending.maximum", &pending.to_string(), &format!("{file}:{}", 22 + 5 * at)),
    ];
    settings.extend(common);
    let name = ConfigSection::name_of_label(&label(index, at));
    ConfigSection { name, digest: version.to_string(), settings, left_out: 0 }
}

fn setting(key: &str, value: &str, place: &str) -> Setting {
    Setting { key: key.to_owned(), value: value.to_owned(), place: place.to_owned() }
}
