//! `pilotage generate`: everything that is made from the program itself and checked in, for `cargo xtask generate`.

use super::args::{Cli, GenerateArgs};
use super::man;
use crate::config::UpSections;
use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use model::{Permission, Role};
use std::fmt::Write as _;
use std::path::Path;

/// What stands above the table of metrics.
const METRICS: &str = "\
# Metrics

Made by `cargo xtask generate`; do not edit.

Served at `/metrics` for Prometheus; the call needs a token like every other that reads:

```yaml
scrape_configs:
  - job_name: pilotage
    scheme: https
    authorization: {credentials_file: /etc/prometheus/pilotage.token}
    static_configs: [{targets: [\"pilotage.example:25443\"]}]
```

`packaging/prometheus/rules.yml` has alert rules, `packaging/grafana/pilotage.json` a dashboard; tests read both with
Prometheus' own tools. Of several servers that share a database each tells the same about pilots, factories and jobs: take
the `max` of them, or scrape one. What is told of pilots comes from counters, so that a scrape costs the same with ten pilots
as with millions. There is a series for each label of a factory; with more than `metric_labels` (2000) labels the dimension
`label` is empty and the sums stay right. Totals of pilots go on over restarts of the server, the histograms begin anew.

";

/// Writes all files below a directory, at their paths in the repository.
pub fn run(args: &GenerateArgs) -> Result<()> {
    let into = args.dir.as_path();
    write(into, "docs/cli.md", man::markdown())?;
    write(into, "docs/permissions.md", permissions())?;
    write(into, "docs/factory.schema.json", pretty(&factory::Config::schema())?)?;
    write(into, "docs/up.schema.json", pretty(&schemars::schema_for!(UpSections))?)?;
    write(into, "docs/openapi.json", server::openapi())?;
    write(into, "docs/metrics.md", metrics()?)?;
    write(into, "docs/alarm-rules.md", alarm_rules())?;
    write(into, "docs/autopyfactory-keys.md", factory::autopyfactory::keys::reference())?;
    for (name, page) in man::pages()? {
        write(into, &format!("packaging/man/{name}.1"), page)?;
    }
    for (shell, file) in [(Shell::Bash, "pilotage.bash"), (Shell::Zsh, "_pilotage"), (Shell::Fish, "pilotage.fish")] {
        write(into, &format!("packaging/completions/{file}"), completions(shell))?;
    }
    Ok(())
}

fn write(into: &Path, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
    let path = into.join(name);
    let folder = path.parent().unwrap_or(into);
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    std::fs::write(&path, content).with_context(|| format!("write {}", path.display()))
}

fn pretty(value: &impl serde::Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pilotage", &mut script);
    script
}

fn metrics() -> Result<String> {
    let rows = server::metrics::Metrics::reference()?;
    Ok(format!("{METRICS}| metric | kind | meaning |\n|---|---|---|\n{rows}"))
}

fn alarm_rules() -> String {
    format!(
        "# Rules of alarms\n\nMade from `model::alarm::Rule` by `cargo xtask generate`; do not edit. What the columns mean: \
         [alarms](alarms.md).\n\n{}",
        model::alarm::reference()
    )
}

fn permissions() -> String {
    let mut text = String::from(
        "# Permissions\n\nMade from `model::Role` by `cargo xtask generate`; do not edit. A site admin's reach is narrowed to the\n\
         sites of the credential, a group manager's to the group.\n\n| permission |",
    );
    for role in Role::ALL {
        let _ = write!(text, " {role} |");
    }
    let _ = writeln!(text, "\n|---|{}", ":-:|".repeat(Role::ALL.len()));
    for permission in Permission::ALL {
        let _ = write!(text, "| {} |", words(permission));
        for role in Role::ALL {
            text.push_str(if role.may(permission) { " yes |" } else { " |" });
        }
        text.push('\n');
    }
    text
}

/// `ManageOwnJobs` as `manage own jobs`.
fn words(permission: Permission) -> String {
    let mut text = String::new();
    for letter in format!("{permission:?}").chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
