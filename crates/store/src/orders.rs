//! Orders to factories: given, ended, kept as history.

use crate::commands::{NewCommand, queue};
use crate::engine::{Row, Value, params, statements};
use crate::page::collect;
use crate::tx::Tx;
use crate::{Error, Page, Result, Store};
use model::{Hold, Order, OrderEnd, OrderId, OrderScope, Target, Time, Verb};
use std::time::Duration;

/// The most orders that are in force at once for one factory.
const IN_FORCE_MAX: usize = 1000;
/// The most rows that one page looks at.
const SCAN_MAX: usize = 5000;
/// How long the factory has time to take the nudge.
const NUDGE: Duration = Duration::from_secs(300);

macro_rules! columns {
    () => {
        "id, factory, scope, name, hold, cap, issuer, given, reason, until, ended, ended_by, ended_why"
    };
}

statements! {
    ORDERS_IN_FORCE = concat!("SELECT ", columns!(), " FROM factory_order WHERE ended IS NULL \
        AND (until IS NULL OR until > ?1) ORDER BY factory, id");
    ORDERS_IN_FORCE_ON = concat!("SELECT ", columns!(), " FROM factory_order WHERE factory = ?2 AND ended IS NULL \
        AND (until IS NULL OR until > ?1) ORDER BY id");
    DUE_ORDERS = concat!("SELECT ", columns!(), " FROM factory_order WHERE ended IS NULL AND until <= ?1 \
        ORDER BY factory, id");
    ORDER = concat!("SELECT ", columns!(), " FROM factory_order WHERE id = ?1");
    ORDERS = concat!("SELECT ", columns!(), " FROM factory_order WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    ORDERS_TO = concat!("SELECT ", columns!(), " FROM factory_order WHERE factory = ?3 AND id < ?1 ORDER BY id DESC \
        LIMIT ?2");
    ADD_ORDER = "INSERT INTO factory_order (id, factory, scope, name, hold, cap, issuer, given, reason, until) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    END_ORDER = "UPDATE factory_order SET ended = ?2, ended_by = ?3, ended_why = ?4 WHERE id = ?1 AND ended IS NULL";
}

/// Which orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only to this factory.
    pub factory: Option<String>,
}

impl Store {
    /// Gives an order; the id in it is not looked at. One of the same kind on the same labels ends for it. The factory is
    /// told in the same commit to run a cycle.
    pub async fn give_order(&self, order: Order) -> Result<Order> {
        self.write(move |tx| give(tx, &order)).await
    }

    /// Ends an order. One that has ended is a [`crate::Error::Conflict`].
    pub async fn end_order(&self, id: OrderId, how: OrderEnd) -> Result<Order> {
        self.write(move |tx| end_one(tx, id, &how)).await
    }

    /// Writes down that orders have ended whose time is over. Returns how many.
    pub async fn expire_orders(&self, now: Time) -> Result<usize> {
        if self.rows(&DUE_ORDERS, params![now].to_vec(), order_of).await?.is_empty() {
            return Ok(0);
        }
        self.write(move |tx| {
            let due = tx.query(&DUE_ORDERS, params![now])?.iter().map(order_of).collect::<Result<Vec<_>>>()?;
            for order in &due {
                let at = order.until.unwrap_or(now);
                end(tx, order.id, &OrderEnd { by: String::new(), at, reason: "its time was over".to_owned() })?;
                tx.changes().factories.insert(order.factory.clone());
            }
            Ok(due.len())
        })
        .await
    }

    /// The orders in force now, of one factory or of all, oldest first.
    pub async fn orders_in_force(&self, factory: Option<String>, now: Time) -> Result<Vec<Order>> {
        match factory {
            Some(factory) => self.rows(&ORDERS_IN_FORCE_ON, params![now, factory].to_vec(), order_of).await,
            None => self.rows(&ORDERS_IN_FORCE, params![now].to_vec(), order_of).await,
        }
    }

    /// One order.
    pub async fn order(&self, id: OrderId) -> Result<Option<Order>> {
        Ok(self.rows(&ORDER, params![id.0].to_vec(), order_of).await?.into_iter().next())
    }

    /// All orders that are kept, newest first, from below `cursor`, at most `limit`.
    pub async fn orders(&self, filter: OrderFilter, cursor: Option<i64>, limit: u32) -> Result<Page<Order>> {
        let below = cursor.unwrap_or(i64::MAX);
        self.read(move |connection| {
            let scan = |below: i64, rows: usize| match &filter.factory {
                Some(factory) => connection.query(&ORDERS_TO, params![below, rows as i64, factory]),
                None => connection.query(&ORDERS, params![below, rows as i64]),
            };
            collect(below, limit as usize, SCAN_MAX, scan, order_of, |order| order.id.0, |_| true)
        })
        .await
    }
}

