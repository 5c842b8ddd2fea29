//! The configuration of a factory on its page, and that of a label on its own: what changed, and what counts now.

use super::link;
use super::reading::{Read, Reader};
use model::configuration::{ChangeGroup, grouped, label_of};
use model::{ConfigSection, Configuration, Decision, Setting, SettingChange, Time};

/// Changes that a page reads; those that are alike are one row.
const CHANGES_READ: u32 = 500;
/// Rows of changes that a page shows.
const CHANGES_SHOWN: usize = 20;
/// Sections that a row of changes names.
const NAMED_MAX: usize = 3;
/// Settings that a page shows.
const SETTINGS_SHOWN: usize = 300;

/// What a page shows of it.
pub struct ConfigurationView {
    pub since: Time,
    pub cause: String,
    pub changes: Vec<ChangeRow>,
    /// There are older changes than the rows show.
    pub has_more: bool,
    pub settings: Vec<SettingRow>,
    /// Settings that are not shown.
    pub hidden: u64,
    /// Sections that the factory did not tell.
    pub left_out: u64,
}

/// The same change of one or more sections.
pub struct ChangeRow {
    pub change: SettingChange,
    /// The sections with the place of their pages, not more than can be read.
    pub sections: Vec<(String, Option<String>)>,
    /// Further sections.
    pub more: usize,
}

/// One setting that counts.
pub struct SettingRow {
    pub section: String,
    pub setting: Setting,
}

impl ConfigurationView {
    /// Of what is known of a factory, or of a label.
    pub fn new(factory: &str, known: &Configuration) -> ConfigurationView {
        let groups = grouped(&known.changes);
        let has_more = groups.len() > CHANGES_SHOWN || known.changes.len() >= CHANGES_READ as usize;
        let mut settings: Vec<_> = known.sections.iter().flat_map(rows).collect();
        let all = settings.len();
        settings.truncate(SETTINGS_SHOWN);
        let untold: u64 = known.sections.iter().map(|section| section.left_out).sum();
        ConfigurationView {
            since: known.since,
            cause: known.cause.clone(),
            changes: groups.into_iter().take(CHANGES_SHOWN).map(|group| change_row(factory, group)).collect(),
            has_more,
            hidden: (all - settings.len()) as u64 + untold,
            settings,
            left_out: known.left_out,
        }
    }

    /// The last change.
    pub fn latest(&self) -> Option<&SettingChange> {
        self.changes.first().map(|row| &row.change)
    }
}

/// The settings of a section, those that somebody wrote first.
fn rows(section: &ConfigSection) -> Vec<SettingRow> {
    let mut settings: Vec<&Setting> = section.settings.iter().collect();
    settings.sort_by_key(|setting| setting.place.is_empty());
    let row = |setting: &Setting| SettingRow { section: section.name.clone(), setting: setting.clone() };
    settings.into_iter().map(row).collect()
}

fn change_row(factory: &str, group: ChangeGroup) -> ChangeRow {
    let named = |section: &String| match label_of(section) {
        Some(label) => (label.to_owned(), Some(link::label(factory, label))),
        None => (section.clone(), None),
    };
    let ChangeGroup { change, sections } = group;
    let more = sections.len().saturating_sub(NAMED_MAX);
    ChangeRow { change, sections: sections.iter().take(NAMED_MAX).map(named).collect(), more }
}

/// What happened, in words.
pub fn in_words(change: &SettingChange) -> String {
    let SettingChange { key, from, to, .. } = change;
    match (key.as_str(), from, to) {
        ("", None, _) => "new".to_owned(),
        ("", ..) => "gone".to_owned(),
        (key, Some(from), Some(to)) => format!("{key} {from} → {to}"),
        (key, None, to) => format!("{key} set to {}", to.as_deref().unwrap_or_default()),
        (key, Some(from), None) => format!("{key} no longer set, was {from}"),
    }
}

/// What is known of a factory's configuration, or of a label's.
pub async fn read(read: &Reader<'_>, factory: &str, label: Option<&str>) -> Read<Option<Configuration>> {
    let (factory, label) = (factory.to_owned(), label.map(str::to_owned));
    read.stored(read.state.store.configuration(factory, label, CHANGES_READ).await)
}

/// A line of the time line of a label.
pub enum Entry {
    /// It decided something.
    Decided(Decision),
    /// Its configuration changed.
    Changed { at: Time, words: Vec<String>, cause: String },
}

/// Decisions, newest first, with the changes among them. Changes before the oldest decision are not in it.
pub fn timeline(decisions: Vec<Decision>, changes: &[SettingChange]) -> Vec<Entry> {
    let oldest = decisions.last().map(|decision| decision.time);
    let mut entries: Vec<(Time, Entry)> =
        decisions.into_iter().map(|decision| (decision.time, Entry::Decided(decision))).collect();
    let among = |change: &&SettingChange| oldest.is_some_and(|oldest| change.at >= oldest);
    let of_one_time = |a: &SettingChange, b: &SettingChange| a.at == b.at;
    let newest: Vec<_> = changes.iter().filter(among).cloned().collect();
    for together in newest.chunk_by(of_one_time) {
        let (at, cause) = (together[0].at, together[0].cause.clone());
        entries.push((at, Entry::Changed { at, words: together.iter().map(in_words).collect(), cause }));
    }
    // Newest first; a decision of the same moment was taken by what was changed.
    entries.sort_by_key(|(at, entry)| (std::cmp::Reverse(*at), matches!(entry, Entry::Changed { .. })));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    fn change(at: Time, key: &str, from: Option<&str>, to: Option<&str>) -> SettingChange {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let (section, key, cause) = ("label.a".to_owned(), key.to_owned(), "a signal".to_owned());
        SettingChange { id: 1, at, section, key, from: own(from), to: own(to), place: String::new(), cause }
    }

    #[test]
    fn changes_are_told_in_words() {
        let words = |key, from, to| in_words(&change(Time(0), key, from, to));
        assert_eq!(words("cores", Some("1"), Some("2")), "cores 1 → 2");
        assert_eq!(words("cores", None, Some("2")), "cores set to 2");
        assert_eq!(words("cores", Some("1"), None), "cores no longer set, was 1");
        assert_eq!(words("", None, Some("3 settings")), "new");
        assert_eq!(words("", Some("3 settings"), None), "gone");
    }

    #[test]
    fn changes_stand_among_the_decisions() {
        let at = |seconds| samples::before(seconds);
        let decisions = vec![samples::decision(3, 10), samples::decision(2, 20), samples::decision(1, 30)];
        let changes = [
            change(at(20), "cores", Some("1"), Some("2")),
            change(at(20), "idle_s", Some("60"), Some("90")),
            change(at(25), "queue", None, Some("q")),
            change(at(31), "queue", None, Some("p")),
        ];
        let told = |entry: Entry| match entry {
            Entry::Decided(decision) => decision.id.to_string(),
            Entry::Changed { words, .. } => words.join("; "),
        };
        let told: Vec<_> = timeline(decisions, &changes).into_iter().map(told).collect();
        assert_eq!(told, ["3", "2", "cores 1 → 2; idle_s 60 → 90", "queue set to q", "1"]);
        assert!(timeline(Vec::new(), &changes).is_empty());
    }
}
