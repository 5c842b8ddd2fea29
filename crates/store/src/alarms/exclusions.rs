//! Labels that alarms hold back: orders, test pilots and what the alarms' histories tell of them, in one commit.

use super::{OPEN_ALARMS_TO_CHANGE, OPEN_MAX, SAVE_ALARM, add_events, read, silences};
use crate::commands::{self, NewCommand};
use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::orders;
use crate::pilots::row;
use crate::tx::Tx;
use crate::{Result, Store};
use model::alarm::exclusion::{Exclusion, ISSUER, Probe, Step, TestPilot, Watched, World};
use model::alarm::{Alarm, AlarmEvent, AlarmEventKind, Held, minute};
use model::{AlarmId, Command, CommandId, Order, OrderEnd, Target, Time, Verb};
use std::time::Duration;

/// How long the factory has time to take the command that asks for a test pilot.
const TEST_WITHIN: Duration = Duration::from_secs(300);

statements! {
    EXCLUSIONS = "SELECT record FROM alarm_exclusion ORDER BY alarm";
    ADD_EXCLUSION = "INSERT INTO alarm_exclusion (alarm, record) VALUES (?1, ?2)";
    DROP_EXCLUSION = "DELETE FROM alarm_exclusion WHERE alarm = ?1";
}

impl Store {
    /// Labels that alarms hold back.
    pub async fn exclusions(&self) -> Result<Vec<Exclusion>> {
        self.rows(&EXCLUSIONS, Vec::new(), |row: &Row| row.json(0)).await
    }

    /// Lets `decide` say what is to be done about exclusions, and does it. Returns the orders that were given and ended.
    pub async fn turn_exclusions<F>(&self, decide: F, now: Time) -> Result<Vec<Order>>
    where
        F: Fn(&World<'_>) -> Vec<Step> + Send + 'static,
    {
        self.write(move |tx| {
            // The alarms are locked: another server that thinks it has this duty waits, and then finds nothing to do.
            let alarms = read(&tx.query(&OPEN_ALARMS_TO_CHANGE, params![OPEN_MAX])?)?;
            let (silences, orders) = (silences::at(tx.connection(), now)?, orders::in_force(tx, now)?);
            let watched = watched(tx, now)?;
            let world = World { alarms: &alarms, silences: &silences, orders: &orders, watched: &watched };
            let steps = decide(&world);
            let orders = steps.into_iter().map(|step| take(tx, step, &alarms, now));
            Ok(orders.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
        })
        .await
    }
}

fn watched(tx: &mut Tx<'_>, now: Time) -> Result<Vec<Watched>> {
    let mut all = Vec::new();
    for row in tx.query(&EXCLUSIONS, &[])? {
        let exclusion: Exclusion = row.json(0)?;
        let Some(order) = orders::one(tx, exclusion.order)? else { continue };
        let probe = match exclusion.probe {
            Some(command) => probe(tx, command, now)?,
            None => None,
        };
        all.push(Watched { exclusion, order, probe });
    }
    Ok(all)
}

fn probe(tx: &mut Tx<'_>, command: CommandId, now: Time) -> Result<Option<Probe>> {
    let Some(command): Option<Command> = commands::one(tx, command)? else { return Ok(None) };
    let pilot = row::load(tx, command.sent)?.into_iter().next();
    let pilot = pilot.map(|row| TestPilot { id: row.id, state: row.state, started: row.started, message: row.message });
    Ok(Some(Probe::of(&command, pilot.as_ref(), now)))
}

/// Takes one step; the order that it gave or ended.
fn take(tx: &mut Tx<'_>, step: Step, alarms: &[Alarm], now: Time) -> Result<Option<Order>> {
    match step {
        Step::Withhold(alarm, words) => {
            mark(tx, alarms, alarm, Held::Not)?;
            tell(tx, alarm, AlarmEventKind::Excluded, words, now)?;
            Ok(None)
        }
        Step::Hold { exclusion, order, test } => {
            let order = orders::give(tx, &order)?;
            let probe = if test { Some(ask(tx, &exclusion, now)?) } else { exclusion.probe };
            let exclusion = Exclusion { order: order.id, probe, ..exclusion };
            save(tx, &exclusion)?;
            mark(tx, alarms, exclusion.alarm, Held::By(order.id))?;
            let until = order.until.map(|until| format!(" until {}", minute(until))).unwrap_or_default();
            let tested = if probe.is_some() { ", a test pilot is on its way" } else { "" };
            let words = format!("order {}{until}{tested}", order.id);
            tell(tx, exclusion.alarm, AlarmEventKind::Excluded, words, now)?;
            Ok(Some(order))
        }
        Step::Failed(exclusion, words) => {
            save(tx, &exclusion)?;
            tell(tx, exclusion.alarm, AlarmEventKind::Tested, words, now)?;
            Ok(None)
        }
        Step::LetGo(exclusion, words) => {
            forget(tx, &exclusion, words.clone(), now)?;
            let how = OrderEnd { by: ISSUER.to_owned(), at: now, reason: words };
            orders::end_one(tx, exclusion.order, &how).map(Some)
        }
        Step::Ended(exclusion, words) => forget(tx, &exclusion, words, now).map(|()| None),
    }
}

fn ask(tx: &mut Tx<'_>, exclusion: &Exclusion, now: Time) -> Result<CommandId> {
    let target = Target::Factory(exclusion.factory.clone());
    let arguments = vec![exclusion.label.clone()];
    let (issuer, expires) = (ISSUER.to_owned(), now + TEST_WITHIN);
    commands::queue(tx, &NewCommand { target, verb: Verb::Test, arguments, issuer, expires, now }, None)
}

fn save(tx: &mut Tx<'_>, exclusion: &Exclusion) -> Result<()> {
    tx.execute(&DROP_EXCLUSION, params![exclusion.alarm])?;
    tx.execute(&ADD_EXCLUSION, params![exclusion.alarm, to_json(exclusion)?]).map(drop)
}

fn forget(tx: &mut Tx<'_>, exclusion: &Exclusion, words: String, now: Time) -> Result<()> {
    tx.execute(&DROP_EXCLUSION, params![exclusion.alarm])?;
    tell(tx, exclusion.alarm, AlarmEventKind::Released, words, now)
}

/// Writes into an alarm what it did to its label; one that is over keeps what it says.
fn mark(tx: &mut Tx<'_>, alarms: &[Alarm], id: AlarmId, held: Held) -> Result<()> {
    let Some(alarm) = alarms.iter().find(|alarm| alarm.id == id) else { return Ok(()) };
    let alarm = Alarm { held: Some(held), ..alarm.clone() };
    tx.execute(&SAVE_ALARM, params![id, alarm.cleared, to_json(&alarm)?]).map(drop)
}

fn tell(tx: &mut Tx<'_>, alarm: AlarmId, kind: AlarmEventKind, text: String, at: Time) -> Result<()> {
    add_events(tx, alarm, &[AlarmEvent { at, kind, who: String::new(), text }])
}
