//! History: the ledger, its files and its charts.

use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::view::pages::{
    Chart, ChartLook, Exported, Format, GoalPage, HistoryPage, HistoryRequest,
};
use tauri::AppHandle;

use super::{CommandResult, help};
use crate::window::front::front;

/// A goal with its last days.
#[tauri::command]
pub(crate) async fn goal_of_days(app: AppHandle, goal: String, days: u64) -> CommandResult<GoalPage> {
    Ok(front(&app)?.app.goal_of_days(&GoalSlug(goal), days, clock::now())?)
}

#[tauri::command]
pub(crate) async fn history(app: AppHandle, request: HistoryRequest) -> CommandResult<HistoryPage> {
    Ok(front(&app)?.app.history(request)?)
}

/// Writes what the request asks for into the user's folder for downloads.
#[tauri::command]
pub(crate) async fn export_history(
    app: AppHandle,
    request: HistoryRequest,
    format: Format,
) -> CommandResult<Exported> {
    let folder = help::downloads(&app)?;
    Ok(front(&app)?.app.export_history(request, format, &folder, clock::now())?)
}

#[tauri::command]
pub(crate) async fn chart(app: AppHandle, kind: String, days: i64, look: ChartLook) -> CommandResult<Chart> {
    Ok(front(&app)?.app.chart(&kind, days, look, clock::now())?)
}

#[tauri::command]
pub(crate) async fn chart_of_goal(
    app: AppHandle,
    goal: String,
    days: i64,
    look: ChartLook,
) -> CommandResult<Chart> {
    Ok(front(&app)?.app.chart_of_goal(&GoalSlug(goal), days, look, clock::now())?)
}

/// Reads the bright red line that a chart wants. `false` while Beeminder is still working it out.
#[tauri::command]
pub(crate) async fn read_line(app: AppHandle, goal: String) -> CommandResult<bool> {
    Ok(front(&app)?.app.read_line(&GoalSlug(goal), clock::now()).await?)
}
