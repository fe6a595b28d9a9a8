//! The callback scheme: browsers hand such addresses to this program.

use tauri::{AppHandle, Manager};
use tauri_plugin_deep_link::DeepLinkExt;

/// Makes this program the one that browsers hand callbacks to, unless its package has done so.
pub(crate) fn register(app: &AppHandle) {
    if is_packaged(app) {
        return;
    }
    // macOS knows the scheme from the bundle alone.
    if cfg!(target_os = "macos") {
        return;
    }
    if let Err(error) = app.deep_link().register_all() {
        tracing::warn!("The callback scheme could not be registered: {error}");
    }
}

/// Whether the desktop hands callbacks to the package's own desktop file.
#[cfg(target_os = "linux")]
fn is_packaged(app: &AppHandle) -> bool {
    use beeminder_withings_sync::accounts::callback::SCHEME;
    let packaged = app.path().resource_dir().is_ok_and(|path| path.starts_with("/usr"));
    let handler = std::process::Command::new("xdg-mime")
        .args(["query", "default", &format!("x-scheme-handler/{SCHEME}")])
        .output();
    let handler = handler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    packaged && handler.is_ok_and(|handler| handler == "beeminder-withings-sync.desktop")
}

#[cfg(not(target_os = "linux"))]
fn is_packaged(_app: &AppHandle) -> bool {
    false
}
