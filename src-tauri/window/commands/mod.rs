//! The window's commands. Each calls the library or the agent and turns errors into a code for programs and a
//! sentence for people. The list is that of `permissions.toml` and of `ui/backend.js`.

mod accounts;
mod help;
mod history;
mod links;
mod notifications;
mod program;
mod questions;

use anyhow::Context;
use beeminder_withings_sync::agent::protocol::Refusal;
use beeminder_withings_sync::app::UserError;
use tauri::ipc::Invoke;
use url::Url;

type CommandResult<T = ()> = Result<T, Refusal>;

/// Calls the commands by their names.
pub(crate) fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        program::view,
        program::sync_now,
        program::cancel_pass,
        program::pause_for_an_hour,
        program::pause_until_tomorrow,
        program::resume,
        program::open_goal,
        program::mark_seen,
        program::asks_before_closing,
        program::close_window,
        program::quit,
        program::start_agent,
        program::leave_guide,
        program::leave_first,
        program::set_start_at_login,
        program::change_setting,
        accounts::cancel_sign_in,
        accounts::sign_in_withings,
        accounts::sign_in_beeminder,
        accounts::connect_beeminder_token,
        accounts::open_consent_page,
        accounts::paste_callback,
        accounts::disconnect,
        accounts::open_help,
        links::catalogue,
        links::choices,
        links::preview_link,
        links::add_link,
        links::preview_change,
        links::change_link,
        links::remove_link,
        links::restore_link,
        links::preview_backfill,
        links::start_backfill,
        links::cancel_backfill,
        links::create_goal,
        links::open_new_goal_page,
        history::goal_of_days,
        history::history,
        history::export_history,
        history::chart,
        history::chart_of_goal,
        history::read_line,
        questions::questions,
        questions::answer_held,
        questions::take_back_answer,
        questions::retry_entry,
        questions::discard_entry,
        questions::remove_stale,
        questions::keep_stale,
        questions::confirm_gone,
        notifications::notifications_on,
        notifications::notifications_off,
        notifications::try_notifications,
        help::self_test,
        help::repair,
        help::open_data_folder,
        help::diagnostics,
        help::save_diagnostics,
        help::forget_everything,
    ]
}

/// Shows a page in the browser.
fn open_page(url: &Url) -> CommandResult {
    Ok(open::that_detached(url.as_str()).with_context(|| UserError::new("no_browser", []))?)
}
