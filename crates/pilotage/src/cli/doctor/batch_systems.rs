//! Which batch systems are here, and whether they answer this user; `pilotage factory check` looks closer, at end points.

use super::{Finding, find_on_path};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// A batch system: what pilots are submitted with, and a question that only a living one answers.
struct System {
    name: &'static str,
    submit: &'static str,
    question: [&'static str; 2],
    /// It takes no jobs of root.
    refuses_root: bool,
}

const SYSTEMS: [System; 2] = [
    System { name: "Slurm", submit: "sbatch", question: ["sinfo", "--summarize"], refuses_root: false },
    System { name: "HTCondor", submit: "condor_submit", question: ["condor_q", "-totals"], refuses_root: true },
];

/// One finding for each that is here, or one in all.
pub async fn look() -> Vec<Finding> {
    let mut findings = Vec::new();
    for system in SYSTEMS {
        if let Some(path) = find_on_path(system.submit) {
            findings.push(system.look(&path).await);
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("batch", "no commands of Slurm or HTCondor on PATH"));
    }
    findings
}

impl System {
    async fn look(&self, submit: &Path) -> Finding {
        let (name, [program, option]) = (self.name, self.question);
        if let Err(why) = ask(program, option).await {
            return Finding::warn("batch", format!("{name}: {program} {option}: {why}"));
        }
        if self.refuses_root && rustix::process::getuid().is_root() {
            return Finding::warn("batch", format!("{name} answers, but takes no jobs of root: use another user"));
        }
        Finding::ok("batch", format!("{name} answers; {}", submit.display()))
    }
}

/// Why there is no answer.
async fn ask(program: &str, option: &str) -> Result<(), String> {
    let output = Command::new(program).arg(option).stdin(Stdio::null()).kill_on_drop(true).output();
    match tokio::time::timeout(PATIENCE, output).await {
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
            Err(if said.is_empty() { output.status.to_string() } else { said })
        }
    }
}
