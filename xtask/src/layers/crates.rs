//! Which crate may use which: arrows point down only, and some outside crates belong to one place.

use crate::workspace::{Package, Workspace};
use std::collections::{BTreeMap, BTreeSet};

/// The crates of the workspace that each may name in its manifest, tests included.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("wire", &["model"]),
    ("batch", &["model"]),
    ("agent", &["model", "wire"]),
    ("factory", &["batch", "model", "wire"]),
    ("server", &["model", "store", "wire"]),
    ("pilotage", &["agent", "batch", "factory", "model", "server", "store", "wire"]),
    ("load", &["batch", "factory", "model", "store", "wire"]),
    ("xtask", &[]),
];

/// Outside crates that belong to some places only.
struct Reserved {
    outside: &'static [&'static str],
    places: &'static [&'static str],
    reason: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        outside: &["rusqlite", "libsqlite3-sys", "tokio-postgres", "postgres", "deadpool-postgres"],
        places: &["store", "load"],
        reason: "SQL is reachable only from store; load measures the bare engines beside it",
    },
    Reserved {
        outside: &["axum", "axum-core", "tower-http", "askama", "rust-embed"],
        places: &["server"],
        reason: "the HTTP server and the pages are reachable only from server",
    },
    Reserved {
        outside: &["sqlx", "diesel", "sea-orm", "chrono", "openssl", "native-tls", "rumqttc"],
        places: &[],
        reason: "DESIGN.md names it among the crates to avoid",
    },
];

/// Crates that are never in the closure of a package, whatever the way.
const NEVER_REACHED: &[(&str, &[&str])] = &[
    ("model", &["tokio", "reqwest", "hyper", "rustix"]),
    ("agent", &["store", "server", "rusqlite", "tokio-postgres", "axum"]),
    ("factory", &["store", "server", "rusqlite", "tokio-postgres", "axum"]),
    ("batch", &["store", "wire", "rusqlite", "tokio-postgres", "axum", "reqwest"]),
    ("store", &["wire", "reqwest", "axum", "hyper"]),
    ("wire", &["rusqlite", "tokio-postgres", "axum"]),
];

/// All violations, in words.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let members: BTreeSet<&str> = workspace.members().map(|package| package.name.as_str()).collect();
    let graph = Graph::of(workspace);
    workspace
        .members()
        .flat_map(|package| {
            let mut found = arrow_violations(package, &members);
            found.extend(reserved_violations(package));
            found.extend(reach_violations(package, &graph));
            found
        })
        .collect()
}

fn arrow_violations(package: &Package, members: &BTreeSet<&str>) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
        return vec![format!(
            "crate {} has no place in the layers; add it to ARROWS and to ARCHITECTURE.md",
            package.name
        )];
    };
    package
        .dependencies
        .iter()
        .filter(|dependency| members.contains(dependency.name.as_str()))
        .filter(|dependency| !allowed.contains(&dependency.name.as_str()) && dependency.name != package.name)
        .map(|dependency| {
            let table = dependency.kind.as_deref().unwrap_or("normal");
            format!("{} depends on {} ({table}); it may only use: {}", package.name, dependency.name, list(allowed))
        })
        .collect()
}

fn reserved_violations(package: &Package) -> Vec<String> {
    let mut found = Vec::new();
    for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
        for rule in RESERVED.iter().filter(|rule| rule.outside.contains(&dependency.name.as_str())) {
            if !rule.places.contains(&package.name.as_str()) {
                found.push(format!("{} depends on {}: {}", package.name, dependency.name, rule.reason));
            }
        }
    }
    found
}

fn reach_violations(package: &Package, graph: &Graph) -> Vec<String> {
    let Some((_, never)) = NEVER_REACHED.iter().find(|(name, _)| *name == package.name) else { return Vec::new() };
    let ways = graph.ways_from(&package.id);
    never
        .iter()
        .filter_map(|name| ways.get(name).map(|way| format!("{} reaches {name}: {way}", package.name)))
        .collect()
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The resolved graph of normal dependencies.
struct Graph<'a> {
    names: BTreeMap<&'a str, &'a str>,
    edges: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn of(workspace: &'a Workspace) -> Graph<'a> {
        let names = workspace.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let edges = workspace
            .nodes
            .iter()
            .map(|node| {
                let normal = node.deps.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
                (node.id.as_str(), normal.map(|edge| edge.pkg.as_str()).collect())
            })
            .collect();
        Graph { names, edges }
    }

    /// Every package that `start` reaches, with one shortest way to it.
    fn ways_from(&self, start: &'a str) -> BTreeMap<&'a str, String> {
        let mut ways = BTreeMap::new();
        let mut front = vec![(start, self.name(start).to_owned())];
        while !front.is_empty() {
            let mut next = Vec::new();
            for (id, way) in front {
                for edge in self.edges.get(id).into_iter().flatten() {
                    let name = self.name(edge);
                    if !ways.contains_key(name) {
                        let longer = format!("{way} -> {name}");
                        ways.insert(name, longer.clone());
                        next.push((*edge, longer));
                    }
                }
            }
            front = next;
        }
        ways
    }

    fn name(&self, id: &str) -> &'a str {
        self.names.get(id).copied().unwrap_or("?")
    }
}
