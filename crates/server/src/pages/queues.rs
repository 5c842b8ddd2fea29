//! `/queues`: all queues.

use super::frame::Frame;
use super::overview::{QueueRow, QueueSituation, queue_row};
use super::{assets, frame, link, moment, number, tone, words};
use askama::Template;

/// The page.
#[derive(Template)]
#[template(path = "queues.html")]
pub struct Queues {
    frame: Frame,
    unplaced: u64,
    queues: Vec<QueueRow>,
}

impl Queues {
    /// Builds the page; `unplaced` jobs fit no queue.
    pub fn new(frame: Frame, unplaced: u64, queues: Vec<QueueSituation>) -> Queues {
        Queues { frame, unplaced, queues: queues.into_iter().map(queue_row).collect() }
    }
}
