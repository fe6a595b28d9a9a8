//! The secrets of Withings' notifications in the keychain: what this program's addresses are made of, and the tunnel's
//! command, which often holds a token.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{TokenError, Tokens, read_entry};
use crate::accounts::keychain::Item;

/// What is written into the keychain.
#[derive(Serialize, Deserialize)]
struct NotificationsEntry {
    key: String,
    command: Option<String>,
}

/// The secrets of notifications.
#[derive(Debug, Clone)]
pub struct NotificationSecrets {
    /// What the secret ends of addresses are made of.
    pub key: SecretString,
    /// The command that runs the tunnel, where one leads here.
    pub command: Option<SecretString>,
}

impl Tokens {
    /// Keeps the secrets, in place of earlier ones.
    pub(crate) async fn keep_notifications(&self, secrets: &NotificationSecrets) -> Result<(), TokenError> {
        let command = secrets.command.as_ref().map(|command| command.expose_secret().to_owned());
        let entry = NotificationsEntry { key: secrets.key.expose_secret().to_owned(), command };
        self.save(Item::Notifications, &entry).await
    }

    /// The secrets that were kept.
    pub(crate) async fn kept_notifications(&self) -> Result<Option<NotificationSecrets>, TokenError> {
        let Some(text) = self.load_item(Item::Notifications).await? else {
            return Ok(None);
        };
        let NotificationsEntry { key, command } = read_entry(&text)?;
        Ok(Some(NotificationSecrets { key: key.into(), command: command.map(Into::into) }))
    }

    /// Forgets the secrets.
    pub(crate) async fn forget_notifications(&self) -> Result<(), TokenError> {
        self.on_keychain(|keychain| keychain.delete(Item::Notifications)).await
    }
}
