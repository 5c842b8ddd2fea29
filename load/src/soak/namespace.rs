//! A network, mount and process namespace of the harness's own, so that a cut or a full disk harms nobody else.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Set inside.
const MARK: &str = "PILOTAGE_SOAK_NAMESPACE";

/// Whether this process is in one already.
pub fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs this same command inside and answers whether it went well.
pub fn enter() -> Result<bool> {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let status = command
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .status()
        .context("cannot run unshare")?;
    Ok(status.success())
}

/// Puts a small file system of its own at `path`.
pub fn mount_small(path: &Path) -> Result<()> {
    let options = ["-t", "tmpfs", "-o", "size=48m,mode=700", "tmpfs"];
    let status = Command::new("mount").args(options).arg(path).status().context("cannot run mount")?;
    ensure!(status.success(), "mounting a small file system at {} ended with {status}", path.display());
    Ok(())
}

/// Takes it away again, so that the directory below can be deleted.
pub fn unmount(path: &Path) -> Result<()> {
    let status = Command::new("umount").arg(path).status().context("cannot run umount")?;
    ensure!(status.success(), "unmounting {} ended with {status}", path.display());
    Ok(())
}
