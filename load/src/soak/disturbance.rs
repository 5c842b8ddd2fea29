//! What is done to the program while jobs run.

use super::farm::{self, Farm};
use super::{Arguments, Fault};
use anyhow::{Context, Result, ensure};
use model::JobSpec;
use rustix::process::Signal;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};
use wire::api::SubmitRequest;

/// Mean time between two kills.
pub const MEAN_GAP: Duration = Duration::from_millis(2500);
/// How long jobs run before an outage begins.
pub const BEFORE_OUTAGE: Duration = Duration::from_secs(5);
/// How long an answer may take that says that the disk is full.
const ANSWER: Duration = Duration::from_secs(30);

/// Does all of it; answers what went wrong meanwhile.
pub async fn run(farm: &mut Farm, arguments: &Arguments, random: &mut fastrand::Rng) -> Result<Vec<String>> {
    let outage = Duration::from_secs_f64(arguments.outage_s);
    match arguments.fault {
        Fault::Kill => kill_all(farm, arguments.kills, random).await.map(|()| Vec::new()),
        Fault::Disk => fill_disk(farm, outage).await,
        Fault::Network => cut_network(outage).await.map(|()| Vec::new()),
    }
}

async fn kill_all(farm: &mut Farm, kills: u32, random: &mut fastrand::Rng) -> Result<()> {
    let (mut done, mut counts) = (0, [0_u32; 3]);
    while done < kills {
        tokio::time::sleep(MEAN_GAP.mul_f64(random.f64() * 2.0)).await;
        let victim = random.usize(..3);
        match victim {
            0 => farm.kill_server().await?,
            1 => farm.kill_factory()?,
            // None may run at this moment; then another victim is drawn.
            _ if !kill_pilot(farm, random) => continue,
            _ => {}
        }
        done += 1;
        counts[victim] += 1;
    }
    println!("soak: killed the server {}, the factory {}, pilots {} times", counts[0], counts[1], counts[2]);
    Ok(())
}

fn kill_pilot(farm: &Farm, random: &mut fastrand::Rng) -> bool {
    let pilots = farm.pilots();
    if let Some(pilot) = random.choice(&pilots) {
        farm::send(pilot.pid, Signal::KILL);
    }
    !pilots.is_empty()
}

async fn fill_disk(farm: &mut Farm, outage: Duration) -> Result<Vec<String>> {
    tokio::time::sleep(BEFORE_OUTAGE).await;
    let filler = farm.server_dir().join("filler");
    fill(&filler)?;
    println!("soak: the server's disk is full");
    let end = Instant::now() + outage;
    let mut violations = Vec::new();
    violations.extend(refusal_while_full(farm, &filler).await.err().map(|error| format!("{error:#}")));
    tokio::time::sleep(end.saturating_duration_since(Instant::now())).await;
    if !farm.is_server_alive()? {
        violations.push("the server did not survive its full disk".to_owned());
        farm.kill_server().await?;
    }
    std::fs::remove_file(&filler).context("cannot empty the disk")?;
    println!("soak: the disk has room again");
    Ok(violations)
}

fn fill(filler: &std::path::Path) -> Result<()> {
    let mut file = std::fs::File::options().create(true).append(true).open(filler)?;
    for size in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    Ok(())
}

/// A submission must be refused with a clear problem, not hang and not break the connection.
async fn refusal_while_full(farm: &Farm, filler: &std::path::Path) -> Result<()> {
    let client = farm.client()?;
    let request = SubmitRequest { spec: JobSpec::command("/bin/true", []), array: None };
    let deadline = Instant::now() + ANSWER;
    let mut said = String::new();
    while Instant::now() < deadline {
        // What the server freed meanwhile is taken as well.
        fill(filler)?;
        let key = format!("full-{}", fastrand::u64(..));
        match client.submit(&request, &key).await {
            Ok(submitted) => client.kill(&submitted.first.to_string()).await.map(drop).unwrap_or_default(),
            Err(error) => {
                said = error.to_string();
                if said.contains("no space") || said.contains("full") {
                    println!("soak: a submission was refused: {said}");
                    return Ok(());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(!said.is_empty(), "every submission was accepted while the disk was full");
    anyhow::bail!("a full disk was refused without saying so: {said}")
}

async fn cut_network(outage: Duration) -> Result<()> {
    tokio::time::sleep(BEFORE_OUTAGE).await;
    link("down")?;
    println!("soak: the network is cut");
    tokio::time::sleep(outage).await;
    link("up")?;
    println!("soak: the network is back");
    Ok(())
}

/// The namespace has no other interface than its own loopback.
fn link(state: &str) -> Result<()> {
    let status = Command::new("ip").args(["link", "set", "lo", state]).status().context("cannot run ip")?;
    ensure!(status.success(), "ip link set lo {state} ended with {status}");
    Ok(())
}
