use super::*;
use model::{JobId, JobState};
use std::os::unix::fs::PermissionsExt;

fn kept(job: i64, words: &str) -> Kept {
    let report =
        serde_json::json!({"job": job, "attempt": 1, "token": "t", "state": JobState::Finished, "stdout": words});
    Kept { report: serde_json::from_value(report).unwrap(), files: Vec::new() }
}

fn jobs(spool: &Path) -> Vec<i64> {
    read(spool).unwrap().iter().map(|one| one.report.job.0).collect()
}

#[test]
fn outlives_its_process_with_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let place = path(dir.path(), PilotId(7));
    let mut spool = Spool::open(&place).unwrap();
    assert!(!place.exists() && jobs(&place).is_empty());
    fs::write(dir.path().join("log"), "long").unwrap();
    spool.add_file(&dir.path().join("log"), "1.1.stdout").unwrap();
    spool.add_bytes(b"short", "1.1.stderr").unwrap();
    let is = KeptOutput::Log { stream: LogStream::Stdout, offset: 3 };
    let files = vec![
        KeptFile { file: "1.1.stdout".into(), is },
        KeptFile { file: "p".into(), is: KeptOutput::Output("a/p".into()) },
    ];
    spool.append(&[Kept { files: files.clone(), ..kept(1, "a\nb") }, kept(2, "")]).unwrap();
    let read = read(&place).unwrap();
    assert_eq!((read[0].files.as_slice(), read[0].report.stdout.as_str()), (files.as_slice(), "a\nb"));
    assert_eq!((read[1].report.job, read[1].files.len()), (JobId(2), 0));
    assert_eq!(fs::read(place.join("1.1.stdout")).unwrap(), b"long");
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    spool.clear().unwrap();
    assert!(!place.exists());
}

#[test]
fn a_torn_line_costs_itself_alone() {
    let dir = tempfile::tempdir().unwrap();
    let place = path(dir.path(), PilotId(7));
    Spool::open(&place).unwrap().append(&[kept(1, ""), kept(2, ""), kept(3, "größer")]).unwrap();
    let file = place.join(REPORTS);
    let whole = fs::read(&file).unwrap();
    let umlaut = whole.windows(2).position(|two| two == "ö".as_bytes()).unwrap();
    // Cut inside of a character: the text is not even UTF-8 any more.
    fs::write(&file, &whole[..=umlaut]).unwrap();
    assert_eq!(jobs(&place), [1, 2]);
    let mut again = Spool::open(&place).unwrap();
    again.append(&[kept(4, "")]).unwrap();
    assert_eq!(jobs(&place), [1, 2, 4]);
    again.clear().unwrap();
    assert_eq!(jobs(&place), [1, 2], "what an earlier process left is not ours to clear");
}

#[test]
fn a_full_disk_leaves_no_half_line() {
    let dir = tempfile::tempdir().unwrap();
    let place = path(dir.path(), PilotId(7));
    let mut spool = Spool::open(&place).unwrap();
    spool.append(&[kept(1, "")]).unwrap();
    // As a write that stopped half way does.
    let mut torn = OpenOptions::new().append(true).open(place.join(REPORTS)).unwrap();
    torn.write_all(b"{\"job\":2").unwrap();
    spool.cut().unwrap();
    spool.append(&[kept(3, "")]).unwrap();
    assert_eq!(jobs(&place), [1, 3]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let place = path(dir.path(), PilotId(7));
    let mut spool = Spool::open(&place).unwrap();
    let large = dir.path().join("large");
    File::create(&large).unwrap().set_len(FILES_BYTES_MAX + 1).unwrap();
    let error = spool.add_file(&large, "large").unwrap_err();
    assert_eq!(error.to_string(), "a spool holds at most 256 MiB");
    spool.bytes = REPORTS_BYTES_MAX;
    assert_eq!(spool.append(&[kept(1, "")]).unwrap_err().kind(), io::ErrorKind::StorageFull);
}
