//! Help: looking what is wrong, mending it, telling others about it, and forgetting everything.

use std::path::PathBuf;

use beeminder_withings_sync::agent::protocol::{AgentRequest, Repair};
use beeminder_withings_sync::app::UserError;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::text::{Args, Message};
use serde_json::Value;
use tauri::{AppHandle, Manager};

use super::CommandResult;
use crate::window::front::front;

#[tauri::command]
pub(crate) async fn self_test(app: AppHandle) -> CommandResult<Value> {
    let front = front(&app)?;
    let checks = front.app.self_test(clock::now()).await?;
    let mut all = serde_json::to_value(&checks).map_err(anyhow::Error::from)?;
    let of_desktop: Value = front.ask(AgentRequest::Check).await?;
    if let (Some(all), Value::Array(of_desktop)) = (all.as_array_mut(), of_desktop) {
        all.extend(of_desktop);
    }
    Ok(all)
}

/// Mends what a check found broken.
#[tauri::command]
pub(crate) async fn repair(app: AppHandle, what: Repair) -> CommandResult {
    front(&app)?.ask(AgentRequest::Repair { what }).await
}

#[tauri::command]
pub(crate) async fn open_data_folder(app: AppHandle) -> CommandResult {
    let dir = app.state::<DataDir>();
    Ok(open::that_detached(dir.path())
        .map_err(|error| anyhow::Error::new(error).context(UserError::new("folder_not_opened", [])))?)
}

#[tauri::command]
pub(crate) async fn diagnostics(app: AppHandle) -> CommandResult<String> {
    Ok(front(&app)?.app.diagnostics(clock::now())?)
}

/// Saves the diagnostics as the user has read, and perhaps changed, them.
#[tauri::command]
pub(crate) async fn save_diagnostics(app: AppHandle, text: String) -> CommandResult<PathBuf> {
    let folder = downloads(&app)?;
    Ok(front(&app)?.app.save_diagnostics(&text, &folder, clock::now())?)
}

/// Has the agent end and forget everything, once the user has typed the word.
#[tauri::command]
pub(crate) async fn forget_everything(app: AppHandle, typed: String) -> CommandResult {
    let front = front(&app)?;
    // The word of the language that the page asks in.
    let word = front.app.locale()?.say("help.forget_word", &Args::new());
    if typed.trim().to_lowercase() != word {
        return Err(anyhow::Error::from(UserError::in_field(
            "typed",
            Message::error("type_it", [("word", word)]),
        ))
        .into());
    }
    front.ask(AgentRequest::Forget).await
}

/// The user's folder for downloads, or their home.
pub(super) fn downloads(app: &AppHandle) -> anyhow::Result<PathBuf> {
    let folder = app.path().download_dir().ok().filter(|folder| folder.is_dir());
    Ok(folder.map_or_else(|| app.path().home_dir(), Ok)?)
}
