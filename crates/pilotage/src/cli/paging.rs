//! Listings that come in pages.

use wire::Error;
use wire::api::PAGE_MAX;

/// Rows, and where the rows that follow begin.
pub type Page<T> = (Vec<T>, Option<String>);

/// Asks for as many pages as the wanted rows need, from `cursor` on; `ask` gets a cursor and the most rows of the page.
pub async fn rows<T>(
    wanted: usize,
    mut cursor: Option<String>,
    mut ask: impl AsyncFnMut(Option<String>, u32) -> Result<Page<T>, Error>,
) -> Result<Page<T>, Error> {
    let mut all = Vec::new();
    loop {
        let missing = u32::try_from(wanted - all.len()).unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let (rows, next) = ask(cursor, missing).await?;
        all.extend(rows);
        if next.is_none() || all.len() >= wanted {
            return Ok((all, next));
        }
        cursor = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers below ten, at most four on a page.
    async fn numbers(cursor: Option<String>, limit: u32) -> Result<Page<u32>, Error> {
        let from = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let to = (from + limit.min(4)).min(10);
        Ok(((from..to).collect(), (to < 10).then(|| to.to_string())))
    }

    #[tokio::test]
    async fn as_many_pages_as_are_wanted_and_no_more() {
        let (all, next) = rows(usize::MAX, None, numbers).await.unwrap();
        assert_eq!((all.len(), next), (10, None));
        let (some, next) = rows(6, Some("2".into()), numbers).await.unwrap();
        assert_eq!((some, next), ((2..8).collect(), Some("8".into())));
    }
}
