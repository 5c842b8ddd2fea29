//! What takes long to read is remembered for as long as its reading is worth.
//!
//! A page on a laptop is always exact: what is read within [`SHORT`] is read each time. With millions of pilots a sum over
//! all labels may take a quarter of a second; then it is read again at most every five, behind the back of whoever looks,
//! who sees the one before.

use crate::counted;
use std::fmt::Display;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// A value is fresh for so many times the time that its reading took: so reading takes at most a twentieth of a core.
const WORTH: u32 = 20;
/// The longest that a value is fresh, whatever its reading took.
const FRESH_MAX: Duration = Duration::from_secs(10);
/// The longest that a value is shown while it is read again.
const STALE_MAX: Duration = Duration::from_secs(20);
/// What is read in less is not remembered: who looks right after a change shall see it.
const SHORT: Duration = Duration::from_millis(10);

/// One value that is remembered.
pub struct Remembered<T>(Arc<Shared<T>>);

struct Shared<T> {
    held: Mutex<Held<T>>,
    /// Who holds it reads.
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct Held<T> {
    value: Option<Arc<T>>,
    read: Instant,
    took: Duration,
}

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        let held = Held { value: None, read: Instant::now(), took: Duration::ZERO };
        Remembered(Arc::new(Shared { held: Mutex::new(held), turn: Arc::default() }))
    }
}

impl<T> Clone for Remembered<T> {
    fn clone(&self) -> Remembered<T> {
        Remembered(self.0.clone())
    }
}

/// What is to be done about a value of this age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// It is shown.
    Fresh,
    /// It is shown, and read again in the background.
    Stale,
    /// It is read first.
    Old,
}

fn judge(age: Duration, took: Duration) -> Judgement {
    match age {
        age if age < (took * WORTH).min(FRESH_MAX) => Judgement::Fresh,
        age if age < STALE_MAX => Judgement::Stale,
        _ => Judgement::Old,
    }
}

impl<T: Send + Sync + 'static> Remembered<T> {
    /// The value; `read` is awaited when it is not fresh any more. One reader at a time; an error is not remembered.
    pub async fn get<E>(&self, read: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<Arc<T>, E>
    where
        E: Display + Send + 'static,
    {
        match self.0.shown() {
            Some((value, Judgement::Fresh)) => return Ok(value),
            Some((value, Judgement::Stale)) => {
                if let Ok(turn) = self.0.turn.clone().try_lock_owned() {
                    tokio::spawn(again(self.0.clone(), turn, read));
                }
                return Ok(value);
            }
            _ => {}
        }
        let _turn = self.0.turn.lock().await;
        // Somebody may have read it while this one waited for its turn.
        match self.0.shown() {
            Some((value, Judgement::Fresh)) => Ok(value),
            _ => self.0.read(read).await,
        }
    }
}

async fn again<T, E: Display>(
    shared: Arc<Shared<T>>,
    _turn: OwnedMutexGuard<()>,
    read: impl Future<Output = Result<T, E>>,
) {
    if let Err(error) = shared.read(read).await {
        tracing::warn!("a sum over all labels stays as it was {STALE_MAX:?} at most: {error}");
    }
}

impl<T> Shared<T> {
    async fn read<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let began = Instant::now();
        let value = Arc::new(read.await?);
        let took = began.elapsed();
        if let Ok(mut held) = self.held.lock() {
            *held = Held { value: (took >= SHORT).then(|| value.clone()), read: began, took };
        }
        Ok(value)
    }

    /// What is remembered; unless it is too old to be shown, the answer that it goes into hears of its age.
    fn shown(&self) -> Option<(Arc<T>, Judgement)> {
        let held = self.held.lock().ok()?;
        let value = held.value.clone()?;
        let judgement = judge(held.read.elapsed(), held.took);
        if judgement != Judgement::Old {
            counted::note(held.read);
        }
        Some((value, judgement))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_value_lives_as_long_as_its_reading_is_worth() {
        let ms = Duration::from_millis;
        assert_eq!(judge(ms(3_999), ms(200)), Judgement::Fresh);
        assert_eq!(judge(ms(4_001), ms(200)), Judgement::Stale);
        assert_eq!(judge(ms(9_999), ms(5_000)), Judgement::Fresh);
        assert_eq!(judge(ms(21_000), ms(200)), Judgement::Old);
    }

    /// A reading that takes so long that it is remembered.
    async fn slow(value: u32) -> Result<u32, Infallible> {
        tokio::time::sleep(SHORT * 2).await;
        Ok(value)
    }

    #[tokio::test]
    async fn one_reads_and_errors_are_not_remembered() {
        let remembered = Remembered::<u32>::default();
        assert_eq!(remembered.get(async { Err::<u32, &str>("away") }).await, Err("away"));
        let other = async { panic!("it is read once") };
        let (first, second) = tokio::join!(remembered.get(slow(1)), remembered.get::<Infallible>(other));
        assert_eq!((*first.unwrap(), *second.unwrap()), (1, 1));
    }

    #[tokio::test]
    async fn what_is_cheap_is_read_each_time() {
        let remembered = Remembered::<u32>::default();
        for value in [1, 2] {
            assert_eq!(*remembered.get(async move { Ok::<u32, Infallible>(value) }).await.unwrap(), value);
        }
    }

    #[tokio::test]
    async fn whoever_is_told_a_remembered_value_is_told_its_age() {
        let remembered = Remembered::<u32>::default();
        let (_, age) = counted::aged(remembered.get(slow(1))).await;
        assert_eq!(age, Duration::ZERO, "it was read for this answer");
        remembered.0.held.lock().unwrap().read -= FRESH_MAX;
        let (_, age) = counted::aged(remembered.get(slow(2))).await;
        assert!(age >= FRESH_MAX, "{age:?}");
    }

    #[tokio::test]
    async fn who_looks_at_a_stale_one_does_not_wait() {
        let remembered = Remembered::<u32>::default();
        remembered.get(slow(1)).await.unwrap();
        remembered.0.held.lock().unwrap().read -= STALE_MAX / 2;
        let (told, hear) = tokio::sync::oneshot::channel();
        let until = async { tokio::join!(hear, slow(0)).0.map_err(|_| "nobody said it") };
        assert_eq!(*remembered.get(until).await.unwrap(), 1, "shown at once, while the next is not known yet");
        assert_eq!(*remembered.get(async { Err::<u32, &str>("it has one reader") }).await.unwrap(), 1);
        told.send(2).unwrap();
        while *remembered.get(async { Err::<u32, &str>("it has one reader") }).await.unwrap() != 2 {
            tokio::task::yield_now().await;
        }
    }
}
