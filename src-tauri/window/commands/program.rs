//! How things are, and what is said to the program as a whole.

use std::sync::Arc;

use beeminder_withings_sync::agent::View;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::settings::SettingChange;
use beeminder_withings_sync::view::tray::Wish;
use serde::Serialize;
use tauri::{AppHandle, Manager};

use super::{Outcome, grant};
use crate::autostart::{self, State};
use crate::shell::{Shell, resident};
use crate::window;

/// What the window shows, with what only the desktop knows.
#[derive(Debug, Serialize)]
pub(crate) struct WindowView {
    #[serde(flatten)]
    view: View,
    has_tray: bool,
    start_at_login: Option<State>,
}

#[tauri::command]
pub(crate) async fn view(app: AppHandle) -> Outcome<WindowView> {
    let view = resident(&app)?.view()?;
    let start_at_login = autostart::state(&app)
        .inspect_err(|error| tracing::warn!("Start at login could not be verified: {error:#}"))
        .ok();
    Ok(WindowView { view, has_tray: app.state::<Arc<Shell>>().tray_is_visible(), start_at_login })
}

#[tauri::command]
pub(crate) async fn sync_now(app: AppHandle) -> Outcome {
    grant(&app, Wish::SyncNow)
}

#[tauri::command]
pub(crate) async fn pause_for_an_hour(app: AppHandle) -> Outcome {
    grant(&app, Wish::PauseForAnHour)
}

#[tauri::command]
pub(crate) async fn pause_until_tomorrow(app: AppHandle) -> Outcome {
    grant(&app, Wish::PauseUntilTomorrow)
}

#[tauri::command]
pub(crate) async fn resume(app: AppHandle) -> Outcome {
    grant(&app, Wish::Resume)
}

#[tauri::command]
pub(crate) async fn open_goal(app: AppHandle, goal: String) -> Outcome {
    grant(&app, Wish::OpenGoal(GoalSlug(goal)))
}

#[tauri::command]
pub(crate) async fn mark_seen(app: AppHandle) -> Outcome {
    let resident = resident(&app)?;
    resident.app.mark_seen()?;
    resident.look();
    Ok(())
}

#[tauri::command]
pub(crate) async fn close_window(app: AppHandle) -> Outcome {
    window::close(&app).map_err(anyhow::Error::from)?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn quit(app: AppHandle) -> Outcome {
    match resident(&app) {
        Ok(resident) => resident.quit(),
        // It could not start, so there is nothing to settle.
        Err(_) => app.exit(0),
    }
    Ok(())
}

/// Ends the pass under way after its request.
#[tauri::command]
pub(crate) async fn cancel_pass(app: AppHandle) -> Outcome {
    resident(&app)?.cancel_pass();
    Ok(())
}

#[tauri::command]
pub(crate) async fn leave_guide(app: AppHandle) -> Outcome {
    Ok(resident(&app)?.leave_guide()?)
}

#[tauri::command]
pub(crate) async fn set_start_at_login(app: AppHandle, on: bool) -> Outcome {
    Ok(autostart::set(&app, on)?)
}

#[tauri::command]
pub(crate) async fn change_setting(app: AppHandle, change: SettingChange) -> Outcome {
    Ok(resident(&app)?.change_setting(change)?)
}
