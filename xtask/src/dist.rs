//! `cargo xtask dist`: the release tarball, and a test that it runs where nothing else is.

mod bare;

use crate::artefact;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of a release: package and name.
const PROGRAMS: [(&str, &str); 2] = [("pilotage", "pilotage"), ("agent", "pilotage-pilot")];

/// What else is in the tarball: path in the repository and folder in the tarball.
const FILES: [(&str, &str); 10] = [
    ("LICENSE", ""),
    ("README.md", ""),
    ("CHANGELOG.md", ""),
    ("ARCHITECTURE.md", ""),
    ("CONTRIBUTING.md", ""),
    ("docs", "docs"),
    ("packaging/systemd", "systemd"),
    ("packaging/examples", "examples"),
    ("packaging/man", "man"),
    ("packaging/completions", "completions"),
];

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Cargo profile of the programs: `dist` is small and slow to build, `dev` is quick.
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Also unpack it in an empty root with nothing but a shell and run the demo there.
    #[arg(long)]
    test: bool,
}

/// Builds the tarball below the target folder.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let tarball = pack(workspace, &arguments.profile)?;
    let bytes = std::fs::metadata(&tarball)?.len();
    println!("{} ({:.1} MB)", tarball.display(), bytes as f64 / 1e6);
    if arguments.test { bare::run_demo(&tarball) } else { Ok(()) }
}

fn pack(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    let staging = tempfile::tempdir()?;
    let name = format!("pilotage-{}-{}", version(workspace)?, std::env::consts::ARCH);
    let root = staging.path().join(&name);
    for (package, program) in PROGRAMS {
        let built = artefact::build(workspace, package, program, profile)?;
        artefact::check_static(&built)?;
        copy(&built, &root.join("bin"))?;
    }
    for (from, to) in FILES {
        copy(&workspace.root.join(from), &root.join(to))?;
    }
    let folder = workspace.target.join("dist");
    std::fs::create_dir_all(&folder)?;
    let tarball = folder.join(format!("{name}.tar.gz"));
    let owner = ["--owner=0", "--group=0", "--sort=name", "-czf"];
    call(Command::new("tar").args(owner).arg(&tarball).arg("-C").arg(staging.path()).arg(&name))?;
    Ok(tarball)
}

fn version(workspace: &Workspace) -> Result<&str> {
    let program = workspace.members().find(|package| package.name == "pilotage").context("no package pilotage")?;
    Ok(&program.version)
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    std::fs::create_dir_all(into)?;
    let contents = if from.is_dir() { from.join(".") } else { from.to_owned() };
    call(Command::new("cp").arg("-a").arg(contents).arg(into))
}

/// Runs a command and fails when it does.
pub fn call(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Targets of Markdown links that are no URL.
    fn links(text: &str) -> impl Iterator<Item = &str> {
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        targets.filter(|target| !target.is_empty() && !target.contains("://"))
    }

    #[test]
    fn what_the_pages_link_to_is_in_the_tarball_where_they_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
        assert!(links(&readme).count() > 10);
        for target in links(&readme) {
            let is_packed = FILES.iter().any(|(from, to)| target == *from && to.is_empty())
                || FILES.iter().any(|(from, to)| from == to && target.starts_with(&format!("{from}/")));
            assert!(is_packed && root.join(target).exists(), "README.md links to {target}");
        }
        for entry in std::fs::read_dir(root.join("docs")).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            for target in links(&std::fs::read_to_string(&path).unwrap()) {
                assert!(root.join("docs").join(target).exists(), "{} links to {target}", path.display());
            }
        }
    }
}
