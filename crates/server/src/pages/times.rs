//! Charts of parts of time: bars side by side, and in each bar the kinds of what is counted on top of each other.

use super::moment::{self, When};
use super::number::counted;
use model::Time;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Height of the tallest bar of a chart.
const HEIGHT: f64 = 60.0;
const HOUR_MS: i64 = 3_600_000;

/// Bars of a drawing, one unit wide each.
pub struct Bars {
    height: f64,
    most: u64,
    /// Where the next kind stands, by bar.
    floors: BTreeMap<i64, f64>,
}

impl Bars {
    /// Bars of which one of `most` is as high as the drawing.
    pub fn new(height: f64, most: u64) -> Bars {
        Bars { height, most: most.max(1), floors: BTreeMap::new() }
    }

    /// Puts one kind on top of those before: the bar's place from the left, and how much. As a path of SVG.
    pub fn path(&mut self, counts: impl IntoIterator<Item = (i64, u64)>) -> String {
        let mut path = String::new();
        for (at, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let floor = self.floors.entry(at).or_insert(self.height);
            let height = self.height * count as f64 / self.most as f64;
            // Writing to a string cannot fail.
            let _written = write!(path, "M{at}.05 {floor:.1}v-{height:.1}h.9v{height:.1}z");
            *floor -= height;
        }
        path
    }
}

/// How parts of time follow each other.
#[derive(Clone, Copy)]
pub struct Axis {
    /// The beginning of the first part.
    pub since: Time,
    /// How long each is.
    pub hours: u32,
    /// In the last part.
    pub now: Time,
}

impl Axis {
    fn length_ms(&self) -> i64 {
        i64::from(self.hours.max(1)) * HOUR_MS
    }

    /// The part of this time, from the left.
    pub fn part(&self, at: Time) -> i64 {
        (at.0 - self.since.0).div_euclid(self.length_ms())
    }

    /// The beginning of a part, in words.
    pub fn began(&self, part: i64) -> String {
        moment::to_the_minute(Time(self.since.0 + part * self.length_ms()), self.now)
    }

    /// The length of a part, in words.
    pub fn length(&self) -> String {
        match self.hours {
            1 => "hour".to_owned(),
            24 => "24 hours".to_owned(),
            hours => counted(u64::from(hours), "hour"),
        }
    }
}

/// One kind of what is counted.
pub struct Kind {
    /// The class of its colour in the style sheet.
    pub tone: String,
    /// Its name, with how much.
    pub words: String,
}

/// A kind with its bars.
pub struct Layer {
    /// The kind.
    pub kind: Kind,
    /// Its bars.
    pub path: String,
}

/// One part of the time.
pub struct Part {
    /// Its place, from the left.
    pub at: i64,
    /// What happened in it.
    pub words: String,
}

/// A chart.
pub struct Times {
    /// How many parts there are.
    pub parts: i64,
    /// How long each is.
    pub length: String,
    /// The beginning of the first.
    pub since: When,
    /// What is counted, for those who do not see it.
    pub label: &'static str,
    /// From the floor up.
    pub layers: Vec<Layer>,
    /// Parts in which something happened, to be pointed at.
    pub told: Vec<Part>,
    /// What is to be seen in it.
    pub words: String,
}

impl Times {
    /// Draws `counts` of the `kinds`, in their order, by part; `told` says what happened in a part.
    pub fn drawn(
        axis: &Axis,
        label: &'static str,
        kinds: Vec<Kind>,
        counts: &BTreeMap<i64, Vec<u64>>,
        told: impl Fn(&str, i64) -> String,
        words: String,
    ) -> Times {
        let most = counts.values().map(|counts| counts.iter().sum()).max().unwrap_or_default();
        let mut bars = Bars::new(HEIGHT, most);
        let of_kind = |nth: usize| counts.iter().map(move |(at, counts)| (*at, counts.get(nth).copied().unwrap_or(0)));
        let layer = |(nth, kind)| Layer { kind, path: bars.path(of_kind(nth)) };
        Times {
            parts: axis.part(axis.now) + 1,
            length: axis.length(),
            since: moment::when(&axis.since, &axis.now),
            label,
            layers: kinds.into_iter().enumerate().map(layer).collect(),
            told: counts.keys().map(|at| Part { at: *at, words: told(&axis.began(*at), *at) }).collect(),
            words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_on_top_of_each_other() {
        let axis = Axis { since: Time(0), hours: 6, now: Time(25 * HOUR_MS) };
        let kind = |tone: &str| Kind { tone: tone.to_owned(), words: String::new() };
        let counts = BTreeMap::from([(0, vec![3, 1]), (4, vec![0, 2])]);
        let told = |from: &str, at: i64| format!("{at} from {from}");
        let times = Times::drawn(&axis, "Pilots", vec![kind("ok"), kind("bad")], &counts, told, String::new());
        let paths: Vec<_> = times.layers.iter().map(|layer| layer.path.as_str()).collect();
        assert_eq!(paths, ["M0.05 60.0v-45.0h.9v45.0z", "M0.05 15.0v-15.0h.9v15.0zM4.05 60.0v-30.0h.9v30.0z"]);
        assert_eq!((times.parts, times.length.as_str()), (5, "6 hours"));
        assert_eq!(times.told[1].words, "4 from 00:00");
    }
}
