//! Full disks, broken connections, panics, killed processes.

use super::support::{self, NOW, TestStore, array, single};
use crate::engine::{Connection, params, statements};
use crate::{CountScope, Error, Store, StoreConfig, WriteTrouble};
use model::{JobId, JobState};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

statements! {
    FILL = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
    LIMITS = "SELECT 1" => "SELECT name, CAST(setting AS BIGINT) FROM pg_settings WHERE name IN \
        ('idle_in_transaction_session_timeout', 'lock_timeout', 'tcp_user_timeout', 'tcp_keepalives_idle', \
        'tcp_keepalives_interval') ORDER BY name";
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_survived() {
    let test = TestStore::open(support::sqlite()).await;
    test.queue("q").await;
    test.submit(single("ann", "q")).await;
    limit_pages(&test, "PRAGMA max_page_count = 120").await;
    let full = loop {
        let filled = test.store.write(|tx| {
            let name = tx.next_ids("lane", 1)?.to_string();
            tx.execute(&FILL, params![name, vec![0u8; 8192]])
        });
        if let Err(error) = filled.await {
            break error;
        }
    };
    assert!(matches!(full, Error::Full), "{full}");
    assert!(full.is_temporary());
    let failing =
        |why: &str| matches!(test.store.write_trouble(), Some(WriteTrouble::Failing { why: said, .. }) if said == why);
    assert!(failing("no space is left for the database"));
    test.store.write(|tx| tx.query(&LIMITS, &[])).await.unwrap();
    assert!(failing("no space is left for the database"), "what writes nothing tells nothing");
    assert_eq!(test.state(JobId(1)).await, JobState::Activated, "reading goes on");
    limit_pages(&test, "PRAGMA max_page_count = 100000").await;
    test.store.try_writing().await.unwrap();
    assert_eq!(test.store.write_trouble(), None);
    assert_eq!(test.submit(single("ann", "q")).await.first, JobId(2));
}

async fn limit_pages(test: &TestStore, pragma: &'static str) {
    let run = |connection: &mut dyn Connection| connection.query(&crate::engine::Sql { sqlite: pragma, ..FILL }, &[]);
    test.store.inner.writer.alone(run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_said() {
    let (mut config, home) = support::sqlite();
    config.write_queue = 4;
    let test = TestStore::open((config, home)).await;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (busy, is_busy) = std::sync::mpsc::channel::<()>();
    let store = test.store.clone();
    let held = tokio::spawn(async move {
        store
            .inner
            .writer
            .alone(move |_| {
                busy.send(()).unwrap();
                wait.recv().unwrap();
                Ok(())
            })
            .await
    });
    tokio::task::spawn_blocking(move || is_busy.recv().unwrap()).await.unwrap();
    let puts: Vec<_> = (0..8)
        .map(|n| {
            let store = test.store.clone();
            tokio::spawn(async move { store.set_meta(&n.to_string(), vec![]).await })
        })
        .collect();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while puts.iter().filter(|put| put.is_finished()).count() < 4 {
        assert!(tokio::time::Instant::now() < deadline, "nobody was refused");
        tokio::task::yield_now().await;
    }
    while !matches!(test.store.write_trouble(), Some(WriteTrouble::Slow { .. })) {
        assert!(tokio::time::Instant::now() < deadline, "nobody says that writing is slow");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    go.send(()).unwrap();
    held.await.unwrap().unwrap();
    let mut refused = 0;
    for put in puts {
        match put.await.unwrap() {
            Ok(()) => {}
            Err(Error::Busy { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_with_the_name_of_the_first() {
    let test = TestStore::open(support::sqlite()).await;
    let second = Store::open(&test.config).await;
    let Err(error) = second else { panic!("two stores in one directory") };
    assert!(matches!(&error, Error::InUse { pid, .. } if *pid == std::process::id()), "{error}");
    test.store.close().await;
    assert!(matches!(test.store.queues().await, Err(Error::Unavailable { .. })));
    Store::open(&test.config).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_does_all_on_a_network_file_system() {
    let directory = tempfile::tempdir().unwrap();
    let config = StoreConfig::directory(directory.path());
    let store = Store::open_alone(&config, directory.path().to_owned()).await.unwrap();
    let call =
        crate::SubmitCall { user: "ann".into(), idempotency_key: None, jobs: vec![array("ann", "q", 3)], now: NOW };
    let (submitted, counts) = tokio::join!(store.submit(call), store.counts(CountScope::All));
    assert_eq!((submitted.unwrap().submitted[0].count, counts.is_ok()), (3, true));
    assert!(!directory.path().join("pilotage.db-shm").exists(), "shared memory does not work between hosts");
    let backup = directory.path().join("backup");
    store.backup(&backup).await.unwrap();
    store.close().await;
    let again = Store::open(&config).await.unwrap();
    assert_eq!(again.counts(CountScope::All).await.unwrap().of(JobState::Activated), 3);
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_are_made_again() {
    let home = tokio::task::spawn_blocking(support::postgres).await.unwrap();
    let test = TestStore::open(home).await;
    test.queue("q").await;
    let crate::Location::Postgres(url) = test.config.location.clone() else { panic!("not postgresql") };
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
               AND pid <> pg_backend_pid()";
    tokio::task::spawn_blocking(move || crate::engine::postgres::Postgres::open(&url).unwrap().run(cut).unwrap())
        .await
        .unwrap();
    assert_eq!(test.submit(single("ann", "q")).await.first, JobId(1));
    assert_eq!(test.store.queues().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_do_not_hold_locks_for_a_dead_host() {
    let home = tokio::task::spawn_blocking(support::postgres).await.unwrap();
    let test = TestStore::open(home).await;
    let limits = test.store.read(|connection| connection.query(&LIMITS, &[])).await.unwrap();
    let limits: Vec<(String, i64)> = limits.iter().map(|row| (row.text(0).unwrap(), row.int(1).unwrap())).collect();
    let wanted = [("idle_in_transaction_session_timeout", 30_000), ("lock_timeout", 30_000)]
        .map(|(name, limit)| (name.to_owned(), limit));
    assert_eq!(limits[..2], wanted);
    // Those of the transport read 0 on a Unix socket, where there is no host that could die.
    assert!(
        limits[2..].iter().all(|(name, limit)| (1..=30_000).contains(limit) && name.starts_with("tcp_")),
        "{limits:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_one_operation_only() {
    let test = TestStore::open(support::sqlite()).await;
    test.queue("q").await;
    let bad = test.store.write(|tx| -> crate::Result<()> {
        tx.execute(&FILL, params!["half", vec![0u8]])?;
        panic!("a fault")
    });
    let (bad, good) = tokio::join!(bad, test.store.set_meta("good", vec![1]));
    assert!(matches!(&bad, Err(Error::Engine { reason, .. }) if reason == "it panicked: a fault"), "{bad:?}");
    good.unwrap();
    let alone = test.store.inner.writer.alone(|_| -> crate::Result<()> { panic!("a fault") });
    assert!(alone.await.is_err());
    assert_eq!(test.store.meta("half").await.unwrap(), None);
    assert_eq!(test.store.meta("good").await.unwrap(), Some(vec![1]));
    // More often than there are connections.
    for _ in 0..crate::config::READERS * 2 {
        let read = test.store.read(|_| -> crate::Result<()> { panic!("a fault") }).await;
        assert!(matches!(read, Err(Error::Engine { .. })), "{read:?}");
    }
    assert_eq!(test.submit(single("ann", "q")).await.first, JobId(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_a_read_makes_room() {
    let test = TestStore::open(support::sqlite()).await;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let (begun, has_begun) = std::sync::mpsc::channel::<()>();
    let held: Vec<_> = (0..crate::config::READERS)
        .map(|_| {
            let (store, wait, begun) = (test.store.clone(), wait.clone(), begun.clone());
            tokio::spawn(async move {
                let read = store.read(move |_| {
                    begun.send(()).unwrap();
                    wait.lock().unwrap().recv().map_err(|error| Error::Invalid(error.to_string()))
                });
                read.await
            })
        })
        .collect();
    let begun = move || (0..crate::config::READERS).for_each(|_| has_begun.recv().unwrap());
    tokio::task::spawn_blocking(begun).await.unwrap();
    for _ in 0..5000 {
        assert!(futures_util::FutureExt::now_or_never(test.store.queues()).is_none());
    }
    held.iter().for_each(|_| go.send(()).unwrap());
    for read in held {
        read.await.unwrap().unwrap();
    }
    assert_eq!(test.store.queues().await.unwrap(), []);
}

/// Variable that turns this test into the process that is killed.
const VICTIM: &str = "STORE_TEST_VICTIM";

/// Writes until it is killed, and says each job that was acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    let Ok(directory) = std::env::var(VICTIM) else { return };
    let store = Store::open(&StoreConfig::directory(directory)).await.unwrap();
    loop {
        let call = crate::SubmitCall {
            user: "ann".into(),
            idempotency_key: None,
            jobs: vec![single("ann", "q"), array("ann", "q", 3)],
            now: NOW,
        };
        let submitted = store.submit(call).await.unwrap().submitted;
        println!("acknowledged {}", submitted[1].first.0 + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    for acknowledged in [5, 40, 200] {
        let directory = tempfile::tempdir().unwrap();
        let last = kill_after(directory.path(), acknowledged);
        let store = Store::open(&StoreConfig::directory(directory.path())).await.unwrap();
        let counts = store.counts(CountScope::All).await.unwrap();
        assert!(counts.of(JobState::Activated) >= last, "{counts:?} after {last} were acknowledged");
        assert_eq!(counts.total() % 4, 0, "a submission is kept whole or not at all");
        let listed = store.job(JobId(last as i64)).await.unwrap().unwrap();
        assert_eq!(listed.summary.index, 2);
        store.close().await;
    }
}

/// Runs the victim, kills it after some acknowledgements and returns the last job that was acknowledged.
fn kill_after(directory: &std::path::Path, acknowledged: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::faults::victim", "--nocapture"])
        .env(VICTIM, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).filter_map(|line| {
        let (_, number) = line.split_once("acknowledged ")?;
        number.trim().parse::<u64>().ok()
    });
    let last = said.take(acknowledged).last().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    last
}
