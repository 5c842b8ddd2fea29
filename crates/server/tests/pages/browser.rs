//! The pages in a real browser, without and with the keyboard alone.

use crate::world::{LivePilot, PATIENCE, WRITTEN, World};
use model::job::JobState;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The longest a browser script may take.
const SCRIPT_MAX: Duration = Duration::from_secs(300);

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; cargo xtask test installs the browser and sets it"))
}

fn script(world: &World, arguments: &[&str]) -> Child {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages/browser.mjs");
    Command::new("node")
        .arg(file)
        .args(arguments)
        .env("PILOTAGE_CHROMIUM", variable("PILOTAGE_CHROMIUM"))
        .env("PILOTAGE_PLAYWRIGHT", variable("PILOTAGE_PLAYWRIGHT"))
        .env("PAGES_URL", world.server.url())
        .env("PAGES_TOKEN", world.server.admin_token())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts")
}

/// Runs the script to its end; the error is what it said.
pub async fn run(world: &World, arguments: &[&str]) -> Result<(), String> {
    let child = script(world, arguments);
    let output = tokio::time::timeout(SCRIPT_MAX, child.wait_with_output()).await.map_err(|_| "the script hangs")?;
    let output = output.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_every_width_in_light_and_dark() {
    let (world, pilot) = World::filled().await;
    let running = format!("/jobs/{}", pilot.jobs[2].id);
    let failed = format!("/jobs/{}", pilot.jobs[1].id);
    let waiting = format!("/jobs/{}", pilot.jobs[5].id.0 + 5);
    let day = format!("/logs/f1/{}/", &crate::world::now().to_string()[..10]);
    let logs = format!("{day}glasgow-slurm/");
    let alarm = world.alarm().await;
    let paths = [
        "/logs/",
        "/logs/f1/",
        &day,
        &logs,
        "/",
        "/jobs",
        "/jobs?state=failed&queue=glasgow-short",
        &running,
        &failed,
        &waiting,
        "/queues",
        "/queues/glasgow-short",
        "/queues/lancs",
        "/pilots",
        "/pilots/1",
        "/pilots/3",
        "/factories",
        "/factories/f1",
        "/factories/f1/labels/glasgow-slurm",
        "/factories/f1/labels/lancs-local?range=1y",
        "/sites",
        "/sites/GLASGOW",
        "/regions/UK",
        "/tags/render",
        "/nodes",
        "/nodes/node07",
        "/errors",
        "/efficiency?by=label",
        "/search",
        "/search?q=glasgow",
        "/search?q=nothing",
        "/help",
        "/decisions",
        "/commands",
        "/commands?state=refused",
        "/orders",
        "/alarms",
        &alarm,
        "/red",
        "/nothing",
    ];
    run(&world, &[&["look"], paths.as_slice()].concat()).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_pages_fit_every_width() {
    let world = World::empty().await;
    let paths = [
        "/",
        "/jobs",
        "/queues",
        "/sites",
        "/regions",
        "/tags",
        "/pilots",
        "/factories",
        "/errors",
        "/nodes",
        "/efficiency",
        "/search",
        "/help",
        "/alarms",
        "/red",
        "/decisions",
        "/commands",
        "/orders",
        "/logs/",
    ];
    run(&world, &[&["look"], paths.as_slice()].concat()).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plots_are_drawn_zoomed_and_kept_over_updates() {
    let (world, _pilot) = World::filled().await;
    let label = "/factories/f1/labels/glasgow-slurm";
    run(&world, &["plots", "/", label, "/queues/glasgow-short?range=30d", "/factories/f1?range=1y"]).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_alone_logs_in_finds_and_kills_a_job() {
    let (world, pilot) = World::filled().await;
    let waiting = pilot.jobs[5].id.0 + 4;
    run(&world, &["keyboard", &waiting.to_string()]).await.unwrap();
    let job = world.admin.job(model::JobId(waiting)).await.unwrap();
    assert_eq!(job.summary.state, JobState::Cancelled);
    world.server.shutdown().await;
}

/// The script says when it is ready for the next thing to happen, and fails when it does not see it within a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_line_and_a_change_of_state_appear_without_reload() {
    follow_script("live").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_before_the_page_listens_is_not_missed() {
    follow_script("late").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_nobody_sees_holds_no_connection_and_catches_up() {
    follow_script("hidden").await;
}

/// Runs a script about the running job, doing what it asks for.
async fn follow_script(task: &str) {
    let (world, pilot) = World::filled().await;
    let job = pilot.jobs[2].id;
    let mut child = script(&world, &[task, &job.to_string()]);
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = tokio::time::timeout(PATIENCE, said.next_line()).await.expect("the script goes on").unwrap()
    {
        react(&line, &world, &pilot).await;
    }
    assert!(child.wait().await.unwrap().success());
    world.server.shutdown().await;
}

async fn react(line: &str, world: &World, pilot: &LivePilot) {
    let running = &pilot.jobs[2];
    match line {
        "write" => pilot.write(running, WRITTEN.len() as u64, "a line <b>now</b>\n").await,
        "finish" => pilot.report(running, JobState::Finished, |_| ()).await,
        "hidden" => {
            let began = Instant::now();
            while world.server.state().hub.is_heard() {
                assert!(began.elapsed() < PATIENCE, "the page still listens");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            pilot.write(running, WRITTEN.len() as u64, "a line <b>now</b>\n").await;
            pilot.report(running, JobState::Finished, |_| ()).await;
        }
        other => panic!("the script says: {other}"),
    }
}
