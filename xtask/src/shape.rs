//! `cargo xtask shape`: functions and files stay short. Tests are not measured.

use crate::source::{self, SourceFile};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::ops::RangeInclusive;
use syn::visit::{self, Visit};

/// The median function has this many lines.
const FUNCTION_MEDIAN: RangeInclusive<usize> = 6..=11;
/// A function with more lines is long.
const FUNCTION_LONG: usize = 70;
/// Fewer than this share of all functions, in percent, may be long.
const FUNCTION_LONG_MAX_PERCENT: f64 = 2.0;
/// The median file has about 160 lines: this many.
const FILE_MEDIAN: RangeInclusive<usize> = 80..=220;
/// No file has more lines.
const FILE_MAX: usize = 800;

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many of the longest functions and files to show.
    #[arg(long, default_value_t = 10)]
    top: usize,
}

struct Measured {
    lines: usize,
    name: String,
}

/// Measures, prints a table and fails when a bound is broken.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let sources = source::program_files(workspace)?;
    let functions = sorted(sources.iter().flat_map(functions_of).collect());
    let files = sorted(sources.iter().map(file_of).collect());
    print_summary("functions", &functions, FUNCTION_LONG);
    print_summary("files", &files, FILE_MAX);
    print_longest("longest functions", &functions, arguments.top);
    print_longest("longest files", &files, arguments.top);
    verdict(&functions, &files)
}

fn verdict(functions: &[Measured], files: &[Measured]) -> Result<()> {
    let mut broken = Vec::new();
    broken.extend(median_trouble("function", functions, &FUNCTION_MEDIAN));
    broken.extend(median_trouble("file", files, &FILE_MEDIAN));
    let long = percent_above(functions, FUNCTION_LONG);
    if long >= FUNCTION_LONG_MAX_PERCENT {
        broken.push(format!(
            "{long:.1} % of the functions have more than {FUNCTION_LONG} lines, allowed are less than {FUNCTION_LONG_MAX_PERCENT} %"
        ));
    }
    broken.extend(
        files
            .iter()
            .filter(|file| file.lines > FILE_MAX)
            .map(|file| format!("{} has {} lines outside tests, allowed are {FILE_MAX}", file.name, file.lines)),
    );
    if broken.is_empty() { Ok(()) } else { bail!("the shape is off:\n  {}", broken.join("\n  ")) }
}

fn median_trouble(what: &str, measured: &[Measured], wanted: &RangeInclusive<usize>) -> Option<String> {
    let found = median(measured);
    (!wanted.contains(&found))
        .then(|| format!("the median {what} has {found} lines, wanted are {} to {}", wanted.start(), wanted.end()))
}

fn print_summary(what: &str, measured: &[Measured], bound: usize) {
    let p90 = measured.get(measured.len() / 10).map_or(0, |one| one.lines);
    let max = measured.first().map_or(0, |one| one.lines);
    println!(
        "{what:<10} {:>6}   median {:>4}   p90 {p90:>4}   max {max:>4}   above {bound}: {} ({:.2} %)",
        measured.len(),
        median(measured),
        measured.iter().filter(|one| one.lines > bound).count(),
        percent_above(measured, bound),
    );
}

fn print_longest(title: &str, measured: &[Measured], top: usize) {
    println!("\n{title}");
    for one in measured.iter().take(top) {
        println!("{:>6}  {}", one.lines, one.name);
    }
}

fn sorted(mut measured: Vec<Measured>) -> Vec<Measured> {
    measured.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.name.cmp(&b.name)));
    measured
}

fn median(measured: &[Measured]) -> usize {
    measured.get(measured.len() / 2).map_or(0, |one| one.lines)
}

fn percent_above(measured: &[Measured], bound: usize) -> f64 {
    let above = measured.iter().filter(|one| one.lines > bound).count();
    above as f64 * 100.0 / measured.len().max(1) as f64
}

fn file_of(file: &SourceFile) -> Measured {
    Measured { lines: file.lines, name: file.path.display().to_string() }
}

fn functions_of(file: &SourceFile) -> Vec<Measured> {
    let mut finder = FunctionFinder { file, found: Vec::new() };
    source::visit_program(&mut finder, file);
    finder.found
}

struct FunctionFinder<'a> {
    file: &'a SourceFile,
    found: Vec<Measured>,
}

impl FunctionFinder<'_> {
    fn note(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (first, last) = (*source::lines_of(signature).start(), *source::lines_of(block).end());
        let name = format!("{}:{first} {}", self.file.path.display(), signature.ident);
        self.found.push(Measured { lines: last + 1 - first, name });
    }
}

impl<'ast> Visit<'ast> for FunctionFinder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !source::is_test(&item.attrs) {
            self.note(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.note(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}
