//! A copy of everything, made while the server works.

use crate::auth::Identity;
use crate::extract::Body;
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::Permission;
use std::io;
use std::path::{Path, PathBuf};
use wire::api::{BackedUp, BackupRequest};

/// Copies the store, then the logs and outputs that it speaks of.
#[utoipa::path(post, path = "/pilotage/v1/backup", tag = "service", request_body = BackupRequest,
    responses((status = 200, body = BackedUp), (status = "4XX", body = wire::api::Problem)))]
pub async fn backup(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<BackupRequest>,
) -> Result<Json<BackedUp>, ApiError> {
    who.require(Permission::Administer)?;
    let to = PathBuf::from(&request.to);
    check(&to)?;
    tracing::info!(to = request.to, issuer = who.user, "backup");
    state.store.backup(&to).await?;
    if let Err(error) = copy_objects(&state, &to).await {
        forget(to).await;
        return Err(error);
    }
    Ok(Json(BackedUp { path: request.to }))
}

/// Half a copy is of no use and would be in the way of the next one.
async fn forget(to: PathBuf) {
    let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(&to)).await;
    if let Ok(Err(error)) = removed
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "failed to remove half a backup");
    }
}

fn check(to: &Path) -> Result<(), ApiError> {
    let refused = |detail: String| Err(ApiError::invalid("bad-value", "to", detail));
    if !to.is_absolute() {
        return refused(format!("'{}' is no absolute path", to.display()));
    }
    if to.exists() {
        return refused(format!("{} exists already; a backup needs a new directory", to.display()));
    }
    match to.parent() {
        Some(parent) if parent.is_dir() => Ok(()),
        _ => refused(format!("the directory above {} does not exist on the server's machine", to.display())),
    }
}

async fn copy_objects(state: &AppState, to: &Path) -> Result<(), ApiError> {
    let from = state.config.objects.clone().unwrap_or_else(|| state.config.dir.join("objects"));
    let into = to.join("objects");
    let copied = tokio::task::spawn_blocking(move || copy_tree(&from, &into)).await;
    copied.map_err(|error| ApiError::internal(error.to_string()))?
}

/// Objects that vanish meanwhile were deleted on purpose.
fn copy_tree(from: &Path, into: &Path) -> Result<(), ApiError> {
    std::fs::create_dir_all(into).map_err(|error| failed(into, &error))?;
    let entries = match std::fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| failed(from, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| failed(from, &error))?;
        let (source, target) = (entry.path(), into.join(entry.file_name()));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => copy_tree(&source, &target)?,
            _ => copy_file(&source, &target)?,
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), ApiError> {
    match std::fs::copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        copied => copied.map(drop).map_err(|error| failed(from, &error)),
    }
}

fn failed(path: &Path, error: &io::Error) -> ApiError {
    let detail = format!("failed to copy {}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ApiError::unavailable("no-space", detail),
        _ => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "backup-failed", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vanishes_meanwhile_does_not_fail_the_copy() {
        let place = tempfile::tempdir().unwrap();
        copy_tree(&place.path().join("gone"), &place.path().join("copy")).unwrap();
        copy_file(&place.path().join("gone"), &place.path().join("copy/file")).unwrap();
    }

    #[test]
    fn only_a_full_disk_is_told_as_one() {
        let code = |kind| failed(Path::new("x"), &io::Error::from(kind)).code;
        assert_eq!(code(io::ErrorKind::StorageFull), "no-space");
        assert_eq!(code(io::ErrorKind::PermissionDenied), "backup-failed");
    }
}
