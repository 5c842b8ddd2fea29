//! Whether Slurm can be used from here.

use super::{Slurm, limits, squeue};
use crate::Check;

impl Slurm {
    pub(super) async fn checks(&self) -> Vec<Check> {
        let mut checks = self.place.checks(&self.commands, "; the nodes must see it under the same path").await;
        checks.push(
            self.check("scontrol", &["show", "config"], |out| {
                format!("arrays of {} tasks", limits::max_array_size(out))
            })
            .await,
        );
        let user = self.user();
        let count = |out: &str| format!("{} jobs of user {user}", rows(out).count());
        checks.push(self.check("squeue", &squeue::arguments(&user), count).await);
        checks.push(self.check_partition().await);
        for program in ["sbatch", "scancel"] {
            checks.push(self.check(program, &["--version"], |out| out.trim().to_owned()).await);
        }
        checks
    }

    async fn check_partition(&self) -> Check {
        let what = "partition".to_owned();
        let wanted = self.config.partition.clone();
        match self.ask("sinfo", &["-h", "-o", "%R"]).await {
            Err(error) => Check { what, ok: false, found: error.to_string() },
            Ok(out) => {
                let names: Vec<&str> = rows(&out).map(str::trim).collect();
                let ok = wanted.is_empty() || wanted.split(',').all(|name| names.contains(&name));
                let found = if ok { names.join(", ") } else { format!("no '{wanted}' among {}", names.join(", ")) };
                Check { what, ok, found }
            }
        }
    }

    async fn check(&self, program: &str, words: &[&str], found: impl Fn(&str) -> String) -> Check {
        let said = self.ask(program, words).await;
        Check {
            what: program.to_owned(),
            ok: said.is_ok(),
            found: said.map_or_else(|error| error.to_string(), |out| found(&out)),
        }
    }
}

/// With a cluster by name a line "CLUSTER: name" comes first, also without headings.
fn rows(out: &str) -> impl Iterator<Item = &str> {
    out.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("CLUSTER: "))
}
