//! Whether HTCondor can be used from here.

use super::{Condor, queue};
use crate::{BatchError, Check};

impl Condor {
    pub(super) async fn checks(&self) -> Vec<Check> {
        let hint = if self.config.is_remote() { "" } else { "; the schedd must see it under the same path" };
        let mut checks = self.place.checks(&self.commands, hint).await;
        checks.push(self.check_user());
        checks.push(self.check("condor_version", &[], |out| out.lines().next().unwrap_or_default().to_owned()).await);
        checks.push(self.check_queue().await);
        if let Some(grid) = &self.config.job.grid {
            let unsupported = grid.unsupported();
            let found = unsupported.unwrap_or("is known to HTCondor").to_owned();
            checks.push(Check { what: "grid type".to_owned(), ok: unsupported.is_none(), found });
        }
        for program in ["condor_submit", "condor_rm", "condor_history"] {
            checks.push(self.check(program, &["-help"], |_| "is there".to_owned()).await);
        }
        checks
    }

    fn check_user(&self) -> Check {
        let here = self.config.ssh.is_none();
        let is_root = if here { rustix::process::getuid().is_root() } else { self.owner.user == "root" };
        let found = if is_root { "a schedd takes no jobs of root; use another account" } else { &self.owner.user };
        Check { what: "user".to_owned(), ok: !is_root || self.config.is_remote(), found: found.to_owned() }
    }

    async fn check_queue(&self) -> Check {
        let words = self.words(&self.owner.constraint(), &["-totals"]);
        let said = self.commands.run("condor_q", &words).await.and_then(|answer| answer.success("condor_q"));
        let (ok, found) = match said.map(|answer| queue::parse_totals(&answer.out)) {
            Ok(Some(jobs)) => (true, format!("{jobs} pilots of factory {}", self.owner.factory)),
            Ok(None) => (false, "answers without totals".to_owned()),
            Err(error) => (false, error.to_string()),
        };
        Check { what: "condor_q".to_owned(), ok, found }
    }

    async fn check(&self, program: &str, words: &[&str], found: impl Fn(&str) -> String) -> Check {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let said = self.commands.run(program, &words).await.and_then(|answer| answer.success(program));
        let told = |error: BatchError| error.to_string();
        Check { what: program.to_owned(), ok: said.is_ok(), found: said.map_or_else(told, |answer| found(&answer.out)) }
    }
}
