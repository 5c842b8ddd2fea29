//! Every link of every page leads somewhere, and every page holds what pages must hold.

use crate::world::World;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most pages that are looked at.
const PAGES_MAX: usize = 1_200;

/// Links and forms that change something or never end.
const LEFT_OUT: [&str; 3] = ["/logout", "/events", "/assets/"];

#[tokio::test]
async fn every_link_of_a_busy_server_resolves() {
    let (world, _pilot) = World::filled().await;
    world.alarm().await;
    let seen = crawl(&world).await;
    for page in [
        "/jobs?state=failed",
        "/queues/glasgow-short",
        "/pilots/1",
        "/factories/f1",
        "/decisions?queue=lancs",
        "/commands",
        "/orders",
        "/alarms/1",
        "/red",
        "/logs/f1/",
        "/sites/GLASGOW",
        "/regions/UK",
        "/tags/render",
        "/nodes/node07",
        "/errors",
        "/efficiency?by=label",
        "/help",
        "/admin",
        "/factories/era2/labels/ANALY_TWO-4711",
    ] {
        let (path, _) = page.split_once('?').unwrap_or((page, ""));
        assert!(seen.iter().any(|url| url.starts_with(path)), "no page links to {path}");
    }
    world.server.shutdown().await;
}

#[tokio::test]
async fn every_link_of_an_empty_server_resolves() {
    let world = World::empty().await;
    crawl(&world).await;
    world.server.shutdown().await;
}

async fn crawl(world: &World) -> BTreeSet<String> {
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut next = VecDeque::from([("/".to_owned(), "the address bar".to_owned())]);
    while let Some((url, from)) = next.pop_front() {
        let html = follow(world, &url, &from).await;
        check(&url, &html);
        for link in links(&html) {
            // The parts of a part of some time never end.
            let leave = LEFT_OUT.iter().any(|start| link.starts_with(start))
                || [&url, &link].iter().all(|one| one.contains("from="));
            if !leave && seen.len() < PAGES_MAX && seen.insert(link.clone()) {
                next.push_back((link, url.clone()));
            }
        }
    }
    seen
}

/// The page behind a link, through at most three redirects; empty when it is no page.
async fn follow(world: &World, url: &str, from: &str) -> String {
    let mut url = url.to_owned();
    for _ in 0..3 {
        let answer = world.get(&url).await;
        if answer.status().is_redirection() {
            url = answer.headers()["location"].to_str().unwrap().to_owned();
            continue;
        }
        assert!(answer.status().is_success(), "{url}, linked from {from}, answers {}", answer.status());
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let html = kind.starts_with("text/html");
        let for_programs = url.split('?').next().is_some_and(|path| path.ends_with(".json"));
        assert!(!for_programs || kind == "application/json", "{url} is {kind}");
        if html {
            let policy = answer.headers()["content-security-policy"].to_str().unwrap();
            assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"), "{policy}");
        }
        let text = answer.text().await.unwrap();
        return if html { text } else { String::new() };
    }
    panic!("{url}, linked from {from}, redirects for ever");
}

fn links(html: &str) -> Vec<String> {
    let hrefs = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let decoded = hrefs.map(|href| href.replace("&amp;", "&").replace("&#38;", "&"));
    decoded.filter(|href| href.starts_with('/')).collect()
}

/// The same without the addresses of links that are meant to lead elsewhere.
fn without_external_links(html: &str) -> String {
    let links = html.split("<a href=\"http").enumerate().map(|(nth, part)| {
        match part.split_once("\" rel=\"external noreferrer\">") {
            Some((address, rest)) if nth > 0 && !address.contains('"') => rest,
            _ => part,
        }
    });
    links.collect::<Vec<_>>().join("<a>")
}

/// What holds for every page: escaped text, no inline style or script, ids that are there once, named columns.
fn check(url: &str, html: &str) {
    let html = &without_external_links(html);
    for bad in ["<script>", "<b>13", "<b>900", "<b>scene", "<Invalid>", " style=", " onclick=", "http://", "https://"] {
        assert!(!html.contains(bad), "{url} contains {bad}");
    }
    let mut ids: BTreeMap<&str, u32> = BTreeMap::new();
    for id in html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        *ids.entry(id).or_default() += 1;
    }
    let twice: Vec<_> = ids.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{url} has ids twice: {twice:?}");
    if ["/sites/", "/regions/", "/tags/"].iter().any(|group| url.starts_with(group)) {
        assert!(!html.contains("href=\"/pilots?state="), "{url}: counts of a group lead to pilots of everybody");
    }
    assert_eq!(html.matches("<table").count(), html.matches("</table>").count(), "{url}: tables are not closed");
}
