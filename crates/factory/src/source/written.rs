//! Sources that people write: `[label.NAME]` sections of TOML files.

use super::Document;
use super::make::Draft;
use crate::config::{ConfigError, Main, Origins, SourceSection, Tree, tables_of};
use std::path::Path;
use toml::{Table, Value};

/// The labels of TOML documents. They may use the templates of the main file.
pub(super) fn drafts(section: &SourceSection, main: &Main, documents: &[Document]) -> Result<Vec<Draft>, ConfigError> {
    let mut drafts = Vec::new();
    for document in documents {
        let mut tree = Tree::parse(&document.body, Path::new(&document.from))?;
        only_labels(&tree)?;
        add_templates(&mut tree, section, main);
        tree.apply_templates()?;
        for (name, label) in tables_of(&tree.table, "label") {
            let Value::Table(table) = label else { continue };
            drafts.push(draft(name, table, &tree.origins));
        }
    }
    Ok(drafts)
}

fn draft(name: String, table: Table, origins: &Origins) -> Draft {
    let mut own = Origins::default();
    let key = format!("label.{name}");
    for (rest, origin) in origins.below(&key) {
        own.note(format!("{key}{rest}"), origin.clone());
    }
    Draft { name, table, origins: own }
}

fn only_labels(tree: &Tree) -> Result<(), ConfigError> {
    let others = tree.table.iter().filter(|(key, value)| *key != "label" || !value.is_table());
    let what = "does not belong in a source, which has [label.NAME] sections only";
    let problems = others.map(|(key, _)| (key.clone(), what.to_owned())).collect();
    ConfigError::of_problems(problems, &tree.origins, &tree.path)
}

/// The main file's templates, and that of the source for labels that name none.
fn add_templates(tree: &mut Tree, section: &SourceSection, main: &Main) {
    let templates = main.config.template.iter().map(|(name, table)| (name.clone(), Value::Table(table.clone())));
    tree.table.insert("template".to_owned(), Value::Table(templates.collect()));
    for (rest, origin) in main.tree.origins.below("template") {
        tree.origins.note(format!("template{rest}"), origin.clone());
    }
    if section.template.is_empty() {
        return;
    }
    let labels = tree.table.get_mut("label").and_then(Value::as_table_mut);
    for label in labels.into_iter().flat_map(|labels| labels.iter_mut()).filter_map(|(_, label)| label.as_table_mut()) {
        label.entry("template").or_insert_with(|| Value::String(section.template.clone()));
    }
}
