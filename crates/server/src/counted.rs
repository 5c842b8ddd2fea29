//! How old the oldest number of an answer is: sums that are remembered are told with their age.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use std::cell::Cell;
use std::time::{Duration, Instant};

tokio::task_local! {
    /// When the oldest number of the answer that is being made was read; none while all were read for it.
    static OLDEST: Cell<Option<Instant>>;
}

/// Notes that the answer that is being made has a number which was read then.
pub fn note(read: Instant) {
    // Duties read the same numbers and answer nobody.
    let _ = OLDEST.try_with(|oldest| oldest.set(Some(oldest.get().map_or(read, |before| before.min(read)))));
}

/// How long ago the oldest number of the answer that is being made was read; zero when all were read for it.
pub fn age() -> Duration {
    OLDEST.try_with(Cell::get).ok().flatten().map_or(Duration::ZERO, |read| read.elapsed())
}

/// Makes an answer, and tells how long ago its oldest number was read.
pub async fn aged<T>(answer: impl Future<Output = T>) -> (T, Duration) {
    OLDEST.scope(Cell::new(None), async { (answer.await, age()) }).await
}

/// Adds the header `age` in seconds to answers with numbers that were remembered for at least one.
pub async fn told(request: Request, next: Next) -> Response {
    let (mut response, age) = aged(next.run(request)).await;
    if age.as_secs() > 0 {
        response.headers_mut().insert(header::AGE, HeaderValue::from(age.as_secs()));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    /// The header of an answer with numbers that were read so many seconds ago.
    async fn header_of(seconds: &'static [u64]) -> Option<String> {
        let numbers = move || async move {
            seconds.iter().filter_map(|age| Instant::now().checked_sub(Duration::from_secs(*age))).for_each(note);
        };
        let router = Router::new().route("/", get(numbers)).layer(axum::middleware::from_fn(told));
        let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();
        answer.headers().get(header::AGE).map(|age| age.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn the_oldest_number_counts() {
        assert_eq!(header_of(&[3, 12, 5]).await.as_deref(), Some("12"));
        assert_eq!(header_of(&[0]).await, None);
        assert_eq!(header_of(&[]).await, None);
    }

    #[test]
    fn outside_of_an_answer_nothing_is_noted() {
        note(Instant::now());
        assert_eq!(age(), Duration::ZERO);
    }
}
