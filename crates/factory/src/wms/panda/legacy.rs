//! The calls of PanDA servers of before 2025, whose answers are Python's pickles. To us they are data: nothing in them is
//! run.

use super::{Site, Sites, Statistics};
use crate::wms::WmsError;
use serde::de::DeserializeOwned;
use serde_pickle::DeOptions;
use std::collections::BTreeMap;
use wire::panda::Panda;

const STATISTICS: &str = "/server/panda/getJobStatisticsWithLabel";
const SITES: &str = "/server/panda/getSiteSpecs?siteType=all";

/// Jobs by `prodSourceLabel` and state.
type Labels = BTreeMap<String, BTreeMap<String, Option<i64>>>;

/// Without resource types.
pub(super) async fn statistics(panda: &Panda) -> Result<Statistics, WmsError> {
    by_label(&panda.get(STATISTICS).await?)
}

pub(super) async fn sites(panda: &Panda) -> Result<Sites, WmsError> {
    read::<Site>(SITES, &panda.get(SITES).await?)
}

/// An idle server and one whose database failed answer the same: nothing.
fn by_label(body: &[u8]) -> Result<Statistics, WmsError> {
    let queues = read::<Labels>(STATISTICS, body)?;
    if queues.is_empty() {
        let what = "it is empty, as that of an idle server is and of a broken one".to_owned();
        return Err(WmsError::Garbled { from: STATISTICS.to_owned(), what });
    }
    Ok(queues.into_iter().map(|(queue, labels)| (queue, BTreeMap::from([(String::new(), labels)]))).collect())
}

/// Something of each queue; jobs without one are left out.
fn read<T: DeserializeOwned>(call: &str, body: &[u8]) -> Result<BTreeMap<String, T>, WmsError> {
    let options = DeOptions::new().decode_strings().replace_unresolved_globals();
    let queues: BTreeMap<Option<String>, T> = serde_pickle::from_slice(body, options)
        .map_err(|error| WmsError::Garbled { from: call.to_owned(), what: error.to_string() })?;
    Ok(queues.into_iter().filter_map(|(queue, of)| Some((queue?, of))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICKLED: [(&[u8], &[u8]); 3] = [
        (
            include_bytes!("../samples/getJobStatisticsWithLabel.0.pickle"),
            include_bytes!("../samples/getSiteSpecs.0.pickle"),
        ),
        (
            include_bytes!("../samples/getJobStatisticsWithLabel.2.pickle"),
            include_bytes!("../samples/getSiteSpecs.2.pickle"),
        ),
        (
            include_bytes!("../samples/getJobStatisticsWithLabel.4.pickle"),
            include_bytes!("../samples/getSiteSpecs.4.pickle"),
        ),
    ];

    #[test]
    fn what_python_wrote_is_read_in_every_protocol() {
        for (statistics, sites) in PICKLED {
            let statistics = by_label(statistics).unwrap();
            assert_eq!(statistics.keys().collect::<Vec<_>>(), ["BNL", "EMPTY"]);
            let bnl = &statistics["BNL"][""];
            assert_eq!((bnl["managed"]["activated"], bnl["user"]["merging"]), (Some(4000), Some(3)));
            let sites: Sites = read(SITES, sites).unwrap();
            assert_eq!(
                (sites["BNL"].status.as_deref(), sites["IDLE"].status.as_deref()),
                (Some("online"), Some("test"))
            );
        }
    }

    #[test]
    fn nothing_is_run_and_nothing_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("made");
        let evil = format!("cos\nsystem\n(S'touch {}'\ntR.", file.display());
        by_label(evil.as_bytes()).unwrap_err();
        assert!(!file.exists());
        let said = by_label(b"(dp0\n.").unwrap_err().to_string();
        assert!(said.ends_with("it is empty, as that of an idle server is and of a broken one"), "{said}");
        by_label(b"<html>").unwrap_err();
        by_label(b"").unwrap_err();
    }
}
