//! What the tests need from outside: Debian packages, npm packages, one Python source distribution.

use super::Environment;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Debian packages, always.
const DEBIAN: &[&str] = &[
    "binutils",
    "chromium",
    "curl",
    "faketime",
    "gcc",
    "git",
    "iproute2",
    "libc6-dev",
    "make",
    "openssh-client",
    "openssh-server",
    "postgresql",
    "prometheus-alertmanager",
    "python3",
    "python3-aiosmtpd",
    "tinyproxy-bin",
    "util-linux",
];

/// Debian packages of the Slurm service.
pub const SLURM: &[&str] = &["munge", "slurm-client", "slurm-wlm-basic-plugins", "slurmctld", "slurmd"];

/// Debian packages of the HTCondor service; HTCondor itself is unpacked, not installed.
pub const HTCONDOR: &[&str] = &["debian-archive-keyring", "patchelf"];

/// Debian packages of the VOMS service; those of its client, which signs proxies, are among them.
pub const VOMS: &[&str] = &["mariadb-server", "openssl", "voms-clients", "voms-mysql-plugin", "voms-server"];

/// Debian packages of the MyProxy service.
pub const MYPROXY: &[&str] = &["myproxy", "myproxy-server"];

/// Debian packages that are needed only where the command is not there yet from another source.
const COMMANDS: &[(&str, &[&str])] = &[("node", &["nodejs"]), ("npm", &["npm"]), ("pip3", &["python3-pip"])];

/// Drives the browser; the last version that runs with the Node.js of Debian 12.
const PLAYWRIGHT: &str = "playwright-core@1.59.0";
/// Checks that everybody can use a page.
const AXE: &str = "axe-core@4.14.1";
/// The unmodified pilot of PanDA, as a source distribution.
const PANDA_PILOT: &str = "panda-pilot==3.7.0.36";

/// Installs what is missing and says where it is.
pub fn install(workspace: &Workspace) -> Result<Environment> {
    let commands = COMMANDS.iter().filter(|(command, _)| !is_command(command)).flat_map(|(_, packages)| *packages);
    let debian: Vec<&str> =
        DEBIAN.iter().chain(SLURM).chain(HTCONDOR).chain(VOMS).chain(MYPROXY).chain(commands).copied().collect();
    install_debian(&debian)?;
    let cache = workspace.target.join("test-tools");
    std::fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let pairs = [
        ("PILOTAGE_CHROMIUM", PathBuf::from("/usr/bin/chromium")),
        ("PILOTAGE_PLAYWRIGHT", playwright(&cache)?),
        ("PILOTAGE_PANDA_PILOT", panda_pilot(&cache)?),
        ("PILOTAGE_PROMTOOL", promtool(&cache)?),
    ];
    Ok(pairs.into_iter().map(|(name, path)| (name.to_owned(), path.display().to_string())).collect())
}

fn is_command(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn is_installed(package: &str) -> Result<bool> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Status}", package])
        .output()
        .context("cannot run dpkg-query; the test suite needs Debian or Ubuntu")?;
    Ok(String::from_utf8_lossy(&output.stdout).contains("ok installed"))
}

/// Installs those of `packages` that are missing, with one look for news before.
pub fn install_debian(packages: &[&str]) -> Result<()> {
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    let options = arguments.len();
    for package in packages {
        if !is_installed(package)? {
            arguments.push(package);
        }
    }
    if arguments.len() == options {
        return Ok(());
    }
    apt(&["update", "-q"])?;
    apt(&arguments)
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    let status = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).status();
    let success = status.is_ok_and(|status| status.success());
    ensure!(success, "apt-get {} failed; run it as root, then start again", arguments.join(" "));
    Ok(())
}

/// The `node_modules` with `playwright-core` and `axe-core`.
fn playwright(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(format!("{PLAYWRIGHT}+{AXE}"));
    // npm writes this file when everything is there.
    if !folder.join("node_modules/.package-lock.json").exists() {
        std::fs::create_dir_all(&folder)?;
        let npm = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        call(Command::new("npm").args(npm).arg(&folder).args([PLAYWRIGHT, AXE]))?;
    }
    Ok(folder.join("node_modules"))
}

/// The unpacked source distribution: the folder that holds `pilot.py`.
fn panda_pilot(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(PANDA_PILOT);
    if let Ok(found) = unpacked(&folder) {
        return Ok(found);
    }
    std::fs::create_dir_all(&folder)?;
    let pip = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest"];
    call(Command::new("pip3").args(pip).arg(&folder).arg(PANDA_PILOT))?;
    let archive =
        entries(&folder)?.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "gz"));
    let archive = archive.with_context(|| format!("pip left no archive in {}", folder.display()))?;
    call(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&folder))?;
    unpacked(&folder)
}

/// Prometheus' checker of rules. Its package would start a server, so that it is unpacked and not installed.
fn promtool(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join("prometheus");
    let program = folder.join("usr/bin/promtool");
    if !program.exists() {
        std::fs::create_dir_all(&folder)?;
        let download = || call(Command::new("apt-get").args(["download", "-q", "prometheus"]).current_dir(&folder));
        if download().is_err() {
            apt(&["update", "-q"])?;
            download()?;
        }
        let is_package = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "deb");
        let package = entries(&folder)?.into_iter().find(is_package);
        let package = package.with_context(|| format!("apt-get left no package in {}", folder.display()))?;
        call(Command::new("dpkg").arg("--extract").arg(package).arg(&folder))?;
    }
    Ok(program)
}

fn unpacked(folder: &Path) -> Result<PathBuf> {
    let found = entries(folder)?.into_iter().find(|path| path.join("pilot.py").exists());
    found.with_context(|| format!("no pilot.py below {}", folder.display()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?)
}

fn call(command: &mut Command) -> Result<()> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("{command:?} ended with {status}"),
        Err(error) => Err(error).with_context(|| format!("cannot run {command:?}")),
    }
}
