//! Goals and links: choosing, previewing, making, changing and removing.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::LinkId;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::text::Said;
use beeminder_withings_sync::view::pages::{
    BackfillView, Catalogue, ChangeView, Choice, LinkForm, NewGoalForm, PreviewView, Stretch,
};
use tauri::AppHandle;

use super::Outcome;
use crate::shell::resident;

#[tauri::command]
pub(crate) async fn catalogue(app: AppHandle) -> Outcome<Catalogue> {
    Ok(resident(&app)?.app.catalogue()?)
}

#[tauri::command]
pub(crate) async fn choices(app: AppHandle) -> Outcome<Vec<Choice>> {
    Ok(resident(&app)?.app.choices().await?)
}

#[tauri::command]
pub(crate) async fn preview_link(
    app: AppHandle,
    form: LinkForm,
    dark: bool,
    width: u32,
) -> Outcome<PreviewView> {
    Ok(resident(&app)?.app.preview_form(&form, (dark, width), clock::now()).await?)
}

/// Makes a link, and sends what there is at once. Says why the goal may not suit.
#[tauri::command]
pub(crate) async fn add_link(app: AppHandle, form: LinkForm) -> Outcome<Vec<Said>> {
    let resident = resident(&app)?;
    let (feed, start) = (form.feed()?, form.start());
    let added = resident.app.add_link(&form.slug(), feed, form.options, start, clock::now()).await?;
    resident.leave_guide()?;
    resident.sync_soon();
    Ok(added.misfits.iter().map(Said::from).collect())
}

#[tauri::command]
pub(crate) async fn preview_change(app: AppHandle, id: i64, form: LinkForm) -> Outcome<ChangeView> {
    Ok(resident(&app)?.app.preview_change_form(id, &form, clock::now())?)
}

#[tauri::command]
pub(crate) async fn change_link(app: AppHandle, id: i64, form: LinkForm, existing: Existing) -> Outcome {
    let resident = resident(&app)?;
    let feed = form.feed()?;
    resident.app.change_link(LinkId(id), &feed, &form.options, existing, clock::now()).await?;
    resident.sync_soon();
    Ok(())
}

#[tauri::command]
pub(crate) async fn remove_link(app: AppHandle, id: i64, datapoints: bool) -> Outcome {
    let resident = resident(&app)?;
    if datapoints {
        resident.app.remove_link_with_datapoints(LinkId(id), clock::now())?;
        resident.sync_soon();
    } else {
        resident.app.remove_link(LinkId(id), clock::now())?;
        resident.look();
    }
    Ok(())
}

#[tauri::command]
pub(crate) async fn preview_backfill(app: AppHandle, stretch: Stretch) -> Outcome<BackfillView> {
    let app = &resident(&app)?.app;
    let preview = app.preview_backfill(LinkId(stretch.link), stretch.from, stretch.to, clock::now()).await?;
    Ok(BackfillView::from(&preview))
}

#[tauri::command]
pub(crate) async fn start_backfill(app: AppHandle, stretch: Stretch, may_derail: bool) -> Outcome {
    let resident = resident(&app)?;
    resident.app.start_looked_at(stretch, may_derail, clock::now()).await?;
    resident.sync_soon();
    Ok(())
}

#[tauri::command]
pub(crate) async fn cancel_backfill(app: AppHandle, id: i64) -> Outcome {
    let resident = resident(&app)?;
    resident.app.cancel_backfill(id)?;
    resident.look();
    Ok(())
}

/// Creates a goal, or with `dry_run` only finds out whether Beeminder would.
#[tauri::command]
pub(crate) async fn create_goal(app: AppHandle, form: NewGoalForm, dry_run: bool) -> Outcome<String> {
    Ok(resident(&app)?.app.create_from(form, dry_run, clock::now()).await?)
}

#[tauri::command]
pub(crate) async fn open_new_goal_page(app: AppHandle, form: NewGoalForm) -> Outcome {
    let resident = resident(&app)?;
    let page = resident.app.new_goal_page(form)?;
    Ok(resident.open_page(&page)?)
}
