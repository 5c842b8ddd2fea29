//! Pages of listings.

/// Some rows of a listing and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows. May be fewer than asked for, even none, while `next` is set: the work for one page is bounded.
    pub rows: Vec<T>,
    /// Cursor of the next page; none on the last. It is the id below which to go on.
    pub next: Option<i64>,
}
