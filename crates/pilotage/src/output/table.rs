//! Tables for people, JSON for programs.

use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

use super::{Style, Tone};

/// Blanks between two columns.
const GAP: u16 = 2;
/// No wrapping makes a column narrower than this.
const WRAPPED_MIN: u16 = 16;

/// A table without lines, its heading in bold. At a terminal it takes no more than its width.
pub struct Table {
    table: comfy_table::Table,
    columns: Vec<Column>,
    style: Style,
}

/// How a column behaves where there is little room.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    /// Takes several lines; all others are never broken.
    wraps: bool,
    /// Left out before those with a higher rank; never without one.
    rank: Option<usize>,
}

impl Table {
    /// A table with these headings; `>` before a heading aligns its column to the right, `~` lets it wrap.
    pub fn new(headings: &[&str]) -> Table {
        let style = Style::for_stdout();
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::NOTHING);
        let is_terminal = io::stdout().is_terminal();
        table.set_content_arrangement(if is_terminal {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        if !is_terminal {
            table.force_no_tty();
        }
        table.set_header(headings.iter().map(|heading| {
            let cell = Cell::new(heading.trim_start_matches(['>', '~']));
            if is_terminal { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        for (i, heading) in headings.iter().enumerate() {
            if let Some(column) = table.column_mut(i) {
                column.set_padding((0, GAP));
                let right = heading.starts_with('>');
                column.set_cell_alignment(if right { CellAlignment::Right } else { CellAlignment::Left });
            }
        }
        let columns = headings.iter().map(|heading| Column { wraps: heading.starts_with('~'), rank: None }).collect();
        Table { table, columns, style }
    }

    /// The columns with these headings are left out, first the first, where there is no room for them.
    pub fn minor(mut self, headings: &[&str]) -> Table {
        let row = self.table.header().into_iter().flat_map(|row| row.cell_iter());
        for (cell, column) in row.zip(&mut self.columns) {
            column.rank = headings.iter().position(|heading| *heading == cell.content());
        }
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells.into_iter().map(Cell::new));
    }

    /// The word of a state in its colour.
    pub fn toned(&self, tone: Tone, text: &str) -> String {
        self.style.toned(tone, text)
    }

    /// The rows as text, without blanks at the ends of lines.
    pub fn text(mut self) -> String {
        if let Some(width) = self.table.width() {
            self.fit(width);
        }
        self.table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

impl Table {
    fn fit(&mut self, width: u16) {
        let widths = self.table.column_max_content_widths();
        let hidden = left_out(&self.columns, &widths, width);
        for (i, (column, natural)) in self.columns.iter().zip(widths).enumerate() {
            let constraint = match hidden.contains(&i) {
                true => ColumnConstraint::Hidden,
                false if column.wraps && natural > WRAPPED_MIN => {
                    ColumnConstraint::LowerBoundary(Width::Fixed(WRAPPED_MIN + GAP))
                }
                false => ColumnConstraint::ContentWidth,
            };
            if let Some(column) = self.table.column_mut(i) {
                column.set_constraint(constraint);
            }
        }
    }
}

/// Which columns there is no room for.
fn left_out(columns: &[Column], widths: &[u16], width: u16) -> Vec<usize> {
    let least = |i: usize| GAP + if columns[i].wraps { widths[i].min(WRAPPED_MIN) } else { widths[i] };
    let mut minor: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].rank.is_some()).collect();
    minor.sort_by_key(|i| columns[*i].rank);
    let mut taken: u16 = (0..columns.len()).map(least).fold(0, u16::saturating_add);
    let mut minor = minor.into_iter();
    let mut out = Vec::new();
    while taken > width.saturating_add(GAP)
        && let Some(next) = minor.next()
    {
        taken -= least(next);
        out.push(next);
    }
    out
}

/// Writes text to standard output.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes one JSON document and a line end to standard output.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    print(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table at a terminal of this width.
    fn at(width: u16) -> String {
        let mut table = Table::new(&[">id", "~name", "state", "site", "~message"]).minor(&["site", "id"]);
        table.table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        let message = "exited with code 3; processes that it left behind were ended";
        table.row(["17", "step-with-a-long-name.sh", "cancelled", "desy-hamburg", message].map(str::to_owned));
        table.text()
    }

    #[test]
    fn where_there_is_little_room_long_words_wrap_and_minor_columns_go() {
        insta::assert_snapshot!([120, 80, 60, 40].map(|width| format!("{width}\n{}", at(width))).join("\n"));
    }
}
