//! Commands about the program as a whole.

use beeminder_withings_sync::agent::protocol::AgentRequest;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::settings::SettingChange;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::view::pages::View;
use chrono::TimeDelta;
use serde::Serialize;
use tauri::{AppHandle, State};

use super::{CommandResult, open_page};
use crate::window::front::{Missing, agent, front};
use crate::window::webview;
use crate::window::webview::AsksBeforeClosing;

/// What the window shows, and what is wrong with the agent.
#[derive(Debug, Serialize)]
pub(crate) struct WindowView {
    #[serde(flatten)]
    view: View,
    missing: Option<Missing>,
}

#[tauri::command]
pub(crate) async fn view(app: AppHandle) -> CommandResult<WindowView> {
    let (view, missing) = front(&app)?.view()?;
    Ok(WindowView { view, missing })
}

#[tauri::command]
pub(crate) async fn sync_now(app: AppHandle) -> CommandResult {
    front(&app)?.ask(AgentRequest::SyncNow).await
}

#[tauri::command]
pub(crate) async fn pause_for_an_hour(app: AppHandle) -> CommandResult {
    let (front, now) = (front(&app)?, clock::now());
    front.app.pause(Some(now + TimeDelta::hours(1)), now)?;
    front.changed().await
}

#[tauri::command]
pub(crate) async fn pause_until_tomorrow(app: AppHandle) -> CommandResult {
    let (front, now) = (front(&app)?, clock::now());
    front.app.pause(Some(front.app.tomorrow(now)?), now)?;
    front.changed().await
}

#[tauri::command]
pub(crate) async fn resume(app: AppHandle) -> CommandResult {
    let front = front(&app)?;
    front.app.pause(None, clock::now())?;
    front.changed().await
}

#[tauri::command]
pub(crate) async fn open_goal(app: AppHandle, goal: String) -> CommandResult {
    open_page(&front(&app)?.app.page_of_goal(&GoalSlug(goal))?)
}

#[tauri::command]
pub(crate) async fn mark_seen(app: AppHandle) -> CommandResult {
    let front = front(&app)?;
    front.app.mark_seen()?;
    front.changed().await
}

/// Notes that the page is there to ask before the window closes.
#[tauri::command]
pub(crate) async fn asks_before_closing(asks: State<'_, AsksBeforeClosing>) -> CommandResult {
    asks.note();
    Ok(())
}

#[tauri::command]
pub(crate) async fn close_window(app: AppHandle) -> CommandResult {
    webview::close(&app).map_err(anyhow::Error::from)?;
    Ok(())
}

/// Ends the agent, and the window with it.
#[tauri::command]
pub(crate) async fn quit(app: AppHandle) -> CommandResult {
    agent(&app).tell(AgentRequest::Quit).await?;
    webview::close(&app).map_err(anyhow::Error::from)?;
    Ok(())
}

/// Starts the agent that has ended.
#[tauri::command]
pub(crate) async fn start_agent(app: AppHandle) -> CommandResult {
    Ok(agent(&app).start(&app)?)
}

/// Ends the pass under way after its request.
#[tauri::command]
pub(crate) async fn cancel_pass(app: AppHandle) -> CommandResult {
    front(&app)?.ask(AgentRequest::CancelPass).await
}

#[tauri::command]
pub(crate) async fn leave_guide(app: AppHandle) -> CommandResult {
    let front = front(&app)?;
    front.app.leave_guide()?;
    front.changed().await
}

/// Ends the waiting for the first datapoint.
#[tauri::command]
pub(crate) async fn leave_first(app: AppHandle) -> CommandResult {
    let front = front(&app)?;
    front.app.leave_first()?;
    front.changed().await
}

#[tauri::command]
pub(crate) async fn set_start_at_login(app: AppHandle, on: bool) -> CommandResult {
    let front = front(&app)?;
    front.ask::<()>(AgentRequest::StartAtLogin { on }).await?;
    front.changed().await
}

#[tauri::command]
pub(crate) async fn change_setting(app: AppHandle, change: SettingChange) -> CommandResult {
    let front = front(&app)?;
    front.app.change_setting(change)?;
    front.changed().await
}
