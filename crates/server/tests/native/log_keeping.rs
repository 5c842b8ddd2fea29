//! Keeping logs of pilots: by age and label, compressed, under a watermark on a small disk, whatever stops the server.

use crate::harness::*;
use model::LabelInfo;
use server::{Config, LogKeeping, Server, Watermark};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(86_400);
/// A day on which all logs are old.
const OLD: &str = "2020-01-01";

fn quick(config: &mut Config) {
    config.retention_every = Duration::from_millis(50);
}

/// A log of a pilot of the factory `f` that arrived so long ago.
fn lay(objects: &Path, day: &str, label: &str, file: &str, text: &[u8], age: Duration) -> PathBuf {
    let folder = objects.join("logs/f").join(day).join(label);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(file);
    fs::write(&path, text).unwrap();
    let written = SystemTime::UNIX_EPOCH + now().since(model::Time(0)) - age;
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    path
}

async fn text_of(stage: &Stage, path: &str) -> Option<String> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(stage.url(path)).bearer_auth(stage.running.admin_token());
    let answer = request.header("accept", "text/html").send().await.unwrap();
    if answer.status().is_success() { Some(answer.text().await.unwrap()) } else { None }
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files_below(&entry.path())),
            false => found.push(entry.file_name().into_string().unwrap()),
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_label_keeps_its_logs_as_long_as_it_wants() {
    let stage = Stage::open().await;
    let label = |name: &str, keep_logs_days| LabelInfo {
        name: name.into(),
        queue: "q".into(),
        batch: "b".into(),
        system: "local".into(),
        chain: Vec::new(),
        offer: model::Offer::default(),
        keep_logs_days,
        trouble: String::new(),
    };
    let labels = vec![label("short", Some(2)), label("ever", Some(0)), label("silent", None)];
    let said = model::FactoryHeartbeat { labels, ..heartbeat() };
    stage.factory.factory_heartbeat("f", &said).await.unwrap();
    let stopped = stage.stop().await;
    let objects = stopped.path().join("objects");
    let output = objects.join("jobs/0/1/1/out/x/result");
    fs::create_dir_all(output.parent().unwrap()).unwrap();
    fs::write(&output, "result").unwrap();
    fs::File::options().write(true).open(&output).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let text = "all the same, ".repeat(100);
    for label in ["short", "ever", "silent", "gone"] {
        for days in [1, 3, 20, 40] {
            lay(&objects, OLD, label, &format!("{label}-{days}.out"), text.as_bytes(), DAY * days);
        }
    }
    lay(&objects, OLD, "short", "9.err#3", b"what a killed server left", DAY * 9);
    let logs = LogKeeping { keep_days: 30, compress_after_days: 10, ..LogKeeping::default() };
    let stage = stopped.start(|config| (config.logs, config.retention_every) = (logs, Duration::from_millis(50))).await;
    let expected = [
        "ever-1.out",
        "ever-20.out.gz",
        "ever-3.out",
        "ever-40.out.gz",
        "gone-1.out",
        "gone-20.out.gz",
        "gone-3.out",
        "short-1.out",
        "silent-1.out",
        "silent-20.out.gz",
        "silent-3.out",
    ];
    eventually("all is kept as wanted", async || files_below(&objects.join("logs")) == expected).await;
    assert_eq!(text_of(&stage, &format!("/logs/f/{OLD}/ever/ever-40.out")).await.unwrap(), text);
    let told = metrics(&stage).await;
    let told = |line: &str| told.lines().any(|one| one == line);
    assert!(told("pilotage_pilot_logs_deleted_total{kind=\"age\"} 5"));
    assert!(told("pilotage_pilot_logs_compressed_total 4"));
    assert_eq!(fs::read_to_string(&output).unwrap(), "result");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_go_with_their_last_log() {
    let dir = TempDir::new().unwrap();
    let objects = dir.path().join("objects");
    lay(&objects, OLD, "l", "1.out", b"text", DAY * 99);
    lay(&objects, "2020-01-02", "l", "1.out.aside", b"put aside", DAY);
    lay(&objects, "no-day", "l", "1.out", b"text", DAY * 99);
    let mut config = config(&dir);
    quick(&mut config);
    let stage = Stage::start(config, dir).await;
    eventually("the old day is gone", async || !objects.join("logs/f").join(OLD).exists()).await;
    eventually("what was put aside is back", async || {
        text_of(&stage, "/logs/f/2020-01-02/l/1.out").await.as_deref() == Some("put aside")
    })
    .await;
    assert_eq!(files_below(&objects), ["1.out", "1.out"], "a folder that is no day is left alone");
    stage.close().await;
}

/// Runs one test of this program again in a process of its own, which may be killed.
fn again(test: &str, variable: &str, value: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(variable, value).stdin(Stdio::null());
    command
}

const KILLED: &str = "PILOTAGE_TEST_KILLED_SERVER";

/// The program runs itself as a server that is killed again and again while it compresses.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_compresses_loses_nothing() {
    if let Some(dir) = std::env::var_os(KILLED) {
        return serve_for_ever(Path::new(&dir)).await;
    }
    let dir = TempDir::new().unwrap();
    let objects = dir.path().join("objects");
    let text = |number: u32| format!("log {number}\n").repeat(2000);
    for number in 0..300 {
        lay(&objects, OLD, &format!("l{}", number % 3), &format!("{number}.out"), text(number).as_bytes(), DAY * 20);
    }
    let packed = || files_below(&objects.join("logs")).iter().filter(|file| file.ends_with(".gz")).count();
    for kill in 1..=5 {
        let test = "log_keeping::a_server_that_is_killed_while_it_compresses_loses_nothing";
        let mut server = again(test, KILLED, dir.path()).stdout(Stdio::null()).spawn().unwrap();
        let enough = packed() + 10 * kill;
        eventually("some are compressed", async || packed() >= enough.min(300)).await;
        server.kill().unwrap();
        server.wait().unwrap();
    }
    let mut config = config(&dir);
    quick(&mut config);
    let stage = Stage::start(config, dir).await;
    let all: Vec<String> = {
        let mut all: Vec<String> = (0..300).map(|number| format!("{number}.out.gz")).collect();
        all.sort();
        all
    };
    let seen = || files_below(&objects.join("logs")).into_iter().filter(|file| !file.contains('#')).collect::<Vec<_>>();
    eventually("all are compressed once", async || seen() == all).await;
    for number in (0..300).step_by(7) {
        let path = format!("/logs/f/{OLD}/l{}/{number}.out", number % 3);
        assert_eq!(text_of(&stage, &path).await, Some(text(number)), "{path}");
    }
    stage.close().await;
}

