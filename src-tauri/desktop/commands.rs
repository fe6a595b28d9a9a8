//! What the window asks for. Each command calls the library and turns errors into a code for programs and
//! a sentence for people. The list is that of `permissions.toml` and of `ui/backend.js`.

use std::sync::Arc;

use beeminder_withings_sync::accounts::Service;
use beeminder_withings_sync::accounts::callback::CallbackWay;
use beeminder_withings_sync::accounts::sign_in::SignInError;
use beeminder_withings_sync::goal::GoalSlug;
use beeminder_withings_sync::menu::Wish;
use beeminder_withings_sync::notification::Preferences;
use beeminder_withings_sync::resident::View;
use beeminder_withings_sync::withings::Application;
use secrecy::SecretString;
use serde::Serialize;
use tauri::{AppHandle, Manager};

use super::autostart::{self, State};
use super::shell::{Shell, resident};
use super::window;

/// Why a command failed.
#[derive(Debug, Serialize)]
pub(crate) struct CommandError {
    code: Code,
    message: String,
}

/// What the window may switch on.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// Id or secret are wrong.
    Application,
    /// The keychain cannot be used.
    Keychain,
    /// Anything else; the message says it.
    Failed,
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> CommandError {
        CommandError { code: Code::Failed, message: format!("{error:#}") }
    }
}

impl From<SignInError> for CommandError {
    fn from(error: SignInError) -> CommandError {
        use beeminder_withings_sync::withings::Error::ApplicationRefused;
        let code = match &error {
            SignInError::Withings(ApplicationRefused) => Code::Application,
            SignInError::Keychain(_) => Code::Keychain,
            SignInError::NotAsked
            | SignInError::TooLate
            | SignInError::Denied { .. }
            | SignInError::AnotherPerson { .. }
            | SignInError::ScopeMissing
            | SignInError::Withings(_)
            | SignInError::Beeminder(_)
            | SignInError::Local(_) => Code::Failed,
        };
        CommandError { code, message: error.to_string() }
    }
}

type Outcome<T = ()> = Result<T, CommandError>;

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
pub(crate) async fn cancel_sign_in(app: AppHandle) -> Outcome {
    grant(&app, Wish::CancelSignIn)
}

#[tauri::command]
pub(crate) async fn open_goal(app: AppHandle, goal: String) -> Outcome {
    grant(&app, Wish::OpenGoal(GoalSlug(goal)))
}

#[tauri::command]
pub(crate) async fn sign_in_withings(
    app: AppHandle,
    client_id: String,
    client_secret: SecretString,
    way: CallbackWay,
) -> Outcome {
    use secrecy::ExposeSecret;
    let secret = SecretString::from(client_secret.expose_secret().trim());
    // Without both, those of the last sign-in are used.
    let is_new = !client_id.trim().is_empty() || !secret.expose_secret().is_empty();
    let application = is_new.then(|| Application { client_id: client_id.trim().to_owned(), secret });
    Ok(resident(&app)?.sign_in_withings(application, way).await?)
}

#[tauri::command]
pub(crate) async fn sign_in_beeminder(app: AppHandle, client_id: String, way: CallbackWay) -> Outcome {
    let client_id = Some(client_id.trim().to_owned()).filter(|id| !id.is_empty());
    Ok(resident(&app)?.sign_in_beeminder(client_id, way).await?)
}

#[tauri::command]
pub(crate) async fn connect_beeminder_token(app: AppHandle, token: SecretString) -> Outcome {
    use secrecy::ExposeSecret;
    let token = SecretString::from(token.expose_secret().trim());
    Ok(resident(&app)?.connect_beeminder_token(token).await?)
}

#[tauri::command]
pub(crate) async fn open_consent_page(app: AppHandle) -> Outcome {
    Ok(resident(&app)?.open_consent_page()?)
}

#[tauri::command]
pub(crate) async fn paste_callback(app: AppHandle, address: String) -> Outcome<String> {
    let address = address.split_whitespace().collect();
    let taken = resident(&app)?.take_callback(address).await;
    taken.map_err(|message| CommandError { code: Code::Failed, message })
}

#[tauri::command]
pub(crate) async fn disconnect(app: AppHandle, service: Service) -> Outcome {
    Ok(resident(&app)?.disconnect(service).await?)
}

/// Opens a page that helps to set the program up. A closed list: the window cannot ask for others.
#[tauri::command]
pub(crate) async fn open_help(page: HelpPage) -> Outcome {
    let url = match page {
        HelpPage::WithingsDashboard => "https://developer.withings.com/dashboard/",
        HelpPage::BeeminderToken => "https://www.beeminder.com/api/v1/auth_token.json",
        HelpPage::BeeminderApplications => "https://www.beeminder.com/apps/new",
    };
    Ok(open::that_detached(url).map_err(|error| anyhow::anyhow!("No browser could be opened: {error}"))?)
}

/// A page that helps to set the program up.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HelpPage {
    WithingsDashboard,
    BeeminderToken,
    BeeminderApplications,
}

#[tauri::command]
pub(crate) async fn set_notifications(app: AppHandle, preferences: Preferences) -> Outcome {
    Ok(resident(&app)?.set_notifications(preferences)?)
}

#[tauri::command]
pub(crate) async fn set_start_at_login(app: AppHandle, on: bool) -> Outcome {
    Ok(autostart::set(&app, on)?)
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

fn grant(app: &AppHandle, wish: Wish) -> Outcome {
    Ok(resident(app)?.grant(wish)?)
}
