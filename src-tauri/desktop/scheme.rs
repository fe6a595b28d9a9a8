//! The callback scheme: browsers hand such addresses to this program.

use tauri::AppHandle;

/// Makes this program the one that browsers hand callbacks to, unless its package has done so.
#[cfg(target_os = "linux")]
pub(crate) fn register(app: &AppHandle) {
    if !is_packaged() {
        register_all(app);
    }
}

/// Makes this program the one that browsers hand callbacks to.
#[cfg(windows)]
pub(crate) fn register(app: &AppHandle) {
    register_all(app);
}

/// macOS knows the scheme from the bundle alone.
#[cfg(target_os = "macos")]
pub(crate) fn register(_app: &AppHandle) {}

#[cfg(not(target_os = "macos"))]
fn register_all(app: &AppHandle) {
    use tauri_plugin_deep_link::DeepLinkExt;
    if let Err(error) = app.deep_link().register_all() {
        tracing::warn!("The callback scheme could not be registered: {error}");
    }
}

/// Whether this is the packaged program, and the desktop hands callbacks to the package's desktop file.
#[cfg(target_os = "linux")]
fn is_packaged() -> bool {
    use beeminder_withings_sync::accounts::callback::SCHEME;
    let packaged = std::env::current_exe().is_ok_and(|path| path.starts_with("/usr/bin"));
    let handler = std::process::Command::new("xdg-mime")
        .args(["query", "default", &format!("x-scheme-handler/{SCHEME}")])
        .output();
    let handler = handler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    packaged && handler.is_ok_and(|handler| handler == "beeminder-withings-sync.desktop")
}
