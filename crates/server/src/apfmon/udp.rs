//! Datagrams of wrappers: blank-separated words, in layouts that changed over the years.

use super::Face;
use crate::metrics::WordLabels;
use model::pilot::Source;
use model::{Claim, reported};
use std::net::SocketAddr;
use store::{Claimant, PilotClaim, Verdict};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// The most bytes of a datagram.
const DATAGRAM_MAX: usize = 2048;
/// Datagrams that wait for the store; further ones are dropped and counted.
const WAITING_MAX: usize = 10_000;
/// The most datagrams of one commit.
const PORTION: usize = 500;

/// What a datagram says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Datagram {
    factory: String,
    batch_id: String,
    claim: Claim,
    queue: String,
    resource: String,
    text: String,
    /// The id may be that of a worker of Harvester and not of a pilot, which cannot be seen.
    is_doubtful: bool,
}

/// Words that are states; all others that stand in their place are only told.
const STATES: [&str; 7] = ["running", "exiting", "fault", "wrapperrunning", "wrapperexiting", "wrapperfault", "done"];
/// Words in the place of a state that are none.
const NOTES: [&str; 4] = ["TIME_DIFF", "SIGINT", "START", "START2"];

/// Understands a datagram; none when it names no pilot.
pub(super) fn parse(bytes: &[u8]) -> Option<Datagram> {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != ":").collect();
    let at = words.iter().position(|word| STATES.contains(word) || NOTES.contains(word))?;
    let id_at = words.iter().position(|word| is_id(word))?;
    let (factory, batch_id) = words[id_at].split_once(':')?;
    // Since 2025 the id comes first: VERSION ID STATE DURATION QUEUE CE HARVESTER WORKER GTAG.
    let is_new = id_at < at;
    let after = |offset: usize| words.get(at + offset).copied().filter(|word| *word != "unknown").unwrap_or_default();
    let (queue, resource) = match is_new {
        true => (after(2), after(3)),
        // Before, the queue stood before the id.
        false => (words.get(id_at.wrapping_sub(1)).copied().filter(|_| id_at > at + 1).unwrap_or_default(), ""),
    };
    // The oldest layout has the state last: wrapper1 VERSION SITE ID running.
    let queue = if words.first() == Some(&"wrapper1") { words.get(2).copied().unwrap_or_default() } else { queue };
    let is_doubtful = !is_new && batch_id.bytes().all(|byte| byte.is_ascii_digit());
    Some(Datagram {
        factory: reported::name(factory)?,
        batch_id: reported::name(batch_id)?,
        claim: if STATES.contains(&words[at]) { Claim::of(words[at])? } else { Claim::Nothing },
        queue: queue.to_owned(),
        resource: resource.to_owned(),
        text: words.join(" "),
        is_doubtful,
    })
}

/// `FACTORY:CID`, and no URL or part of one.
fn is_id(word: &str) -> bool {
    let Some((factory, id)) = word.split_once(':') else { return false };
    !factory.is_empty() && !id.is_empty() && !id.starts_with("//")
}

impl Datagram {
    fn claim(self) -> PilotClaim {
        let Datagram { factory, batch_id, claim, queue, resource, text, is_doubtful } = self;
        PilotClaim {
            factory,
            batch_id,
            label: String::new(),
            queue,
            resource,
            claim,
            result: None,
            jobs: 0,
            error_class: None,
            text,
            only_known: is_doubtful,
        }
    }
}

/// Listens until the server stops, when the configuration names an address.
pub(super) async fn listen(face: Face) {
    let Some(address) = face.config.udp else { return };
    let socket = match UdpSocket::bind(address).await {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%address, %error, "failed to listen to datagrams");
            return;
        }
    };
    let bound = socket.local_addr().unwrap_or(address);
    tracing::info!(address = %bound, "listening to datagrams");
    face.state.datagrams.send_replace(Some(bound));
    let (sender, waiting) = mpsc::channel(WAITING_MAX);
    let stopping = face.state.stopping.clone();
    tokio::join!(write(face.clone(), waiting), async {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = receive(&face, &socket, &sender) => {}
        }
        drop(sender);
    });
}

