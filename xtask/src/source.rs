//! The Rust sources of the workspace, parsed, and which of their lines are tests.

use crate::workspace::{Package, Workspace};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// One source file.
pub struct SourceFile {
    /// Name of its package.
    pub package: String,
    /// Path from the workspace root.
    pub path: PathBuf,
    /// Number of lines outside tests.
    pub lines: usize,
    /// The syntax tree.
    pub syntax: syn::File,
}

/// All files of the workspace that are part of a program or library; test files are left out.
pub fn program_files(workspace: &Workspace) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for package in workspace.members() {
        files.extend(package_files(workspace, package)?);
    }
    Ok(files)
}

fn package_files(workspace: &Workspace, package: &Package) -> Result<Vec<SourceFile>> {
    let mut paths = Vec::new();
    collect(&package.directory().join("src"), &mut paths)?;
    let parsed = paths.iter().map(|path| parse(path)).collect::<Result<Vec<_>>>()?;
    let tests: BTreeSet<PathBuf> =
        paths.iter().zip(&parsed).flat_map(|(path, (_, syntax))| test_module_files(path, syntax)).collect();
    Ok(paths
        .iter()
        .zip(parsed)
        .filter(|(path, _)| !tests.iter().any(|test| path.starts_with(test) || path.with_extension("") == *test))
        .map(|(path, (text, syntax))| SourceFile {
            package: package.name.clone(),
            path: workspace.relative(path).to_owned(),
            lines: text.lines().count().saturating_sub(test_lines(&syntax)),
            syntax,
        })
        .collect())
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

fn parse(path: &Path) -> Result<(String, syn::File)> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let syntax = syn::parse_file(&text).with_context(|| format!("cannot parse {}", path.display()))?;
    Ok((text, syntax))
}

/// Paths without extension of the modules that `path` declares under `#[cfg(test)]` in files of their own.
fn test_module_files(path: &Path, syntax: &syn::File) -> Vec<PathBuf> {
    let folder = module_folder(path);
    syntax
        .items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Mod(module) if module.content.is_none() && is_test(&module.attrs) => {
                Some(folder.join(module.ident.to_string()))
            }
            _ => None,
        })
        .collect()
}

fn module_folder(path: &Path) -> PathBuf {
    let named_by_folder = path.file_stem().is_some_and(|stem| stem == "lib" || stem == "main" || stem == "mod");
    if named_by_folder { path.with_file_name("") } else { path.with_extension("") }
}

fn test_lines(syntax: &syn::File) -> usize {
    syntax.items.iter().filter(|item| is_test(attributes(item))).map(|item| lines_of(item).count()).sum()
}

/// The lines from the first to the last token of `node`.
pub fn lines_of(node: &impl Spanned) -> RangeInclusive<usize> {
    let span = node.span();
    span.start().line..=span.end().line
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether the attributes make an item a test or part of one.
pub fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let last = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        last == "test" || last == "rstest" || (path.is_ident("cfg") && mentions_test(attribute))
    })
}

fn mentions_test(attribute: &syn::Attribute) -> bool {
    let Ok(list) = attribute.meta.require_list() else { return false };
    let condition = list.tokens.to_string();
    condition == "test" || condition.starts_with("all (test") || condition.starts_with("any (test")
}

/// Calls `visitor` for everything of `file` outside tests.
pub fn visit_program<'a, V: Visit<'a>>(visitor: &mut V, file: &'a SourceFile) {
    for item in file.syntax.items.iter().filter(|item| !is_test(attributes(item))) {
        visit::visit_item(visitor, item);
    }
}
