//! Where the files of an end point lie and where its commands run: all on this host, or behind a login node. Then the
//! directory of this host is the record, with all that was sent and what ended pilots left, and the one on the other
//! side is what batch system and pilots see.

mod fetch;

use crate::command::{Commander, quoted};
use crate::ssh::{Login, SshConfig};
use crate::submission::{self, Submission};
use crate::{BatchError, Check};
use model::PilotId;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The directories of one factory in one end point.
pub struct Place {
    /// The one on this host.
    pub here: PathBuf,
    /// The same for batch system and pilots.
    pub there: PathBuf,
}

impl Place {
    /// The directories `dir/FACTORY`, and the login node if there is one between. Makes what is on this host.
    pub fn open(dir: &Path, ssh: Option<&SshConfig>, factory: &str) -> Result<(Place, Option<Login>), BatchError> {
        let there = submission::root(dir, factory);
        let here = ssh.map_or_else(|| there.clone(), |ssh| submission::root(&ssh.dir, factory));
        let failed = |source| BatchError::File { action: "make", path: here.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&here).map_err(failed)?;
        let login = ssh.map(|ssh| Login::new(ssh.clone(), here.parent().unwrap_or(&here)));
        Ok((Place { here, there }, login))
    }

    /// The directory of a submission as batch system and pilots see it.
    pub fn there(&self, first: PilotId) -> PathBuf {
        self.there.join(first.to_string())
    }

    /// Makes a submission known on the other side: all of its directory with the same modes. What is there of an
    /// earlier try goes.
    pub async fn send(&self, commands: &Commander, submission: &Submission) -> Result<(), BatchError> {
        let Some(login) = &commands.login else { return Ok(()) };
        let there = self.there(submission.first);
        let body = sending(&submission.dir, &there)?;
        let sent = commands.run_lines(login, &format!("send {}", there.display()), &body).await;
        match &sent {
            Ok(_) => {}
            Err(BatchError::Unreachable { .. }) => submission.delete(),
            Err(_) => self.delete(commands, submission).await,
        }
        // Files alone start no pilot, whatever became of them.
        sent.map(drop).map_err(|error| match error.is_uncertain() {
            true => BatchError::Unreachable { host: login.host().to_owned(), said: format!("failed to {error}") },
            false => error,
        })
    }

    /// Deletes a submission on both sides.
    pub async fn delete(&self, commands: &Commander, submission: &Submission) {
        if self.delete_there(commands, std::slice::from_ref(&submission.dir)).await {
            submission.delete();
        }
    }

    /// Deletes these paths on both sides. What cannot be deleted on the other side is kept here too, so that a later
    /// start of the factory finds it.
    pub async fn forget(&self, commands: &Commander, traces: &[PathBuf]) {
        if self.delete_there(commands, traces).await {
            traces.iter().for_each(|path| submission::remove(path));
        }
    }

    /// Whether nothing of these paths of this host is on the other side any more.
    async fn delete_there(&self, commands: &Commander, paths: &[PathBuf]) -> bool {
        let Some(login) = commands.login.as_ref().filter(|_| !paths.is_empty()) else { return true };
        let same = paths.iter().filter_map(|path| Some(self.there.join(path.strip_prefix(&self.here).ok()?)));
        let lines: String = same.map(|path| format!("rm -rf -- {}\n", word(&path))).collect();
        let name = format!("delete {} paths in {}", paths.len(), self.there.display());
        let deleted = commands.run_lines(login, &name, lines.as_bytes()).await;
        if let Err(error) = &deleted {
            tracing::warn!(%error, "could not delete on the login node; the next start of the factory tries again");
        }
        deleted.is_ok()
    }

    /// Whether the directories can be used; `hint` says what else must hold of the one there.
    pub async fn checks(&self, commands: &Commander, hint: &str) -> Vec<Check> {
        let Some(login) = &commands.login else { return vec![Check::directory(&self.here, hint)] };
        let mut checks = vec![Check::directory(&self.here, "")];
        checks.extend(login.checks().await);
        let written = commands.run_lines(login, "look at the directory", probing(&self.there).as_bytes()).await;
        checks.push(Check::written(&self.there, written.map(drop), hint));
        checks
    }
}

/// Shell that looks for what all of our shell needs, and writes into a directory.
fn probing(there: &Path) -> String {
    format!(
        "for name in setsid timeout date env sed base64 head tail wc tr stat grep; do\n\
         command -v $name >/dev/null || {{ echo \"there is no $name\" >&2; exit 1; }}\ndone\n\
         mkdir -p -- {0}\ncd -- {0}\n: >probe\nrm probe\n",
        word(there)
    )
}

/// Shell that makes a copy of a directory of files and directories. Nothing of their content is an argument of a
/// program: `printf` is the shell's own.
fn sending(from: &Path, there: &Path) -> Result<Vec<u8>, BatchError> {
    let mut body = format!("rm -rf -- {0}\nmkdir -p -- {0}\n", word(there)).into_bytes();
    let failed = |source| BatchError::File { action: "read", path: from.to_owned(), source };
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = word(&there.join(path.file_name().unwrap_or_default()));
        if path.is_dir() {
            body.extend(format!("mkdir -p -- {name}\n").into_bytes());
            continue;
        }
        let content = fs::read(&path).map_err(failed)?;
        if content.contains(&0) {
            let what = format!("{} has a zero byte, which a shell cannot write", path.display());
            return Err(BatchError::Config(what));
        }
        body.extend(b"printf %s ");
        body.extend(quoted_bytes(&content));
        body.extend(format!(" >{name}\n").into_bytes());
        if fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o100 != 0 {
            body.extend(format!("chmod 700 {name}\n").into_bytes());
        }
    }
    Ok(body)
}

/// [`quoted`] for what need not be text.
fn quoted_bytes(content: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = content.split(|byte| *byte == b'\'').collect();
    [b"'", parts.join(&br"'\''"[..]).as_slice(), b"'"].concat()
}

fn word(path: &Path) -> String {
    quoted(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn a_directory_is_copied_with_its_modes_and_nothing_in_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let add = |submission: &Submission| {
            submission.write("it's", b"exec pilot \"$@\"\n")?;
            submission.write("run", b"#!/bin/sh\n")?;
            fs::set_permissions(submission.file("run"), fs::Permissions::from_mode(0o700)).unwrap();
            fs::create_dir(submission.file("spool")).unwrap();
            Ok(())
        };
        let secrets = [b"a 'secret'\n\n".to_vec(), b"\xff%s\\n".to_vec()];
        let made = Submission::create(&dir.path().join("here"), PilotId(7), &secrets, add).unwrap();
        let there = dir.path().join("there");
        let mut shell = Command::new("/bin/sh").stdin(Stdio::piped()).spawn().unwrap();
        let body = [b"set -eu\numask 077\n".to_vec(), sending(&made.dir, &there).unwrap()].concat();
        shell.stdin.take().unwrap().write_all(&body).unwrap();
        assert!(shell.wait().unwrap().success());
        let mode = |path: &str| fs::metadata(there.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!([".", "7.json", "it's", "run", "spool"].map(mode), [0o700, 0o600, 0o600, 0o700, 0o700]);
        for name in ["7.json", "8.json", "it's", "run"] {
            assert_eq!(fs::read(there.join(name)).unwrap(), fs::read(made.file(name)).unwrap(), "{name}");
        }
        made.write("9.json", b"\0").unwrap();
        assert!(sending(&made.dir, &there).unwrap_err().to_string().contains("has a zero byte"));
    }
}
