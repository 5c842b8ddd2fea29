//! The examples of a configuration in the pages about nodes and wrappers are read and mean something.

use factory::Config;
use std::path::Path;

/// The first block of TOML of a page that has these words in it.
fn block(page: &str, words: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(words)).unwrap_or_else(|| panic!("{words} in {page}")).to_owned()
}

fn read(text: &str) -> Config {
    let text = format!("{text}\n[factory]\nname = \"f\"\n");
    Config::parse(&text, Path::new("factory.toml")).unwrap()
}

#[test]
fn what_a_node_must_have() {
    let example = block("pilots.md", "[label.grid.node]");
    let config = read(&format!(
        "[batch.slurm]\nsystem = \"slurm\"\n[label.grid]\nqueue = \"grid\"\nbatch = \"slurm\"\n{example}"
    ));
    let node = &config.label["grid"].node;
    assert_eq!((node.cores, node.clock_max_s, node.proxy_left_s), (8, 30, 43_200));
    let keys = serde_json::to_value(node).unwrap();
    let missing = keys.as_object().unwrap().keys().find(|key| !example.contains(&format!("{key} = ")));
    assert_eq!(missing, None, "every key is in the example");
}

#[test]
fn programs_and_the_labels_that_choose_them() {
    let config = read(&block("wrappers.md", "[program.release]"));
    let label = &config.label["grid"];
    assert_eq!((label.pilots["release"], label.pilots["candidate"], label.wrapper.as_str()), (99, 1, "vo-setup"));
    assert_eq!(config.program["release"].sources.len(), 3);
}

#[test]
fn what_names_no_program_is_refused() {
    let text = "[factory]\nname = \"f\"\n[batch.b]\nsystem = \"local\"\n[program.release]\nsources = []\nsha256 = \"\"\n\
                [label.l]\nqueue = \"q\"\nbatch = \"b\"\npilots = { relase = 1 }\nwrapper = \"vo\"\nnode.cores = 1\n\
                node.clock_max_s = 900\n";
    let said = Config::parse(text, Path::new("factory.toml")).unwrap_err().to_string();
    for line in [
        "program.release.sources: is empty",
        "program.release.sha256: is not 64 hexadecimal digits",
        "label.l.pilots: there is no [program.relase]; did you mean 'release'?",
        "label.l.wrapper: there is no [program.vo]",
        "label.l.node.clock_max_s: 900 is not between 1 and 300 seconds",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
}
