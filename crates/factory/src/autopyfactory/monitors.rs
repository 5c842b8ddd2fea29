//! The sections of `monitor.conf`.

use super::ini::{Ini, interpolate};
use crate::source::label_name;
use model::spelling::hint;
use std::collections::BTreeMap;

/// What a queue means by the name of a monitor section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// `[monitor.NAME]` of this name.
    Monitor(String),
    /// One that only writes to the log.
    Log,
    /// Nothing, for this reason; AutoPyFactory went on without the monitor.
    Nothing(String),
}

/// The monitors that are told something: their URLs by their names here.
pub fn urls(monitors: &Ini) -> BTreeMap<String, String> {
    let url = |name: &str| {
        let section = monitors.section(name)?;
        let is_apf = section.get("monitorplugin").is_none_or(|plugin| plugin.text == "APF");
        let url = interpolate(&section, "monitorURL").ok()?.text;
        (is_apf && !url.is_empty()).then(|| (label_name(name), url.trim_end_matches('/').to_owned()))
    };
    monitors.sections.iter().filter_map(|(name, _)| url(name)).collect()
}

/// What `name` means where these sections were read and these monitors are configured.
pub fn meant(name: &str, sections: &Ini, configured: &BTreeMap<String, String>) -> Meant {
    let here = label_name(name);
    if configured.contains_key(&here) {
        return Meant::Monitor(here);
    }
    if urls(sections).contains_key(&here) {
        return Meant::Nothing(format!("there is no [monitor.{here}]"));
    }
    if sections.section(name).is_some() {
        return Meant::Log;
    }
    let known = sections.sections.iter().map(|(name, _)| name.as_str());
    Meant::Nothing(format!("there is no monitor section '{name}'{}", hint(name, known)))
}
