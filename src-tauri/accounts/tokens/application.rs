//! The user's Withings application in the keychain, from the moment it was checked until an account is connected
//! through it and its tokens carry it along.

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{TokenError, Tokens, read_entry};
use crate::accounts::keychain::Item;
use crate::services::withings::Application;

/// What is written into the keychain.
#[derive(Serialize, Deserialize)]
struct ApplicationEntry {
    client_id: String,
    client_secret: String,
}

impl Tokens {
    /// Keeps an application that was checked.
    pub(crate) async fn keep_application(&self, application: &Application) -> Result<(), TokenError> {
        let entry = ApplicationEntry {
            client_id: application.client_id.clone(),
            client_secret: application.secret.expose_secret().to_owned(),
        };
        self.save(Item::Application, &entry).await
    }

    /// The application that was kept.
    pub(crate) async fn kept_application(&self) -> Result<Option<Application>, TokenError> {
        let Some(text) = self.load_item(Item::Application).await? else {
            return Ok(None);
        };
        let ApplicationEntry { client_id, client_secret } = read_entry(&text)?;
        Ok(Some(Application { client_id, secret: client_secret.into() }))
    }

    /// Forgets the application that was kept.
    pub(crate) async fn forget_application(&self) -> Result<(), TokenError> {
        self.on_keychain(|keychain| keychain.delete(Item::Application)).await
    }
}
