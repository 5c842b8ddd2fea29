//! Signals from outside.

use anyhow::Context;
use factory::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::sync::mpsc;

/// TERM and Ctrl-C.
pub struct Stop {
    term: Stream,
    interrupt: Stream,
}

impl Stop {
    /// Listens from now on.
    pub fn listen() -> anyhow::Result<Stop> {
        let stream = |kind| signal(kind).context("listen to signals");
        Ok(Stop { term: stream(SignalKind::terminate())?, interrupt: stream(SignalKind::interrupt())? })
    }

    /// Returns at the next of them.
    pub async fn wanted(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signals of a factory: TERM or Ctrl-C drains, a second one or USR1 leaves, HUP reads the configuration again.
pub struct FactorySignals {
    inbox: mpsc::Receiver<Signal>,
}

impl FactorySignals {
    /// Listens from now on.
    pub fn listen() -> anyhow::Result<FactorySignals> {
        let mut stop = Stop::listen()?;
        let stream = |kind| signal(kind).context("listen to signals");
        let (mut hangup, mut leave) = (stream(SignalKind::hangup())?, stream(SignalKind::user_defined1())?);
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
