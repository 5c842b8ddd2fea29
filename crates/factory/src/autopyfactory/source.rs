//! `queues.conf` as a source of labels that is read again and again.

use super::gather::{Purpose, purpose_of};
use super::ini::Ini;
use super::label::{self, Around, Label};
use super::report::{Fate, Report};
use crate::config::{Main, Origin, Origins, SourceSection, inherit, overlay};
use crate::source::{Document, Draft, Excluded};
use std::path::Path;
use std::sync::Arc;

/// The labels of documents, and what was wrong with keys of theirs. Files of one directory share their `[DEFAULT]`; other
/// documents keep their own. `auth.conf` may be among them. What the queues do not say, such as the end point, the source's
/// template does.
pub(crate) fn drafts(
    section: &SourceSection,
    main: &Main,
    documents: &[Document],
) -> Result<(Vec<Draft>, Vec<Excluded>), String> {
    let (queues, mut around) = merged(section, documents)?;
    around.configured = main.config.monitor.iter().map(|(name, monitor)| (name.clone(), monitor.url.clone())).collect();
    let mut report = Report::default();
    let labels: Vec<Label> =
        queues.sections.iter().map(|(name, keys)| label::read(name, keys, &around, &mut report)).collect();
    let rows = report.rows();
    let troubles = rows.iter().filter(|row| row.is_trouble());
    let excluded = troubles.map(|row| Excluded {
        what: format!("key {} of {}", row.key, row.sections.join(", ")),
        reason: match &row.fate {
            Fate::Bad { why } => format!("{}:{}: {why}", row.file, row.line),
            _ => format!("{}:{}: unknown, does nothing", row.file, row.line),
        },
    });
    Ok((labels.into_iter().map(|label| draft(section, main, label)).collect(), excluded.collect()))
}

/// The queues, and the profiles and monitors of documents that have some.
fn merged(section: &SourceSection, documents: &[Document]) -> Result<(Ini, Around), String> {
    let mut queues = Ini::default();
    let mut around = Around { enables: true, home: home(), ..Around::default() };
    for from in &section.from {
        let inside = format!("{}/", from.trim_end_matches('/'));
        let mut together = Ini::default();
        for document in documents.iter().filter(|one| one.from == *from || one.from.starts_with(&inside)) {
            let read = together.read(&document.body, Path::new(&document.from));
            read.map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        }
        let together = together.folded();
        match purpose_of(&together) {
            Purpose::Queues => queues.merge(together),
            Purpose::Auth => around.auth.merge(together),
            Purpose::Monitors => around.monitors.merge(together),
            Purpose::Factory | Purpose::Mappings => {}
        }
    }
    Ok((queues, around))
}

fn draft(section: &SourceSection, main: &Main, label: Label) -> Draft {
    let Label { name, table, places, .. } = label;
    let mut origins = Origins::default();
    for (key, place) in places {
        let origin = Origin::Line { path: Arc::clone(&place.file), line: place.line };
        origins.note(format!("label.{name}.{key}"), origin);
    }
    let template = main.config.template.get(&section.template).cloned().unwrap_or_default();
    for (rest, origin) in main.origins().below(&format!("template.{}", section.template)) {
        origins.note(format!("template{rest}"), origin.clone());
    }
    inherit(&mut origins, "template", &format!("label.{name}"));
    Draft { name, table: overlay(template, table), origins }
}

/// What `~` stands for: the home of whom the factory runs as.
fn home() -> String {
    std::env::var("HOME").unwrap_or_default()
}
