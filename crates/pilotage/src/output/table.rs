//! Tables for people, JSON for programs.

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, presets};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

use super::{Style, Tone};

/// A table without lines, its heading in bold.
pub struct Table {
    table: comfy_table::Table,
    style: Style,
}

impl Table {
    /// A table with these headings; `>` before a heading aligns its column to the right.
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
            let cell = Cell::new(heading.trim_start_matches('>'));
            if is_terminal { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        for (i, heading) in headings.iter().enumerate() {
            if let Some(column) = table.column_mut(i) {
                column.set_padding((0, 2));
                let right = heading.starts_with('>');
                column.set_cell_alignment(if right { CellAlignment::Right } else { CellAlignment::Left });
            }
        }
        Table { table, style }
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
    pub fn text(&self) -> String {
        self.table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
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
