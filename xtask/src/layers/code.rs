//! What may stand in the sources of which crate: SQL, `unsafe`, clocks, I/O.

use crate::source::{self, SourceFile};
use proc_macro2::Span;
use std::path::Path;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Crates that hold SQL text.
const SQL_PLACES: &[&str] = &["store", "load"];

/// Files that hold `unsafe`, each with what it is needed for.
const UNSAFE_PLACES: &[(&str, &str)] = &[];

/// Where the wall clock may be read, by path prefix; everything else gets a `model::Time` passed.
const CLOCK_EDGES: &[&str] = &[
    "crates/agent/src/",
    "crates/batch/src/",
    "crates/factory/src/",
    "crates/pilotage/src/",
    "crates/server/src/",
    "crates/store/src/",
    "crates/wire/src/",
    "load/src/",
    "xtask/src/",
];

/// Parts of those that decide, and therefore never look at a clock.
const CLOCKLESS: &[&str] = &["crates/factory/src/chain/", "crates/factory/src/chain.rs"];

/// Calls that read the wall clock.
const WALL_CLOCKS: &[&str] = &["Timestamp::now", "SystemTime::now", "Zoned::now", "Utc::now", "Local::now"];

/// What `model` never touches.
const IO_PATHS: &[&str] = &["std::fs", "std::net", "std::process", "std::env", "std::thread", "tokio", "std::io"];

/// All violations of one file, in words.
pub fn check(file: &SourceFile) -> Vec<String> {
    let mut checker = Checker { file, found: Vec::new() };
    source::visit_program(&mut checker, file);
    checker.found
}

struct Checker<'a> {
    file: &'a SourceFile,
    found: Vec<String>,
}

impl Checker<'_> {
    fn violation(&mut self, span: Span, words: &str) {
        self.found.push(format!("{}:{}: {words}", self.file.path.display(), span.start().line));
    }

    fn check_path(&mut self, span: Span, path: &str) {
        if self.file.package == "model" {
            self.check_pure(span, path);
        }
        if WALL_CLOCKS.iter().any(|clock| path.ends_with(clock)) && !may_read_clock(&self.file.path) {
            self.violation(span, &format!("reads the clock by {path}; take the time as a model::Time argument"));
        }
    }

    fn check_pure(&mut self, span: Span, path: &str) {
        if IO_PATHS.iter().any(|io| path == *io || path.starts_with(&format!("{io}::"))) {
            self.violation(span, &format!("{path}: model has no I/O and no threads"));
        }
        if path.ends_with("Instant::now") {
            self.violation(span, "model has no clock");
        }
    }

    fn check_unsafe(&mut self, span: Span) {
        if !UNSAFE_PLACES.iter().any(|(place, _)| self.file.path == Path::new(place)) {
            self.violation(span, "unsafe outside the places that xtask/src/layers/code.rs names with a reason");
        }
    }

    fn check_text(&mut self, span: Span, text: &str) {
        if !SQL_PLACES.contains(&self.file.package.as_str()) && self.file.package != "xtask" && is_sql(text) {
            self.violation(span, "SQL text outside store");
        }
    }
}

impl<'ast> Visit<'ast> for Checker<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.check_path(path.span(), &path_text(path));
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for path in use_paths(&item.tree) {
            self.check_path(item.span(), &path);
        }
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.check_unsafe(block.unsafe_token.span);
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.unsafety {
            self.check_unsafe(token.span);
        }
        if let (Some(token), "model") = (&signature.asyncness, self.file.package.as_str()) {
            self.violation(token.span, "model is not async");
        }
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some(token) = &item.unsafety {
            self.check_unsafe(token.span);
        }
        if !source::is_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !source::is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.check_text(literal.span(), &literal.value());
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let written = item.tokens.to_string().replace(' ', "");
        if let Some(clock) = WALL_CLOCKS.iter().find(|clock| written.contains(**clock)) {
            self.check_path(item.span(), clock);
        }
        self.check_tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

impl Checker<'_> {
    /// Literals inside a macro, which syn hands over as bare tokens.
    fn check_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) => self.check_tokens(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => self.check_text(literal.span(), &literal.to_string()),
                proc_macro2::TokenTree::Ident(ident) if ident == "unsafe" => self.check_unsafe(ident.span()),
                _ => {}
            }
        }
    }
}

fn may_read_clock(path: &Path) -> bool {
    let within = |places: &[&str]| places.iter().any(|place| path.starts_with(place.trim_end_matches('/')));
    within(CLOCK_EDGES) && !within(CLOCKLESS)
}

fn path_text(path: &syn::Path) -> String {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    segments.join("::")
}

fn use_paths(tree: &syn::UseTree) -> Vec<String> {
    match tree {
        syn::UseTree::Path(path) => {
            use_paths(&path.tree).into_iter().map(|rest| format!("{}::{rest}", path.ident)).collect()
        }
        syn::UseTree::Name(name) => vec![name.ident.to_string()],
        syn::UseTree::Rename(rename) => vec![rename.ident.to_string()],
        syn::UseTree::Glob(_) => vec!["*".to_owned()],
        syn::UseTree::Group(group) => group.items.iter().flat_map(use_paths).collect(),
    }
}

/// Whether a literal is a statement of SQL, not a sentence that happens to start with such a word.
fn is_sql(text: &str) -> bool {
    let lower = text.trim_start_matches(['"', 'r', '#']).trim_start().to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    match words.as_slice() {
        ["select", rest @ ..] => rest.contains(&"from") && !lower.ends_with('.'),
        ["insert", "into", ..] | ["delete", "from", ..] | ["alter", "table", ..] => true,
        ["create", "table" | "index" | "unique", ..] | ["drop", "table" | "index", ..] => true,
        ["update", _, "set", ..] => true,
        ["pragma", ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_sql_and_sentences_are_not() {
        assert!(is_sql("SELECT id\n FROM job"));
        assert!(is_sql("update job set state = 1"));
        assert!(is_sql("CREATE UNIQUE INDEX a ON b (c)"));
        assert!(!is_sql("select the queues that are taken from the list."));
        assert!(!is_sql("update the site"));
        assert!(!is_sql("insert coin"));
    }

    #[test]
    fn the_chain_of_the_factory_has_no_clock() {
        assert!(may_read_clock(Path::new("crates/factory/src/cycle.rs")));
        assert!(!may_read_clock(Path::new("crates/factory/src/chain/scale.rs")));
        assert!(!may_read_clock(Path::new("crates/model/src/time.rs")));
    }
}
