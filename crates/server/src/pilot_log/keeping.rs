//! How long logs of pilots are kept, and how much room they may take: pure functions of what the configuration says, of
//! what factories say of their labels, and of the time.

use super::GZ;
use super::index::name;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{FactorySummary, Time};
use object_store::path::Path;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What the name of a log ends with that is put aside to be deleted.
pub const ASIDE: &str = ".aside";
/// The youngest logs stay whatever the disk says: somebody reads them now.
pub const YOUNG: Duration = Duration::from_secs(3600);
/// Bytes of a file take whole blocks of so many.
const BLOCK: u64 = 4096;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeeping {
    /// Days after its arrival at which a log is deleted whose label does not say otherwise; 0 for never.
    pub keep_days: u32,
    /// Days after its arrival at which a log is compressed; 0 for never.
    pub compress_after_days: u32,
    /// Where room is made; none for never.
    pub high: Option<Watermark>,
    /// Until where; nine tenths of `high` when absent.
    pub low: Option<Watermark>,
}

impl Default for LogKeeping {
    fn default() -> LogKeeping {
        LogKeeping { keep_days: 90, compress_after_days: 7, high: None, low: None }
    }
}

/// How full is too full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watermark {
    /// Percent of the file system that the object store is on.
    Percent(u8),
    /// Bytes of all logs of pilots.
    Bytes(u64),
}

/// How full it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the file system that are in use.
    pub used: u64,
    /// Those and the ones that may still be used.
    pub total: u64,
    /// Bytes of all logs of pilots.
    pub logs: u64,
}

/// Age limits of all labels at one time.
#[derive(Clone, Debug)]
pub struct Ages {
    keep: Option<Duration>,
    of_labels: BTreeMap<(String, String), Option<Duration>>,
    compress_after: Option<Duration>,
}

/// What is to be done with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// It is to be compressed.
    Compress,
    /// It is to be deleted.
    Delete,
}

/// A file in a folder of logs, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// How it lies there.
    pub form: Form,
}

/// How a log lies in the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it arrived.
    Plain,
    /// Compressed.
    Compressed,
    /// On its way out when something stopped the server.
    Aside,
}

impl LogFile {
    /// Of `logs/FACTORY/DATE/LABEL/FILE`; none for anything else.
    pub fn of(place: &Path) -> Option<LogFile> {
        let parts: Vec<String> = place.parts().map(|part| name(part.as_ref())).collect();
        let [_, factory, _, label, file] = <[String; 5]>::try_from(parts).ok()?;
        let form = match () {
            () if file.ends_with(ASIDE) => Form::Aside,
            () if file.ends_with(GZ) => Form::Compressed,
            () => Form::Plain,
        };
        Some(LogFile { factory, label, form })
    }
}

/// The folder of a factory's day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// When the day began: nothing in it is older.
    pub began: Time,
    /// Its folder.
    pub folder: Path,
}

impl Day {
    /// Of `logs/FACTORY/DATE`; none for a folder of another kind.
    pub fn of(folder: Path) -> Option<Day> {
        let date: Date = folder.filename()?.parse().ok()?;
        let began = date.to_zoned(TimeZone::UTC).ok()?.timestamp().into();
        Some(Day { began, folder })
    }
}

impl Ages {
    /// What the configuration and the labels of all factories say.
    pub fn new(config: &LogKeeping, factories: &[FactorySummary]) -> Ages {
        let labels = factories.iter().flat_map(|factory| factory.said.labels.iter().map(move |label| (factory, label)));
        let said = labels.filter_map(|(factory, label)| {
            Some(((factory.name.clone(), label.name.clone()), days(label.keep_logs_days?)))
        });
        Ages {
            keep: days(config.keep_days),
            of_labels: said.collect(),
            compress_after: days(config.compress_after_days),
        }
    }

    /// How long logs of a label are kept; none for ever.
    pub fn keep(&self, factory: &str, label: &str) -> Option<Duration> {
        let own = self.of_labels.get(&(factory.to_owned(), label.to_owned()));
        own.copied().unwrap_or(self.keep)
    }

