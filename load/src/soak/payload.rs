//! The job of the soak: writes into a ledger when it starts and when it ends.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One line a start and one a end; a line is one write, so that lines of many jobs never mix.
const SCRIPT: &str = r#"printf '%s %s start\n' "$PILOTAGE_JOB_ID" "$PILOTAGE_ATTEMPT" >>"$1"
sleep "$2"
printf '%s %s end\n' "$PILOTAGE_JOB_ID" "$PILOTAGE_ATTEMPT" >>"$1"
"#;

/// Where the script lies.
pub fn script(root: &Path) -> PathBuf {
    root.join("payload.sh")
}

/// Where the jobs write.
pub fn ledger(root: &Path) -> PathBuf {
    root.join("ledger")
}

/// Writes the script.
pub fn install(root: &Path) -> Result<()> {
    std::fs::write(script(root), SCRIPT)?;
    std::fs::write(ledger(root), "")?;
    Ok(())
}

/// How often the payload of an attempt started and ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Executions {
    /// Starts.
    pub started: u32,
    /// Ends.
    pub ended: u32,
}

/// The ledger by job and attempt.
pub fn read(root: &Path) -> Result<BTreeMap<(i64, u32), Executions>> {
    let text = std::fs::read_to_string(ledger(root)).context("cannot read the ledger")?;
    let mut executions: BTreeMap<(i64, u32), Executions> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let mut word = || words.next().with_context(|| format!("broken line '{line}' in the ledger"));
        let entry = executions.entry((word()?.parse()?, word()?.parse()?)).or_default();
        if word()? == "start" {
            entry.started += 1;
        } else {
            entry.ended += 1;
        }
    }
    Ok(executions)
}