pub(crate) fn give(tx: &mut Tx<'_>, order: &Order) -> Result<Order> {
    let rows = tx.query(&ORDERS_IN_FORCE_ON, params![order.at, &order.factory])?;
    let in_force = rows.iter().map(order_of).collect::<Result<Vec<_>>>()?;
    let id = OrderId(tx.next_ids("order", 1)?);
    let replaced: Vec<&Order> = in_force.iter().filter(|there| there.is_replaced_by(order)).collect();
    if in_force.len() - replaced.len() >= IN_FORCE_MAX {
        let factory = &order.factory;
        return Err(Error::Conflict(format!("factory {factory} has {IN_FORCE_MAX} orders; end some first")));
    }
    let reason = format!("replaced by order {id}");
    for there in replaced {
        end(tx, there.id, &OrderEnd { by: order.by.clone(), at: order.at, reason: reason.clone() })?;
    }
    let given = Order { id, ended: None, ..order.clone() };
    tx.execute(&ADD_ORDER, &values(&given))?;
    nudge(tx, &given.factory, &given.by, given.at)?;
    Ok(given)
}

pub(crate) fn end_one(tx: &mut Tx<'_>, id: OrderId, how: &OrderEnd) -> Result<Order> {
    let order = one(tx, id)?.ok_or_else(|| Error::not_found(format!("order {id}")))?;
    if !order.is_in_force(how.at) {
        return Err(Error::Conflict(format!("order {id} has ended already")));
    }
    end(tx, id, how)?;
    nudge(tx, &order.factory, &how.by, how.at)?;
    Ok(Order { ended: Some(how.clone()), ..order })
}

pub(crate) fn one(tx: &mut Tx<'_>, id: OrderId) -> Result<Option<Order>> {
    tx.query_one(&ORDER, params![id.0])?.map(|row| order_of(&row)).transpose()
}

/// The orders in force now, to all factories.
pub(crate) fn in_force(tx: &mut Tx<'_>, now: Time) -> Result<Vec<Order>> {
    tx.query(&ORDERS_IN_FORCE, params![now])?.iter().map(order_of).collect()
}

fn end(tx: &mut Tx<'_>, id: OrderId, how: &OrderEnd) -> Result<()> {
    tx.execute(&END_ORDER, params![id.0, how.at, &how.by, &how.reason]).map(drop)
}

fn nudge(tx: &mut Tx<'_>, factory: &str, by: &str, now: Time) -> Result<()> {
    tx.changes().factories.insert(factory.to_owned());
    let target = Target::Factory(factory.to_owned());
    let (arguments, issuer) = (Vec::new(), by.to_owned());
    queue(tx, &NewCommand { target, verb: Verb::Cycle, arguments, issuer, expires: now + NUDGE, now }, None).map(drop)
}

fn values(order: &Order) -> Vec<Value> {
    let (scope, name) = match &order.scope {
        OrderScope::All => (0, ""),
        OrderScope::Label(name) => (1, name.as_str()),
        OrderScope::Queue(name) => (2, name.as_str()),
    };
    let (hold, cap) = match order.hold {
        Hold::Pause => (0, 0),
        Hold::Drain => (1, 0),
        Hold::Cap(pilots) => (2, i64::from(pilots)),
    };
    let Order { id, factory, by, at, reason, until, .. } = order;
    params![id.0, factory, scope, name, hold, cap, by, *at, reason, *until].to_vec()
}

fn order_of(row: &Row) -> Result<Order> {
    let name = row.text(3)?;
    let broken = |what: &str| Error::Corrupt(format!("an order has an unknown {what}"));
    let scope = match row.int(2)? {
        0 => OrderScope::All,
        1 => OrderScope::Label(name),
        2 => OrderScope::Queue(name),
        _ => return Err(broken("scope")),
    };
    let hold = match row.int(4)? {
        0 => Hold::Pause,
        1 => Hold::Drain,
        2 => Hold::Cap(row.small(5)?),
        _ => return Err(broken("kind")),
    };
    let ended = match row.opt_time(10)? {
        Some(at) => Some(OrderEnd { by: row.text_or_empty(11)?, at, reason: row.text_or_empty(12)? }),
        None => None,
    };
    Ok(Order {
        id: OrderId(row.int(0)?),
        factory: row.text(1)?,
        scope,
        hold,
        by: row.text(6)?,
        at: row.time(7)?,
        reason: row.text(8)?,
        until: row.opt_time(9)?,
        ended,
    })
}
