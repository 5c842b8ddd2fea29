//! `pilotage factories pause`, `drain`, `cap`, `resume` and `orders`.

use super::args::{CapArgs, HoldArgs, OrderedLabels, OrdersArgs, ResumeArgs};
use super::{now, paging};
use crate::output::{BadInput, Table, print, print_json, utc_time};
use model::{Hold, Order, OrderScope};
use std::process::ExitCode;
use wire::Client;
use wire::api::{EndOrder, OrderPage, OrderQuery, OrderRequest};

impl OrderedLabels {
    fn scope(&self) -> OrderScope {
        match (&self.label, &self.queue) {
            (Some(label), _) => OrderScope::Label(label.clone()),
            (None, Some(queue)) => OrderScope::Queue(queue.clone()),
            (None, None) => OrderScope::All,
        }
    }
}

/// Lowers the number of pilots of labels to a cap.
pub async fn cap(args: CapArgs, client: &Client) -> anyhow::Result<ExitCode> {
    give(args.hold, Hold::Cap(args.pilots), client).await
}

/// Gives an order.
pub async fn give(args: HoldArgs, hold: Hold, client: &Client) -> anyhow::Result<ExitCode> {
    let until = args.until.or_else(|| args.lasting.map(|lasting| now() + lasting));
    let (factory, scope) = (args.labels.factory.clone(), args.labels.scope());
    let order = client.give_order(&OrderRequest { factory, scope, hold, reason: args.reason, until }).await?;
    tell(&[order], args.output.json)
}

/// Ends all orders on exactly these labels.
pub async fn resume(args: ResumeArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let (factory, scope) = (&args.labels.factory, args.labels.scope());
    let in_force = in_force(Some(factory.clone()), client).await?;
    let (meant, others): (Vec<Order>, Vec<Order>) = in_force.into_iter().partition(|order| order.scope == scope);
    if meant.is_empty() {
        let words = format!("no order holds {} of factory {factory}", scope.in_words());
        let refused = BadInput::new(words);
        let hints: Vec<String> = others.iter().map(in_words).collect();
        return Err(if hints.is_empty() { refused } else { refused.hint(hints.join("; ")) }.into());
    }
    let mut ended = Vec::new();
    for order in meant {
        ended.push(client.end_order(order.id, &EndOrder { reason: args.reason.clone() }).await?);
    }
    tell(&ended, args.output.json)
}

/// Lists orders.
pub async fn list(args: OrdersArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let (orders, next) = if args.all {
        paging::rows(args.limit as usize, None, async |cursor, limit| {
            let (factory, limit) = (args.factory.clone(), Some(limit));
            let page = client.orders(&OrderQuery { factory, cursor, limit, in_force: None }).await?;
            Ok((page.orders, page.next))
        })
        .await?
    } else {
        (in_force(args.factory, client).await?, None)
    };
    if args.output.json {
        print_json(&OrderPage { orders, next })?
    } else {
        print(&table(&orders))?
    }
    Ok(ExitCode::SUCCESS)
}

/// The orders that hold labels now.
pub async fn in_force(factory: Option<String>, client: &Client) -> anyhow::Result<Vec<Order>> {
    Ok(client.orders(&OrderQuery { factory, in_force: Some(true), ..OrderQuery::default() }).await?.orders)
}

/// One order with its number and labels.
pub fn in_words(order: &Order) -> String {
    format!("order {}: {} {}", order.id, order.scope.in_words(), order.in_words())
}

fn tell(orders: &[Order], json: bool) -> anyhow::Result<ExitCode> {
    let line = |order: &Order| match &order.ended {
        None => format!("{}\n", in_words(order)),
        Some(_) => format!("order {} on {} has ended\n", order.id, order.scope.in_words()),
    };
    if json {
        print_json(&orders)?
    } else {
        print(&orders.iter().map(line).collect::<String>())?
    }
    Ok(ExitCode::SUCCESS)
}

fn table(orders: &[Order]) -> String {
    if orders.is_empty() {
        return "no orders\n".to_owned();
    }
    let mut table = Table::new(&[">order", "factory", "labels", "given", "~what", "~ended"]).minor(&["given"]);
    for order in orders {
        let ended = match &order.ended {
            None => String::new(),
            Some(end) if end.by.is_empty() => format!("{}: {}", utc_time(end.at), end.reason),
            Some(end) => format!("{} by {} {}", utc_time(end.at), end.by, end.reason).trim_end().to_owned(),
        };
        let (id, labels) = (order.id.to_string(), order.scope.in_words());
        table.row([id, order.factory.clone(), labels, utc_time(order.at), order.in_words(), ended]);
    }
    table.text()
}
