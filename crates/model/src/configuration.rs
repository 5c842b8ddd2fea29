//! What a factory tells of its configuration: sections of settings, and what differs between two of them.

use crate::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most sections that are kept of one factory.
pub const SECTIONS_MAX: usize = 20_000;
/// The most settings of one section.
pub const SETTINGS_MAX: usize = 200;
/// The longest name of a section or a setting, in characters.
pub const KEY_MAX: usize = 150;
/// The longest value and the longest place, in characters.
pub const VALUE_MAX: usize = 300;
/// The longest words on why a configuration is used, in characters.
pub const CAUSE_MAX: usize = 150;
/// The most changes that are kept of one factory; older ones go first.
pub const CHANGES_KEPT: u32 = 10_000;

/// One setting that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Setting {
    /// Dotted key within its section, such as `sched.maxpending.maximum`.
    pub key: String,
    /// Its value as people read it.
    pub value: String,
    /// Where it was written, such as `factory.toml:12`; empty for a default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// A section, such as `factory`, `batch.slurm` or `label.long`, with what it inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConfigSection {
    /// Its name.
    pub name: String,
    /// Differs when anything in it does; only its factory knows how it is made.
    pub digest: String,
    /// In the order of their keys.
    pub settings: Vec<Setting>,
    /// Further settings that are not told, as there are too many.
    #[serde(default)]
    pub left_out: u64,
}

/// One change of a section: of a setting, or of the whole section when the key is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettingChange {
    /// Given by the store; later changes have larger ones.
    #[serde(default)]
    pub id: i64,
    /// When the server heard of it.
    pub at: Time,
    /// The section.
    pub section: String,
    /// The setting; empty when the section came or went.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What counted before; none when there was nothing.
    pub from: Option<String>,
    /// What counts now; none when there is nothing.
    pub to: Option<String>,
    /// Where that is written, or was; empty for a default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Why the factory read it, such as `its start`.
    pub cause: String,
}

/// The configuration of a factory, or of one of its labels, as the server knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Configuration {
    /// Since when the factory has used it.
    pub since: Time,
    /// Why it was read then.
    pub cause: String,
    /// Sections that are not told, as there are too many.
    pub left_out: u64,
    /// Those of the factory itself, or that of the label.
    pub sections: Vec<ConfigSection>,
    /// The newest changes, the latest first.
    pub changes: Vec<SettingChange>,
}

/// What is different about one setting, or about the section when the key is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The setting.
    pub key: String,
    /// Its value before.
    pub from: Option<String>,
    /// Its value now.
    pub to: Option<String>,
    /// Where that is written, or was.
    pub place: String,
}

impl ConfigSection {
    /// The name of the section of a label.
    pub fn name_of_label(label: &str) -> String {
        format!("label.{label}")
    }

    /// Cut to what is kept. Text comes from outside.
    pub fn capped(mut self) -> ConfigSection {
        self.left_out = self.left_out.saturating_add(self.settings.len().saturating_sub(SETTINGS_MAX) as u64);
        self.settings.truncate(SETTINGS_MAX);
        cut(&mut self.name, KEY_MAX);
        cut(&mut self.digest, KEY_MAX);
        for setting in &mut self.settings {
            cut(&mut setting.key, KEY_MAX);
            cut(&mut setting.value, VALUE_MAX);
            cut(&mut setting.place, VALUE_MAX);
        }
        self
    }

    /// How many settings it has, in words.
    fn size(&self) -> String {
        let settings = self.settings.len() as u64 + self.left_out;
        format!("{settings} setting{}", if settings == 1 { "" } else { "s" })
    }
}

/// The label whose section has this name.
pub fn label_of(section: &str) -> Option<&str> {
    section.strip_prefix("label.")
}

/// What differs between a section and the one that takes its place; either may not be there. Where something is written
/// counts for nothing.
pub fn differences(old: Option<&ConfigSection>, new: Option<&ConfigSection>) -> Vec<Difference> {
    let whole = |from: Option<String>, to: Option<String>| {
        vec![Difference { key: String::new(), from, to, place: String::new() }]
    };
    match (old, new) {
        (None, None) => Vec::new(),
        (None, Some(new)) => whole(None, Some(new.size())),
        (Some(old), None) => whole(Some(old.size()), None),
        (Some(old), Some(new)) => of_settings(&old.settings, &new.settings),
    }
}

