//! Processes of this machine, each in a process group of its own, surviving a restart of the factory.

mod config;

pub use config::LocalConfig;

use crate::{BatchError, BatchSystem};
pub(crate) type Local = Unready;
pub(crate) struct Unready;
impl Unready {
    pub(crate) fn open<C>(_: C, _: &str) -> Result<Unready, BatchError> {
        Err(BatchError::Config("not built yet".to_owned()))
    }
}
#[async_trait::async_trait]
impl BatchSystem for Unready {
    fn kind(&self) -> &'static str {
        ""
    }
    async fn submit(&self, _: &crate::SubmitRequest) -> Result<crate::SubmitOutcome, BatchError> {
        Err(BatchError::Config(String::new()))
    }
    async fn status(&self) -> Result<crate::Status, BatchError> {
        Err(BatchError::Config(String::new()))
    }
    async fn remove(&self, _: &[model::PilotId]) -> Result<(), BatchError> {
        Ok(())
    }
    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        Ok(None)
    }
    async fn doctor(&self) -> Vec<crate::Check> {
        Vec::new()
    }
    fn logs(&self, _: model::PilotId) -> crate::LogFiles {
        crate::LogFiles::default()
    }
    async fn forget(&self, _: &[model::PilotId]) {}
    fn settles_within(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}
