//! Documents of a source into labels.

use super::fill::{fields_of, fields_of_text, fill, fill_name};
use super::label_name::label_name;
use super::record::{Record, Records};
use super::{Document, cric, written};
use crate::config::{LabelSection, Main, Origin, Origins, SourceFormat, SourceSection, label_problems, typed};
use model::spelling::nearest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use toml::Table;

/// The labels of a source.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The labels by name.
    pub labels: BTreeMap<String, LabelSection>,
    /// Where each of their values comes from.
    pub origins: Origins,
    /// Queues that became no label.
    pub excluded: Vec<Excluded>,
}

/// A queue of a source that became no label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Excluded {
    /// The queue, or the label that it would have been.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// A label before it is typed.
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) table: Table,
    pub(crate) origins: Origins,
}

/// The labels that the documents of a source make. The error says why they cannot be used at all.
pub fn make(name: &str, section: &SourceSection, main: &Main, documents: &[Document]) -> Result<Made, String> {
    match section.format {
        SourceFormat::Toml => {
            let drafts = written::drafts(section, main, documents).map_err(|error| error.to_string())?;
            typed_strictly(drafts, main)
        }
        SourceFormat::AutoPyFactory => {
            let (drafts, excluded) = crate::autopyfactory::drafts(section, main, documents)?;
            let mut made = typed_one_by_one(drafts, main);
            made.excluded.extend(excluded);
            Ok(made)
        }
        _ => of_records(name, section, main, &Records::read(section, documents)?),
    }
}

/// People write files: one mistake in them refuses the whole.
fn typed_strictly(drafts: Vec<Draft>, main: &Main) -> Result<Made, String> {
    let made = typed_one_by_one(drafts, main);
    match made.excluded.as_slice() {
        [] => Ok(made),
        wrong => Err(wrong.iter().map(|one| one.reason.clone()).collect::<Vec<_>>().join("\n")),
    }
}

fn typed_one_by_one(drafts: Vec<Draft>, main: &Main) -> Made {
    let mut made = Made::default();
    for draft in drafts {
        made.add(draft, main);
    }
    made
}

impl Made {
    fn add(&mut self, draft: Draft, main: &Main) {
        let name = draft.name.clone();
        match check(draft, main, &self.labels) {
            Ok((label, origins)) => {
                self.labels.insert(name, label);
                self.origins.extend(origins);
            }
            Err(reason) => self.excluded.push(Excluded { what: name, reason }),
        }
    }
}

fn check(
    draft: Draft,
    main: &Main,
    others: &BTreeMap<String, LabelSection>,
) -> Result<(LabelSection, Origins), String> {
    let Draft { name, table, origins } = draft;
    if others.contains_key(&name) {
        return Err(format!("another one makes the label '{name}' already"));
    }
    if main.config.label.contains_key(&name) {
        return Err(format!("[label.{name}] of {} counts instead", main.tree.path.display()));
    }
    let said = |error: crate::config::ConfigError| error.to_string();
    let label: LabelSection = typed(&format!("label.{name}."), table, &origins, &main.tree.path).map_err(said)?;
    let problems = label_problems(&main.config, &name, &label);
    crate::config::ConfigError::of_problems(problems, &origins, &main.tree.path).map_err(said)?;
    Ok((label, origins))
}

/// What the records of one source become labels by.
struct Workshop<'a> {
    section: &'a SourceSection,
    main: &'a Main,
    what: Arc<str>,
}

fn of_records(name: &str, section: &SourceSection, main: &Main, records: &Records) -> Result<Made, String> {
    let from = section.from.join(", ");
    let what = if from.is_empty() { format!("source {name}") } else { format!("source {name}, {from}") };
    let shop = Workshop { section, main, what: what.into() };
    shop.check_fields(records)?;
    let mut excluded: Vec<Excluded> =
        records.left_out.iter().map(|(what, reason)| excluded(what, reason.clone())).collect();
    let mut chosen = Vec::new();
    for record in &records.records {
        match shop.choose(record) {
            Ok((label, template)) => chosen.push((label, template, record)),
            Err(reason) => excluded.push(Excluded { what: shop.name_for_people(record), reason }),
        }
    }
    let first = typed_one_by_one(shop.drafts(&chosen), main);
    // Those that cannot be used take no part of their queue's jobs.
    chosen.retain(|(label, ..)| first.labels.contains_key(label));
    let mut made = typed_one_by_one(shop.drafts(&chosen), main);
    made.excluded = excluded;
    made.excluded.extend(first.excluded);
    made.excluded.sort();
    Ok(made)
}

fn excluded(what: &str, reason: String) -> Excluded {
    Excluded { what: what.to_owned(), reason }
}

