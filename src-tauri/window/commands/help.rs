//! Help: looking what is wrong, mending it, telling others about it, and forgetting everything.

use std::path::PathBuf;

use beeminder_withings_sync::app::{Check, Wrong};
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::text::Said;
use tauri::{AppHandle, Manager};

use super::Outcome;
use crate::shell::resident;
use crate::{self_test, window};

#[tauri::command]
pub(crate) async fn self_test(app: AppHandle) -> Outcome<Vec<Check>> {
    let mut checks = resident(&app)?.app.self_test(clock::now()).await?;
    checks.extend(self_test::of_the_desktop(&app));
    Ok(checks)
}

/// Mends what a check found broken.
#[tauri::command]
pub(crate) async fn repair(app: AppHandle, what: self_test::Repair) -> Outcome {
    Ok(self_test::repair(&app, what)?)
}

#[tauri::command]
pub(crate) async fn open_data_folder(app: AppHandle) -> Outcome {
    let dir = app.state::<DataDir>();
    Ok(open::that_detached(dir.path())
        .map_err(|error| anyhow::Error::new(error).context(Wrong::new("folder_not_opened", [])))?)
}

#[tauri::command]
pub(crate) async fn diagnostics(app: AppHandle) -> Outcome<String> {
    Ok(resident(&app)?.app.diagnostics(clock::now())?)
}

/// Saves the diagnostics as the user has read, and perhaps changed, them.
#[tauri::command]
pub(crate) async fn save_diagnostics(app: AppHandle, text: String) -> Outcome<PathBuf> {
    let folder = downloads(&app)?;
    Ok(resident(&app)?.app.save_diagnostics(&text, &folder, clock::now())?)
}

/// The word a user types to have everything forgotten.
const SURE: &str = "forget";

/// Ends the program and has everything forgotten, once the user has typed the word.
#[tauri::command]
pub(crate) async fn forget_everything(app: AppHandle, typed: String) -> Outcome {
    if typed.trim().to_lowercase() != SURE {
        let said = Said::error("type_it", [("word", SURE.to_owned())]);
        return Err(anyhow::Error::from(Wrong::in_field("typed", said)).into());
    }
    window::close(&app).map_err(anyhow::Error::from)?;
    resident(&app)?.forget_at_the_end();
    Ok(())
}

/// The user's folder for downloads, or their home.
pub(super) fn downloads(app: &AppHandle) -> anyhow::Result<PathBuf> {
    let folder = app.path().download_dir().ok().filter(|folder| folder.is_dir());
    Ok(folder.map_or_else(|| app.path().home_dir(), Ok)?)
}
