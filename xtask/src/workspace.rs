//! The workspace as `cargo metadata` describes it.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Everything the tasks need to know of the workspace.
pub struct Workspace {
    /// Folder of the root manifest.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
    /// All packages of the dependency graph.
    pub packages: Vec<Package>,
    /// The resolved graph.
    pub nodes: Vec<Node>,
}

/// One package, of the workspace or from a registry.
#[derive(Deserialize)]
pub struct Package {
    /// Opaque id, the key of [`Node`].
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Null for packages of the workspace.
    pub source: Option<String>,
    /// What its manifest asks for.
    pub dependencies: Vec<Dependency>,
    /// The oldest compiler that builds it, such as `1.95`.
    pub rust_version: Option<String>,
    manifest_path: PathBuf,
}

/// One line of a dependency table.
#[derive(Deserialize)]
pub struct Dependency {
    /// Name of the package.
    pub name: String,
    /// `None` for normal ones, else `dev` or `build`.
    pub kind: Option<String>,
}

/// The dependencies of one package after resolution.
#[derive(Deserialize)]
pub struct Node {
    /// The package.
    pub id: String,
    /// What it uses.
    pub deps: Vec<NodeDependency>,
}

/// One edge of the resolved graph.
#[derive(Deserialize)]
pub struct NodeDependency {
    /// The package it leads to.
    pub pkg: String,
    /// In which tables it stands.
    pub dep_kinds: Vec<DependencyKind>,
}

/// Where an edge of the graph comes from.
#[derive(Deserialize)]
pub struct DependencyKind {
    /// `None` for normal ones, else `dev` or `build`.
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

impl Workspace {
    /// Asks cargo.
    pub fn load() -> Result<Workspace> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()?])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata failed ({})", output.status);
        let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cannot read cargo metadata")?;
        Ok(Workspace {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            packages: metadata.packages,
            nodes: metadata.resolve.nodes,
        })
    }

    /// The workspace's own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_none())
    }

    /// The compiler that the sources were written for, such as `1.95`.
    pub fn rust_version(&self) -> Option<&str> {
        self.members().find_map(|package| package.rust_version.as_deref())
    }

    /// `path` as seen from the root, for messages.
    pub fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

impl Package {
    /// Folder of its manifest.
    pub fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }
}

/// The target triple of this machine.
pub fn host() -> Result<String> {
    compiler_fact("host: ")
}

/// The version of the compiler, such as `1.95.0`.
pub fn compiler() -> Result<String> {
    compiler_fact("release: ")
}

fn compiler_fact(key: &str) -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    Ok(value.with_context(|| format!("rustc -vV has no line {key:?}"))?.to_owned())
}

/// The cargo that runs this task, without the variables that describe this package: build scripts of others look at them,
/// so that with them a task would build anew what a plain `cargo build` has built.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let describes = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(describes)) {
        command.env_remove(name);
    }
    command
}
