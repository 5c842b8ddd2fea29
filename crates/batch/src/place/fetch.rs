//! What ended pilots left on the other side of a login node, brought here in pieces of bounded size.

use super::{Place, word};
use crate::command::Commander;
use crate::ssh::Login;
use crate::{BatchError, LogFiles};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::PilotId;
use std::collections::{BTreeSet, VecDeque};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes at the end of a log that are fetched; the copy is as long as the log, with a hole before them.
const LOG_MAX: u64 = 1 << 20;
/// Bytes of one answer, and with it of one piece, which must come within the time of a command also over a slow network;
/// base64 makes a third more of them.
const ANSWER_MAX: u64 = 4 << 20;
/// Files that one answer is about at most.
const FILES_MAX: usize = 1000;
/// Pilots whose files are fetched together.
const PILOTS_MAX: usize = 50;
/// Where nothing is fetched any more.
const FETCHED: &str = "fetched";

/// A file to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    /// Its path below both directories.
    path: PathBuf,
    /// Where to go on; `None` for the end of a log.
    from: Option<u64>,
}

/// A part of a file.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    /// Which of those that were asked for.
    index: usize,
    from: u64,
    /// Bytes of the whole file.
    total: u64,
    content: Vec<u8>,
}

impl Place {
    /// Brings the logs and undelivered reports of these pilots, which have ended, unless it was done before. Gives those
    /// of which something is still to come; ever more of them are done, so that none waits for a call that is long
    /// enough for all.
    pub async fn fetch(
        &self,
        commands: &Commander,
        pilots: impl Iterator<Item = (PilotId, LogFiles)>,
    ) -> BTreeSet<PilotId> {
        let Some(login) = &commands.login else { return BTreeSet::new() };
        let known = pilots.filter(|(_, logs)| !logs.place.as_os_str().is_empty());
        let fresh: Vec<_> = known.filter(|(pilot, logs)| !mark(&logs.place, *pilot).exists()).collect();
        let mut left: BTreeSet<PilotId> = fresh.iter().map(|(pilot, _)| *pilot).collect();
        let until = Instant::now() + commands.timeout;
        for some in fresh.chunks(PILOTS_MAX) {
            match self.fetch_all_of(commands, login, some).await {
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "could not fetch what pilots left; the next cycle tries again");
                    break;
                }
                Err(error) => tracing::error!(%error, "could not fetch what pilots left"),
                Ok(()) => {}
            }
            left.retain(|pilot| !some.iter().any(|(one, _)| one == pilot));
            if Instant::now() >= until {
                break;
            }
        }
        left
    }

    async fn fetch_all_of(
        &self,
        commands: &Commander,
        login: &Login,
        pilots: &[(PilotId, LogFiles)],
    ) -> Result<(), BatchError> {
        let spools = pilots.iter().map(|(pilot, logs)| logs.place.join(format!("{pilot}.spool")));
        let mut wanted = self.kept_in(commands, login, &spools.collect::<Vec<_>>()).await?;
        let logs = pilots.iter().flat_map(|(_, logs)| [&logs.out, &logs.err, &logs.log]);
        wanted.extend(logs.filter_map(|path| Some(Wanted { path: self.below(path)?, from: None })));
        self.fetch_files(commands, wanted).await?;
        pilots.iter().try_for_each(|(pilot, logs)| write_at(&mark(&logs.place, *pilot), 0, b"", 0))
    }

    /// Brings the ends of these files of this host as they are on the other side.
    pub async fn fetch_ends(&self, commands: &Commander, paths: &[PathBuf]) -> Result<(), BatchError> {
        let ends = paths.iter().filter_map(|path| Some(Wanted { path: self.below(path)?, from: None }));
        self.fetch_files(commands, ends.collect()).await
    }

    /// What is in these directories.
    async fn kept_in(
        &self,
        commands: &Commander,
        login: &Login,
        spools: &[PathBuf],
    ) -> Result<VecDeque<Wanted>, BatchError> {
        let below: Vec<PathBuf> = spools.iter().filter_map(|spool| self.below(spool)).collect();
        let look = |(index, spool): (usize, &PathBuf)| {
            let spool = word(&self.there.join(spool));
            format!("[ ! -d {spool} ] || for name in $(ls -- {spool}); do echo \"{index} $name\"; done\n")
        };
        let body: String = below.iter().enumerate().map(look).collect();
        let said = commands.run_lines(login, "look for undelivered reports", body.as_bytes()).await?;
        let named = said.out.lines().filter_map(|line| {
            let (index, name) = line.split_once(' ')?;
            let path = below.get(index.parse::<usize>().ok()?)?.join(plain(name)?);
            Some(Wanted { path, from: Some(0) })
        });
        Ok(named.collect())
    }

    async fn fetch_files(&self, commands: &Commander, mut wanted: VecDeque<Wanted>) -> Result<(), BatchError> {
        let Some(login) = &commands.login else { return Ok(()) };
        while !wanted.is_empty() {
            let asked: Vec<Wanted> = wanted.drain(..wanted.len().min(FILES_MAX)).collect();
            let said = commands.run_lines(login, "read files of ended pilots", self.reading(&asked).as_bytes()).await?;
            let (pieces, answered) = parse(&said.out, asked.len()).ok_or_else(|| BatchError::Garbled {
                program: "read files of ended pilots".to_owned(),
                what: "it is no list of pieces".to_owned(),
            })?;
            for rest in asked[answered..].iter().rev() {
                wanted.push_front(rest.clone());
            }
            for piece in pieces {
                let Wanted { path, .. } = &asked[piece.index];
                write_at(&self.here.join(path), piece.from, &piece.content, piece.total)?;
                let end = piece.from + piece.content.len() as u64;
                if end < piece.total && !piece.content.is_empty() {
                    wanted.push_front(Wanted { path: path.clone(), from: Some(end) });
                }
            }
        }
        Ok(())
    }

    /// Shell that prints `INDEX FROM TOTAL BASE64` for each file that is there, up to a bound, and at last how many
    /// files it came to.
    fn reading(&self, asked: &[Wanted]) -> String {
        let mut body = format!(
            r#"left={ANSWER_MAX} done=0
piece() {{
  [ "$left" -gt 0 ] || return 0
  done=$((done + 1))
  [ -f "$2" ] && total=$(wc -c <"$2") || return 0
  from=$3
  [ "$from" != end ] || from=$((total > {LOG_MAX} ? total - {LOG_MAX} : 0))
  size=$((total > from ? total - from : 0))
  [ "$size" -le "$left" ] || size=$left
  left=$((left - size))
  printf '%s %s %s ' "$1" "$from" "$((total))"
  tail -c "+$((from + 1))" -- "$2" | head -c "$size" | base64 | tr -d '\n'
  echo
}}
"#
        );
        for (index, Wanted { path, from }) in asked.iter().enumerate() {
            let from = from.map_or_else(|| "end".to_owned(), |from| from.to_string());
            body.push_str(&format!("piece {index} {} {from}\n", word(&self.there.join(path))));
        }
        body + "echo \"$done\""
    }

    fn below(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(&self.here).ok().map(Path::to_owned)
    }
}

