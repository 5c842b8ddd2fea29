//! What takes long to read is remembered for as long as its reading is worth.
//!
//! A page on a laptop is always exact: what is read within [`SHORT`] is read each time. With millions of pilots a sum over
//! all labels may take a quarter of a second; then it is read again at most every five, by one reader, while everybody
//! else sees the one before.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A value is fresh for so many times the time that its reading took: so reading takes at most a twentieth of a core.
const WORTH: u32 = 20;
/// The longest that a value is fresh, whatever its reading took.
const FRESH_MAX: Duration = Duration::from_secs(10);
/// The longest that a value is shown while it is read again.
const STALE_MAX: Duration = Duration::from_secs(60);
/// What is read in less is not remembered: who looks right after a change shall see it.
const SHORT: Duration = Duration::from_millis(10);

/// One value that is remembered.
pub struct Remembered<T>(Mutex<Held<T>>, tokio::sync::Mutex<()>);

struct Held<T> {
    value: Option<Arc<T>>,
    read: Instant,
    took: Duration,
}

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        let held = Held { value: None, read: Instant::now(), took: Duration::ZERO };
        Remembered(Mutex::new(held), tokio::sync::Mutex::new(()))
    }
}

/// What is to be done about a value of this age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// It is shown.
    Fresh,
    /// It is shown, unless nobody reads it again: then who asked does, while the others are shown it.
    Stale,
    /// It is read first.
    Old,
}

fn judge(age: Duration, took: Duration) -> Judgement {
    match age {
        _ if took < SHORT => Judgement::Old,
        age if age < (took * WORTH).min(FRESH_MAX) => Judgement::Fresh,
        age if age < STALE_MAX => Judgement::Stale,
        _ => Judgement::Old,
    }
}

impl<T> Remembered<T> {
    /// The value, read by `read` when it is not fresh any more. One reader at a time; an error is not remembered.
    pub async fn get<E>(&self, read: impl AsyncFnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        match self.held() {
            Some((value, Judgement::Fresh)) => return Ok(value),
            Some((value, Judgement::Stale)) => {
                let Ok(_reading) = self.1.try_lock() else { return Ok(value) };
                return self.read(read).await;
            }
            _ => {}
        }
        let _reading = self.1.lock().await;
        // Somebody may have read it while this one waited for its turn.
        match self.held() {
            Some((value, Judgement::Fresh)) => Ok(value),
            _ => self.read(read).await,
        }
    }

    async fn read<E>(&self, read: impl AsyncFnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let began = Instant::now();
        let value = Arc::new(read().await?);
        if let Ok(mut held) = self.0.lock() {
            *held = Held { value: Some(value.clone()), read: began, took: began.elapsed() };
        }
        Ok(value)
    }

    fn held(&self) -> Option<(Arc<T>, Judgement)> {
        let held = self.0.lock().ok()?;
        held.value.clone().map(|value| (value, judge(held.read.elapsed(), held.took)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_value_lives_as_long_as_its_reading_is_worth() {
        let ms = Duration::from_millis;
        assert_eq!(judge(ms(0), ms(9)), Judgement::Old, "cheap ones are read each time");
        assert_eq!(judge(ms(3_999), ms(200)), Judgement::Fresh);
        assert_eq!(judge(ms(4_001), ms(200)), Judgement::Stale);
        assert_eq!(judge(ms(9_999), ms(5_000)), Judgement::Fresh);
        assert_eq!(judge(ms(61_000), ms(200)), Judgement::Old);
    }

    #[tokio::test]
    async fn one_reads_and_errors_are_not_remembered() {
        let remembered = Remembered::<u32>::default();
        assert_eq!(remembered.get(async || Err::<u32, &str>("away")).await, Err("away"));
        let read = async || {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<u32, Infallible>(1)
        };
        let other = async || panic!("it is read once");
        let (first, second) = tokio::join!(remembered.get(read), remembered.get::<Infallible>(other));
        assert_eq!((*first.unwrap(), *second.unwrap()), (1, 1));
    }
}
