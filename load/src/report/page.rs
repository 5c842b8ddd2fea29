//! The table as a page of the documentation.

use super::{Figure, number};
use crate::peers::PEERS;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::path::Path;

/// Writes the page.
pub fn save(figures: &[Figure], path: &Path) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let day = jiff::Zoned::now().date();
    std::fs::write(path, page(figures, cores, &day.to_string())?)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn page(figures: &[Figure], cores: usize, day: &str) -> Result<String> {
    let mut page = format!(
        "# What was measured\n\n`cargo xtask load` measured this on {day} with a release build on {cores} cores, client and \
         server together. A figure is the\nmedian of its runs, of pages the time within which 99 of 100 looks were answered. \
         Rows of other programs were measured on\nthe same kind of machine.\n"
    );
    for of_one in figures.chunk_by(|a, b| a.scenario == b.scenario) {
        let scenario = of_one[0].scenario;
        write!(page, "\n## {scenario}\n\n| what | figure | range | runs | target | |\n|---|---|---|---|---|---|\n")?;
        for figure in of_one {
            let Figure { what, median, min, max, runs, unit, .. } = figure;
            let (figure_text, range) = (number(*median), format!("{} to {}", number(*min), number(*max)));
            let (target, verdict) = (figure.target_text(), figure.verdict());
            writeln!(page, "| {what} | {figure_text} {unit} | {range} | {runs} | {target} | {verdict} |")?;
        }
        for peer in PEERS.iter().filter(|peer| peer.scenario == scenario) {
            writeln!(page, "| *{}* | {} {} | | | | |", peer.what, number(peer.value), peer.unit)?;
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Target;

    #[test]
    fn every_figure_has_a_row_below_its_scenario() {
        let met = Figure::of("monitor", "start", &[0.1, 0.2, 0.3], "s").with(Target::AtMost(5.0));
        let missed = Figure::of("factory", "pilots", &[10.0], "/s").with(Target::AtLeast(5000.0));
        let page = page(&[met, missed], 2, "2026-11-22").unwrap();
        let row = |row: &str| assert!(page.contains(row), "{page}");
        row("\n## monitor\n");
        row("| start | 0.20 s | 0.10 to 0.30 | 3 | <= 5.00 | pass |\n");
        row("| pilots | 10.0 /s | 10.0 to 10.0 | 1 | >= 5000 | FAIL |\n");
        row("| *Harvester with dummy plug-ins* | 218 pilots/s |");
    }
}
