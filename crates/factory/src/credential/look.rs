//! A look at the file of a credential: is it there, is it ours alone, until when is it good?

use super::kind::CredentialSection;
use super::life::Seen;
use model::Time;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The most bytes of a credential.
const BYTES_MAX: u64 = 1 << 20;

/// What lies at `path`; the error says what is wrong with it, beginning with the path.
pub fn look(section: &CredentialSection, path: &Path) -> Result<Seen, String> {
    let wrong = |what: String| format!("{} {what}", path.display());
    let (content, since) = read(path).map_err(wrong)?;
    section.asked().read(&content, since).map_err(wrong)
}

/// The one line of a file with a secret; the error reads well after "failed to".
pub fn secret(path: &Path) -> Result<String, String> {
    let wrong = |what: String| format!("use a secret: {} {what}", path.display());
    let (content, _) = read(path).map_err(wrong)?;
    let text = String::from_utf8(content).map_err(|_| wrong("is no text".to_owned()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(wrong("is empty".to_owned())),
        secret => Ok(secret.to_owned()),
    }
}

/// The content, and the time of its last change.
fn read(path: &Path) -> Result<(Vec<u8>, Time), String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    check(&metadata)?;
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut content)).map_err(unreadable)?;
    let changed = metadata.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok()).unwrap_or_default();
    Ok((content, changed.into()))
}

/// A named pipe would hold up the factory for ever, and what others can read is no secret.
fn check(metadata: &Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    if metadata.len() > BYTES_MAX {
        return Err(format!("has more than {BYTES_MAX} bytes"));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("can be used by others (mode {mode:04o}); make it 0600"));
    }
    Ok(())
}
