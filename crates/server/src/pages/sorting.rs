//! The order of the rows of a table. It stands in the address: `sort=running`, or `sort=-running` with the largest first.

use super::link::Link;
use crate::ApiError;
use std::cmp::Ordering;

/// What the query of a page calls it.
pub const KEY: &str = "sort";

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A name.
    Text(&'a str),
    /// A count or a share.
    Number(f64),
}

impl Value<'_> {
    fn compare(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(_), Value::Number(_)) => Ordering::Less,
            (Value::Number(_), Value::Text(_)) => Ordering::Greater,
        }
    }
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// It holds numbers.
    pub is_number: bool,
    /// The page sorted by it, or the other way round when it is; empty where rows have a fixed order.
    pub href: String,
    /// How rows are sorted by it now, in the words of `aria-sort`.
    pub sorted: Option<&'static str>,
}

/// The order that somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorting {
    column: usize,
    descending: bool,
}

impl Sorting {
    /// What the query says; none when it says nothing. The columns are those that rows can be sorted by.
    pub fn read(asked: Option<&str>, columns: &[&str]) -> Result<Option<Sorting>, ApiError> {
        let Some(asked) = asked else { return Ok(None) };
        let (descending, name) = asked.strip_prefix('-').map_or((false, asked), |name| (true, name));
        let keys: Vec<String> = columns.iter().map(|name| key(name)).collect();
        match keys.iter().position(|key| key == name) {
            Some(column) => Ok(Some(Sorting { column, descending })),
            None => {
                let name = super::number::capped(name, 80);
                let detail = format!("there is no column '{name}' to sort by, only {}", keys.join(", "));
                Err(ApiError::invalid("unknown-column", KEY, detail))
            }
        }
    }

    /// Sorts rows; `value` gives what a row has in a column. Equal rows stay in their order.
    pub fn sort<T>(self, rows: &mut [T], value: impl for<'a> Fn(&'a T, usize) -> Value<'a>) {
        rows.sort_by(|a, b| {
            let order = value(a, self.column).compare(&value(b, self.column));
            if self.descending { order.reverse() } else { order }
        });
    }

    /// As the query says it.
    pub fn asked(self, columns: &[&str]) -> String {
        let sign = if self.descending { "-" } else { "" };
        format!("{sign}{}", columns.get(self.column).map(|name| key(name)).unwrap_or_default())
    }
}

/// The heads of columns, names first and then numbers, with links to the sorted `page`: names from the first, numbers from the
/// largest on.
pub fn columns(page: &str, names: &[&'static str], sorting: Option<Sorting>) -> Vec<Column> {
    let column = |(at, name): (usize, &&'static str)| {
        let now = sorting.filter(|sorting| sorting.column == at);
        let descending = now.map_or(at > 0, |now| !now.descending);
        let next = Sorting { column: at, descending };
        Column {
            name,
            is_number: at > 0,
            href: Link::to(page).with(KEY, next.asked(names)).url(),
            sorted: now.map(|now| if now.descending { "descending" } else { "ascending" }),
        }
    };
    names.iter().enumerate().map(column).collect()
}

/// The heads of columns whose rows have a fixed order.
pub fn fixed(names: &[&'static str]) -> Vec<Column> {
    columns("", names, None).into_iter().map(|column| Column { href: String::new(), ..column }).collect()
}

/// A column's name in an address.
fn key(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["Site", "Waiting", "Done 1 h"];

    fn sorted(asked: &str) -> Vec<(&'static str, f64)> {
        let mut rows = vec![("B", 3.0), ("A", 10.0), ("C", 3.0)];
        let sorting = Sorting::read(Some(asked), &NAMES).unwrap().unwrap();
        sorting.sort(&mut rows, |(name, waiting), column| match column {
            0 => Value::Text(name),
            _ => Value::Number(*waiting),
        });
        rows
    }

    #[test]
    fn rows_are_sorted_both_ways_and_equal_ones_stay() {
        assert_eq!(sorted("site").iter().map(|row| row.0).collect::<String>(), "ABC");
        assert_eq!(sorted("-site").iter().map(|row| row.0).collect::<String>(), "CBA");
        assert_eq!(sorted("waiting").iter().map(|row| row.0).collect::<String>(), "BCA");
        assert_eq!(sorted("-done-1-h").iter().map(|row| row.0).collect::<String>(), "ABC");
    }

    #[test]
    fn heads_lead_to_the_other_order() {
        let heads = columns("/sites", &NAMES, Sorting::read(Some("-waiting"), &NAMES).unwrap());
        let said: Vec<_> = heads.iter().map(|head| (head.href.as_str(), head.sorted)).collect();
        let wanted =
            [("/sites?sort=site", None), ("/sites?sort=waiting", Some("descending")), ("/sites?sort=-done-1-h", None)];
        assert_eq!(said, wanted);
        assert!(fixed(&NAMES).iter().all(|head| head.href.is_empty() && head.sorted.is_none()));
    }

    #[test]
    fn a_column_that_is_not_there_is_refused_with_those_that_are() {
        assert_eq!(Sorting::read(None, &NAMES).unwrap(), None);
        let refused = Sorting::read(Some("-<b>"), &NAMES).unwrap_err();
        assert_eq!(refused.detail, "there is no column '<b>' to sort by, only site, waiting, done-1-h");
    }
}
