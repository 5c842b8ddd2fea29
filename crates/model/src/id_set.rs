//! Sets of job ids as people write them: `17-1016,2000`.

use crate::JobId;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The most ranges one set may be written with.
pub const RANGES_MAX: usize = 1000;

/// The highest id that a set may name: the highest integer that every reader of JSON keeps exactly.
pub const ID_MAX: i64 = (1 << 53) - 1;

/// Sorted, merged ranges of job ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdSet {
    ranges: Vec<RangeInclusive<i64>>,
}

/// A text that is no set of job ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdSet {
    /// A part is neither a number nor a range of numbers.
    #[error("'{0}' is neither a job id nor a range such as 17-1016")]
    Part(String),
    /// An id that no job will ever have.
    #[error("'{0}' names a job id above {ID_MAX}")]
    TooHigh(String),
    /// A range ends before it begins.
    #[error("the range '{0}' ends before it begins")]
    Backwards(String),
    /// Too many parts.
    #[error("{0} ranges, at most {RANGES_MAX} are accepted")]
    TooMany(usize),
}

impl IdSet {
    /// One range, ends included. Ids above [`ID_MAX`] are left out, here and in [`IdSet::of`].
    pub fn range(first: JobId, last: JobId) -> IdSet {
        IdSet::merged(vec![first.0..=last.0])
    }

    /// Any ids.
    pub fn of(ids: impl IntoIterator<Item = JobId>) -> IdSet {
        IdSet::merged(ids.into_iter().map(|id| id.0..=id.0).collect())
    }

    /// The ranges, sorted, without overlap.
    pub fn ranges(&self) -> &[RangeInclusive<i64>] {
        &self.ranges
    }

    /// How many ids.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|range| (range.end() - range.start() + 1).unsigned_abs()).sum()
    }

    /// No id at all.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether the id is in it.
    pub fn contains(&self, id: JobId) -> bool {
        let after = self.ranges.partition_point(|range| *range.start() <= id.0);
        after > 0 && self.ranges[after - 1].contains(&id.0)
    }

    fn merged(mut ranges: Vec<RangeInclusive<i64>>) -> IdSet {
        ranges.iter_mut().for_each(|range| *range = *range.start()..=*range.end().min(&ID_MAX));
        ranges.retain(|range| range.start() <= range.end());
        ranges.sort_by_key(|range| *range.start());
        let mut merged: Vec<RangeInclusive<i64>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if *range.start() <= last.end() + 1 => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => merged.push(range),
            }
        }
        IdSet { ranges: merged }
    }
}

impl FromStr for IdSet {
    type Err = BadIdSet;

    fn from_str(text: &str) -> Result<IdSet, BadIdSet> {
        let parts: Vec<&str> = text.split([',', ' ']).filter(|part| !part.is_empty()).collect();
        if parts.len() > RANGES_MAX {
            return Err(BadIdSet::TooMany(parts.len()));
        }
        parts.into_iter().map(parse_part).collect::<Result<Vec<_>, _>>().map(IdSet::merged)
    }
}

fn parse_part(part: &str) -> Result<RangeInclusive<i64>, BadIdSet> {
    let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n > 0);
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first.max(last) > ID_MAX => Err(BadIdSet::TooHigh(part.to_owned())),
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        (Some(_), Some(_)) => Err(BadIdSet::Backwards(part.to_owned())),
        _ => Err(BadIdSet::Part(part.to_owned())),
    }
}

impl fmt::Display for IdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, range) in self.ranges.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            if range.start() == range.end() {
                write!(f, "{comma}{}", range.start())?;
            } else {
                write!(f, "{comma}{}-{}", range.start(), range.end())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_and_adjacent_parts_become_one_range() {
        let set: IdSet = "5-9,1,2, 8-12 20".parse().unwrap();
        assert_eq!(set.to_string(), "1-2,5-12,20");
        assert_eq!(set.len(), 11);
        assert!(set.contains(JobId(12)) && !set.contains(JobId(13)) && !set.contains(JobId(0)));
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!("1,x".parse::<IdSet>(), Err(BadIdSet::Part("x".into())));
        assert_eq!("9-3".parse::<IdSet>(), Err(BadIdSet::Backwards("9-3".into())));
        assert_eq!("0".parse::<IdSet>(), Err(BadIdSet::Part("0".into())));
        let high = format!("1-{}", i64::MAX);
        assert_eq!(high.parse::<IdSet>(), Err(BadIdSet::TooHigh(high.clone())));
        assert_eq!(format!("1-{ID_MAX}").parse::<IdSet>().map(|set| set.len()), Ok(ID_MAX.unsigned_abs()));
        assert_eq!(IdSet::range(JobId(5), JobId(i64::MAX)).len(), ID_MAX.unsigned_abs() - 4);
        assert!(IdSet::of([JobId(i64::MAX)]).is_empty());
    }
}
