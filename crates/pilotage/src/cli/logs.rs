//! `pilotage logs`.

use super::args::LogsArgs;
use anyhow::Context;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wire::api::{LogQuery, LogStream};
use wire::client::LogPart;
use wire::{Client, Error};

/// Longest wait of one call while following.
const FOLLOW_WAIT_S: u32 = 20;
/// How long a server may be away while somebody follows.
const AWAY_MAX: Duration = Duration::from_secs(60);
/// Bytes asked for at first per wanted line.
const BYTES_PER_LINE: u64 = 200;

struct Reader<'a> {
    args: &'a LogsArgs,
    client: &'a Client,
    stream: LogStream,
}

/// Prints the output of a job.
pub async fn run(args: LogsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let stream = if args.stderr { LogStream::Stderr } else { LogStream::Stdout };
    let reader = Reader { args: &args, client, stream };
    let part = match args.tail {
        Some(lines) => reader.tail(lines).await?,
        None => reader.from(0).await?,
    };
    if args.follow {
        reader.follow(part).await?
    } else {
        reader.rest(part).await?
    }
    Ok(ExitCode::SUCCESS)
}

impl Reader<'_> {
    async fn ask(&self, query: LogQuery) -> Result<LogPart, Error> {
        let query = LogQuery { attempt: self.args.attempt, ..query };
        self.client.log(self.args.id, self.stream, &query).await
    }

    async fn from(&self, offset: u64) -> Result<LogPart, Error> {
        self.ask(LogQuery { offset: Some(offset), ..LogQuery::default() }).await
    }

    /// The last lines: asks for more bytes until they hold enough lines, or all there is.
    async fn tail(&self, lines: u64) -> Result<LogPart, Error> {
        let mut bytes = lines.saturating_mul(BYTES_PER_LINE).max(4096);
        loop {
            let part = self.ask(LogQuery { tail: Some(bytes), ..LogQuery::default() }).await?;
            let begin = last_lines(&part.bytes, lines);
            if begin > 0 || part.next_offset <= part.bytes.len() as u64 {
                return Ok(LogPart { bytes: part.bytes.slice(begin..), ..part });
            }
            bytes = bytes.saturating_mul(4);
        }
    }

    /// Prints what there is now: an answer may be cut to a bound.
    async fn rest(&self, mut part: LogPart) -> anyhow::Result<()> {
        while !part.bytes.is_empty() {
            write(&part.bytes)?;
            part = self.from(part.next_offset).await?;
        }
        Ok(())
    }

    /// Prints what there is and what comes, until nothing more can come.
    async fn follow(&self, mut part: LogPart) -> anyhow::Result<()> {
        loop {
            write(&part.bytes)?;
            if part.is_complete && part.bytes.is_empty() {
                return Ok(());
            }
            let next = self.next(&part).await?;
            let restarted = part.attempt != 0 && next.attempt != part.attempt;
            part = if restarted { self.restart(part.attempt, next.attempt).await? } else { next };
        }
    }

    async fn next(&self, part: &LogPart) -> anyhow::Result<LogPart> {
        let deadline = Instant::now() + AWAY_MAX;
        loop {
            let wait_s = (!part.is_complete).then_some(FOLLOW_WAIT_S);
            match self.ask(LogQuery { offset: Some(part.next_offset), wait_s, ..LogQuery::default() }).await {
                Err(error) if error.is_temporary() && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                answer => return answer.context("follow the log"),
            }
        }
    }

    async fn restart(&self, before: u32, attempt: u32) -> anyhow::Result<LogPart> {
        // Standard error may be closed; the log itself still counts.
        let _ = writeln!(io::stderr(), "attempt {before} is over, this is attempt {attempt}");
        self.from(0).await.context("follow the log")
    }
}

/// Where the last `lines` lines begin; 0 when there are not more.
fn last_lines(bytes: &[u8], lines: u64) -> usize {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if lines == 0 {
        return bytes.len();
    }
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(at, _)| at + 1).nth(usize::try_from(lines - 1).unwrap_or(usize::MAX)).unwrap_or(0)
}

fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_begin_after_a_line_end() {
        let text = b"one\ntwo\nthree\n";
        assert_eq!([0, 1, 2, 3, 9].map(|lines| last_lines(text, lines)), [14, 8, 4, 0, 0]);
        assert_eq!(last_lines(b"one\ntw", 1), 4);
        assert_eq!(last_lines(b"", 3), 0);
    }
}
