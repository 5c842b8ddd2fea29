//! The file of `up --config`: a factory's configuration, `[queue.NAME]` sections and a `[server]` section.

use super::server_file::ServerFile;
use crate::output::BadInput;
use factory::config::{ConfigError, FactorySection, Main, Origins, Tree};
use model::spelling::hint;
use model::{QueueRecord, QueueStatus};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// All sections.
const SECTIONS: [&str; 11] =
    ["server", "factory", "queue", "batch", "wms", "label", "monitor", "credential", "program", "source", "template"];
/// Keys of a factory that `up` answers itself.
const ANSWERED: [(&str, &str); 2] = [
    ("factory.servers", "`up` is its own factory's server; use `pilotage factory run` for another one"),
    ("factory.token_file", "`up` gives its own factory a token"),
];
/// Name of a factory that has none in the file, as long as nobody gives it a better one.
const UNNAMED: &str = "up";

/// What the file says.
#[derive(Debug)]
pub struct UpFile {
    /// The factory's part.
    pub main: Main,
    /// The queues.
    pub queues: Vec<QueueRecord>,
    /// The server's part.
    pub server: ServerFile,
    origins: Origins,
}

/// `[queue.NAME]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct QueueSection {
    site: Option<String>,
    #[serde(default)]
    region: String,
    #[serde(default)]
    tags: BTreeSet<String>,
    #[serde(default)]
    #[schemars(with = "String")]
    status: QueueStatus,
    #[serde(default)]
    max_cores: u32,
    #[serde(default)]
    max_memory_mib: u32,
    #[serde(default)]
    max_wall_time_s: u32,
}

/// What a file of `up` may say beside a factory's configuration.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is of use")]
pub struct UpSections {
    server: Option<ServerFile>,
    queue: Option<BTreeMap<String, QueueSection>>,
}

impl UpFile {
    /// Reads and checks the file.
    pub fn read(path: &Path) -> Result<UpFile, ConfigError> {
        let mut tree = Tree::read(path)?;
        if let Some(unknown) = tree.table.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            return tree.refuse(unknown, format!("unknown section{}", hint(unknown, SECTIONS)));
        }
        if let Some((key, why)) = ANSWERED.iter().find(|(key, _)| tree.origins.exactly(key).is_some()) {
            return tree.refuse(*key, format!("has no effect here: {why}"));
        }
        let server = ServerFile::section(&mut tree)?;
        let sections: BTreeMap<String, QueueSection> = tree.take("queue")?;
        let queues =
            sections.into_iter().map(|(name, section)| section.record(name, &tree)).collect::<Result<_, _>>()?;
        let origins = tree.origins.clone();
        Ok(UpFile { main: Main::of_file(tree, UNNAMED)?, queues, server, origins })
    }

    /// The factory as the file changes `own`.
    pub fn factory(&self, own: FactorySection) -> FactorySection {
        let written = self.main.config.factory.clone();
        let says = |key: &str| self.origins.exactly(key).is_some();
        FactorySection {
            name: if says("factory.name") { written.name } else { own.name },
            dir: if says("factory.dir") { written.dir } else { own.dir },
            cycle_s: if says("factory.cycle_s") { written.cycle_s } else { own.cycle_s },
            ..written
        }
    }

    /// The failure of a key.
    pub fn refusal(&self, key: String, what: &str) -> BadInput {
        let place = self.origins.nearest(&key);
        BadInput::new(format!("{place}:{key}: {what}"))
    }
}

