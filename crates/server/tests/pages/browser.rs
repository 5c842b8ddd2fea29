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

fn script(world: &World, token: &str, file: &str, arguments: &[&str]) -> Child {
    Command::new("node")
        .arg(format!("{}/tests/pages/{file}", env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .env("PILOTAGE_CHROMIUM", variable("PILOTAGE_CHROMIUM"))
        .env("PILOTAGE_PLAYWRIGHT", variable("PILOTAGE_PLAYWRIGHT"))
        .env("PAGES_URL", world.server.url())
        .env("PAGES_TOKEN", token)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts")
}

/// Runs a script to its end; the error is what it said.
pub async fn run(world: &World, file: &str, arguments: &[&str]) -> Result<(), String> {
    run_as(world, world.server.admin_token(), file, arguments).await
}

/// The same for whom this token lets in.
pub async fn run_as(world: &World, token: &str, file: &str, arguments: &[&str]) -> Result<(), String> {
    let child = script(world, token, file, arguments);
    let output = tokio::time::timeout(SCRIPT_MAX, child.wait_with_output()).await.map_err(|_| "the script hangs")?;
    let output = output.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plots_are_drawn_zoomed_and_kept_over_updates() {
    let (world, _pilot) = World::filled().await;
    let label = "/factories/f1/labels/glasgow-slurm";
    run(&world, "browser.mjs", &["plots", "/", label, "/queues/glasgow-short?range=30d", "/factories/f1?range=1y"])
        .await
        .unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plots_lie_beside_those_of_last_week_and_of_another_queue() {
    let (world, _pilot) = World::filled().await;
    run(&world, "browser.mjs", &["compare", "/queues/glasgow-short", "lancs"]).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_alone_logs_in_finds_and_kills_a_job() {
    let (world, pilot) = World::filled().await;
    let waiting = pilot.jobs[5].id.0 + 4;
    run(&world, "browser.mjs", &["keyboard", &waiting.to_string()]).await.unwrap();
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
    let mut child = script(&world, world.server.admin_token(), "browser.mjs", &[task, &job.to_string()]);
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
