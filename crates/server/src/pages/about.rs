//! Open alarms about a thing: on its page, and as a mark where it stands in a table.

use super::number::counted;
use model::QueueRecord;
use model::alarm::{Severity, Subject, SubjectKind};
use std::collections::BTreeMap;
use wire::api::AlarmView;

/// Alarms that a page tells; the list of alarms tells all.
const ROWS_MAX: usize = 5;

/// Open alarms about the thing of a page, the worst first.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The first of them.
    pub rows: Vec<AlarmView>,
    /// How many more there are.
    pub more: usize,
}

impl About {
    /// Those of `open` whose subject is meant. What one of them explains is left out.
    pub fn of(open: &[AlarmView], is_meant: impl Fn(&Subject) -> bool) -> About {
        let mut rows: Vec<&AlarmView> = open.iter().filter(|view| is_meant(&view.alarm.subject)).collect();
        let ids: Vec<_> = rows.iter().map(|view| view.alarm.id).collect();
        rows.retain(|view| view.explained_by.is_none_or(|id| !ids.contains(&id)));
        About { more: rows.len().saturating_sub(ROWS_MAX), rows: rows.into_iter().take(ROWS_MAX).cloned().collect() }
    }

    /// The heading above them.
    pub fn heading(&self) -> String {
        match self.rows.len() + self.more {
            1 => "Open alarm".to_owned(),
            all => counted(all as u64, "open alarm"),
        }
    }

    /// Whether nobody looks after one of them.
    pub fn needs_attention(&self) -> bool {
        self.rows.iter().any(AlarmView::needs_attention)
    }
}

/// The open alarms of something in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How many there are.
    pub words: String,
    /// The worst of them.
    pub href: String,
    /// How bad that is; none when all are looked after or silenced.
    pub severity: Option<Severity>,
}

impl Mark {
    /// None when nothing is wrong. What another alarm explains does not count.
    fn of(alarms: &[&AlarmView]) -> Option<Mark> {
        let own: Vec<&&AlarmView> = alarms.iter().filter(|view| view.explained_by.is_none()).collect();
        let loud = own.iter().filter(|view| view.needs_attention()).max_by_key(|view| view.alarm.severity);
        let worst = loud.or(own.first())?;
        Some(Mark {
            words: counted(own.len() as u64, "alarm"),
            href: format!("/alarms/{}", worst.alarm.id),
            severity: loud.map(|view| view.alarm.severity),
        })
    }

    /// The class of the style sheet.
    pub fn class(&self) -> &'static str {
        match self.severity {
            Some(Severity::Critical) => "tag-fault",
            Some(_) => "tag-created",
            None => "",
        }
    }
}

/// Open alarms by queue, and those of whole sites.
pub struct ByQueue<'a> {
    queues: BTreeMap<&'a str, Vec<&'a AlarmView>>,
    sites: BTreeMap<&'a str, Vec<&'a AlarmView>>,
}

impl<'a> ByQueue<'a> {
    /// Sorts them.
    pub fn new(open: &'a [AlarmView]) -> ByQueue<'a> {
        let (mut queues, mut sites) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for view in open {
            let subject = &view.alarm.subject;
            if subject.kind == SubjectKind::Site {
                sites.entry(subject.name.as_str()).or_default().push(view);
            } else if !subject.queue.is_empty() {
                queues.entry(subject.queue.as_str()).or_default().push(view);
            }
        }
        ByQueue { queues, sites }
    }

    /// The mark of a queue.
    pub fn mark(&self, queue: &QueueRecord) -> Option<Mark> {
        let found = [self.sites.get(queue.site.as_str()), self.queues.get(queue.name.as_str())];
        Mark::of(&found.into_iter().flatten().flatten().copied().collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_queue_is_marked_with_the_worst_that_nobody_looks_after() {
        let open = samples::alarms();
        let mut queue = QueueRecord::named("glasgow-short");
        queue.site = "GLASGOW".into();
        // Its own, and that of a node, which is silenced; what its own explains does not count.
        let mark = ByQueue::new(&open).mark(&queue).unwrap();
        assert_eq!((mark.words.as_str(), mark.href.as_str(), mark.class()), ("2 alarms", "/alarms/7", "tag-fault"));
        let quiet: Vec<_> = open.into_iter().filter(|view| view.silence.is_some()).collect();
        let mark = ByQueue::new(&quiet).mark(&queue).unwrap();
        assert_eq!((mark.words.as_str(), mark.severity), ("1 alarm", None));
        assert_eq!(ByQueue::new(&quiet).mark(&QueueRecord::named("lancs")), None);
    }

    #[test]
    fn a_page_tells_what_is_meant_and_not_what_that_explains() {
        let open = samples::alarms();
        let about = About::of(&open, |subject| subject.site == "GLASGOW");
        let ids: Vec<_> = about.rows.iter().map(|view| view.alarm.id.0).collect();
        assert_eq!((ids, about.heading(), about.needs_attention()), (vec![7, 4], "2 open alarms".into(), true));
        let label = About::of(&open, |subject| subject.kind == SubjectKind::Label);
        assert_eq!(
            (label.rows[0].alarm.id.0, label.heading(), label.needs_attention()),
            (5, "Open alarm".into(), false)
        );
        let many = vec![open[0].clone(); ROWS_MAX + 2];
        assert_eq!((About::of(&many, |_| true).more, About::of(&many, |_| false).rows.len()), (2, 0));
    }
}
