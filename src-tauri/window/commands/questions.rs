//! What waits for the user's answer.

use beeminder_withings_sync::domain::measure::measurement::GroupId;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::view::pages::Questions;
use tauri::AppHandle;

use super::Outcome;
use crate::shell::resident;

#[tauri::command]
pub(crate) async fn questions(app: AppHandle) -> Outcome<Questions> {
    Ok(resident(&app)?.app.questions()?)
}

#[tauri::command]
pub(crate) async fn answer_held(app: AppHandle, group: i64, mine: bool, remember: bool) -> Outcome {
    let resident = resident(&app)?;
    resident.app.answer(GroupId(group), mine, remember, clock::now())?;
    resident.sync_soon();
    Ok(())
}

#[tauri::command]
pub(crate) async fn retry_entry(app: AppHandle, id: i64) -> Outcome {
    let resident = resident(&app)?;
    resident.app.retry(id, clock::now())?;
    resident.sync_soon();
    Ok(())
}

#[tauri::command]
pub(crate) async fn discard_entry(app: AppHandle, id: i64) -> Outcome {
    let resident = resident(&app)?;
    resident.app.discard(id, clock::now())?;
    resident.look();
    Ok(())
}

#[tauri::command]
pub(crate) async fn remove_stale(app: AppHandle, id: i64) -> Outcome {
    let resident = resident(&app)?;
    resident.app.remove_stale(id, clock::now())?;
    resident.sync_soon();
    Ok(())
}

#[tauri::command]
pub(crate) async fn keep_stale(app: AppHandle, id: i64) -> Outcome {
    let resident = resident(&app)?;
    resident.app.keep_stale(id, clock::now())?;
    resident.look();
    Ok(())
}

#[tauri::command]
pub(crate) async fn confirm_gone(app: AppHandle) -> Outcome {
    let resident = resident(&app)?;
    resident.app.confirm_gone()?;
    resident.sync_soon();
    Ok(())
}
