//! Commands to factories, pilots and jobs.

use crate::engine::value::to_json;
use crate::engine::{Row, Sql, Value, params, statements};
use crate::jobs::row;
use crate::tx::Tx;
use crate::{Error, Page, Result, Store};
use model::{Command, CommandId, CommandState, JobId, PilotId, Target, Time, Verb};
use std::time::Duration;

/// The most commands that are taken at once, and that one page looks at.
const TAKE_MAX: i64 = 1000;
const SCAN_MAX: usize = 5000;
/// How long after its expiry the outcome of a delivered command may still come.
const OUTCOME_LATE: Duration = Duration::from_secs(60);

macro_rules! columns {
    () => {
        "id, kind, target, verb, arguments, issuer, given, expires, state, note, sent"
    };
}

statements! {
    SAME_COMMAND = "SELECT id FROM command WHERE kind = ?1 AND target = ?2 AND state <= 1 AND state = 0 AND verb = ?3 \
        AND arguments = ?4 ORDER BY id DESC LIMIT 1";
    RENEW_COMMAND = "UPDATE command SET expires = ?2, pilot = ?3 WHERE id = ?1";
    ADD_COMMAND = "INSERT INTO command (id, kind, target, pilot, verb, arguments, issuer, given, expires, state, note) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, '')";
    OPEN_FOR_PILOT = concat!("SELECT ", columns!(), ", delivered FROM command WHERE pilot = ?1 AND state <= 1 \
            AND expires > ?2 ORDER BY id LIMIT ?3")
        => concat!("SELECT ", columns!(), ", delivered FROM command WHERE pilot = ?1 AND state <= 1 AND expires > ?2 \
            ORDER BY id LIMIT ?3 FOR UPDATE");
    OPEN_FOR_FACTORY = concat!("SELECT ", columns!(), ", delivered FROM command WHERE kind = 0 AND target = ?1 \
            AND state <= 1 AND expires > ?2 ORDER BY id LIMIT ?3")
        => concat!("SELECT ", columns!(), ", delivered FROM command WHERE kind = 0 AND target = ?1 AND state <= 1 \
            AND expires > ?2 ORDER BY id LIMIT ?3 FOR UPDATE");
    DELIVER = "UPDATE command SET state = 1, delivered = ?2 WHERE id = ?1";
    COMMAND = concat!("SELECT ", columns!(), ", pilot FROM command WHERE id = ?1");
    OUTCOME = "UPDATE command SET state = ?2, note = ?3 WHERE id = ?1";
    SENT = "UPDATE command SET sent = ?2 WHERE id = ?1";
    EXPIRE = "UPDATE command SET state = 5, note = CASE state WHEN 0 THEN 'nobody took it in time' \
        ELSE 'it was taken and its outcome never told' END WHERE state <= 1 AND expires <= ?1 \
        AND (state = 0 OR expires <= ?2)";
    COMMANDS = concat!("SELECT ", columns!(), " FROM command WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    COMMANDS_TO = concat!("SELECT ", columns!(), " FROM command WHERE kind = ?3 AND target = ?4 AND id < ?1 \
        ORDER BY id DESC LIMIT ?2");
}

/// A command to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommand {
    /// Whom it is for. One to a job goes to the pilot that holds the job now.
    pub target: Target,
    /// What is to be done.
    pub verb: Verb,
    /// Free arguments.
    pub arguments: Vec<String>,
    /// Who gives it.
    pub issuer: String,
    /// When it fails if nobody has taken it.
    pub expires: Time,
    /// The time.
    pub now: Time,
}

/// Who takes commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taker {
    /// A pilot: its own and those to the jobs it holds.
    Pilot(PilotId),
    /// A factory.
    Factory(String),
}

/// What a taker got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The commands, oldest first, marked delivered.
    pub commands: Vec<Command>,
    /// When there are none: the time at which one that was delivered before will be offered again.
    pub again: Option<Time>,
}

/// Which commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandFilter {
    /// Only to this target.
    pub target: Option<Target>,
    /// Only this one.
    pub verb: Option<Verb>,
    /// Only in this state.
    pub state: Option<CommandState>,
}

impl Store {
    /// Queues a command. One that repeats a queued command (same target, verb and arguments) only renews its expiry and
    /// returns the same id. A command to a job that no pilot holds is refused with [`crate::Error::Conflict`].
    pub async fn command(&self, command: NewCommand) -> Result<CommandId> {
        self.write(move |tx| {
            let pilot = match &command.target {
                Target::Factory(_) => None,
                Target::Pilot(pilot) => Some(*pilot),
                Target::Job(job) => Some(holder(tx, *job)?),
            };
            queue(tx, &command, pilot)
        })
        .await
    }

