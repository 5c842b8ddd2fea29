//! The table: our figures, their targets, and the peers beside them.

pub mod page;

use crate::peers::PEERS;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::Path;

/// A bound that a figure must keep.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Not less than this.
    AtLeast(f64),
    /// Not more than this.
    AtMost(f64),
    /// Only told.
    None,
}

/// One figure: the median of several runs.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Name of the scenario.
    pub scenario: &'static str,
    /// What was measured.
    pub what: String,
    /// Median.
    pub median: f64,
    /// Smallest of all runs.
    pub min: f64,
    /// Largest of all runs.
    pub max: f64,
    /// How many runs.
    pub runs: usize,
    /// Unit of all three.
    pub unit: &'static str,
    /// What it must reach.
    pub target: Target,
}

impl Figure {
    /// The median of `values`.
    pub fn of(scenario: &'static str, what: impl Into<String>, values: &[f64], unit: &'static str) -> Figure {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let (median, min, max) = (at(sorted.len() / 2), at(0), at(sorted.len().saturating_sub(1)));
        Figure { scenario, what: what.into(), median, min, max, runs: sorted.len(), unit, target: Target::None }
    }

    /// The same with a target.
    pub fn with(self, target: Target) -> Figure {
        Figure { target, ..self }
    }

    /// Whether the target is kept.
    pub fn passes(&self) -> bool {
        match self.target {
            Target::AtLeast(bound) => self.median >= bound,
            Target::AtMost(bound) => self.median <= bound,
            Target::None => true,
        }
    }

    fn target_text(&self) -> String {
        match self.target {
            Target::AtLeast(bound) => format!(">= {}", number(bound)),
            Target::AtMost(bound) => format!("<= {}", number(bound)),
            Target::None => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.target, self.passes()) {
            (Target::None, _) => "",
            (_, true) => "pass",
            (_, false) => "FAIL",
        }
    }
}

/// Prints the table.
pub fn print(figures: &[Figure]) {
    println!(
        "\n{:<11} {:<58} {:>12} {:<7} {:>25} {:>5}  {:<12} ",
        "scenario", "what", "median", "", "min .. max", "runs", "target"
    );
    let mut last = "";
    for figure in figures {
        if figure.scenario != last {
            print_peers(last);
            last = figure.scenario;
        }
        println!(
            "{:<11} {:<58} {:>12} {:<7} {:>25} {:>5}  {:<12} {}",
            figure.scenario,
            figure.what,
            number(figure.median),
            figure.unit,
            format!("{} .. {}", number(figure.min), number(figure.max)),
            figure.runs,
            figure.target_text(),
            figure.verdict(),
        );
    }
    print_peers(last);
}

fn print_peers(scenario: &str) {
    for peer in PEERS.iter().filter(|peer| peer.scenario == scenario) {
        println!("{:<11} {:<58} {:>12} {:<7}", "  (peer)", peer.what, number(peer.value), peer.unit);
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Writes the figures as JSON.
pub fn save(figures: &[Figure], path: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(figures)?;
    std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}

/// The value below which `percent` of the sorted values lie.
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&values, 50.0), 100.0);
        assert_eq!(percentile(&values, 99.0), 198.0);
        assert_eq!(percentile(&[7.0], 99.0), 7.0);
    }

    #[test]
    fn a_figure_is_judged_by_its_median() {
        let figure = Figure::of("a", "b", &[1.0, 9.0, 5.0], "x");
        assert_eq!((figure.min, figure.median, figure.max), (1.0, 5.0, 9.0));
        assert!(figure.clone().with(Target::AtLeast(5.0)).passes());
        assert!(!figure.with(Target::AtMost(4.9)).passes());
    }
}
