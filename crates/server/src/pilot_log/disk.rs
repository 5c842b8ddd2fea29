//! The file system that a directory of objects is on.

use model::Time;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// How long an upload that nobody finishes lies there at most.
pub const UPLOAD_MAX: Duration = Duration::from_secs(24 * 3600);

/// Bytes in use, and those together with the ones that may still be used, as `df` counts them.
pub fn room(dir: &Path) -> io::Result<(u64, u64)> {
    let stat = rustix::fs::statvfs(dir)?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree).saturating_mul(stat.f_frsize);
    Ok((used, used + stat.f_bavail.saturating_mul(stat.f_frsize)))
}

/// Deletes what uploads left in the folders of a day when their server was killed: files `NAME#NUMBER`, which the object
/// store does not show. Returns how many.
pub fn delete_broken_uploads(day: &Path, now: Time) -> io::Result<u32> {
    let mut deleted = 0;
    for label in read(day)? {
        for file in read(&label?.path())? {
            let file = file?;
            if is_broken_upload(&file, now)? {
                fs::remove_file(file.path())?;
                deleted += 1;
            }
        }
    }
    Ok(deleted)
}

fn is_broken_upload(file: &fs::DirEntry, now: Time) -> io::Result<bool> {
    let name = file.file_name();
    let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    let is_upload = number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    let written = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(is_upload && now.since(Time(0) + written) > UPLOAD_MAX)
}

/// The entries of a folder; none of one that is not there or is none.
fn read(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None.into_iter().flatten())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_broken_uploads_go() {
        let day = tempfile::tempdir().unwrap();
        let label = day.path().join("l");
        fs::create_dir(&label).unwrap();
        let now = Time(0) + UPLOAD_MAX * 20_000;
        let (old, young) = (UNIX_EPOCH + UPLOAD_MAX * 19_998, UNIX_EPOCH + UPLOAD_MAX * 20_000);
        for (name, is_old) in
            [("1.out", true), ("1.out#1", true), ("2.out#1", false), ("3%23x#", true), ("4.gz#12", true)]
        {
            let file = fs::File::create(label.join(name)).unwrap();
            file.set_modified(if is_old { old } else { young }).unwrap();
        }
        assert_eq!(delete_broken_uploads(day.path(), now).unwrap(), 2);
        let mut left: Vec<_> = fs::read_dir(&label).unwrap().map(|file| file.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["1.out", "2.out#1", "3%23x#"]);
        assert_eq!(delete_broken_uploads(&day.path().join("none"), now).unwrap(), 0);
    }

    #[test]
    fn a_file_system_has_room() {
        let (used, total) = room(Path::new("/")).unwrap();
        assert!(used > 0 && used <= total);
    }
}
