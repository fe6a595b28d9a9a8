//! The callback scheme: browsers hand such addresses to this program.

use tauri::AppHandle;

#[cfg(not(target_os = "macos"))]
use beeminder_withings_sync::domain::callback_way::SCHEME;
#[cfg(not(target_os = "macos"))]
use tauri_plugin_deep_link::DeepLinkExt;

/// The desktop file that the package brings.
#[cfg(target_os = "linux")]
const PACKAGED: &str = "beeminder-withings-sync.desktop";

/// Makes this program the one that browsers hand callbacks to, unless its package has done so.
pub(crate) fn register(app: &AppHandle) {
    #[cfg(target_os = "linux")]
    if is_packaged() && handler().is_ok_and(|handler| handler == PACKAGED) {
        return;
    }
    if let Err(error) = repair(app) {
        tracing::warn!("The callback scheme could not be registered: {error:#}");
    }
}

/// Whether browsers hand callbacks to this program.
#[cfg(target_os = "linux")]
pub(crate) fn is_registered(app: &AppHandle) -> anyhow::Result<bool> {
    if is_packaged() && handler()? == PACKAGED {
        return Ok(true);
    }
    Ok(app.deep_link().is_registered(SCHEME)?)
}

/// Makes this program the one that browsers hand callbacks to.
#[cfg(target_os = "linux")]
pub(crate) fn repair(app: &AppHandle) -> anyhow::Result<()> {
    if !is_packaged() {
        return Ok(app.deep_link().register_all()?);
    }
    let set = std::process::Command::new("xdg-mime")
        .args(["default", PACKAGED, &format!("x-scheme-handler/{SCHEME}")])
        .status()?;
    anyhow::ensure!(set.success(), "xdg-mime did not take it");
    Ok(())
}

/// Takes back what this program registered; what a package brings goes with the package.
#[cfg(target_os = "linux")]
pub(crate) fn unregister(app: &AppHandle) -> anyhow::Result<()> {
    if is_packaged() {
        return Ok(());
    }
    Ok(app.deep_link().unregister(SCHEME)?)
}

/// Whether this is the packaged program.
#[cfg(target_os = "linux")]
fn is_packaged() -> bool {
    std::env::current_exe().is_ok_and(|path| path.starts_with("/usr/bin"))
}

/// The desktop file that callbacks are handed to.
#[cfg(target_os = "linux")]
fn handler() -> anyhow::Result<String> {
    let output = std::process::Command::new("xdg-mime")
        .args(["query", "default", &format!("x-scheme-handler/{SCHEME}")])
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether browsers hand callbacks to this program.
#[cfg(windows)]
pub(crate) fn is_registered(app: &AppHandle) -> anyhow::Result<bool> {
    Ok(app.deep_link().is_registered(SCHEME)?)
}

/// Makes this program the one that browsers hand callbacks to.
#[cfg(windows)]
pub(crate) fn repair(app: &AppHandle) -> anyhow::Result<()> {
    Ok(app.deep_link().register_all()?)
}

/// Takes back what this program registered.
#[cfg(windows)]
pub(crate) fn unregister(app: &AppHandle) -> anyhow::Result<()> {
    Ok(app.deep_link().unregister(SCHEME)?)
}

/// macOS knows the scheme from the bundle alone.
#[cfg(target_os = "macos")]
pub(crate) fn is_registered(_app: &AppHandle) -> anyhow::Result<bool> {
    Ok(true)
}

/// macOS knows the scheme from the bundle alone.
#[cfg(target_os = "macos")]
pub(crate) fn repair(_app: &AppHandle) -> anyhow::Result<()> {
    Ok(())
}

/// macOS forgets the scheme with the bundle.
#[cfg(target_os = "macos")]
pub(crate) fn unregister(_app: &AppHandle) -> anyhow::Result<()> {
    Ok(())
}
