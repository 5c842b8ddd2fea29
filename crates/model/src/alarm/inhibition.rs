//! Alarms that others explain: nobody is told of them, and pages show them below those.

use super::record::{Alarm, SubjectKind};
use super::rule::Rule;

/// The open alarm that explains this one: of its silent factory, else of its site, else of its queue by the same rule.
pub fn inhibitor<'a>(alarm: &Alarm, open: impl IntoIterator<Item = &'a Alarm>) -> Option<&'a Alarm> {
    open.into_iter().filter(|other| other.is_open() && explains(other, alarm)).min_by_key(|other| other.subject.kind)
}

fn explains(other: &Alarm, alarm: &Alarm) -> bool {
    let (above, below) = (&other.subject, &alarm.subject);
    let is_of = |place: &String, name: &String| !place.is_empty() && place == name;
    if other.rule == Rule::FactorySilent && alarm.rule != Rule::FactorySilent {
        return is_of(&below.factory, &above.factory);
    }
    other.rule == alarm.rule
        && match above.kind {
            SubjectKind::Site => below.kind > SubjectKind::Site && is_of(&below.site, &above.site),
            SubjectKind::Queue => below.kind == SubjectKind::Label && is_of(&below.queue, &above.queue),
            _ => false,
        }
}
