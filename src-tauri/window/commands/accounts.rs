//! Connecting the two accounts.

use anyhow::Context;
use beeminder_withings_sync::app::Wrong;
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::services::withings::Application;
use beeminder_withings_sync::text::Said;
use beeminder_withings_sync::view::tray::Wish;
use secrecy::SecretString;
use tauri::AppHandle;

use super::{Code, CommandError, Outcome, grant};
use crate::shell::resident;

#[tauri::command]
pub(crate) async fn cancel_sign_in(app: AppHandle) -> Outcome {
    grant(&app, Wish::CancelSignIn)
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
pub(crate) async fn paste_callback(app: AppHandle, address: String) -> Outcome<Said> {
    let address = address.split_whitespace().collect();
    let taken = resident(&app)?.take_callback(address).await;
    taken.map_err(|why| CommandError { code: Code::Failed, why, field: None })
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
        HelpPage::Beeminder => "https://www.beeminder.com/",
        HelpPage::BeeminderToken => "https://www.beeminder.com/api/v1/auth_token.json",
        HelpPage::BeeminderApplications => "https://www.beeminder.com/apps/new",
    };
    Ok(open::that_detached(url).with_context(|| Wrong::new("no_browser", []))?)
}

/// A page that helps to set the program up.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HelpPage {
    WithingsDashboard,
    Beeminder,
    BeeminderToken,
    BeeminderApplications,
}
