//! What takes long to read is remembered for as long as its reading is worth.
//!
//! A page on a laptop is always exact: what is read within [`SHORT`] is read each time. With millions of pilots a sum over
//! all labels may take a quarter of a second; then it is read again at most every five, behind the back of whoever looks,
//! who sees the one before.

use crate::counted;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedMutexGuard, Semaphore};

/// A value is fresh for so many times the time that its reading took: so reading takes at most a twentieth of a core.
const WORTH: u32 = 20;
/// How long a value may be shown while it is read again, unless it is told that it may be longer.
const SHOWN: Duration = Duration::from_secs(20);
/// Beyond that it is shown for at most so many times the time that its reading took: what is read in a moment is worth
/// waiting for.
const SHOWN_WORTH: u32 = 400;
/// What is read in less is not remembered: who looks right after a change shall see it.
const SHORT: Duration = Duration::from_millis(10);
/// The same of what is read ahead, as only a large grid does: a page needs several of these.
const SHORT_AHEAD: Duration = Duration::from_millis(2);
/// How long what was not worth remembering is taken to be so.
const SHORT_FOR: Duration = Duration::from_secs(600);

/// The turn of readings for which nobody waits: one at a time, so that connections that read are left for those who wait.
static BEHIND: Semaphore = Semaphore::const_new(1);

/// One value that is remembered.
pub struct Remembered<T>(Arc<Shared<T>>);

struct Shared<T> {
    /// The longest that it is shown while it is read again, however long that takes.
    shown: Duration,
    held: Mutex<Option<Held<T>>>,
    /// Whether it was ever kept warm: then [`SHORT_AHEAD`] counts.
    is_read_ahead: AtomicBool,
    /// Who holds it reads.
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct Held<T> {
    /// None when it is not worth remembering.
    value: Option<Arc<T>>,
    read: Instant,
    took: Duration,
}

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        Remembered::shown_for(SHOWN)
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

/// How long a value is shown whose reading took so long.
fn shown_for(took: Duration, shown: Duration) -> Duration {
    shown.min(took * SHOWN_WORTH).max(SHOWN)
}

fn judge(age: Duration, took: Duration, shown: Duration) -> Judgement {
    let shown = shown_for(took, shown);
    match age {
        age if age < (took * WORTH).min(shown / 2) => Judgement::Fresh,
        age if age < shown => Judgement::Stale,
        _ => Judgement::Old,
    }
}

/// For how long a value need not be read again so that whoever looks need not wait.
fn warm_for(took: Duration, shown: Duration) -> Duration {
    if took < SHORT_AHEAD { SHORT_FOR } else { (took * WORTH).max(shown_for(took, shown) / 2) }
}

impl<T> Remembered<T> {
    /// One that may be shown for so long while it is read again.
    pub fn shown_for(long: Duration) -> Remembered<T> {
        Remembered(Arc::new(Shared {
            shown: long,
            held: Mutex::new(None),
            is_read_ahead: AtomicBool::new(false),
            turn: Arc::default(),
        }))
    }

    /// Whether it was read and nobody would be shown it any more.
    pub fn is_over(&self) -> bool {
        let is_over = |held: &Held<T>| held.read.elapsed() >= shown_for(held.took, self.0.shown);
        self.0.held.lock().is_ok_and(|held| held.as_ref().is_some_and(is_over))
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

    /// Reads it before it is too old to be shown, unless reading it is no matter.
    pub async fn keep_warm<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<(), E> {
        self.0.is_read_ahead.store(true, Ordering::Relaxed);
        if self.0.is_warm() {
            return Ok(());
        }
        let _turn = self.0.turn.lock().await;
        match self.0.is_warm() {
            true => Ok(()),
            false => behind(self.0.read(read)).await.map(drop),
        }
    }
}

/// Awaits a reading for which nobody waits, when it is its turn among these.
async fn behind<T>(read: impl Future<Output = T>) -> T {
    // It is never closed.
    let _turn = BEHIND.acquire().await;
    read.await
}

async fn again<T, E: Display>(
    shared: Arc<Shared<T>>,
    _turn: OwnedMutexGuard<()>,
    read: impl Future<Output = Result<T, E>>,
) {
    if let Err(error) = behind(shared.read(read)).await {
        tracing::warn!("a sum over all labels stays as it was for a while: {error}");
    }
}

impl<T> Shared<T> {
    async fn read<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let began = Instant::now();
        let value = Arc::new(read.await?);
        let took = began.elapsed();
        let short = if self.is_read_ahead.load(Ordering::Relaxed) { SHORT_AHEAD } else { SHORT };
        if let Ok(mut held) = self.held.lock() {
            *held = Some(Held { value: (took >= short).then(|| value.clone()), read: began, took });
        }
        Ok(value)
    }

