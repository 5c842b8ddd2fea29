//! What a real batch system costs us beyond its own commands.

use crate::batches::{self, PILOTS, System};
use crate::report::{Figure, Target};
use anyhow::Result;

/// Submissions whose status is asked.
const SUBMISSIONS: usize = 20;

/// Measures `runs` pairs of submissions, and of looks at all pilots.
pub async fn measure(system: System, runs: usize) -> Result<Vec<Figure>> {
    let measured = batches::in_a_process(system, runs, SUBMISSIONS).await?;
    let pairs = |ours: &[f64], bare: &[f64], of: fn(f64, f64) -> f64| -> Vec<f64> {
        ours.iter().zip(bare).map(|(ours, bare)| of(*ours, *bare)).collect()
    };
    let beside = |bare: &[f64]| pairs(&measured.submit_s, bare, |ours, bare| ours / bare);
    let beyond = pairs(&measured.status_s, &measured.bare_status_s, |ours, bare| ours - bare);
    let (name, command, seconds) = match system {
        System::Slurm => ("slurm", "sbatch", Target::AtMost(2.0)),
        System::Condor => ("condor", "condor_submit", Target::None),
    };
    let pilots = SUBMISSIONS * PILOTS;
    let bare = beside(&measured.bare_submit_s);
    let mut figures = vec![
        Figure::of(name, format!("{PILOTS} pilots submitted"), &measured.submit_s, "s").with(seconds),
        Figure::of(name, format!("the same beside a bare {command} of {PILOTS} jobs"), &bare, "x"),
    ];
    if system == System::Condor {
        let contract = beside(&measured.autopyfactory_submit_s);
        let what = format!("the same beside {command} with AutoPyFactory's description");
        figures.push(Figure::of(name, what, &contract, "x").with(Target::AtMost(1.3)));
    }
    figures.push(Figure::of(name, format!("status of {pilots} pilots"), &measured.status_s, "s"));
    figures.push(Figure::of(name, "the same beyond the bare command", &beyond, "s").with(Target::AtMost(2.0)));
    Ok(figures)
}
