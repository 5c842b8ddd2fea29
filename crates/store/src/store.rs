//! The store as its users see it.

use crate::engine::postgres::Postgres;
use crate::engine::sqlite::{Purpose, Sqlite};
use crate::engine::{Connection, Engine, Sql, statements};
use crate::lock::DirectoryLock;
use crate::notify::{self, CHANGES_MAX, Outbox};
use crate::reader::{Readers, consistently};
use crate::shared::Shared;
use crate::tx::Tx;
use crate::writer::{Writer, WriterParts};
use crate::writing::WriteTrouble;
use crate::{ChangeSet, Error, Location, Result, StoreConfig, archive, lock, migrate, private};
use ring::rand::{SecureRandom, SystemRandom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{Mutex, broadcast};
use tokio::task::AbortHandle;

/// Name of the SQLite file in its directory.
pub(crate) const FILE: &str = "pilotage.db";

statements! {
    BYTES = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        => "SELECT pg_database_size(current_database())";
    // The value changes: writing what is there already would need no room.
    WRITABLE = "INSERT INTO sequence (name, next) VALUES ('looked', 1) ON CONFLICT (name) \
        DO UPDATE SET next = sequence.next + 1";
}

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `sqlite` or `postgresql`.
    pub engine: &'static str,
    /// Version of the schema.
    pub schema: i64,
    /// Operations that wait for the writer.
    pub write_queue: usize,
    /// Group commits since the start.
    pub commits: u64,
    /// Operations committed since the start.
    pub operations: u64,
    /// Bytes of the database.
    pub bytes: u64,
}

/// Everything that is remembered.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) writer: Writer,
    /// None where only one connection may exist; then the writer reads too.
    readers: Option<Readers>,
    changes: broadcast::Sender<Arc<ChangeSet>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: Engine,
    /// Directory of the SQLite files.
    pub(crate) directory: Option<PathBuf>,
    /// This process among several servers.
    pub(crate) server: String,
    /// Where the search for jobs to archive goes on. Who holds it may change the files of the archive, or be sure that
    /// nobody does.
    pub(crate) archive_from: Arc<Mutex<i64>>,
    schema: i64,
    listener: Option<AbortHandle>,
    lock: std::sync::Mutex<Option<DirectoryLock>>,
}

/// The connections of a store that is being opened.
struct Connections {
    writer: Box<dyn Connection>,
    readers: Vec<Box<dyn Connection>>,
    lock: Option<DirectoryLock>,
    schema: i64,
}

impl Store {
    /// Opens the store, makes it when it is missing, and brings its schema up to date.
    pub async fn open(config: &StoreConfig) -> Result<Store> {
        let wanted = config.clone();
        let connections = blocking(move || connect(&wanted)).await?;
        Store::assemble(config, connections)
    }

    /// Opens a store whose directory other hosts may see, wherever it is.
    #[cfg(test)]
    pub(crate) async fn open_alone(config: &StoreConfig, directory: PathBuf) -> Result<Store> {
        let connections = blocking(move || connect_sqlite(&directory, 0, Purpose::WriteAlone)).await?;
        Store::assemble(config, connections)
    }