fn mark(place: &Path, pilot: PilotId) -> PathBuf {
    place.join(format!("{pilot}.{FETCHED}"))
}

/// A name that stays in its directory.
fn plain(name: &str) -> Option<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (!name.starts_with('.') && name.bytes().all(fits)).then_some(name)
}

/// The pieces, and how many files the answer is about.
fn parse(said: &str, asked: usize) -> Option<(Vec<Piece>, usize)> {
    let mut lines: Vec<&str> = said.lines().collect();
    let answered: usize = lines.pop()?.parse().ok().filter(|count| (1..=asked).contains(count))?;
    let pieces: Option<Vec<Piece>> = lines.into_iter().map(piece).collect();
    let pieces = pieces?;
    pieces.iter().all(|piece| piece.index < answered).then_some((pieces, answered))
}

fn piece(line: &str) -> Option<Piece> {
    let fields: Vec<&str> = line.splitn(4, ' ').collect();
    let [index, from, total, content] = fields[..] else { return None };
    let content = BASE64_STANDARD.decode(content).ok()?;
    Some(Piece { index: index.parse().ok()?, from: from.parse().ok()?, total: total.parse().ok()?, content })
}

/// Writes a piece of a copy that is to be `total` bytes long.
fn write_at(path: &Path, from: u64, content: &[u8], total: u64) -> Result<(), BatchError> {
    let write = || -> io::Result<()> {
        if let Some(dir) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        file.set_len(total)?;
        file.write_all_at(content, from)
    };
    write().map_err(|source| BatchError::File { action: "write", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    fn read(place: &Place, asked: &[Wanted]) -> (Vec<Piece>, usize) {
        let body = format!("set -eu\n{}", place.reading(asked));
        let said = Command::new("/bin/sh").args(["-c", &body]).output().unwrap();
        parse(std::str::from_utf8(&said.stdout).unwrap(), asked.len()).unwrap()
    }

    fn wanted(path: &str, from: Option<u64>) -> Wanted {
        Wanted { path: path.into(), from }
    }

    #[test]
    fn a_shell_gives_pieces_and_ends_and_stops_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place { here: dir.path().join("here"), there: dir.path().to_owned() };
        let long = [vec![0; LOG_MAX as usize], b"the end".to_vec()].concat();
        fs::write(dir.path().join("it's long"), &long).unwrap();
        fs::write(dir.path().join("empty"), "").unwrap();
        let asked =
            [wanted("it's long", None), wanted("none", None), wanted("empty", None), wanted("it's long", Some(5))];
        let (pieces, answered) = read(&place, &asked);
        let seen: Vec<_> =
            pieces.iter().map(|one| (one.index, one.from, one.total, one.content.len() as u64)).collect();
        let total = LOG_MAX + 7;
        assert_eq!((seen, answered), (vec![(0, 7, total, LOG_MAX), (2, 0, 0, 0), (3, 5, total, total - 5)], 4));
        assert_eq!(pieces[0].content, long[7..]);

        let large = OpenOptions::new().write(true).create(true).truncate(true).open(dir.path().join("large")).unwrap();
        large.set_len(ANSWER_MAX + 1).unwrap();
        let (pieces, answered) = read(&place, &[wanted("large", Some(0)), wanted("empty", None)]);
        assert_eq!((pieces[0].content.len() as u64, pieces[0].total, answered), (ANSWER_MAX, ANSWER_MAX + 1, 1));
    }

    #[test]
    fn a_copy_has_the_length_of_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("7.spool/out");
        write_at(&path, 5, b"end", 8).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"\0\0\0\0\0end");
    }

    #[test]
    fn names_and_answers_that_lead_elsewhere_are_not_followed() {
        assert_eq!(
            ["reports", "a-1.out", "..", ".x", "a/b", "a b"].map(plain).map(|name| name.is_some()),
            [true, true, false, false, false, false]
        );
        assert_eq!(parse("0 0 3 YWJj\n1\n", 1).unwrap().0[0].content, b"abc");
        for odd in ["", "0 0 3 YWJj\n", "1 0 3 YWJj\n1\n", "0 0 3 Y\n1\n", "0\n", "2\n"] {
            assert_eq!(parse(odd, 1), None, "{odd}");
        }
    }
}
