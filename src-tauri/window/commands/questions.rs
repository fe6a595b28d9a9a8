//! Commands that answer what waits for the user.

use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::view::pages::Questions;
use tauri::AppHandle;

use super::CommandResult;
use crate::window::front::front;

#[tauri::command]
pub(crate) async fn questions(app: AppHandle) -> CommandResult<Questions> {
    Ok(front(&app)?.app.questions()?)
}

#[tauri::command]
pub(crate) async fn answer_held(app: AppHandle, group: i64, mine: bool, remember: bool) -> CommandResult {
    let front = front(&app)?;
    front.app.answer(GroupId(group), mine, remember, clock::now())?;
    front.sync_soon().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn take_back_answer(app: AppHandle, group: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.take_back_answer(GroupId(group), clock::now())?;
    front.sync_soon().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn retry_entry(app: AppHandle, id: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.retry(id, clock::now())?;
    front.sync_soon().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn discard_entry(app: AppHandle, id: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.discard(id, clock::now())?;
    front.changed().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn remove_stale(app: AppHandle, id: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.remove_stale(id, clock::now())?;
    front.sync_soon().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn keep_stale(app: AppHandle, id: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.keep_stale(id, clock::now())?;
    front.changed().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn confirm_gone(app: AppHandle) -> CommandResult {
    let front = front(&app)?;
    front.app.confirm_gone()?;
    front.sync_soon().await?;
    Ok(())
}
