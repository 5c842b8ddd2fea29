//! A source that suddenly lacks many of its labels is rather broken than right.

use std::collections::BTreeSet;

/// Why what a source gives now is not believed; `None` when it is. `from` and `to` are the names of the labels before
/// and now.
pub fn drop_of<'a>(
    from: impl IntoIterator<Item = &'a String>,
    to: impl IntoIterator<Item = &'a String>,
    max_percent: f64,
) -> Option<String> {
    let to: BTreeSet<&String> = to.into_iter().collect();
    let from: BTreeSet<&String> = from.into_iter().collect();
    let gone: Vec<&str> = from.difference(&to).map(|name| name.as_str()).collect();
    let percent = 100.0 * gone.len() as f64 / from.len().max(1) as f64;
    let shown = gone.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = if gone.len() > 3 { ", ..." } else { "" };
    (!gone.is_empty() && percent >= max_percent).then(|| {
        format!(
            "{} of {} labels are gone at once ({percent:.0} %, {max_percent} % are refused): {shown}{more}",
            gone.len(),
            from.len(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|number| format!("l{number}")).collect()
    }

    #[test]
    fn a_quarter_is_too_much() {
        assert_eq!(drop_of(&names(0..8), &names(1..8), 25.0), None);
        let said = drop_of(&names(0..8), &names(2..20), 25.0).unwrap();
        assert_eq!(said, "2 of 8 labels are gone at once (25 %, 25 % are refused): l0, l1");
        assert!(drop_of(&names(0..8), &[], 25.0).unwrap().ends_with("l0, l1, l2, ..."));
        assert_eq!(drop_of(&names(0..8), &[], 101.0), None, "never");
        assert_eq!(drop_of(&[], &names(0..3), 25.0), None, "the first time");
    }
}
