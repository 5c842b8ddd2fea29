//! `pilotage factory check`.

use super::credentials::in_words;
use super::{ServerChoice, look, own_token};
use crate::cli::{client_runtime, now};
use crate::output::{Style, Tone, plural, print};
use batch::condor::Grid;
use batch::{BatchConfig, Check};
use factory::credential::Credentials;
use factory::{Config, Look, ask_monitors};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Checks the file, reads its sources, looks at its credentials, then asks every batch end point whether all it needs is there.
pub fn run(path: &Path, choice: &ServerChoice) -> anyhow::Result<ExitCode> {
    client_runtime()?.block_on(async {
        let loaded = look(path, choice, Look::All(BTreeSet::new())).await?;
        let config = &loaded.config;
        own_token(&config.factory)?;
        let labels = plural(config.label.len() as u64, "label");
        let mut text = format!("{}: {labels} for factory {}\n", path.display(), config.factory.name);
        let mut all_well = true;
        for source in loaded.sources.iter().map(|source| &source.info) {
            let ok = source.trouble.is_empty();
            let counts = format!("{}, {} left out", plural(source.labels, "label"), plural(source.excluded, "queue"));
            let found = if ok { counts } else { format!("{counts}; {}", source.trouble) };
            text.push_str(&line(&format!("source {}", source.name), &source.from, ok, &found));
            all_well &= ok;
        }
        for (name, view) in Credentials::of(config).look(now()) {
            let words = in_words(&view.info, now());
            text.push_str(&line(&format!("credential {name}"), &view.info.kind, view.info.is_usable, &words));
            all_well &= view.info.is_usable;
        }
        for (name, end_point) in &config.batch {
            for check in checks(config, name, end_point).await {
                text.push_str(&line(&format!("{name} ({})", end_point.kind()), &check.what, check.ok, &check.found));
                all_well &= check.ok;
            }
        }
        for (name, wms) in &config.wms {
            for check in factory::wms::check(config, name).await {
                text.push_str(&line(&format!("wms {name} ({})", wms.kind()), &check.what, check.ok, &check.found));
                all_well &= check.ok;
            }
        }
        for (name, url, asked) in ask_monitors(config).await {
            let ok = asked.is_ok();
            let found = asked.map_or_else(|why| why, |labels| format!("knows {}", plural(labels as u64, "label")));
            text.push_str(&line(&format!("monitor {name}"), &url, ok, &found));
            all_well &= ok;
        }
        for (name, label) in &config.label {
            if let Some(what) = label.condor.grid.as_ref().and_then(Grid::unsupported) {
                // How old the HTCondor is that gets them, only a submission tells.
                let word = Style::for_stdout().toned(Tone::Created, "warn");
                text.push_str(&format!("{word} label {name}: grid type: {what}\n"));
            }
        }
        print(&text)?;
        Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn line(whose: &str, what: &str, ok: bool, found: &str) -> String {
    let style = Style::for_stdout();
    let word = if ok { style.toned(Tone::Done, "ok  ") } else { style.toned(Tone::Fault, "FAIL") };
    format!("{word} {whose}: {what}: {found}\n")
}

async fn checks(config: &Config, name: &str, end_point: &BatchConfig) -> Vec<Check> {
    match end_point.open(&config.factory.name, &config.factory.dir.join("batch").join(name)) {
        Ok(system) => system.doctor().await,
        Err(error) => vec![Check { what: "open".into(), ok: false, found: error.to_string() }],
    }
}
