//! A submission in as few parts as the batch system takes.

use crate::{BatchError, SubmitOutcome, SubmitRequest};
use model::PilotId;

/// What came of one part.
pub enum Sent {
    /// All of it is there, with these ids in the batch system, in the order of the pilots.
    Accepted(Vec<String>),
    /// Nothing of it, for there is no room for so many; why.
    Full(String),
    /// Nothing of it; why.
    Refused(String),
}

/// Submits in parts of at most `largest`; a full system gets ever smaller parts until it takes none.
pub async fn submit<'a, F, Fut>(
    request: &'a SubmitRequest,
    largest: usize,
    send: F,
) -> Result<SubmitOutcome, BatchError>
where
    F: Fn(PilotId, &'a [Vec<u8>]) -> Fut,
    Fut: Future<Output = Result<Sent, BatchError>>,
{
    let mut outcome = SubmitOutcome::default();
    let (mut done, mut size) = (0, largest.max(1));
    while done < request.secrets.len() {
        let end = request.secrets.len().min(done + size);
        let first = PilotId(request.first.0 + done as i64);
        let sent = match send(first, &request.secrets[done..end]).await {
            Ok(sent) => sent,
            Err(error) if done == 0 => return Err(error),
            // What was accepted before must not be lost with the rest.
            Err(error) if error.is_uncertain() => {
                outcome.reason = format!("failed to {error}");
                break;
            }
            Err(error) => Sent::Refused(format!("failed to {error}")),
        };
        match sent {
            Sent::Accepted(ids) => {
                outcome.accepted.extend((first.0..).map(PilotId).zip(ids));
                done = end;
            }
            Sent::Full(_) if end - done > 1 => size = (end - done) / 2,
            Sent::Full(reason) => {
                outcome.full = true;
                refuse_rest(&mut outcome, request, done, reason);
                break;
            }
            Sent::Refused(reason) => {
                refuse_rest(&mut outcome, request, done, reason);
                break;
            }
        }
    }
    Ok(outcome)
}

fn refuse_rest(outcome: &mut SubmitOutcome, request: &SubmitRequest, done: usize, reason: String) {
    outcome.refused.extend((done..request.secrets.len()).map(|index| PilotId(request.first.0 + index as i64)));
    outcome.reason = reason;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn request(count: usize) -> SubmitRequest {
        SubmitRequest { first: PilotId(10), secrets: vec![Vec::new(); count], ..SubmitRequest::default() }
    }

    /// Takes parts of at most `part`, and `room` pilots in all.
    async fn submit_to(room: usize, part: usize, count: usize) -> SubmitOutcome {
        let (request, taken) = (request(count), Cell::new(0));
        let send = async |first: PilotId, secrets: &[Vec<u8>]| {
            if secrets.len() > part || taken.get() + secrets.len() > room {
                return Ok(Sent::Full("no room".to_owned()));
            }
            taken.set(taken.get() + secrets.len());
            Ok(Sent::Accepted((first.0..).take(secrets.len()).map(|id| id.to_string()).collect()))
        };
        submit(&request, count, send).await.unwrap()
    }

    #[tokio::test]
    async fn all_that_fits_is_taken_in_order() {
        let outcome = submit_to(100, 3, 10).await;
        assert!(outcome.accepted.iter().all(|(pilot, id)| pilot.to_string() == *id));
        assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (10, 0, false));
        let outcome = submit_to(7, 100, 10).await;
        assert_eq!((outcome.accepted.len(), outcome.full, outcome.reason.as_str()), (7, true, "no room"));
        assert_eq!(outcome.refused, [17, 18, 19].map(PilotId));
    }

    #[tokio::test]
    async fn what_may_have_been_accepted_is_not_called_refused() {
        let request = request(4);
        let unsure = || BatchError::TimeOut { program: "sbatch".into(), limit_s: 1, said: String::new() };
        let never = async |_: PilotId, _: &[Vec<u8>]| Err(unsure());
        assert!(submit(&request, 4, never).await.unwrap_err().is_uncertain());
        let second = async |first: PilotId, _: &[Vec<u8>]| match first.0 {
            10 => Ok(Sent::Accepted(vec!["1".into(), "2".into()])),
            _ => Err(unsure()),
        };
        let outcome = submit(&request, 2, second).await.unwrap();
        assert_eq!((outcome.accepted.len(), outcome.refused.len()), (2, 0));
        assert_eq!(outcome.reason, "failed to get an answer of sbatch within 1 s");
    }
}