    fn assemble(config: &StoreConfig, connections: Connections) -> Result<Store> {
        let server = random_name()?;
        let (changes, _) = broadcast::channel(CHANGES_MAX);
        let outbox = Outbox::new(changes.clone(), server.clone());
        let (directory, listener) = match &config.location {
            Location::Directory(directory) => (Some(directory.clone()), None),
            Location::Postgres(url) => {
                (None, Some(tokio::spawn(notify::listen(url.clone(), outbox.clone())).abort_handle()))
            }
        };
        let shared = Arc::new(Shared::new(config.attempts));
        let engine = connections.writer.engine();
        let writer = Writer::start(WriterParts {
            connection: connections.writer,
            shared: shared.clone(),
            outbox,
            queue_max: config.write_queue,
        })?;
        let readers = (!connections.readers.is_empty()).then(|| Readers::new(connections.readers));
        let inner = Inner {
            writer,
            readers,
            changes,
            shared,
            engine,
            directory,
            server,
            archive_from: Arc::default(),
            schema: connections.schema,
            listener,
            lock: std::sync::Mutex::new(connections.lock),
        };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Hears of every commit, also of other servers' on the same PostgreSQL database. A receiver that lags behind
    /// should look at everything.
    pub fn changes(&self) -> broadcast::Receiver<Arc<ChangeSet>> {
        self.inner.changes.subscribe()
    }

    /// What is wrong with writing, told at once.
    pub fn write_trouble(&self) -> Option<WriteTrouble> {
        self.inner.writer.writing.trouble()
    }

    /// Writes something, which fails when nothing can be written.
    pub async fn try_writing(&self) -> Result<()> {
        self.write(|tx| tx.execute(&WRITABLE, &[])).await.map(drop)
    }

    /// Whether the store can be read and written now.
    pub async fn health(&self) -> Result<Health> {
        self.try_writing().await?;
        let bytes =
            self.read(|connection| connection.query_one(&BYTES, &[])?.map_or(Ok(0), |row| row.count(0))).await?;
        let counts = &self.inner.writer.counts;
        Ok(Health {
            engine: self.inner.engine.as_str(),
            schema: self.inner.schema,
            write_queue: self.inner.writer.waiting(),
            commits: counts.commits.load(Ordering::Relaxed),
            operations: counts.operations.load(Ordering::Relaxed),
            bytes,
        })
    }

    /// Writes what waits, then closes all connections. Further calls fail as unavailable.
    pub async fn close(&self) {
        if let Some(listener) = &self.inner.listener {
            listener.abort();
        }
        if let Some(readers) = &self.inner.readers {
            readers.close().await;
        }
        self.inner.writer.stop().await;
        if let Ok(mut lock) = self.inner.lock.lock() {
            lock.take();
        }
    }

    /// Runs an operation in the next group commit.
    pub(crate) async fn write<F, T>(&self, run: F) -> Result<T>
    where
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.inner.writer.write(run).await
    }

    /// Runs a read that sees one consistent state.
    pub(crate) async fn read<F, T>(&self, run: F) -> Result<T>
    where
        F: FnOnce(&mut dyn Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        match &self.inner.readers {
            Some(readers) => readers.read(run).await,
            None => self.inner.writer.alone(move |connection| consistently(connection, run)).await,
        }
    }

    /// All rows of a query, each understood by `understand`.
    pub(crate) async fn rows<T: Send + 'static>(
        &self,
        sql: &'static Sql,
        params: Vec<crate::engine::Value>,
        understand: fn(&crate::engine::Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.read(move |connection| connection.query(sql, &params)?.iter().map(understand).collect()).await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

/// Runs something that blocks.
pub(crate) async fn blocking<T: Send + 'static>(run: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let task = tokio::task::spawn_blocking(run);
    task.await.unwrap_or_else(|error| Err(Error::unavailable(format!("a task of the store broke off: {error}"))))
}

fn connect(config: &StoreConfig) -> Result<Connections> {
    match &config.location {
        // On a file system that other hosts see too there is one connection, which keeps the file locked.
        Location::Directory(directory) => match made(directory)? {
            true => connect_sqlite(directory, 0, Purpose::WriteAlone),
            false => connect_sqlite(directory, config.readers.max(1), Purpose::Write),
        },
        Location::Postgres(url) => connect_postgres(url, config.readers.max(1)),
    }
}

/// Makes the directory and says whether other hosts may see it.
fn made(directory: &Path) -> Result<bool> {
    private::ensure_directory(directory)?;
    Ok(lock::is_shared(directory))
}

fn connect_sqlite(directory: &Path, readers: usize, purpose: Purpose) -> Result<Connections> {
    let lock = DirectoryLock::take(directory)?;
    let file = directory.join(FILE);
    let mut writer: Box<dyn Connection> = Box::new(Sqlite::open(&file, purpose)?);
    let schema = migrate::run(writer.as_mut())?;
    archive::copies::delete(writer.as_mut(), directory)?;
    let open = |_| Sqlite::open(&file, Purpose::Read).map(|reader| Box::new(reader) as Box<dyn Connection>);
    let readers = (0..readers).map(open).collect::<Result<_>>()?;
    Ok(Connections { writer, readers, lock: Some(lock), schema })
}

fn connect_postgres(url: &str, readers: usize) -> Result<Connections> {
    let mut writer: Box<dyn Connection> = Box::new(Postgres::open(url)?);
    let schema = migrate::run(writer.as_mut())?;
    let open = |_| Postgres::open(url).map(|reader| Box::new(reader) as Box<dyn Connection>);
    let readers = (0..readers).map(open).collect::<Result<_>>()?;
    Ok(Connections { writer, readers, lock: None, schema })
}

fn random_name() -> Result<String> {
    let mut bytes = [0u8; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::unavailable("the system gives no random numbers"))?;
    Ok(hex::encode(bytes))
}
