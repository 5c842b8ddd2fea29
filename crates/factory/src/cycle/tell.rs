//! Telling APF monitors, which runs beside the cycles.

use super::Cycler;
use crate::FactoryError;
use crate::monitor::Monitors;
use model::MonitorInfo;
use std::time::Duration;

/// How long a factory that ends waits for its monitors.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl Cycler {
    /// From now on monitors are told.
    pub(crate) fn begin_telling(&mut self) -> Result<(), FactoryError> {
        let mut monitors = Monitors::default();
        monitors.adapt(&self.config, &self.launch)?;
        self.monitors = Some(monitors);
        Ok(())
    }

    pub(super) fn tell_monitors_of_pilots(&self) {
        if let (Some(monitors), Some(read)) = (&self.monitors, &self.world.pilots) {
            monitors.look(&self.config, &read.value);
        }
    }

    /// How the monitors go.
    pub(crate) fn monitor_infos(&self) -> Vec<MonitorInfo> {
        self.monitors.as_ref().map(Monitors::infos).unwrap_or_default()
    }

    /// Gives monitors a moment to hear the last of it.
    pub(crate) async fn finish_telling(&self) {
        if let Some(monitors) = &self.monitors {
            monitors.finish(LAST_WORDS).await;
        }
    }
}