    /// What is to be done with a log of this age.
    pub fn due(&self, file: &LogFile, age: Duration) -> Due {
        if self.keep(&file.factory, &file.label).is_some_and(|keep| age >= keep) {
            return Due::Delete;
        }
        match file.form == Form::Plain && self.compress_after.is_some_and(|after| age >= after) {
            true => Due::Compress,
            false => Due::Nothing,
        }
    }

    /// Whether anything can be due in a folder whose oldest log has at most this age.
    pub fn may_be_due(&self, age: Duration) -> bool {
        let limits = self.of_labels.values().copied().chain([self.keep, self.compress_after]).flatten();
        limits.min().is_some_and(|least| age >= least)
    }
}

fn days(days: u32) -> Option<Duration> {
    (days > 0).then(|| DAY * days)
}

impl LogKeeping {
    /// The bytes that have to go; none while there is room.
    pub fn excess(&self, room: &Room) -> Option<u64> {
        let share = |percent: u8| (u128::from(room.total) * u128::from(percent) / 100) as u64;
        let (is_above, is, until) = match (self.high?, self.low()?) {
            (Watermark::Percent(high), Watermark::Percent(low)) => (room.used > share(high), room.used, share(low)),
            (Watermark::Bytes(high), Watermark::Bytes(low)) => (room.logs > high, room.logs, low),
            _ => return None,
        };
        is_above.then(|| is.saturating_sub(until)).filter(|bytes| *bytes > 0)
    }

    /// Until where room is made.
    pub fn low(&self) -> Option<Watermark> {
        self.low.or(match self.high? {
            Watermark::Percent(high) => Some(Watermark::Percent((u16::from(high) * 9 / 10) as u8)),
            Watermark::Bytes(high) => Some(Watermark::Bytes(high / 10 * 9)),
        })
    }

    /// How much room the end of a file of so many bytes makes.
    pub fn freed(&self, bytes: u64) -> u64 {
        match self.high {
            Some(Watermark::Percent(_)) => bytes.div_ceil(BLOCK) * BLOCK,
            _ => bytes,
        }
    }

    /// What is wrong with it: keys as in a configuration file, and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let below = |low: Watermark, high: Watermark| match (low, high) {
            (Watermark::Percent(low), Watermark::Percent(high)) => Ok(low < high),
            (Watermark::Bytes(low), Watermark::Bytes(high)) => Ok(low < high),
            _ => Err(()),
        };
        match (self.low, self.high) {
            (Some(_), None) => found.push(("logs.low", "says nothing without logs.high".to_owned())),
            (Some(low), Some(high)) => match below(low, high) {
                Ok(true) => {}
                Ok(false) => found.push(("logs.low", format!("{low} is not below logs.high, {high}"))),
                Err(()) => {
                    found.push((
                        "logs.low",
                        format!("{low} and logs.high, {high}, are not of one kind; use % or bytes"),
                    ));
                }
            },
            _ => {}
        }
        found
    }
}

impl FromStr for Watermark {
    type Err = String;

    fn from_str(text: &str) -> Result<Watermark, String> {
        let refused = || format!("'{text}' is neither a share from 1% to 99% nor an amount such as 500G");
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: u64 = number.parse().map_err(|_| refused())?;
        let powers = match unit.trim().trim_end_matches(['b', 'B']).trim_end_matches('i').to_ascii_uppercase().as_str()
        {
            "%" => {
                return u8::try_from(number)
                    .ok()
                    .filter(|n| (1..=99).contains(n))
                    .map(Watermark::Percent)
                    .ok_or_else(refused);
            }
            "M" => 2,
            "G" => 3,
            "T" => 4,
            "P" => 5,
            _ => return Err(refused()),
        };
        let bytes = number.checked_mul(1 << (10 * powers)).filter(|bytes| *bytes > 0);
        bytes.map(Watermark::Bytes).ok_or_else(refused)
    }
}

impl fmt::Display for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Watermark::Percent(percent) => write!(f, "{percent}%"),
            Watermark::Bytes(bytes) => f.write_str(&crate::pages::in_bytes(bytes)),
        }
    }
}

#[cfg(test)]
mod tests;
