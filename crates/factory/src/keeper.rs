//! Keeping the configuration: the main file and what its sources give, read beside the cycles, taken as a whole.

use crate::config::{Config, ConfigError, Main, Origins};
use crate::source::{Excluded, Fetcher, Kept, Looker, Made, SourceState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The least time between two looks that nobody asked for.
const LOOKS_APART: Duration = Duration::from_millis(50);

/// Reads a main file.
type ReadMain = Box<dyn Fn() -> Result<Main, ConfigError> + Send + Sync>;

/// Reads the configuration again when it is due or asked for.
pub struct Keeper {
    read: ReadMain,
    fetcher: Fetcher,
    keeps_copies: bool,
    /// The main file that is in use.
    main: Option<Arc<Main>>,
    /// When the main file was read last.
    read_at: Instant,
    /// When each source was looked at last.
    looked: BTreeMap<String, Instant>,
}

/// A whole configuration, ready to be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Everything, with the labels of all sources.
    pub config: Config,
    /// Where each value comes from.
    pub origins: Origins,
    /// What became of each source.
    pub sources: Vec<SourceState>,
    main: Arc<Main>,
}

impl Loaded {
    pub(crate) fn main(&self) -> Arc<Main> {
        Arc::clone(&self.main)
    }
}

/// Which sources to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Those without a last good copy.
    Missing,
    /// Those that are due; the main file, too, only when it is.
    Due,
    /// All. Those named may lose any number of labels.
    All(BTreeSet<String>),
}

impl Keeper {
    /// With the function that reads the main file. The last good copies lie below the factory's directory.
    pub fn new(read: impl Fn() -> Result<Main, ConfigError> + Send + Sync + 'static, fetcher: Fetcher) -> Keeper {
        let (read, looked) = (Box::new(read), BTreeMap::new());
        Keeper { read, fetcher, keeps_copies: true, main: None, read_at: Instant::now(), looked }
    }

    /// For a look from outside, which must not change what the factory takes for the last good copies.
    pub fn without_keeping(mut self) -> Keeper {
        self.keeps_copies = false;
        self
    }

    /// Reads the main file and the sources. A source that cannot be used goes on as it was; its state says why.
    pub async fn load(&mut self, look: &Look) -> Result<Loaded, ConfigError> {
        let main = self.main(look)?;
        let now = crate::cycle::now();
        let mut tasks = JoinSet::new();
        for (name, section) in &main.config.source {
            let reads = match look {
                Look::Missing => false,
                Look::Due => self.due_of(name, &main) <= Instant::now(),
                Look::All(_) => true,
            };
            if reads {
                self.looked.insert(name.clone(), Instant::now());
            }
            let looker = Looker {
                name: name.clone(),
                section: section.clone(),
                main: Arc::clone(&main),
                fetcher: self.fetcher.clone(),
                kept: Kept::in_dir(&main.config.factory.dir),
                keeps_copies: self.keeps_copies,
                accepts_loss: matches!(look, Look::All(accepted) if accepted.contains(name)),
            };
            tasks.spawn(looker.look(reads, now));
        }
        Ok(assemble(main, tasks.join_all().await))
    }

    fn main(&mut self, look: &Look) -> Result<Arc<Main>, ConfigError> {
        if let (Look::Due, Some(main)) = (look, &self.main)
            && main.config.factory.reload().is_none_or(|interval| self.read_at.elapsed() < interval)
        {
            return Ok(Arc::clone(main));
        }
        self.read_at = Instant::now();
        (self.read)().map(Arc::new)
    }

    /// What was loaded is in use from now on.
    pub(crate) fn used(&mut self, main: Arc<Main>) {
        self.main = Some(main);
    }

    /// When something is due; `None` for never.
    pub fn due(&self) -> Option<Instant> {
        let main = self.main.as_ref()?;
        let of_sources = main.config.source.keys().map(|name| self.due_of(name, main));
        let of_main = main.config.factory.reload().map(|interval| self.read_at + interval);
        let due = of_sources.chain(of_main).min()?;
        Some(due.max(Instant::now() + LOOKS_APART))
    }

    fn due_of(&self, source: &str, main: &Main) -> Instant {
        let interval = main.config.source.get(source).map(|section| section.interval());
        match (self.looked.get(source), interval) {
            (Some(looked), Some(interval)) => *looked + interval,
            _ => Instant::now(),
        }
    }
}

/// The main file with the labels of its sources, in the order of their names.
fn assemble(main: Arc<Main>, mut parts: Vec<(Made, SourceState)>) -> Loaded {
    let mut loaded =
        Loaded { config: main.config.clone(), origins: main.tree.origins.clone(), sources: Vec::new(), main };
    parts.sort_by(|a, b| a.1.info.name.cmp(&b.1.info.name));
    for (made, mut state) in parts {
        for (name, label) in made.labels {
            if loaded.config.label.contains_key(&name) {
                let reason = "another source has a label of this name".to_owned();
                state.excluded.push(Excluded { what: name, reason });
                continue;
            }
            let key = format!("label.{name}");
            for (rest, origin) in made.origins.below(&key) {
                loaded.origins.note(format!("{key}{rest}"), origin.clone());
            }
            loaded.config.label.insert(name, label);
        }
        let counted = state.excluded.len() as u64;
        state.info.labels -= counted - state.info.excluded;
        state.info.excluded = counted;
        loaded.sources.push(state);
    }
    loaded
}