    /// Takes all queued commands and marks them delivered; also those that were delivered longer than `answer_within`
    /// ago and whose outcome nobody told: the answer that carried them was lost.
    pub async fn take_commands(&self, taker: Taker, now: Time, answer_within: Duration) -> Result<Taken> {
        // Looked at by a reader first: a long poll finds nothing most of the time and must not cost a commit.
        let look = taker.clone();
        let open = self.read(move |connection| {
            let (sql, key) = open_for(&look);
            let sql = Sql { postgres: sql.sqlite, ..*sql };
            connection.query(&sql, &[key, Value::from(now), Value::from(TAKE_MAX)])?.iter().map(open_of).collect()
        });
        let open: Vec<Open> = open.await?;
        if open.iter().any(|open| open.is_due(now, answer_within)) {
            let commands = self.write(move |tx| take(tx, &taker, now, answer_within)).await?;
            return Ok(Taken { commands, again: None });
        }
        let again = open.iter().filter_map(|open| open.delivered).min().map(|delivered| delivered + answer_within);
        Ok(Taken { commands: Vec::new(), again })
    }

    /// Writes down what became of a command. Refused when the command is not the taker's or has ended.
    pub async fn command_outcome(&self, taker: Taker, id: CommandId, state: CommandState, note: String) -> Result<()> {
        self.write(move |tx| {
            let unknown = || Error::not_found(format!("command {id}"));
            let row = tx.query_one(&COMMAND, params![id])?.ok_or_else(unknown)?;
            let command = command_of(&row)?;
            let is_his = match &taker {
                Taker::Pilot(pilot) => row.opt_int(11)? == Some(pilot.0),
                Taker::Factory(name) => command.target == Target::Factory(name.clone()),
            };
            if !is_his {
                return Err(unknown());
            }
            if command.state == state {
                return Ok(());
            }
            if !command.state.may_become(state) {
                let (is, wanted) = (command.state.as_str(), state.as_str());
                return Err(Error::Conflict(format!("command {id} is {is} and cannot become {wanted}")));
            }
            if let Target::Factory(name) = &command.target {
                tx.changes().factories.insert(name.clone());
            }
            tx.execute(&OUTCOME, params![id, state as i64, &note]).map(|_| ())
        })
        .await
    }

    /// Fails commands whose time is over before they were taken or their outcome was told. Returns how many.
    pub async fn expire_commands(&self, now: Time) -> Result<u64> {
        self.write(move |tx| tx.execute(&EXPIRE, params![now, now - OUTCOME_LATE])).await
    }

    /// Commands, newest first, from below `cursor`, at most `limit`.
    pub async fn commands(&self, filter: CommandFilter, cursor: Option<i64>, limit: u32) -> Result<Page<Command>> {
        let below = cursor.unwrap_or(i64::MAX);
        self.read(move |connection| {
            let scan = |below: i64, rows: usize| {
                let mut values = params![below, rows as i64].to_vec();
                let sql: &Sql = match &filter {
                    CommandFilter { target: Some(target), .. } => {
                        let (kind, name) = key_of(target);
                        values.extend([Value::from(kind), Value::from(name)]);
                        &COMMANDS_TO
                    }
                    _ => &COMMANDS,
                };
                connection.query(sql, &values)
            };
            let is_meant = |command: &Command| {
                filter.state.is_none_or(|state| state == command.state)
                    && filter.verb.is_none_or(|verb| verb == command.verb)
            };
            crate::page::collect(below, limit as usize, SCAN_MAX, scan, command_of, |c| c.id.0, is_meant)
        })
        .await
    }
}

fn holder(tx: &mut Tx<'_>, job: JobId) -> Result<PilotId> {
    let row = row::load(tx, [job])?.into_iter().next();
    match row.filter(|row| row.state.is_with_pilot()) {
        Some(row) => Ok(row.pilot),
        None => Err(Error::Conflict(format!("no pilot holds job {job} now"))),
    }
}

/// Queues a command for its pilot, or for a factory.
pub(crate) fn queue(tx: &mut Tx<'_>, command: &NewCommand, pilot: Option<PilotId>) -> Result<CommandId> {
    let (kind, name) = key_of(&command.target);
    let arguments = to_json(&command.arguments)?;
    match &command.target {
        Target::Factory(name) => {
            tx.changes().factory_commands.insert(name.clone());
        }
        _ => tx.changes().pilot_commands.extend(pilot),
    }
    if let Some(row) = tx.query_one(&SAME_COMMAND, params![kind, &name, command.verb as i64, &arguments])? {
        tx.execute(&RENEW_COMMAND, params![row.int(0)?, command.expires, pilot])?;
        return Ok(CommandId(row.int(0)?));
    }
    let id = tx.next_ids("command", 1)?;
    tx.execute(
        &ADD_COMMAND,
        params![id, kind, name, pilot, command.verb as i64, arguments, &command.issuer, command.now, command.expires],
    )?;
    Ok(CommandId(id))
}

