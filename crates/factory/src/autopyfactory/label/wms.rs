//! `wmsstatusplugin`: where the label's jobs are counted.

use super::{LOCAL, Reader};
use crate::source::label_name;
use model::spelling::nearest;
use toml::Value;

/// The plug-ins that there were.
const PLUGINS: [&str; 3] = ["Panda", "Condor", "Queue"];
/// The name of a queue that stands for all jobs of a schedd.
const ANY: &str = "ANY";

/// A place where jobs are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// PanDA, which was the same for all.
    Panda,
    /// HTCondor.
    Condor {
        /// A remote schedd; this host's when empty.
        schedd: String,
        /// The collector that knows it.
        pool: String,
        /// Whether all jobs count, whatever their queue.
        is_one_queue: bool,
    },
}

impl Reader<'_> {
    pub(super) fn wms_plugin(&mut self, key: &str, value: &str) {
        match value {
            "Panda" => self.label.wms = Some(Place::Panda),
            "Condor" => {
                let (schedd, pool) = self.schedd_of("wmsstatus.condor");
                let is_one_queue = self.text("wmsqueue").as_deref() == Some(ANY);
                self.label.wms = Some(Place::Condor { schedd, pool, is_one_queue });
            }
            "Queue" if self.text("wmsstatus.queue.qname").is_some() => return self.becomes(key, "wms.label"),
            "Queue" => return self.wrong(key, "needs wmsstatus.queue.qname".to_owned()),
            other => {
                let near = nearest(other, PLUGINS).unwrap_or("Panda");
                return self.wrong(key, format!("'{other}' could not be loaded; did you mean '{near}'?"));
            }
        }
        self.becomes(key, "wms.source");
    }

    /// Keys of the plug-ins.
    pub(super) fn wms_key(&mut self, key: &str, to: &str, value: &str) {
        let plugin = self.text("wmsstatusplugin").unwrap_or_default();
        if !key.starts_with(&format!("wmsstatus.{}.", plugin.to_lowercase())) {
            self.ignored(key, "of another plug-in than the label's");
        } else if plugin == "Queue" {
            self.set(key, to, Value::from(label_name(value)));
        } else if self.schedd_of("wmsstatus.condor").1.is_empty() {
            self.ignored(key, LOCAL);
        } else {
            self.becomes(key, to);
        }
    }
}
