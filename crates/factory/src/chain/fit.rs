//! ReadyFit: demand job by job. A job that fits no pilot is not served by submitting more of them, a pilot that ends in
//! ten minutes does not serve a job of an hour, and single slots of four pilots do not serve a job of four cores.

mod room;

use super::Outcome;
use super::settings::settings;
use crate::situation::{Situation, Waiting, Wms};
use model::{Offer, Shape};
use room::Rooms;
use std::cmp::Reverse;

settings!(
    /// `sched.readyfit`.
    ReadyFit {
        /// Waiting jobs to leave alone; 0 when not set.
        offset: i64,
    }
);

/// What became of the waiting jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    /// Those that a slot is free for or on its way to.
    served: i64,
    /// Those that a new pilot can run, with their number.
    wanted: Vec<(Shape, i64)>,
    /// Those that no pilot can.
    unfit: i64,
    /// Why not, of the first of them.
    why: Option<String>,
}

/// Pilots for waiting jobs that fit a new pilot and no slot that is free or on its way, its input ignored.
pub(super) fn ready_fit(n: i64, settings: &ReadyFit, situation: &Situation) -> Outcome {
    let (Some(wms), Some(batch)) = (&situation.wms, &situation.batch) else {
        return (0, "ReadyFit:comment=Invalid wmsinfo or batchinfo".to_owned());
    };
    let new = situation.pilot.clone().unwrap_or_default().offer();
    let jobs = jobs_of(wms);
    let activated: i64 = jobs.iter().map(|(_, jobs)| jobs).sum();
    let mut rooms = Rooms::default();
    for room in situation.offers.iter().flatten() {
        rooms.add(room.offer(), room.pilots);
    }
    rooms.add(new, batch.pending);
    let Tally { served, wanted, unfit, why } = serve(jobs, rooms, new);
    let offset = settings.offset.unwrap_or(0);
    let out = pilots_for(without(wanted, offset), new);
    let why = why.map(|why| format!(",why={why}")).unwrap_or_default();
    let jobs = format!("activated={activated},served={served},unfit={unfit}{why},offset={offset}");
    (out, format!("ReadyFit:in={n},{jobs},pending={},ret={out}", batch.pending))
}

/// Jobs by what they need. Where needs are not known, they fit everything.
fn jobs_of(wms: &Wms) -> Vec<(Shape, i64)> {
    let Some(shapes) = &wms.shapes else { return vec![(Shape::default(), wms.unserved().max(0))] };
    let shape = |job: &Waiting| Shape { cores: job.cores, memory_mib: job.memory_mib, wall_time_s: job.wall_time_s };
    shapes.iter().map(|job| (shape(job), job.jobs.max(0))).collect()
}

/// The most demanding jobs choose first, each the tightest room that holds it: those that take the most of a new pilot,
/// then the longest.
fn serve(mut jobs: Vec<(Shape, i64)>, mut rooms: Rooms, new: Offer) -> Tally {
    let weight = |job: Shape| new.weight(job).unwrap_or(u32::MAX);
    jobs.sort_by_key(|(job, _)| Reverse((weight(*job), job.wall_time_s, job.memory_mib, job.cores)));
    let mut tally = Tally::default();
    for (job, count) in jobs {
        let left = rooms.place(job, count);
        tally.served += count - left;
        match new.misfit(job) {
            None => tally.wanted.push((job, left)),
            Some(_) if left == 0 => {}
            Some(why) => {
                tally.unfit += left;
                tally.why.get_or_insert(why);
            }
        }
    }
    tally
}

/// Leaves so many of the least demanding jobs alone; a negative offset is so many more.
fn without(mut wanted: Vec<(Shape, i64)>, offset: i64) -> Vec<(Shape, i64)> {
    let mut left = offset.max(0);
    for (_, jobs) in wanted.iter_mut().rev() {
        let taken = left.min(*jobs);
        (left, *jobs) = (left - taken, *jobs - taken);
    }
    wanted.push((Shape::default(), offset.min(0).saturating_neg()));
    wanted
}

/// New pilots that hold these jobs; each job goes where an earlier one left room.
fn pilots_for(jobs: Vec<(Shape, i64)>, new: Offer) -> i64 {
    let (mut pilots, mut rooms) = (0i64, Rooms::default());
    for (job, count) in jobs {
        let left = rooms.place(job, count);
        let Some(weight) = new.weight(job).filter(|_| left > 0) else { continue };
        let more = super::demand::div_ceil(left, i64::from(new.slots / weight));
        pilots = pilots.saturating_add(more);
        rooms.add(new, more);
        rooms.place(job, left);
    }
    pilots
}

#[cfg(test)]
mod tests;
