//! Commands about Withings' notifications.

use beeminder_withings_sync::app::{NewWay, UserError};
use beeminder_withings_sync::domain::reachable::LISTEN;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::text::Message;
use secrecy::SecretString;
use tauri::AppHandle;

use super::CommandResult;
use crate::window::front::front;

/// Switches notifications on, by an address or else by a tunnel's command, and says how it went.
#[tauri::command]
pub(crate) async fn notifications_on(
    app: AppHandle,
    address: Option<String>,
    command: Option<SecretString>,
    listen: String,
) -> CommandResult<Message> {
    let front = front(&app)?;
    let malformed = || UserError::in_field("listen", Message::error("listen_malformed", []));
    let listen = match listen.trim() {
        "" => LISTEN,
        text => text.parse().map_err(|_| anyhow::Error::from(malformed()))?,
    };
    let way = match address {
        Some(address) => NewWay::Address(address),
        None => NewWay::Tunnel(command.unwrap_or_else(|| String::new().into())),
    };
    front.app.notifications_on(way, listen).await?;
    let tried = front.app.try_notifications().await?;
    front.changed().await?;
    Ok(tried.message())
}

#[tauri::command]
pub(crate) async fn notifications_off(app: AppHandle) -> CommandResult {
    let front = front(&app)?;
    front.app.notifications_off(clock::now()).await?;
    front.changed().await
}

/// Tries whether notifications come, and says how it went.
#[tauri::command]
pub(crate) async fn try_notifications(app: AppHandle) -> CommandResult<Message> {
    Ok(front(&app)?.app.try_notifications().await?.message())
}
