//! Every page as everybody sees it: narrow and wide, light and dark, with and without scripts, by those who use helps.

use crate::browser::run;
use crate::world::{LivePilot, World, now};

/// Pages that are there on every server.
pub const ALWAYS: &[&str] = &[
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
    "/admin",
];

/// Pages of what the filled world has, and of what it has not.
const FILLED: &[&str] = &[
    "/logs/f1/",
    "/jobs?state=failed&queue=glasgow-short",
    "/queues/glasgow-short",
    "/queues/lancs",
    "/queues/glasgow-short?before=week&with=lancs",
    "/sites/GLASGOW?before=period&with=nowhere",
    "/pilots/1",
    "/pilots/3",
    "/pilots/1?log=out&find=the",
    "/pilots/1?log=out&line=1",
    "/factories/f1",
    "/factories/f1/labels/glasgow-slurm",
    "/factories/f1/labels/lancs-local?range=1y",
    "/factories/era2",
    "/factories/era2/labels/ANALY_TWO-4711",
    "/pilots?factory=era2",
    "/sites/GLASGOW",
    "/regions/UK",
    "/tags/render",
    "/nodes/node07",
    "/efficiency?by=label",
    "/search?q=glasgow",
    "/search?q=nothing",
    "/commands?state=refused",
    "/nothing",
];

async fn pages_of(world: &World, pilot: &LivePilot) -> Vec<String> {
    let day = format!("/logs/f1/{}/", &now().to_string()[..10]);
    let jobs = [pilot.jobs[2].id.0, pilot.jobs[1].id.0, pilot.jobs[5].id.0 + 5];
    let mut pages: Vec<String> = ALWAYS.iter().chain(FILLED).map(|path| path.to_string()).collect();
    pages.extend(jobs.map(|job| format!("/jobs/{job}")));
    pages.extend([format!("{day}glasgow-slurm/"), day, world.alarm().await, world.reported_pilot().await]);
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_can_use_every_page() {
    let (world, pilot) = World::filled().await;
    let pages = pages_of(&world, &pilot).await;
    let words: Vec<&str> = pages.iter().map(String::as_str).collect();
    run(&world, "look.mjs", &[&["everywhere"], &words[..]].concat()).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_can_use_every_empty_page() {
    let world = World::empty().await;
    run(&world, "look.mjs", &[&["everywhere"], ALWAYS].concat()).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_sorted_by_their_heads() {
    let (world, _pilot) = World::filled().await;
    run(&world, "look.mjs", &["sorted", "/sites Waiting", "/queues Waiting", "/factories Running"]).await.unwrap();
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_every_page_tells_the_same() {
    let (world, pilot) = World::filled().await;
    let pages = pages_of(&world, &pilot).await;
    let words: Vec<&str> = pages.iter().filter(|page| *page != "/nothing").map(String::as_str).collect();
    run(&world, "look.mjs", &[&["scriptless"], &words[..]].concat()).await.unwrap();
    world.server.shutdown().await;
}
