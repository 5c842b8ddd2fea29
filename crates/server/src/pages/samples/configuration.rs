//! Configurations and what changed in them.

use super::{before, plots};
use crate::pages::factory::Known;
use model::alarm::Rule;
use model::{ConfigSection, Configuration, Decision, Order, Setting, SettingChange};
use std::collections::BTreeMap;
use wire::api::HistoryQuery;

fn section(name: &str, settings: &[(&str, &str, &str)]) -> ConfigSection {
    let setting = |(key, value, place): &(&str, &str, &str)| Setting {
        key: (*key).into(),
        value: (*value).into(),
        place: (*place).into(),
    };
    let settings = settings.iter().map(setting).collect();
    ConfigSection { name: name.into(), digest: "1".into(), settings, left_out: 0 }
}

fn change(id: i64, age_s: u64, section: &str, key: &str, from: Option<&str>, to: Option<&str>) -> SettingChange {
    SettingChange {
        id,
        at: before(age_s),
        section: section.into(),
        key: key.into(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        place: "/etc/pilotage/<factory>.toml:12".into(),
        cause: "command 7 of ann".into(),
    }
}

fn of(sections: Vec<ConfigSection>, changes: Vec<SettingChange>) -> Configuration {
    Configuration { since: before(6450), cause: "command 7 of ann".into(), left_out: 0, sections, changes }
}

/// Of the factory of the samples: one change of many labels, one of the factory, a label that went.
pub fn of_factory() -> Configuration {
    let labels = ["glasgow-slurm", "glasgow-long", "lyon", "oslo", "wuppertal"];
    let sections = labels.map(ConfigSection::name_of_label);
    let key = "sched.maxpending.maximum";
    let mut changes: Vec<_> = (1..)
        .zip(&sections)
        .map(|(id, section)| change(10 - id, 6450, section, key, Some("10"), Some("20 <b>")))
        .collect();
    changes.push(change(3, 6450, "factory", key, None, Some("20 <b>")));
    changes.push(change(2, 90_000, "label.paris", "", Some("14 settings"), None));
    let factory = section(
        "factory",
        &[
            ("cycle_s", "30.0", ""),
            ("name", "f1", "factory.toml:2"),
            ("servers", "https://h/, https://i/", "factory.toml:3"),
        ],
    );
    let batch = section("batch.slurm-main", &[("system", "slurm", "factory.toml:9")]);
    Configuration { left_out: 2, ..of(vec![batch, factory], changes) }
}

/// Of its label, which changed between two decisions.
pub fn of_label() -> Configuration {
    let settings = [
        ("cores", "8", "labels.d/glasgow.toml:3"),
        ("environment.HTTPS_PROXY", "set; its text is not told", "f:7"),
        ("idle_s", "60", ""),
    ];
    let sections = vec![section("label.glasgow-slurm", &settings)];
    let changes = vec![
        change(9, 6450, "label.glasgow-slurm", "cores", Some("4"), Some("8")),
        change(8, 6450, "label.glasgow-slurm", "wall_time_s", Some("3600"), None),
        change(1, 90_000, "label.glasgow-slurm", "", None, Some("12 settings")),
    ];
    of(sections, changes)
}

/// Of a factory that told its configuration.
pub fn known(last: BTreeMap<String, Decision>, decisions: Vec<Decision>, orders: Vec<Order>) -> Known {
    let plots = plots("/factories/f1", HistoryQuery::default());
    let disk = Rule::Disk.defaults();
    Known { last, decisions, orders, plots, configuration: Some(of_factory()), disk }
}

/// Of one that did not, and that has decided nothing.
pub fn untold() -> Known {
    Known { configuration: None, ..known(BTreeMap::new(), Vec::new(), Vec::new()) }
}
