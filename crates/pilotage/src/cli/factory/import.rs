//! `pilotage factory import`.

use crate::cli::args::FactoryImportArgs;
use crate::output::{BadInput, plural, print, print_json};
use anyhow::Context;
use factory::autopyfactory::{Fate, ImportOptions, Imported, Row, import};
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

#[derive(Serialize)]
struct Document<'a> {
    toml: &'a str,
    labels: usize,
    report: &'a [Row],
}

/// Writes the configuration, and to standard error what became of every key.
pub fn run(args: &FactoryImportArgs) -> anyhow::Result<ExitCode> {
    let home = std::env::var("HOME").unwrap_or_default();
    let (servers, panda, dir) = (args.server.clone(), args.panda.clone(), args.dir.clone());
    let options = ImportOptions { servers, panda, dir, home };
    let imported = import(&args.files, &options).map_err(BadInput::from)?;
    if let Some(path) = &args.output {
        write_new(path, &imported.text)?;
    }
    if args.json {
        let Imported { text, rows, labels } = &imported;
        print_json(&Document { toml: text, labels: *labels, report: rows })?;
    } else if args.output.is_none() {
        print(&imported.text)?;
    }
    if !args.json {
        std::io::stderr().lock().write_all(report(&imported).as_bytes()).context("write the report")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A configuration that somebody has worked on is not overwritten.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = fs::File::create_new(path).map_err(|error| BadInput::new(format!("{}: {error}", path.display())))?;
    file.write_all(text.as_bytes()).with_context(|| format!("write {}", path.display()))
}

fn report(imported: &Imported) -> String {
    let count = |wanted: fn(&Fate) -> bool| imported.rows.iter().filter(|row| wanted(&row.fate)).count();
    let lines: String = imported.rows.iter().map(|row| format!("{row}\n")).collect();
    format!(
        "{lines}{}; of the keys {} taken over, {} used for others, {} ignored, {} unknown, {} bad\n",
        plural(imported.labels as u64, "label"),
        count(|fate| matches!(fate, Fate::Becomes { .. })),
        count(|fate| matches!(fate, Fate::Used { .. })),
        count(|fate| matches!(fate, Fate::Ignored { .. })),
        count(|fate| matches!(fate, Fate::Unknown { .. })),
        count(|fate| matches!(fate, Fate::Bad { .. })),
    )
}