async fn receive(face: &Face, socket: &UdpSocket, sender: &mpsc::Sender<(Datagram, SocketAddr)>) {
    let mut buffer = [0; DATAGRAM_MAX];
    loop {
        match socket.recv_from(&mut buffer).await {
            Err(error) => tracing::debug!(%error, "failed to receive a datagram"),
            Ok((bytes, from)) => match parse(&buffer[..bytes]) {
                None => count(face, "unreadable"),
                Some(datagram) => {
                    if sender.try_send((datagram, from)).is_err() {
                        count(face, "dropped");
                    }
                }
            },
        }
    }
}

async fn write(face: Face, mut waiting: mpsc::Receiver<(Datagram, SocketAddr)>) {
    let mut portion = Vec::new();
    while waiting.recv_many(&mut portion, PORTION).await > 0 {
        let now = crate::now();
        let mut calls: Vec<(String, Vec<PilotClaim>)> = Vec::new();
        for (datagram, from) in portion.drain(..) {
            let (claim, address) = (datagram.claim(), from.ip().to_canonical().to_string());
            match calls.last_mut().filter(|(last, _)| *last == address) {
                Some((_, claims)) => claims.push(claim),
                None => calls.push((address, vec![claim])),
            }
        }
        let calls = calls.into_iter().map(|(address, claims)| {
            let by = Claimant { source: Source::Udp, address, now };
            face.state.store.report_pilots(claims, face.config.patterns.clone(), by)
        });
        for done in futures_util::future::join_all(calls).await {
            match done {
                Ok(verdicts) => verdicts.iter().for_each(|verdict| count(&face, word(verdict))),
                Err(error) => {
                    tracing::warn!(%error, "failed to write down datagrams");
                    count(&face, "dropped");
                }
            }
        }
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Unknown => "unknown",
        _ => "written",
    }
}

fn count(face: &Face, kind: &'static str) {
    face.state.metrics.datagrams.get_or_create(&WordLabels { kind }).inc();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_layouts_are_understood() {
        let seen = |text: &str| {
            let told = parse(text.as_bytes())?;
            Some((
                format!("{}:{}", told.factory, told.batch_id),
                told.claim,
                told.queue,
                told.resource,
                told.is_doubtful,
            ))
        };
        let told = |id: &str, claim, queue: &str, resource: &str, is_doubtful| {
            Some((id.to_owned(), claim, queue.to_owned(), resource.to_owned(), is_doubtful))
        };
        for (text, wanted) in [
            ("wrapper1 20181122a CERN fab:17.0 running\n", told("fab:17.0", Claim::Running, "CERN", "", false)),
            ("running 20181123a CERN fab:17.0\n", told("fab:17.0", Claim::Running, "CERN", "", false)),
            ("exiting 341 20181123b CERN fab:17.0", told("fab:17.0", Claim::Exiting, "CERN", "", false)),
            ("wrapperfault 9 20200101a Q_X fab:17.0", told("fab:17.0", Claim::Fault, "Q_X", "", false)),
            (
                "running 0 20240101a Q_X CERN_central_1:4711",
                told("CERN_central_1:4711", Claim::Running, "Q_X", "", true),
            ),
            (
                "exiting 60 20241001a Q_X fab:17.0 http://logs.example:80/17.0.out",
                told("fab:17.0", Claim::Exiting, "Q_X", "", false),
            ),
            (
                "20250301a  fab:17.0   running    0  Q_X   ce01.example.org unknown unknown https://x:1/y",
                told("fab:17.0", Claim::Running, "Q_X", "ce01.example.org", false),
            ),
            ("20250301a fab:17 exiting 5 unknown unknown h 1 unknown", told("fab:17", Claim::Exiting, "", "", false)),
            ("TIME_DIFF 3700 20240101a Q_X fab:17.0", told("fab:17.0", Claim::Nothing, "Q_X", "", false)),
            ("SIGINT 0 20240101a Q_X fab:17.0", told("fab:17.0", Claim::Nothing, "Q_X", "", false)),
            ("START 20240101a Q_X fab:17.0", told("fab:17.0", Claim::Nothing, "Q_X", "", false)),
            ("running 0 20240101a Q_X :", None),
            ("running 0 v q http://x.example/17", None),
            ("sleeping 0 v q fab:17.0", None),
            ("", None),
        ] {
            assert_eq!(seen(text), wanted, "{text}");
        }
        assert_eq!(parse(&[0xff, 0xfe]), None);
    }
}
