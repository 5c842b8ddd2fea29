//! Last words of pilots that are alike, over all labels that left them.

use super::link;
use model::{ErrorClass, PilotId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use wire::api::MessageInfo;

/// Messages of pilots that are alike.
pub struct MessageRow {
    /// Their class.
    pub error_class: Option<ErrorClass>,
    /// What they have in common.
    pub template: String,
    /// How many pilots.
    pub pilots: u64,
    /// The last of them.
    pub last: PilotId,
    /// The label when there is one, else how many labels of how many sites.
    pub place: String,
    /// The page of the label; none when there are several.
    pub href: Option<String>,
}

#[derive(Default)]
struct Group<'a> {
    pilots: u64,
    last: i64,
    labels: BTreeSet<(&'a str, &'a str)>,
    sites: BTreeSet<&'a str>,
}

/// Puts together what is alike, the most frequent first; at most `most` rows.
pub fn rows(messages: &[MessageInfo], most: usize) -> Vec<MessageRow> {
    let mut groups: BTreeMap<(Option<ErrorClass>, &str), Group<'_>> = BTreeMap::new();
    for MessageInfo { template, count } in messages {
        let group = groups.entry((count.error_class, template)).or_default();
        group.pilots += count.pilots;
        group.last = group.last.max(count.last.0);
        group.labels.insert((&count.factory, &count.label));
        group.sites.insert(&count.site);
    }
    let mut rows: Vec<MessageRow> = groups.into_iter().map(row).collect();
    rows.sort_by_key(|row| Reverse((row.pilots, row.last)));
    rows.truncate(most);
    rows
}

fn row(((error_class, template), group): ((Option<ErrorClass>, &str), Group<'_>)) -> MessageRow {
    let labels: Vec<_> = group.labels.into_iter().collect();
    let (place, href) = match labels.as_slice() {
        [(factory, label)] => ((*label).to_owned(), Some(link::label(factory, label))),
        several => {
            let sites = super::number::counted(group.sites.len() as u64, "site");
            (format!("{} labels of {sites}", super::number::grouped(several.len())), None)
        }
    };
    let (template, last) = (template.to_owned(), PilotId(group.last));
    MessageRow { error_class, template, pilots: group.pilots, last, place, href }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::api::ClassCount;

    #[test]
    fn what_is_alike_everywhere_is_one_row() {
        let message = |label: &str, template: &str, pilots: u64, last: i64| MessageInfo {
            template: template.to_owned(),
            count: ClassCount {
                site: "glasgow".into(),
                factory: "f".into(),
                label: label.into(),
                queue: "q".into(),
                error_class: Some(ErrorClass::Batch),
                pilots,
                last: PilotId(last),
            },
        };
        let all = [message("a", "held", 3, 7), message("b", "held", 2, 9), message("a", "gone", 4, 1)];
        let rows = rows(&all, 9);
        let seen: Vec<_> = rows.iter().map(|row| (row.pilots, row.last.0, row.place.as_str())).collect();
        assert_eq!(seen, [(5, 9, "2 labels of 1 site"), (4, 1, "a")]);
        assert_eq!(rows[1].href.as_deref(), Some("/factories/f/labels/a"));
    }
}
