//! Pages of listings.

use crate::Result;
use crate::engine::Row;

/// Some rows of a listing and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows. May be fewer than asked for, even none, while `next` is set: the work for one page is bounded.
    pub rows: Vec<T>,
    /// Cursor of the next page; none on the last. It is the id below which to go on.
    pub next: Option<i64>,
}

/// Puts a page together from chunks of an index scan (`scan(below, rows)`, newest first), of which only some rows are
/// meant. Looks at `scan_max` rows or a little more.
pub(crate) fn collect<T>(
    below: i64,
    limit: usize,
    scan_max: usize,
    mut scan: impl FnMut(i64, usize) -> Result<Vec<Row>>,
    understand: impl Fn(&Row) -> Result<T>,
    id: impl Fn(&T) -> i64,
    is_meant: impl Fn(&T) -> bool,
) -> Result<Page<T>> {
    let mut rows = Vec::new();
    let (mut below, mut looked, mut chunk) = (below, 0, limit + 1);
    while looked < scan_max {
        let found = scan(below, chunk)?;
        looked += found.len();
        for row in &found {
            let thing = understand(row)?;
            if rows.len() == limit && is_meant(&thing) {
                return Ok(Page { rows, next: Some(below) });
            }
            below = id(&thing);
            if is_meant(&thing) {
                rows.push(thing);
            }
        }
        if found.len() < chunk {
            return Ok(Page { rows, next: None });
        }
        chunk = (limit + 1).max(1000);
    }
    Ok(Page { rows, next: Some(below) })
}
