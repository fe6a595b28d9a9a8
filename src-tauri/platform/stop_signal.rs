//! The system's request to end: SIGTERM or Ctrl-C.

use anyhow::Context;

/// Waits until this program is asked to end.
///
/// # Errors
/// When it cannot wait for that.
#[cfg(unix)]
pub async fn received() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("Failed to wait for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Failed to wait for Ctrl-C"),
    }
}

/// Waits until this program is asked to end.
///
/// # Errors
/// When it cannot wait for that.
#[cfg(not(unix))]
pub async fn received() -> anyhow::Result<()> {
    tokio::signal::ctrl_c().await.context("Failed to wait for Ctrl-C")
}
