//! What factories told of their configuration, on the pages of factories and labels.

use crate::world::World;
use model::{ConfigSection, Setting};
use wire::api::{ConfigurationOutline, ConfigurationSections};

const LABEL: &str = "/factories/f1/labels/glasgow-slurm";

impl World {
    /// A factory tells its configuration, and then that two labels have more cores and one end point is gone.
    pub async fn tell_configuration(&self, factory: &str) {
        let labels = |cores| ["glasgow-slurm", "lancs-local"].map(|label| section(&format!("label.{label}"), cores));
        let own = [section("factory", "30"), section("batch.slurm-main", "2")];
        self.tell(factory, [own.clone(), labels("4")].concat(), "its start").await;
        self.tell(factory, [&own[..1], &labels("8")].concat(), "command 3 of ann <b>").await;
    }

    async fn tell(&self, factory: &str, sections: Vec<ConfigSection>, cause: &str) {
        let digests = sections.iter().map(|one| (one.name.clone(), one.digest.clone())).collect();
        let (digest, cause) = (format!("{cause} {}", sections.len()), cause.to_owned());
        let outline = ConfigurationOutline { digest: digest.clone(), cause, sections: digests, left_out: 0 };
        let wanted = self.factory.outline_configuration(factory, &outline).await.unwrap().wanted;
        let sections = sections.into_iter().filter(|one| wanted.contains(&one.name)).collect();
        self.factory.tell_sections(factory, &ConfigurationSections { digest, sections, last: true }).await.unwrap();
    }
}

fn section(name: &str, value: &str) -> ConfigSection {
    let setting =
        |key: &str, value: &str, place: &str| Setting { key: key.into(), value: value.into(), place: place.into() };
    let settings = vec![
        setting("cores", value, "/etc/pilotage/factory.toml:17"),
        setting("environment.https_proxy", "set; its text is not told", "/etc/pilotage/<proxy>.toml:3"),
        setting("idle_s", "60", ""),
    ];
    ConfigSection { name: name.into(), digest: format!("{name} {value}"), settings, left_out: 0 }
}

#[tokio::test]
async fn changes_of_a_configuration_are_told_where_they_count() {
    let (world, _pilot) = World::filled().await;
    let factory = world.page("/factories/f1").await;
    assert!(factory.contains(r#"<a href="/factories/f1/labels/lancs-local">lancs-local</a></td>"#), "{factory}");
    assert!(factory.contains("caused by command 3 of ann &#60;b&#62;") && factory.contains("batch.slurm-main"));
    assert!(factory.contains("/etc/pilotage/&#60;proxy&#62;.toml:3"));
    let label = world.page(LABEL).await;
    assert!(label.contains("cores 4 → 8. <a href=\"#h-configuration\">All changes</a>"), "{label}");
    assert!(label.contains("All settings of the label, with what it inherits"));

    let json: serde_json::Value = serde_json::from_str(&world.page(&format!("{LABEL}.json")).await).unwrap();
    let known = &json["label"]["configuration"];
    assert_eq!((&known["changes"][0]["from"], &known["changes"][0]["to"]), (&"4".into(), &"8".into()));
    let json: serde_json::Value = serde_json::from_str(&world.page("/factories/f1.json").await).unwrap();
    assert_eq!(json["configuration"]["changes"].as_array().unwrap().len(), 3);

    let reported = world.page("/factories/era2").await;
    assert!(!reported.contains("h-configuration"), "{reported}");
    world.server.shutdown().await;
}
