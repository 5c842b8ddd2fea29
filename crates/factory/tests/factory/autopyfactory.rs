//! An AutoPyFactory configuration as a computing centre has it: 50 queues, every documented key.

use factory::autopyfactory::{Fate, ImportOptions, Imported, Row, import};
use std::path::{Path, PathBuf};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pilotage/tests/autopyfactory")
}

fn options() -> ImportOptions {
    ImportOptions {
        servers: vec!["https://pilotage.example:25443".into()],
        panda: "https://panda.example:25443".into(),
        dir: "/var/lib/f".into(),
        home: "/home/apf".into(),
    }
}

/// Imports files of a directory of this test's own.
fn imported(files: &[(&str, &str)]) -> Imported {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    import(&paths, &options()).unwrap()
}

fn without_dir(row: &Row) -> String {
    let text = row.to_string();
    let name = Path::new(&row.file).file_name().unwrap().to_str().unwrap();
    text.replace(&row.file, name)
}

fn example_imported() -> Imported {
    let files = [
        "autopyfactory.conf",
        "queues.conf",
        "queues.d",
        "auth.conf",
        "monitor.conf",
        "mappings.conf",
        "agisdefaults.conf",
    ];
    import(&files.map(|name| example().join(name)), &options()).unwrap()
}

#[test]
fn the_example_becomes_fifty_labels() {
    let imported = example_imported();
    assert_eq!(imported.labels, 50);
    insta::assert_snapshot!("example", imported.text);
}

#[test]
fn the_example_is_a_valid_configuration() {
    let text = example_imported().text;
    let config = factory::Config::parse(&text, Path::new("factory.toml")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.label.len(), config.foreign_labels().len()), (50, 50), "all run wrappers of their own");
}

#[test]
fn every_key_of_the_example_is_in_the_report() {
    let rows = example_imported().rows;
    let lines: Vec<String> = rows.iter().map(without_dir).collect();
    insta::assert_snapshot!("example_report", lines.join("\n"));
}

/// A key that AutoPyFactory documented: the part of the table that it belongs to, and itself.
type Documented = (String, String);

/// The list that was written down from the reference.
fn documented() -> Vec<Documented> {
    let text = std::fs::read_to_string(example().join("documented-keys.txt")).unwrap();
    let mut part = String::new();
    let mut keys = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(names) => keys.extend(names.split_whitespace().map(|name| (part.clone(), name.to_owned()))),
            None => part = line.to_owned(),
        }
    }
    keys
}

/// The keys of each part of the page, as they are written there.
fn on_the_page() -> Vec<Documented> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/autopyfactory-keys.md");
    let mut part = String::new();
    let mut keys = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        if let Some(title) = line.strip_prefix("## ") {
            part = title.split(", ").next().unwrap().to_owned();
        } else if let Some(row) = line.strip_prefix("| `") {
            keys.push((part.clone(), row.split('`').next().unwrap().to_owned()));
        }
    }
    keys
}

/// Whether a key of the page speaks of a documented one.
fn covers((part, shown): &Documented, (of, key): &Documented) -> bool {
    let is_part = part == of || (part == "batchsubmit.PLUGIN." && of.starts_with("batchsubmit."));
    let name = key.trim_end_matches('*');
    is_part && (shown == name || (shown.ends_with('.') && name.starts_with(shown.as_str())))
}