    /// What is remembered; unless it is too old to be shown, the answer that it goes into hears of its age.
    fn shown(&self) -> Option<(Arc<T>, Judgement)> {
        let held = self.held.lock().ok()?;
        let held = held.as_ref()?;
        let value = held.value.clone()?;
        let judgement = judge(held.read.elapsed(), held.took, self.shown);
        if judgement != Judgement::Old {
            counted::note(held.read);
        }
        Some((value, judgement))
    }

    fn is_warm(&self) -> bool {
        let Ok(held) = self.held.lock() else { return true };
        held.as_ref().is_some_and(|held| held.read.elapsed() < warm_for(held.took, self.shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_value_lives_as_long_as_its_reading_is_worth() {
        let ms = Duration::from_millis;
        assert_eq!(judge(ms(3_999), ms(200), SHOWN), Judgement::Fresh);
        assert_eq!(judge(ms(4_001), ms(200), SHOWN), Judgement::Stale);
        assert_eq!(judge(ms(9_999), ms(5_000), SHOWN), Judgement::Fresh);
        assert_eq!(judge(ms(21_000), ms(200), SHOWN), Judgement::Old);
        assert_eq!(judge(ms(39_000), ms(200), SHOWN * 2), Judgement::Stale, "it may be older");
        assert_eq!(judge(ms(21_000), ms(20), SHOWN * 2), Judgement::Old, "it is read in a moment");
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
        remembered.0.held.lock().unwrap().as_mut().unwrap().read -= SHOWN / 2;
        let (_, age) = counted::aged(remembered.get(slow(2))).await;
        assert!(age >= SHOWN / 2, "{age:?}");
    }

    #[test]
    fn reading_ahead_takes_little_of_a_core() {
        let s = Duration::from_secs;
        assert_eq!(warm_for(SHORT, SHOWN), SHOWN / 2);
        assert_eq!(warm_for(s(2), SHOWN), s(40), "a twentieth at most");
        assert_eq!(warm_for(s(2), s(600)), s(300), "what may be old is read seldom");
        assert_eq!(warm_for(SHORT_AHEAD / 2, SHOWN), SHORT_FOR, "what is cheap is left alone");
    }

    #[tokio::test]
    async fn one_is_read_behind_the_backs_and_those_who_wait_do_not_wait_for_it() {
        let (told, hear) = tokio::sync::oneshot::channel();
        let (one, other) = (Remembered::<u32>::default(), Remembered::<u32>::default());
        let long = one.keep_warm(async { hear.await.map_err(|_| "nobody said it") });
        let next = other.keep_warm(async { Err::<u32, &str>("only after the other one") });
        let looks = async {
            let third = Remembered::<u32>::default();
            assert_eq!(*third.get(slow(3)).await.unwrap(), 3);
            told.send(1).unwrap();
        };
        let ended = Mutex::new(Vec::new());
        let note = |name: &'static str| ended.lock().unwrap().push(name);
        let first = async {
            long.await.unwrap();
            note("first");
        };
        let second = async {
            next.await.unwrap_err();
            note("second");
        };
        tokio::join!(first, second, looks);
        assert_eq!(*ended.lock().unwrap(), ["first", "second"]);
    }

    #[tokio::test]
    async fn what_is_kept_warm_is_there_when_somebody_looks() {
        let remembered = Remembered::<u32>::default();
        remembered.keep_warm(slow(1)).await.unwrap();
        let other = async { panic!("it is warm") };
        remembered.keep_warm::<Infallible>(other).await.unwrap();
        assert_eq!(*remembered.get(async { Err::<u32, &str>("it is there") }).await.unwrap(), 1);
        assert!(!remembered.is_over());
        // What is read ahead is remembered though its reading takes less than that of others must.
        let quick = async {
            tokio::time::sleep(SHORT_AHEAD).await;
            Ok::<u32, Infallible>(3)
        };
        remembered.0.read(quick).await.unwrap();
        assert!(remembered.0.shown().is_some());
        remembered.0.held.lock().unwrap().as_mut().unwrap().read -= SHOWN;
        assert!(remembered.is_over());
        remembered.keep_warm(slow(2)).await.unwrap();
        assert_eq!(*remembered.get(async { Err::<u32, &str>("it is there") }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn who_looks_at_a_stale_one_does_not_wait() {
        let remembered = Remembered::<u32>::default();
        remembered.get(slow(1)).await.unwrap();
        remembered.0.held.lock().unwrap().as_mut().unwrap().read -= SHOWN / 2;
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
