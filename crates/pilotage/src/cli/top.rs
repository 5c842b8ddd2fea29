//! `pilotage top`: what happens right now.

mod look;
mod view;

use super::args::TopArgs;
use super::now;
use crate::output::{BadInput, print};
use anyhow::Context;
use look::{History, Look};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use wire::Client;

/// Keys that were pressed and not yet handled.
const KEYS_MAX: usize = 16;
/// How often the reader of keys looks whether it may stop.
const KEY_POLL: Duration = Duration::from_millis(200);

/// Shows the server until `q`.
pub async fn run(args: TopArgs, client: Client) -> anyhow::Result<ExitCode> {
    let interval = Duration::try_from_secs_f64(args.interval).ok().filter(|time| *time >= Duration::from_millis(100));
    let interval =
        interval.ok_or_else(|| BadInput::new(format!("--interval: {} is not at least 0.1", args.interval)))?;
    if args.once || !std::io::stdout().is_terminal() {
        let look = Look::take(&client, now()).await?;
        print(&view::text(&look))?;
        return Ok(ExitCode::SUCCESS);
    }
    let first = Look::take(&client, now()).await?;
    let mut terminal = ratatui::try_init().context("use the terminal")?;
    let ended = watch_live(&mut terminal, first, interval, client).await;
    ratatui::restore();
    ended.map(|()| ExitCode::SUCCESS)
}

async fn watch_live(
    terminal: &mut ratatui::DefaultTerminal,
    first: Look,
    interval: Duration,
    client: Client,
) -> anyhow::Result<()> {
    let mut history = History::default();
    history.add(&first);
    let (stop, stopped) = watch::channel(false);
    let mut keys = read_keys(stopped);
    let mut shown = Ok(first);
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        terminal.draw(|frame| view::draw(frame, &shown, &history)).context("draw")?;
        tokio::select! {
            _ = ticks.tick() => {
                shown = Look::take(&client, now()).await.or_else(|error| stale(shown, &error));
                if let Ok(look) = &shown {
                    history.add(look);
                }
            }
            pressed = keys.recv() => if !matches!(pressed, Some(Pressed::Other)) { break },
        }
    }
    // The reader of keys may have ended by itself.
    let _ = stop.send(true);
    Ok(())
}

/// Keeps the last look, marked, when the server does not answer.
fn stale(before: Result<Look, String>, error: &wire::Error) -> Result<Look, String> {
    before.map(|look| Look { trouble: Some(error.to_string()), ..look })
}

enum Pressed {
    Quit,
    Other,
}

fn read_keys(stopped: watch::Receiver<bool>) -> mpsc::Receiver<Pressed> {
    let (outbox, inbox) = mpsc::channel(KEYS_MAX);
    tokio::task::spawn_blocking(move || {
        while !*stopped.borrow() {
            let pressed = match event::poll(KEY_POLL) {
                Ok(false) => continue,
                Ok(true) => event::read().map_or(Pressed::Quit, |event| meaning(&event)),
                Err(_) => Pressed::Quit,
            };
            if outbox.blocking_send(pressed).is_err() {
                return;
            }
        }
    });
    inbox
}

fn meaning(event: &Event) -> Pressed {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Press => {
            let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            let quits = is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc);
            if quits { Pressed::Quit } else { Pressed::Other }
        }
        _ => Pressed::Other,
    }
}