#[test]
fn the_page_has_every_documented_key() {
    let (documented, page) = (documented(), on_the_page());
    assert!(documented.len() > 150, "{}", documented.len());
    let lacking: Vec<&Documented> =
        documented.iter().filter(|key| !page.iter().any(|shown| covers(shown, key))).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

/// The example is of no use as a test of a key that it lacks.
#[test]
fn the_example_has_every_documented_key() {
    let rows = example_imported().rows;
    let wanted = documented().into_iter().map(|(part, key)| match part.as_str() {
        // Not a plug-in itself: what all that submit to the grid have in common.
        "batchsubmit.condorgrid." => format!("batchsubmit.condorpbs.{key}"),
        _ if part.starts_with("batchsubmit.") => format!("{part}{key}"),
        _ => key,
    });
    let has = |key: &str| match key.strip_suffix('*') {
        Some(begin) => rows.iter().any(|row| row.key.starts_with(begin) && row.key != begin),
        None => rows.iter().any(|row| row.key == key),
    };
    let lacking: Vec<String> = wanted.filter(|key| !has(key)).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

/// What the page says of keys is what the import does with them.
#[test]
fn no_documented_key_is_unknown_or_bad() {
    let rows = example_imported().rows;
    let trouble: Vec<String> = rows.iter().filter(|row| row.is_trouble()).map(without_dir).collect();
    assert!(trouble.is_empty(), "{trouble:?}");
}

const SITE: &str = "[DEFAULT]\nenabled = True\nschedplugin = Ready, MaxPerCycle\nbatchsubmitplugin = CondorLocal\n";

fn rows_of(queues: &str) -> Vec<String> {
    imported(&[("queues.conf", queues)]).rows.iter().filter(|row| row.is_trouble()).map(without_dir).collect()
}

#[test]
fn mistakes_are_told_with_their_place_and_the_nearest_key() {
    let site = format!(
        "{SITE}[a]\nwmsqueue = Q\nwmsqueu = Q\nsched.maxpercycle.maximun = 3\nsched.maxprcycle.maximum = 3\n\
         batchsubmit.condorlocal.enviorn = A=1\nbatchsubmit.condorlokal.environ = A=1\nhelper = 1\n\
         executable.arguments = %(helper)s\n\
         [b]\nwmsqueue = Q\nschedplugin = Ready, MaxPending, Scael\n\
         [c]\nwmsqueue = Q\nbatchsubmitplugin = CondorGT3\n\
         [d]\nwmsqueue = Q\nsched.maxpercycle.maximum = None\nsched.ready.offset = many\n\
         [e]\nbatchsubmitplugin = CondorOSGCE\nbatchsubmit.condorosgce.gridresource = ce.x\nbatchsubmit.condorosgce.proxy = no\n\
         [f]\nwmsqueue = Q\nexecutable = %(executabel)s\nmonitorsection = nowhere\n\
         [g]\nwmsqueue = Q\nbatchsubmit.condorlocal.condor_attributes = log = x, a b = c, +fine = 1\n\
         batchsubmit.condorlocal.environ = A=1 2B=3 C\n\
         [h]\nwmsqueue = Q\nbatchsubmitplugin = CondorOSGCE\n\
         [i]\nwmsqueue = Q\nexecutable.arguments = -a\n  -b\n"
    );
    insta::assert_snapshot!(rows_of(&site).join("\n"));
}

/// What is kept where it lies, what is fetched with a passphrase, what lacks something.
#[test]
fn profiles_become_credentials() {
    let queue = |name: &str| {
        format!("[{name}]\nwmsqueue = Q\nbatchsubmitplugin = CondorLSF\nbatchsubmit.condorlsf.proxy = {name}\n")
    };
    let names = ["kept", "fetched", "lacking"];
    let queues = format!("[DEFAULT]\nenabled = True\nschedplugin = Ready\n{}", names.map(queue).concat());
    let profiles = "[DEFAULT]\nplugin = X509\nx509.renew = True\nx509.vorole = vo:/vo/Role=pilot\nx509.lifetime = 90000\n\
                    x509.minlife = 45000\nx509.checktime = 600\n[kept]\nx509.renew = False\nx509.proxyfile = ~/kept\n\
                    [fetched]\nx509.flavor = myproxy\nx509.myproxy_hostname = m.example\nx509.myproxy_username = u\n\
                    x509.myproxy_passphrase = top secret\nx509.proxyfile = /tmp/fetched\n\
                    [lacking]\nx509.usercert = /c\nx509.proxyfile = /tmp/lacking\n";
    let imported = imported(&[("queues.conf", &queues), ("auth.conf", profiles)]);
    assert!(!imported.text.contains("top secret"));
    factory::Config::parse(&imported.text, Path::new("factory.toml")).unwrap();
    let of_profiles = imported.rows.iter().map(without_dir).filter(|row| row.starts_with("auth.conf"));
    insta::assert_snapshot!(format!("{}\n{}", imported.text, of_profiles.collect::<Vec<_>>().join("\n")));
}

#[test]
fn a_queue_that_autopyfactory_left_out_is_switched_off() {
    let text = imported(&[(
        "queues.conf",
        &format!("{SITE}[a]\nwmsqueue = Q\n[b]\nwmsqueue = Q\nsched.ready.offset = many\n"),
    )])
    .text;
    let config: toml::Table = toml::from_str(&text).unwrap();
    let enabled = |name: &str| config["label"][name].get("enabled").and_then(toml::Value::as_bool);
    assert_eq!((enabled("a"), enabled("b")), (Some(true), Some(false)));
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("queues.conf");
    std::fs::write(&path, "early = 1\n[a]\nwmsqueue = Q\nnonsense\n").unwrap();
    let error = import(&[path, dir.path().join("absent.conf")], &options()).unwrap_err().to_string();
    let error = error.replace(dir.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(error);
}

#[test]
fn files_that_the_factory_names_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let at = dir.path().display();
    write("queues.conf", &format!("{SITE}[a]\nwmsqueue = Q\n"));
    std::fs::create_dir(dir.path().join("d")).unwrap();
    write("d/1.conf", "[DEFAULT]\nbatchsubmitplugin = CondorLocal\n[a]\nwmsqueue = R\n");
    write("d/0.conf", "[z]\nwmsqueue = Z\nenabled = True\n");
    write("d/2.bak", "[y]\n");
    write(
        "apf.conf",
        &format!(
            "[Factory]\nfactoryId = F\nqueueConf = file://{at}/queues.conf\nqueueDirConf = {at}/d\nauthConf = {at}/absent.conf\n"
        ),
    );
    let imported = import(&[dir.path().join("apf.conf")], &options()).unwrap();
    assert_eq!(imported.labels, 2);
    let config: toml::Table = toml::from_str(&imported.text).unwrap();
    assert_eq!(config["label"]["a"]["queue"].as_str(), Some("R"), "the directory counts last");
    assert!(imported.rows.iter().any(|row| row.key == "authConf" && matches!(row.fate, Fate::Bad { .. })));
}

#[test]
fn where_jobs_are_counted_is_taken_over() {
    let section = |name: &str, keys: &str| {
        format!(
            "[{name}]\nenabled = True\nwmsqueue = Q\nbatchsubmitplugin = CondorLocal\nschedplugin = Ready\n{keys}\n"
        )
    };
    let remote = "wmsstatusplugin = Condor\nwmsstatus.condor.collectorhost = cm.example.org\n\
        wmsstatus.condor.scheddhost = submit.example.org\nwmsstatus.condor.collectorport = 9620";
    let queues = [
        section("a", "wmsstatusplugin = Panda"),
        section("b", remote),
        section("c", &format!("{remote}\nwmsqueue = ANY")).replacen("wmsqueue = Q\n", "", 1),
        section("d", "wmsstatusplugin = Queue\nwmsstatus.queue.qname = b"),
        section("e", "wmsstatusplugin = None"),
        section("f", "wmsstatusplugin = Pnada"),
        section("g", "wmsstatusplugin = Queue"),
    ];
    let imported = imported(&[("queues.conf", &queues.concat())]);
    let config = factory::Config::parse(&imported.text, Path::new("factory.toml")).unwrap();
    let counted = |name: &str| {
        let wms = &config.label[name].wms;
        (wms.source.as_str(), wms.label.as_str())
    };
    let expected = [("panda", ""), ("condor", ""), ("condor-2", ""), ("", "b"), ("", ""), ("", ""), ("", "")];
    assert_eq!(["a", "b", "c", "d", "e", "f", "g"].map(counted), expected);
    for section in [
        "[wms.panda]\nservers = [\"https://panda.example:25443\"]\nsystem = \"panda\"\n",
        "[wms.condor]\npool = \"cm.example.org:9620\"\nqueue = \"MATCH_APF_QUEUE\"\nschedds = [\"submit.example.org\"]\n",
        "[wms.condor-2]\npool = \"cm.example.org:9620\"\nschedds = [\"submit.example.org\"]\nsystem = \"condor\"\n",
    ] {
        assert!(imported.text.contains(section), "{}", imported.text);
    }
    assert!(!config.label["f"].enabled && !config.label["g"].enabled);
    let bad: Vec<String> = imported.rows.iter().filter(|row| row.is_trouble()).map(without_dir).collect();
    assert!(bad[0].contains("'Pnada' could not be loaded; did you mean 'Panda'?"), "{bad:?}");
    assert!(bad[1].contains("needs wmsstatus.queue.qname") && bad.len() == 2, "{bad:?}");
}
