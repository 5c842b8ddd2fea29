//! Where the jobs of labels are counted.

use super::label::WmsPlace;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// What named a job's queue.
const QUEUE: &str = "MATCH_APF_QUEUE";

/// Places by what makes them differ, with their names.
#[derive(Default)]
pub struct Places(BTreeMap<WmsPlace, String>);

impl Places {
    /// What a label says whose jobs are counted there.
    pub fn source(&mut self, place: WmsPlace) -> Table {
        let kind = kind(&place);
        let others = self.0.keys().filter(|other| self::kind(other) == kind).count();
        let next = if others == 0 { kind.to_owned() } else { format!("{kind}-{}", others + 1) };
        let name = self.0.entry(place).or_insert(next).clone();
        Table::from_iter([("source".to_owned(), Value::from(name))])
    }

    /// `[wms.NAME]` of all.
    pub fn sections(self, poll_s: &BTreeMap<&'static str, f64>, panda: &str) -> Table {
        let section = |(place, name): (WmsPlace, String)| {
            let kind = kind(&place);
            let mut table = Table::from_iter([("system".to_owned(), Value::from(kind))]);
            if let Some(seconds) = poll_s.get(kind) {
                table.insert("poll_s".to_owned(), Value::Float(*seconds));
            }
            match place {
                WmsPlace::Panda => drop(table.insert("servers".to_owned(), vec![panda].into())),
                WmsPlace::Condor { schedd, pool, is_one_queue } => {
                    if !schedd.is_empty() {
                        table.insert("schedds".to_owned(), vec![schedd].into());
                        table.insert("pool".to_owned(), Value::from(pool));
                    }
                    if !is_one_queue {
                        table.insert("queue".to_owned(), Value::from(QUEUE));
                    }
                }
            }
            (name, Value::Table(table))
        };
        self.0.into_iter().map(section).collect()
    }
}

fn kind(place: &WmsPlace) -> &'static str {
    match place {
        WmsPlace::Panda => "panda",
        WmsPlace::Condor { .. } => "condor",
    }
}
