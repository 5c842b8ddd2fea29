//! Alarms that others explain: nobody is told of them, and pages show them below those.

use super::record::{Alarm, SubjectKind};
use super::rule::Rule;

/// The open alarm that explains this one: of its silent factory, else of its site, else of its queue, else of itself, by the
/// same rule or by one that says it better.
pub fn inhibitor<'a>(alarm: &Alarm, open: impl IntoIterator<Item = &'a Alarm>) -> Option<&'a Alarm> {
    open.into_iter().filter(|other| other.is_open() && explains(other, alarm)).min_by_key(|other| other.subject.kind)
}

fn explains(other: &Alarm, alarm: &Alarm) -> bool {
    let (above, below) = (&other.subject, &alarm.subject);
    let is_of = |place: &String, name: &String| !place.is_empty() && place == name;
    if other.rule == Rule::FactorySilent && alarm.rule != Rule::FactorySilent {
        return is_of(&below.factory, &above.factory);
    }
    // Pilots that fail end early, so that their runs are short as well.
    let says_better = other.rule == Rule::FaultRatio && alarm.rule == Rule::Short;
    (says_better && above == below)
        || (says_better || other.rule == alarm.rule)
            && match above.kind {
                SubjectKind::Site => below.kind > SubjectKind::Site && is_of(&below.site, &above.site),
                SubjectKind::Queue => below.kind == SubjectKind::Label && is_of(&below.queue, &above.queue),
                _ => false,
            }
}
