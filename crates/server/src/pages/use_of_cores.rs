//! What cores were used for, as a bar and in words.

use model::CoreTime;

const HOUR_MS: f64 = 3_600_000.0;
/// Length of a whole bar.
const WHOLE: f64 = 100.0;

/// A part of a bar.
pub struct Part {
    /// Class of the style sheet.
    pub class: &'static str,
    /// The word.
    pub word: &'static str,
    /// Where it begins, of a hundred.
    pub at: String,
    /// How long it is, of a hundred.
    pub width: String,
    /// The same in words: 12 %.
    pub percent: String,
}

/// What cores were used for.
pub struct UseOfCores {
    /// Good, failed, lost, idle, empty, refused; those that are not nothing.
    pub parts: Vec<Part>,
    /// All core-hours; empty when no core was held.
    pub total: String,
    /// Good of all, in percent; empty when no core was held.
    pub efficiency: String,
}

/// The parts of [`CoreTime`] in their order: class, word.
pub const PARTS: [(&str, &str); 6] = [
    ("c-good", "good"),
    ("c-failed", "failed"),
    ("c-lost", "lost"),
    ("c-idle", "idle"),
    ("c-empty", "empty"),
    ("c-refused", "refused"),
];

impl UseOfCores {
    /// Of this time.
    pub fn new(time: CoreTime) -> UseOfCores {
        let total = time.total_ms() as f64;
        let mut at = 0.0;
        let mut parts = Vec::new();
        for ((class, word), ms) in PARTS.into_iter().zip(time.parts()).filter(|(_, ms)| *ms > 0) {
            let width = WHOLE * ms as f64 / total;
            parts.push(Part {
                class,
                word,
                at: format!("{at:.2}"),
                width: format!("{width:.2}"),
                percent: percent(width),
            });
            at += width;
        }
        UseOfCores {
            parts,
            total: if total > 0.0 { core_hours(time.total_ms()) } else { String::new() },
            efficiency: time.efficiency().map(|share| percent(WHOLE * share)).unwrap_or_default(),
        }
    }

    /// The share of one part; empty when there is none of it.
    pub fn percent_of(&self, class: &str) -> &str {
        self.parts.iter().find(|part| part.class == class).map_or("", |part| &part.percent)
    }

    /// All parts in one sentence, for those who do not see the bar.
    pub fn words(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| format!("{} {}", part.percent, part.word)).collect();
        format!("{} core-hours: {}", self.total, parts.join(", "))
    }
}

fn percent(share: f64) -> String {
    match share {
        share if share > 0.0 && share < 1.0 => "<\u{a0}1\u{a0}%".to_owned(),
        share if share > 99.0 && share < 100.0 => ">\u{a0}99\u{a0}%".to_owned(),
        share => format!("{share:.0}\u{a0}%"),
    }
}

/// Core-hours, with a digit after the point when they are few.
pub fn core_hours(ms: u64) -> String {
    let hours = ms as f64 / HOUR_MS;
    match hours {
        hours if hours < 0.01 => "< 0.01".to_owned(),
        hours if hours < 10.0 => format!("{hours:.2}"),
        hours => super::number::grouped(hours.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_bar_and_say_what_they_are() {
        let time =
            CoreTime { good_ms: 3_600_000 * 90, idle_ms: 3_600_000 * 9, lost_ms: 3_600_000, ..CoreTime::default() };
        let cores = UseOfCores::new(time);
        assert_eq!(cores.words(), "100 core-hours: 90\u{a0}% good, 1\u{a0}% lost, 9\u{a0}% idle");
        assert_eq!(cores.parts.iter().map(|part| part.at.as_str()).collect::<Vec<_>>(), ["0.00", "90.00", "91.00"]);
        assert_eq!(
            (cores.efficiency.as_str(), cores.percent_of("c-idle"), cores.percent_of("c-empty")),
            ("90\u{a0}%", "9\u{a0}%", "")
        );
        assert_eq!(UseOfCores::new(CoreTime::default()).total, "");
        assert_eq!(percent(0.2), "<\u{a0}1\u{a0}%");
        assert_eq!(core_hours(36_000), "0.01");
    }
}
