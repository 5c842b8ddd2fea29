//! A root directory with a shell, `/proc`, `/dev` and `/tmp` and nothing else, in which the tarball's demo must run.

use super::call;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs of the host that the bare root gets, with the libraries they need: a shell and what a payload may call.
const HOST_PROGRAMS: [&str; 12] =
    ["sh", "cat", "chmod", "df", "id", "ls", "mkdir", "rm", "sort", "true", "uname", "wc"];

/// What runs inside, with /proc and /dev of a mount and process namespace of its own, so that nothing can be left over.
const SCRIPT: &str = r#"
set -eu
root=$1
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom full tty; do : >"$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
ip link set lo up
exec env -i PATH=/bin HOME=/tmp TMPDIR=/tmp "$(command -v chroot)" "$root" /bin/sh -c 'cd /tmp && exec /pilotage/bin/pilotage demo --output /tmp/demo.png'
"#;

/// Unpacks the tarball and runs its demo.
pub fn run_demo(tarball: &Path) -> Result<()> {
    let root = tempfile::tempdir()?;
    for folder in ["bin", "dev", "proc", "tmp", "pilotage", "etc"] {
        std::fs::create_dir(root.path().join(folder))?;
    }
    call(
        Command::new("tar")
            .arg("-xzf")
            .arg(tarball)
            .args(["--strip-components=1", "-C"])
            .arg(root.path().join("pilotage")),
    )?;
    for program in HOST_PROGRAMS {
        install(program, root.path())?;
    }
    call(
        Command::new("unshare")
            .args([
                "--mount",
                "--pid",
                "--net",
                "--fork",
                "--kill-child",
                "--propagation",
                "private",
                "sh",
                "-c",
                SCRIPT,
                "sh",
            ])
            .arg(root.path()),
    )?;
    println!("dist: the demo ran in a bare root");
    Ok(())
}

fn install(program: &str, root: &Path) -> Result<()> {
    let path = which(program)?;
    call(Command::new("cp").arg("-L").arg(&path).arg(root.join("bin").join(program)))?;
    for library in libraries(&path)? {
        let target = root.join(library.strip_prefix("/")?);
        std::fs::create_dir_all(target.parent().context("a library without folder")?)?;
        call(Command::new("cp").arg("-L").arg(&library).arg(&target))?;
    }
    Ok(())
}

fn which(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.with_context(|| format!("no {program} on PATH"))
}

fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("ldd").arg(program).output().context("cannot run ldd")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
}
