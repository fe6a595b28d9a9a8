//! Connecting the two accounts.

use anyhow::Context;
use beeminder_withings_sync::agent::protocol::{AgentRequest, Credentials};
use beeminder_withings_sync::app::UserError;
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::text::Message;
use beeminder_withings_sync::view::agent_state::SignInState;
use secrecy::SecretString;
use tauri::AppHandle;

use super::{CommandResult, open_page};
use crate::window::front::front;

#[tauri::command]
pub(crate) async fn cancel_sign_in(app: AppHandle) -> CommandResult {
    front(&app)?.ask(AgentRequest::CancelSignIn).await
}

#[tauri::command]
pub(crate) async fn sign_in_withings(
    app: AppHandle,
    client_id: String,
    client_secret: SecretString,
    way: CallbackWay,
) -> CommandResult {
    use secrecy::ExposeSecret;
    let secret = SecretString::from(client_secret.expose_secret().trim());
    let front = front(&app)?;
    let client_id = client_id.trim().to_owned();
    // An id without a secret means the one whose secret is kept; neither, that of the last sign-in.
    let is_kept = client_id.is_empty() || front.app.known_client_id()?.as_ref() == Some(&client_id);
    let is_new = !is_kept || !secret.expose_secret().is_empty();
    let application = is_new.then(|| Credentials { client_id, secret });
    front.ask(AgentRequest::SignInWithings { application, way }).await
}

#[tauri::command]
pub(crate) async fn sign_in_beeminder(app: AppHandle, client_id: String, way: CallbackWay) -> CommandResult {
    let client_id = Some(client_id.trim().to_owned()).filter(|id| !id.is_empty());
    front(&app)?.ask(AgentRequest::SignInBeeminder { client_id, way }).await
}

#[tauri::command]
pub(crate) async fn connect_beeminder_token(app: AppHandle, token: SecretString) -> CommandResult {
    use secrecy::ExposeSecret;
    let token = SecretString::from(token.expose_secret().trim());
    let front = front(&app)?;
    front.app.connect_beeminder_token(token, clock::now()).await?;
    front.tell(AgentRequest::CancelSignIn).await?;
    front.sync_soon().await
}

#[tauri::command]
pub(crate) async fn open_consent_page(app: AppHandle) -> CommandResult {
    let (view, _) = front(&app)?.view()?;
    match view.agent.map(|agent| agent.sign_in) {
        Some(SignInState::Waiting { authorize_url, .. }) => open_page(&authorize_url),
        Some(SignInState::None | SignInState::Failed { .. }) | None => Ok(()),
    }
}

#[tauri::command]
pub(crate) async fn paste_callback(app: AppHandle, address: String) -> CommandResult<Message> {
    let address = address.split_whitespace().collect();
    front(&app)?.ask(AgentRequest::Callback { address, token: None }).await
}

#[tauri::command]
pub(crate) async fn disconnect(app: AppHandle, service: Service) -> CommandResult {
    let front = front(&app)?;
    front.app.disconnect(service, clock::now()).await?;
    front.changed().await
}

/// Opens a page that helps to set the program up. A closed list: the window cannot ask for others.
#[tauri::command]
pub(crate) async fn open_help(page: HelpPage) -> CommandResult {
    let url = match page {
        HelpPage::WithingsDashboard => "https://developer.withings.com/dashboard/",
        HelpPage::Beeminder => "https://www.beeminder.com/",
        HelpPage::BeeminderToken => "https://www.beeminder.com/api/v1/auth_token.json",
        HelpPage::BeeminderApplications => "https://www.beeminder.com/apps/new",
    };
    Ok(open::that_detached(url).with_context(|| UserError::new("no_browser", []))?)
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
