//! A copy of everything, made while the server works.

use crate::auth::Identity;
use crate::extract::Body;
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
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
    copy_objects(&state, &to).await?;
    Ok(Json(BackedUp { path: request.to }))
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
    let shown = into.display().to_string();
    let copied = tokio::task::spawn_blocking(move || copy_tree(&from, &into)).await;
    copied.map_err(|error| ApiError::internal(error.to_string()))?.map_err(|error| {
        ApiError::unavailable("no-space", format!("failed to copy logs and outputs to {shown}: {error}"))
    })
}

/// Objects that vanish meanwhile were deleted on purpose.
fn copy_tree(from: &Path, into: &Path) -> io::Result<()> {
    std::fs::create_dir_all(into)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = into.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
            continue;
        }
        match std::fs::copy(entry.path(), target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => drop(copied?),
        }
    }
    Ok(())
}
