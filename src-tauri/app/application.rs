//! The user's Withings application, kept once it was checked: its id in the store, its secret in the keychain.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::{App, UserError, sign_in_error};
use crate::accounts::sign_in::SignInError;
use crate::accounts::tokens::TokenError;
use crate::services::withings;
use crate::services::withings::Application;
use crate::store;
use crate::text::Message;

impl App {
    /// Has Withings check an application, and forgets one that was kept and is refused.
    pub(super) async fn check_application(
        &self,
        application: &Application,
        now: DateTime<Utc>,
    ) -> Result<(), SignInError> {
        let checked = self.withings.check_application(application, now).await;
        if matches!(checked, Err(withings::Error::ApplicationRefused)) {
            self.forget_refused(application).await.map_err(sign_in_error)?;
        }
        Ok(checked?)
    }

    /// The client id of the Withings application whose secret the keychain keeps. The keychain is not asked, which
    /// might ask the user in turn.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn known_client_id(&self) -> anyhow::Result<Option<String>> {
        self.store.read(store::setting::client_id)
    }

    /// The application to sign in through again: the one that was checked last, or else the one that Withings is
    /// connected through.
    ///
    /// # Errors
    /// When there is none, or the keychain cannot be used.
    pub async fn last_application(&self) -> Result<Application, TokenError> {
        self.tokens.ask_again();
        if let Some(application) = self.tokens.kept_application().await? {
            return Ok(application);
        }
        let connected = self.tokens.withings_application().await;
        if matches!(connected, Err(TokenError::NotConnected(_))) && self.known_client_id()?.is_some() {
            self.store.write(|conn| store::setting::save_client_id(conn, None))?;
            let missing = Message::error("secret_not_kept", []);
            return Err(TokenError::Local(UserError::in_field("clientSecret", missing).into()));
        }
        connected
    }

    /// Keeps an application that was checked, so that a restart does not lose what was typed.
    pub(super) async fn keep_application(&self, application: &Application) -> Result<(), TokenError> {
        self.tokens.keep_application(application).await?;
        let id = Some(application.client_id.as_str());
        Ok(self.store.write(|conn| store::setting::save_client_id(conn, id))?)
    }

    /// Leaves the secret to the tokens, which have it from here on.
    pub(super) async fn leave_application_to_tokens(&self, application: &Application) -> anyhow::Result<()> {
        if let Err(error) = self.tokens.forget_application().await {
            tracing::info!("The checked application is still in the keychain: {error}");
        }
        let id = Some(application.client_id.as_str());
        self.store.write(|conn| store::setting::save_client_id(conn, id))
    }

    /// Forgets what was kept if it is what Withings refuses.
    pub(super) async fn forget_refused(&self, refused: &Application) -> Result<(), TokenError> {
        if self.known_client_id()?.as_ref() != Some(&refused.client_id) {
            return Ok(());
        }
        let kept = self.tokens.kept_application().await?;
        if kept.is_some_and(|kept| kept.secret.expose_secret() == refused.secret.expose_secret()) {
            self.forget_application().await?;
        }
        Ok(())
    }

    /// Forgets the application that was kept.
    pub(super) async fn forget_application(&self) -> Result<(), TokenError> {
        self.tokens.forget_application().await?;
        Ok(self.store.write(|conn| store::setting::save_client_id(conn, None))?)
    }
}
