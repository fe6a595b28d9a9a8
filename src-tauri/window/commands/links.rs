//! Goals and links: choosing, previewing, making, changing and removing.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::text::Message;
use beeminder_withings_sync::view::pages::{
    BackfillView, Catalogue, ChangeView, ChartLook, Choice, LinkForm, NewGoalForm, PreviewView, Stretch,
};
use tauri::AppHandle;

use super::{CommandResult, open_page};
use crate::window::front::front;

#[tauri::command]
pub(crate) async fn catalogue(app: AppHandle) -> CommandResult<Catalogue> {
    Ok(front(&app)?.app.catalogue()?)
}

#[tauri::command]
pub(crate) async fn choices(app: AppHandle) -> CommandResult<Vec<Choice>> {
    Ok(front(&app)?.app.choices().await?)
}

#[tauri::command]
pub(crate) async fn preview_link(
    app: AppHandle,
    form: LinkForm,
    look: ChartLook,
) -> CommandResult<PreviewView> {
    Ok(front(&app)?.app.preview_form(&form, look, clock::now()).await?)
}

/// Makes a link, and sends what there is at once. Says why the goal may not suit. With `first` the user is waited
/// with for its first datapoint.
#[tauri::command]
pub(crate) async fn add_link(app: AppHandle, form: LinkForm, first: bool) -> CommandResult<Vec<Message>> {
    let front = front(&app)?;
    let (feed, start) = (form.feed()?, form.start());
    let added = front.app.add_link(&form.slug(), feed, form.options, start, clock::now()).await?;
    if first {
        front.app.await_first(added.link.id, clock::now())?;
    }
    front.app.leave_guide()?;
    front.sync_soon().await?;
    Ok(added.misfits.iter().map(Message::from).collect())
}

#[tauri::command]
pub(crate) async fn preview_change(app: AppHandle, id: i64, form: LinkForm) -> CommandResult<ChangeView> {
    Ok(front(&app)?.app.preview_change_form(id, &form, clock::now())?)
}

#[tauri::command]
pub(crate) async fn change_link(
    app: AppHandle,
    id: i64,
    form: LinkForm,
    existing: Existing,
) -> CommandResult {
    let front = front(&app)?;
    let feed = form.feed()?;
    front.app.change_link(LinkId(id), &feed, &form.options, existing, clock::now()).await?;
    front.sync_soon().await?;
    Ok(())
}

/// Removes a link, and its datapoints when told to. Returns how many were not sent, or are removed.
#[tauri::command]
pub(crate) async fn remove_link(app: AppHandle, id: i64, datapoints: bool) -> CommandResult<usize> {
    let front = front(&app)?;
    if datapoints {
        let removed = front.app.remove_link_with_datapoints(LinkId(id), clock::now())?;
        front.sync_soon().await?;
        return Ok(removed);
    }
    let unsent = front.app.remove_link(LinkId(id), clock::now())?;
    front.changed().await?;
    Ok(unsent)
}

#[tauri::command]
pub(crate) async fn restore_link(app: AppHandle, id: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.restore_link(LinkId(id), clock::now())?;
    front.sync_soon().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn preview_backfill(app: AppHandle, stretch: Stretch) -> CommandResult<BackfillView> {
    let app = &front(&app)?.app;
    let preview = app.preview_backfill(LinkId(stretch.link), stretch.from, stretch.to, clock::now()).await?;
    Ok(BackfillView::from(&preview))
}

#[tauri::command]
pub(crate) async fn start_backfill(app: AppHandle, stretch: Stretch, may_derail: bool) -> CommandResult {
    let front = front(&app)?;
    front.app.start_looked_at(stretch, may_derail, clock::now()).await?;
    front.sync_soon().await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn cancel_backfill(app: AppHandle, id: i64) -> CommandResult {
    let front = front(&app)?;
    front.app.cancel_backfill(id)?;
    front.changed().await?;
    Ok(())
}

/// Creates a goal, or with `dry_run` only finds out whether Beeminder would.
#[tauri::command]
pub(crate) async fn create_goal(app: AppHandle, form: NewGoalForm, dry_run: bool) -> CommandResult<String> {
    Ok(front(&app)?.app.create_from(form, dry_run, clock::now()).await?)
}

#[tauri::command]
pub(crate) async fn open_new_goal_page(app: AppHandle, form: NewGoalForm) -> CommandResult {
    let front = front(&app)?;
    let page = front.app.new_goal_page(form)?;
    open_page(&page)
}
