//! Start at login: off until asked for, hidden, and repaired when its entry points nowhere.

use anyhow::Context;
use tauri::AppHandle;

pub(crate) use beeminder_withings_sync::platform::autostart::State;

use super::arguments::Arguments;

/// The arguments of a start at login.
pub(crate) fn arguments(of_this_start: &Arguments) -> Vec<String> {
    let mut arguments = vec!["--hidden".to_owned()];
    if let Some(dir) = &of_this_start.data_dir {
        arguments.extend(["--data-dir".into(), dir.to_string_lossy().into_owned()]);
    }
    arguments
}

#[cfg(target_os = "linux")]
mod system {
    use beeminder_withings_sync::platform::autostart::AutostartEntry;
    use tauri::Manager;

    use super::{AppHandle, Arguments, Context, State, arguments};

    /// The program to start: the image it came in, or itself.
    fn entry(app: &AppHandle) -> anyhow::Result<AutostartEntry> {
        let program = match app.env().appimage {
            Some(image) => image.into(),
            None => std::env::current_exe().context("Failed to find this program")?,
        };
        let folder = app.path().config_dir().context("Failed to find your settings")?.join("autostart");
        let arguments = arguments(&app.state::<Arguments>());
        Ok(AutostartEntry::new(&folder, "beeminder-withings-sync", &program, &arguments))
    }

    pub(crate) fn state(app: &AppHandle) -> anyhow::Result<State> {
        entry(app)?.state()
    }

    pub(crate) fn set(app: &AppHandle, on: bool) -> anyhow::Result<()> {
        let entry = entry(app)?;
        if on { entry.switch_on() } else { entry.switch_off() }
    }

    pub(crate) fn repair(app: &AppHandle) -> anyhow::Result<bool> {
        entry(app)?.repair()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use tauri_plugin_autostart::ManagerExt;

    use super::{AppHandle, Context, State};

    pub(crate) fn state(app: &AppHandle) -> anyhow::Result<State> {
        let on = app.autolaunch().is_enabled().context("Failed to ask the system")?;
        Ok(if on { State::On } else { State::Off })
    }

    pub(crate) fn set(app: &AppHandle, on: bool) -> anyhow::Result<()> {
        let plugin = app.autolaunch();
        let outcome = if on { plugin.enable() } else { plugin.disable() };
        outcome.context("Failed to ask the system")
    }

    /// Writes the entry again, so that it follows a program that was moved.
    pub(crate) fn repair(app: &AppHandle) -> anyhow::Result<bool> {
        if state(app)? == State::On {
            set(app, true)?;
        }
        Ok(false)
    }
}

pub(crate) use system::{set, state};

/// Repairs the entry if it has to be.
pub(crate) fn repair(app: &AppHandle) {
    match system::repair(app) {
        Ok(true) => tracing::info!("The entry that starts this program at login was repaired"),
        Ok(false) => {}
        Err(error) => tracing::warn!("Start at login could not be verified: {error:#}"),
    }
}
