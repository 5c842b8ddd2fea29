//! Whether the programs can be used.

use super::Programs;
use super::answer::{How, read};
use crate::{BatchError, Check};
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

impl Programs {
    pub(super) async fn checks(&self) -> Vec<Check> {
        let mut checks = vec![self.check_dir()];
        checks.extend(self.config.programs().map(|(call, words)| check_program(call, &words[0])));
        if checks.iter().any(|check| !check.ok) {
            return checks;
        }
        checks.push(self.check_status().await);
        if !self.config.doctor.is_empty() {
            match self.ask_doctor().await {
                Ok(found) => checks.extend(found),
                Err(error) => checks.push(Check { what: "doctor".into(), ok: false, found: error.to_string() }),
            }
        }
        checks
    }

    fn check_dir(&self) -> Check {
        let probe = self.dir.join("probe");
        let written = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
        Check {
            what: format!("directory {}", self.dir.display()),
            ok: written.is_ok(),
            found: written.map_or_else(|error| error.to_string(), |()| "can be written".to_owned()),
        }
    }

    async fn check_status(&self) -> Check {
        let asked = self.ask_status().await;
        Check {
            what: "answer of status".to_owned(),
            ok: asked.is_ok(),
            found: asked.map_or_else(|error| error.to_string(), |status| format!("{} pilots", status.pilots.len())),
        }
    }

    async fn ask_doctor(&self) -> Result<Vec<Check>, BatchError> {
        let words = &self.config.doctor;
        let said = self.ask(words, &self.head("doctor").about(&[])?).await?;
        let answer = read::<Check>(&said, &[How::Complete]).map_err(|what| super::garbled(&words[0], what))?;
        Ok(answer.rows.into_iter().map(|(_, check)| check).collect())
    }
}

fn check_program(call: &str, program: &str) -> Check {
    let found = find(program);
    Check {
        what: format!("program for {call}"),
        ok: found.is_ok(),
        found: found.map_or_else(|what| what, |path| path.display().to_string()),
    }
}

fn find(program: &str) -> Result<PathBuf, String> {
    if program.contains('/') {
        let path = PathBuf::from(program);
        return if can_run(&path) { Ok(path) } else { Err(format!("{program} is no file that can be executed")) };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join(program)).find(|path| can_run(path));
    found.ok_or_else(|| format!("there is no {program} in PATH"))
}

fn can_run(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