fn of_settings(old: &[Setting], new: &[Setting]) -> Vec<Difference> {
    let by_key = |settings: &[Setting]| -> BTreeMap<String, Setting> {
        settings.iter().map(|setting| (setting.key.clone(), setting.clone())).collect()
    };
    let (old, mut new) = (by_key(old), by_key(new));
    let mut found = Vec::new();
    for (key, before) in old {
        let after = new.remove(&key);
        if after.as_ref().is_some_and(|after| after.value == before.value) {
            continue;
        }
        let place = after.as_ref().map_or(before.place, |after| after.place.clone());
        found.push(Difference { key, from: Some(before.value), to: after.map(|after| after.value), place });
    }
    found.extend(new.into_values().map(|Setting { key, value, place }| Difference {
        key,
        from: None,
        to: Some(value),
        place,
    }));
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// The same change of several sections, such as of all labels that inherit a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeGroup {
    /// The first of them in the order of names.
    pub change: SettingChange,
    /// All sections that it happened to.
    pub sections: Vec<String>,
}

/// Changes that came together and are the same but for the section, as one; in the order of the first of each.
pub fn grouped(changes: &[SettingChange]) -> Vec<ChangeGroup> {
    let mut groups: Vec<ChangeGroup> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for change in changes {
        let is_label = label_of(&change.section).is_some();
        let same = (change.at, is_label, &change.key, &change.from, &change.to);
        match known.get(&same) {
            Some(at) => groups[*at].sections.push(change.section.clone()),
            None => {
                known.insert(same, groups.len());
                groups.push(ChangeGroup { change: change.clone(), sections: vec![change.section.clone()] });
            }
        }
    }
    groups.iter_mut().for_each(|group| group.sections.sort_unstable());
    groups
}

/// Cuts to so many characters and says so.
pub fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        let before = text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
        text.truncate(before);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(settings: &[(&str, &str, &str)]) -> ConfigSection {
        let setting = |(key, value, place): &(&str, &str, &str)| Setting {
            key: (*key).into(),
            value: (*value).into(),
            place: (*place).into(),
        };
        let settings = settings.iter().map(setting).collect();
        ConfigSection { name: "label.l".into(), settings, ..ConfigSection::default() }
    }

    fn told(differences: &[Difference]) -> Vec<String> {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let told =
            |one: &Difference| format!("{}: {} > {} {}", one.key, or_none(&one.from), or_none(&one.to), one.place);
        differences.iter().map(told).collect()
    }

    #[test]
    fn a_difference_is_told_by_key_whatever_the_order() {
        let old = section(&[("cores", "1", ""), ("idle_s", "60", "f:3"), ("queue", "q", "f:2")]);
        let new = section(&[("wall_time_s", "60", "f:9"), ("queue", "q", "f:8"), ("cores", "2", "f:7")]);
        let differences = differences(Some(&old), Some(&new));
        assert_eq!(told(&differences), ["cores: 1 > 2 f:7", "idle_s: 60 > none f:3", "wall_time_s: none > 60 f:9"]);
    }

    #[test]
    fn another_place_is_no_difference_and_a_section_is_one_change() {
        let (old, new) = (section(&[("cores", "1", "f:3")]), section(&[("cores", "1", "f:4")]));
        assert_eq!(differences(Some(&old), Some(&new)), []);
        assert_eq!(told(&differences(None, Some(&new))), [": none > 1 setting "]);
        assert_eq!(told(&differences(Some(&old), None)), [": 1 setting > none "]);
        assert_eq!(differences(None, None), []);
    }

    #[test]
    fn what_happens_to_many_labels_is_one_group() {
        let change = |id, at, section: &str, to: &str| SettingChange {
            id,
            at: Time(at),
            section: section.into(),
            key: "cores".into(),
            from: Some("1".into()),
            to: Some(to.into()),
            place: String::new(),
            cause: "a signal".into(),
        };
        let changes = [
            change(5, 2, "label.b", "2"),
            change(4, 2, "label.c", "3"),
            change(3, 2, "label.a", "2"),
            change(2, 2, "factory", "2"),
            change(1, 1, "label.a", "2"),
        ];
        let groups = grouped(&changes);
        let sections: Vec<_> = groups.iter().map(|group| group.sections.join(" ")).collect();
        assert_eq!(sections, ["label.a label.b", "label.c", "factory", "label.a"]);
    }

    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let long = "é".repeat(VALUE_MAX + 1);
        let many: Vec<_> = (0..SETTINGS_MAX + 2).map(|_| ("key", long.as_str(), "")).collect();
        let capped = section(&many).capped();
        assert_eq!((capped.settings.len(), capped.left_out), (SETTINGS_MAX, 2));
        let value = &capped.settings[0].value;
        assert!(value.chars().count() == VALUE_MAX && value.ends_with("é…"), "{value}");
        let mut fits = "é".repeat(3);
        cut(&mut fits, 3);
        assert_eq!(fits, "ééé");
    }
}