pub(crate) fn one(tx: &mut Tx<'_>, id: CommandId) -> Result<Option<Command>> {
    tx.query_one(&COMMAND, params![id])?.map(|row| command_of(&row)).transpose()
}

/// Writes down which pilot a test sends. One command sends one pilot, however often it is offered.
pub(crate) fn sends(tx: &mut Tx<'_>, id: CommandId, factory: &str, pilot: PilotId) -> Result<()> {
    let unknown = || Error::not_found(format!("command {id} to test a label of factory {factory}"));
    let command = one(tx, id)?.ok_or_else(unknown)?;
    if command.verb != Verb::Test || command.target != Target::Factory(factory.to_owned()) {
        return Err(unknown());
    }
    match command.sent {
        Some(sent) => Err(Error::Conflict(format!("command {id} has sent pilot {sent} already"))),
        None => tx.execute(&SENT, params![id, pilot]).map(drop),
    }
}

/// A command whose outcome is not known.
struct Open {
    command: Command,
    delivered: Option<Time>,
}

impl Open {
    fn is_due(&self, now: Time, answer_within: Duration) -> bool {
        self.delivered.is_none_or(|delivered| delivered + answer_within <= now)
    }
}

fn open_of(row: &Row) -> Result<Open> {
    Ok(Open { command: command_of(row)?, delivered: row.opt_time(11)? })
}

fn open_for(taker: &Taker) -> (&'static Sql, Value) {
    match taker {
        Taker::Pilot(pilot) => (&OPEN_FOR_PILOT, Value::from(*pilot)),
        Taker::Factory(name) => (&OPEN_FOR_FACTORY, Value::from(name)),
    }
}

fn take(tx: &mut Tx<'_>, taker: &Taker, now: Time, answer_within: Duration) -> Result<Vec<Command>> {
    let (sql, key) = open_for(taker);
    let rows = tx.query(sql, &[key, Value::from(now), Value::from(TAKE_MAX)])?;
    let open = rows.iter().map(open_of).collect::<Result<Vec<_>>>()?;
    let due = open.into_iter().filter(|open| open.is_due(now, answer_within));
    let taken: Vec<Command> = due.map(|open| Command { state: CommandState::Delivered, ..open.command }).collect();
    let rows: Vec<Vec<Value>> = taken.iter().map(|command| params![command.id, now].to_vec()).collect();
    tx.execute_many(&DELIVER, &rows)?;
    Ok(taken)
}

/// The kind of a target (0 factory, 1 pilot, 2 job) and its name.
fn key_of(target: &Target) -> (i64, String) {
    match target {
        Target::Factory(name) => (0, name.clone()),
        Target::Pilot(pilot) => (1, pilot.to_string()),
        Target::Job(job) => (2, job.to_string()),
    }
}

fn target_of(kind: i64, name: String) -> Result<Target> {
    let number = || name.parse().map_err(|_| Error::Corrupt(format!("'{name}' is no target of a command")));
    match kind {
        0 => Ok(Target::Factory(name)),
        1 => Ok(Target::Pilot(PilotId(number()?))),
        2 => Ok(Target::Job(JobId(number()?))),
        _ => Err(Error::Corrupt(format!("{kind} is no kind of target"))),
    }
}

fn command_of(row: &Row) -> Result<Command> {
    let verb = usize::try_from(row.int(3)?).ok().and_then(|at| Verb::ALL.get(at)).copied();
    let state = usize::try_from(row.int(8)?).ok().and_then(|at| CommandState::ALL.get(at)).copied();
    let broken = |what: &str| Error::Corrupt(format!("a command has an unknown {what}"));
    Ok(Command {
        id: CommandId(row.int(0)?),
        target: target_of(row.int(1)?, row.text(2)?)?,
        verb: verb.ok_or_else(|| broken("verb"))?,
        arguments: row.json(4)?,
        issuer: row.text(5)?,
        time: row.time(6)?,
        expires: row.time(7)?,
        state: state.ok_or_else(|| broken("state"))?,
        note: row.text(9)?,
        sent: row.opt_int(10)?.map(PilotId),
    })
}
