//! `offset` and `limit` of listings.

use super::body::Fields;

/// Rows when nobody says how many.
const ROWS: usize = 50;
/// Rows at most, also when all are wanted.
const ROWS_MAX: usize = 10_000;

/// Which rows.
pub(super) struct Window {
    pub(super) offset: usize,
    pub(super) limit: usize,
}

/// What is no number counts as not said.
pub(super) fn window(fields: &Fields) -> Window {
    let number = |name: &str| fields.get(name).and_then(|text| text.parse::<usize>().ok());
    let limit = match number("limit") {
        None => ROWS,
        Some(0) => ROWS_MAX,
        Some(rows) => rows.min(ROWS_MAX),
    };
    Window { offset: number("offset").unwrap_or_default().min(ROWS_MAX), limit }
}
