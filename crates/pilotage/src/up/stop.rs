//! Signals from outside.

use anyhow::Context;
use factory::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::sync::mpsc;

/// TERM, Ctrl-C, and the HUP of a terminal that is closed.
pub struct Stop {
    term: Stream,
    interrupt: Stream,
    hangup: Option<Stream>,
}

impl Stop {
    /// Listens from now on. HUP stays ignored where it is, as under `nohup`.
    pub fn listen() -> anyhow::Result<Stop> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let hangup = (!ignores_hangup(&status)).then(|| listen(SignalKind::hangup())).transpose()?;
        Ok(Stop { hangup, ..Stop::but_hangup()? })
    }

    fn but_hangup() -> anyhow::Result<Stop> {
        Ok(Stop { term: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())?, hangup: None })
    }

    /// Returns at the next of them.
    pub async fn wanted(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = next(&mut self.hangup) => {}
        }
    }
}

fn listen(kind: SignalKind) -> anyhow::Result<Stream> {
    signal(kind).context("listen to signals")
}

async fn next(stream: &mut Option<Stream>) -> Option<()> {
    match stream {
        Some(stream) => stream.recv().await,
        None => std::future::pending().await,
    }
}

/// Whether whoever started this process made it ignore HUP; from the text of `/proc/PID/status`.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// The signals of a factory: TERM or Ctrl-C drains, a second one or USR1 leaves, HUP reads the configuration again.
pub struct FactorySignals {
    inbox: mpsc::Receiver<Signal>,
}

impl FactorySignals {
    /// Listens from now on.
    pub fn listen() -> anyhow::Result<FactorySignals> {
        let mut stop = Stop::but_hangup()?;
        let (mut hangup, mut leave) = (listen(SignalKind::hangup())?, listen(SignalKind::user_defined1())?);
        let (outbox, inbox) = mpsc::channel(8);
        tokio::spawn(async move {
            let mut said_drain = false;
            loop {
                let told = tokio::select! {
                    () = stop.wanted() => {
                        let told = if said_drain { Signal::Leave } else { Signal::Drain };
                        said_drain = true;
                        told
                    }
                    _ = hangup.recv() => Signal::Reload,
                    _ = leave.recv() => Signal::Leave,
                };
                if outbox.send(told).await.is_err() {
                    return;
                }
            }
        });
        Ok(FactorySignals { inbox })
    }

    /// What a factory reads them from.
    pub fn receiver(self) -> mpsc::Receiver<Signal> {
        self.inbox
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hangup_is_the_first_bit_of_the_ignored_signals() {
        assert!(ignores_hangup("Name:\tpilotage\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