impl QueueSection {
    fn record(self, name: String, tree: &Tree) -> Result<QueueRecord, ConfigError> {
        let names = [("", Some(&name)), (".site", self.site.as_ref())];
        for (key, checked) in names.into_iter().filter_map(|(key, name)| Some((key, name?))) {
            if let Err(error) = model::queue::check_name(checked) {
                return tree.refuse(format!("queue.{name}{key}"), error.to_string());
            }
        }
        Ok(QueueRecord {
            site: self.site.unwrap_or_else(|| name.clone()),
            name,
            region: self.region,
            tags: self.tags,
            status: self.status,
            max_cores: self.max_cores,
            max_memory_mib: self.max_memory_mib,
            max_wall_time_s: self.max_wall_time_s,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<UpFile, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("up.toml");
        std::fs::write(&path, text).unwrap();
        UpFile::read(&path).map_err(|error| error.to_string().replace(path.to_str().unwrap(), "up.toml"))
    }

    fn own() -> FactorySection {
        FactorySection { name: "host".into(), dir: "/own".into(), cycle_s: 10.0, ..FactorySection::default() }
    }

    /// The TOML blocks of a page, laid over each other.
    fn page(name: &str) -> String {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let mut whole = toml::Table::new();
        for block in blocks {
            lay_over(&mut whole, block.parse().unwrap());
        }
        whole.to_string()
    }

    fn lay_over(below: &mut toml::Table, above: toml::Table) {
        for (key, value) in above {
            match (below.get_mut(&key), value) {
                (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
                (_, value) => drop(below.insert(key, value)),
            }
        }
    }

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn examples_and_documentation_are_read() {
        let example = UpFile::read(&root().join("packaging/examples/up-slurm.toml")).unwrap();
        assert_eq!(example.main.config.label["slurm"].cores, 4);
        assert_eq!(read(&page("README.md")).unwrap().main.config.label["cluster"].cores, 8);
        assert_eq!(read(&page("docs/slurm.md")).unwrap().main.config.label["cluster"].wall_time_s, 14400);
        let ssh = read(&page("docs/ssh.md")).unwrap().main.config;
        assert!(matches!(&ssh.batch["big"], batch::BatchConfig::Slurm(slurm) if slurm.ssh.is_some()));
        assert_eq!(read(&page("docs/wms.md")).unwrap().main.config.label["users"].wms.source, "pool");
        assert_eq!(read(&page("docs/queues.md")).unwrap().queues[0].site, "Lakeside");
    }

    #[test]
    fn keys_may_be_written_in_every_way_of_toml() {
        let file =
            read("queue.x.site = \"y\"\nserver = { lease = \"10m\" }\n[ queue . z ]\ntags = [\n  \"a\",\n]\n").unwrap();
        let sites: Vec<_> = file.queues.iter().map(|queue| (queue.name.as_str(), queue.site.as_str())).collect();
        assert_eq!(sites, [("x", "y"), ("z", "z")]);
    }

    #[test]
    fn only_what_is_written_counts_before_up_s_own() {
        assert_eq!(read("").unwrap().factory(own()), own());
        let written = read("[factory]\ncycle_s = 30\nmax_pilots = 7\n").unwrap().factory(own());
        assert_eq!(written, FactorySection { cycle_s: 30.0, max_pilots: 7, ..own() });
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        let said = [
            "[sever]\n",
            "server = 1\n",
            "[server]\nlaese = 1\n",
            "[server]\nlease = -1\n",
            "\n[factory]\nservers = []\n",
            "[factory]\ntoken_file = \"t\"\n",
            "[queue.q]\nsiet = \"x\"\n",
            "[queue.q]\nsite = \"a b\"\n",
        ]
        .map(|text| read(text).map(drop).unwrap_err());
        let wanted = [
            "up.toml:1:sever: unknown section; did you mean 'server'?",
            "up.toml:1:server: is a section: write [server]",
            "up.toml:2:server.laese: unknown key 'laese'; did you mean 'lease'?",
            "up.toml:2:server.lease: '-1' is no time; write it as 90s, 30m, 2h, 7d or 1:30:00",
            "up.toml:3:factory.servers: has no effect here: `up` is its own factory's server; use `pilotage factory run` for another one",
            "up.toml:2:factory.token_file: has no effect here: `up` gives its own factory a token",
            "up.toml:2:queue.q.siet: unknown key 'siet'; did you mean 'site'?",
            "up.toml:2:queue.q.site: 'a b' is no name: use 1 to 64 letters, digits, '_', '-' or '.', beginning with a letter or digit",
        ];
        assert_eq!(said, wanted);
    }
}