/// A record with the name and the template of its label.
type Chosen<'a> = (String, &'a str, &'a Record);

impl Workshop<'_> {
    /// A field that no queue has is a typing error, and would read as "no queue at all" or "nothing to set".
    fn check_fields(&self, records: &Records) -> Result<(), String> {
        if records.records.is_empty() {
            return Ok(());
        }
        let derived = ["ces", "scale_factor"];
        let known: BTreeSet<&str> = records.fields.iter().map(String::as_str).chain(derived).collect();
        let of_templates = self.templates().flat_map(|template| fields_of(&self.table(template)));
        let of_filters = self.section.only.keys().cloned();
        let by = (!self.section.templates.is_empty()).then(|| self.section.by().to_owned());
        let named = of_templates.chain(of_filters).chain(fields_of_text(self.section.pattern())).chain(by);
        let unknown = named.into_iter().find(|field| !known.contains(field.as_str()));
        match unknown {
            None => Ok(()),
            Some(field) => Err(match nearest(&field, known.iter().copied()) {
                Some(near) => format!("no queue has a field '{field}'; did you mean '{near}'?"),
                None => format!("no queue has a field '{field}'"),
            }),
        }
    }

    fn templates(&self) -> impl Iterator<Item = &str> {
        let section = self.section;
        let all = section.templates.values().chain(std::iter::once(&section.template));
        all.map(String::as_str).filter(|template| !template.is_empty())
    }

    fn table(&self, template: &str) -> Table {
        self.main.config.template.get(template).cloned().unwrap_or_default()
    }

    /// The label and the template of a record, or why it gets none.
    fn choose<'a>(&'a self, record: &Record) -> Result<(String, &'a str), String> {
        self.fits(record)?;
        let flavour = record.text(self.section.by()).unwrap_or_default();
        let template = self.section.templates.get(&flavour).unwrap_or(&self.section.template);
        if template.is_empty() {
            return Err(format!("there is no template for {} '{flavour}'", self.section.by()));
        }
        let name = fill_name(self.section.pattern(), record)
            .ok_or_else(|| format!("lacks a field of its label's name, {}", self.section.pattern()))?;
        Ok((label_name(&name), template))
    }

    fn fits(&self, record: &Record) -> Result<(), String> {
        let refusal = |field: &str, wanted: &str| {
            let found = record.text(field).unwrap_or_default();
            Err(format!("its {field} is '{found}', not {wanted}"))
        };
        for (field, wanted) in &self.section.only {
            if !wanted.is_empty() && !record.is_one_of(field, wanted) {
                return refusal(field, &wanted.join(" or "));
            }
        }
        if self.section.format != SourceFormat::Cric {
            return Ok(());
        }
        for (field, wanted) in cric::USUAL {
            let usual: Vec<String> = wanted.iter().map(|word| (*word).to_owned()).collect();
            let is_set = self.section.only.contains_key(field) || !record.fields.contains_key(field);
            if !is_set && !record.is_one_of(field, &usual) {
                return refusal(field, wanted[0]);
            }
        }
        Ok(())
    }

    fn drafts(&self, chosen: &[Chosen<'_>]) -> Vec<Draft> {
        let mut shares: BTreeMap<&str, usize> = BTreeMap::new();
        for (.., record) in chosen {
            *shares.entry(&record.name).or_default() += 1;
        }
        let share = |record: &Record| shares.get(record.name.as_str()).copied().unwrap_or(1);
        chosen.iter().map(|(name, template, record)| self.draft(name, template, record, share(record))).collect()
    }

    fn draft(&self, name: &str, template: &str, record: &Record, computing_elements: usize) -> Draft {
        let factor = 1.0 / self.section.factories / computing_elements as f64 / self.section.jobs_per_pilot;
        let mut record = record.clone();
        record.fields.insert("ces".to_owned(), computing_elements.into());
        record.fields.insert("scale_factor".to_owned(), factor.into());
        let mut origins = Origins::default();
        for (rest, origin) in self.main.tree.origins.below(&format!("template.{template}")) {
            origins.note(format!("label.{name}{rest}"), self.origin(origin));
        }
        Draft { name: name.to_owned(), table: fill(&self.table(template), &record), origins }
    }

    fn origin(&self, template: &Origin) -> Origin {
        match template {
            Origin::Line { path, line } => {
                Origin::Source { what: Arc::clone(&self.what), path: Arc::clone(path), line: *line }
            }
            other => other.clone(),
        }
    }

    fn name_for_people(&self, record: &Record) -> String {
        record.text("ce_name").map_or_else(|| record.name.clone(), |ce| format!("{} at {ce}", record.name))
    }
}