async fn serve_for_ever(dir: &Path) {
    let mut config = Config { listen: Some(([127, 0, 0, 1], 0).into()), ..Config::in_dir(dir) };
    quick(&mut config);
    let _running = Server::start(config).await.unwrap();
    std::future::pending::<()>().await
}

const SMALL: &str = "PILOTAGE_TEST_SMALL_DISK";

/// The program runs itself where a file system of 8 MiB is mounted that nobody else sees.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_small_disk_the_oldest_logs_make_room() {
    if let Some(disk) = std::env::var_os(SMALL) {
        return fill_a_small_disk(Path::new(&disk)).await;
    }
    let disk = TempDir::new().unwrap();
    let program = again("log_keeping::on_a_small_disk_the_oldest_logs_make_room", SMALL, disk.path());
    let mount = format!("mount -t tmpfs -o size=8m none {} && exec \"$@\"", disk.path().display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &mount, "sh"]).arg(program.get_program()).args(program.get_args());
    let status = command.env(SMALL, disk.path()).status().unwrap();
    assert!(status.success());
}

async fn fill_a_small_disk(disk: &Path) {
    let dir = TempDir::new().unwrap();
    let mebibyte = vec![b'x'; 1 << 20];
    for day in 1..=5 {
        lay(disk, &format!("2020-01-0{day}"), "l", "1.out", &mebibyte, DAY * 20);
    }
    let young = lay(disk, "2019-12-31", "l", "now.out", b"somebody reads this", Duration::ZERO);
    let output = disk.join("jobs/0/1/1/out/x/result");
    fs::create_dir_all(output.parent().unwrap()).unwrap();
    fs::write(&output, &mebibyte).unwrap();
    // Six of eight MiB: above 70 %, and below 40 % with two logs.
    let mark = |percent| Some(Watermark::Percent(percent));
    let logs = LogKeeping { keep_days: 0, compress_after_days: 0, high: mark(70), low: mark(40) };
    let mut config = Config { logs, objects: Some(disk.to_owned()), ..config(&dir) };
    quick(&mut config);
    let stage = Stage::start(config, dir).await;
    let days = || {
        let all = fs::read_dir(disk.join("logs/f")).unwrap().map(|day| day.unwrap().file_name().into_string().unwrap());
        let mut days: Vec<String> = all.collect();
        days.sort();
        days
    };
    eventually("the oldest are gone", async || days() == ["2019-12-31", "2020-01-04", "2020-01-05"]).await;
    let told = "pilotage_pilot_logs_deleted_total{kind=\"room\"} 3";
    eventually("metrics tell", async || metrics(&stage).await.lines().any(|line| line == told)).await;
    let says = async |words: &str| text_of(&stage, "/logs/").await.unwrap().contains(words);
    eventually("the page tells", async || says("Logs were deleted to make room").await).await;
    assert!(says("3 logs of 3.0 MiB, up to the day 2020-01-03").await);
    // Now others fill it: what is old goes, what is young and what belongs to jobs stays, and the page says so.
    fs::write(disk.join("others"), vec![b'x'; (5 << 20) - (64 << 10)]).unwrap();
    eventually("only the young one is left", async || days() == ["2019-12-31"]).await;
    eventually("the page says that it is in vain", async || says("There is too little room").await).await;
    assert!(young.exists() && output.exists());
    fs::remove_file(disk.join("others")).unwrap();
    eventually("the page says that it is over", async || !says("There is too little room").await).await;
    stage.close().await;
}
