//! Hands out tokens, renewing Withings' before they run out.
//!
//! Withings replaces the refresh token at every renewal, and the old one dies once the new access token
//! is used (or after 8 hours). So: one renewal at a time, across tasks and processes; the new pair is
//! saved and read back before its access token is used; a failed renewal changes nothing; and only a
//! definite refusal means that the user must sign in again.
//! <https://developer.withings.com/developer-guide/v3/integration-guide/public-health-data-api/get-access/access-and-refresh-tokens>

mod application;
mod error;
mod notifications;
mod withings_tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::keychain::{Item, Keychain, KeychainError};
use crate::domain::service::Service;
use crate::platform::data_dir::{DataDir, Lock};
use crate::services::beeminder::{Token, TokenKind};
use crate::services::withings;
use crate::services::withings::Application;

pub use error::TokenError;
pub use notifications::NotificationSecrets;
pub use withings_tokens::WithingsTokens;

/// An access token this close to its end is renewed first.
const MARGIN: TimeDelta = TimeDelta::minutes(10);

/// A renewal takes one request; whoever waits longer than this waits for a process that hangs.
const LOCK_TIMEOUT: Duration = Duration::from_secs(90);

/// What is written into the keychain. The only place where secrets become text.
#[derive(Serialize, Deserialize)]
struct WithingsEntry {
    client_id: String,
    client_secret: String,
    access_token: String,
    refresh_token: String,
    expires_at: i64,
    user_id: String,
}

#[derive(Serialize, Deserialize)]
struct BeeminderEntry {
    kind: TokenKind,
    token: String,
}

/// The tokens of both services.
pub struct Tokens {
    keychain: Arc<dyn Keychain>,
    dir: DataDir,
    /// One renewal at a time in this process; the lock file is for the others.
    withings: Mutex<Option<Cached>>,
}

/// Tokens that the keychain had, and which sign-in it was then.
struct Cached {
    tokens: WithingsTokens,
    sign_in: u64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Hands out what `keychain` holds; lock files go into `dir`.
    pub fn new(keychain: Arc<dyn Keychain>, dir: DataDir) -> Tokens {
        Tokens { keychain, dir, withings: Mutex::new(None) }
    }

    /// An access token for Withings that is neither stale nor `refused`.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn withings(
        &self,
        client: &withings::Client,
        refused: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<SecretString, TokenError> {
        let mut cached = self.withings.lock().await;
        // Another process may have disconnected, or signed in again, meanwhile.
        let sign_in = self.dir.sign_in_number();
        if let Some(cached) = cached.as_ref().filter(|cached| Some(cached.sign_in) == sign_in)
            && cached.tokens.is_fresh(refused, MARGIN, now)
        {
            return Ok(cached.tokens.access_token.clone());
        }
        *cached = None;
        let _held = self.dir.lock(Lock::Token, LOCK_TIMEOUT).await?;
        // Another process may have renewed them meanwhile, or be the only one that could.
        let mut stored = self.load_withings().await?;
        if !stored.is_fresh(refused, MARGIN, now) {
            stored = self.renew(client, stored, refused, now).await?;
        }
        let token = stored.access_token.clone();
        *cached = self.cache(stored);
        Ok(token)
    }

    /// What to keep at hand, under the lock: nothing when it could not be told that it is over.
    fn cache(&self, tokens: WithingsTokens) -> Option<Cached> {
        if self.dir.sign_in_number().is_none()
            && let Err(error) = self.dir.count_sign_in()
        {
            tracing::warn!("The sign-in is read from the keychain each time: {error:#}");
        }
        Some(Cached { tokens, sign_in: self.dir.sign_in_number()? })
    }

    /// Renews under the lock.
    async fn renew(
        &self,
        client: &withings::Client,
        stored: WithingsTokens,
        refused: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<WithingsTokens, TokenError> {
        match client.refresh(&stored.application, &stored.refresh_token).await {
            Ok(grant) => {
                if let Some(found) = grant.user_id.as_ref().filter(|found| **found != stored.user_id) {
                    let (found, expected) = (found.clone(), stored.user_id);
                    return Err(TokenError::AnotherPerson { found, expected });
                }
                let renewed = stored.renewed(grant, now);
                self.save_withings(&renewed).await?;
                tracing::info!("The Withings sign-in was renewed");
                Ok(renewed)
            }
            Err(error @ (withings::Error::SignInAgain | withings::Error::ApplicationRefused)) => {
                Err(error.into())
            }
            // Renewing early failed, but the token at hand still works.
            Err(error) if stored.is_fresh(refused, TimeDelta::zero(), now) => {
                tracing::info!("The Withings sign-in is renewed later: {error}");
                Ok(stored)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The Beeminder token.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn beeminder(&self) -> Result<Token, TokenError> {
        let text = self.load(Service::Beeminder).await?;
        let entry: BeeminderEntry = read_entry(&text)?;
        let token = SecretString::from(entry.token);
        Ok(match entry.kind {
            TokenKind::OAuth => Token::OAuth(token),
            TokenKind::Personal => Token::Personal(token),
        })
    }

    /// The application that Withings was last connected through.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn withings_application(&self) -> Result<Application, TokenError> {
        Ok(self.load_withings().await?.application)
    }

    /// Saves what a sign-in at Withings brought.
    ///
    /// # Errors
    /// When the keychain did not keep it; what it held before is still there.
    pub async fn save_withings_sign_in(&self, tokens: WithingsTokens) -> Result<(), TokenError> {
        let mut cached = self.withings.lock().await;
        let _held = self.dir.lock(Lock::Token, LOCK_TIMEOUT).await?;
        self.save_withings(&tokens).await?;
        self.dir.count_sign_in()?;
        *cached = self.cache(tokens);
        Ok(())
    }

    /// Saves a Beeminder token.
    ///
    /// # Errors
    /// When the keychain did not keep it; what it held before is still there.
    pub async fn save_beeminder(&self, token: &Token) -> Result<(), TokenError> {
        let (kind, secret) = match token {
            Token::OAuth(secret) => (TokenKind::OAuth, secret),
            Token::Personal(secret) => (TokenKind::Personal, secret),
        };
        let entry = BeeminderEntry { kind, token: secret.expose_secret().to_owned() };
        self.save(Item::Tokens(Service::Beeminder), &entry).await
    }

    /// Deletes a service's tokens.
    ///
    /// # Errors
    /// When they may still be there.
    pub async fn delete(&self, service: Service) -> Result<(), TokenError> {
        let mut cached = self.withings.lock().await;
        // A renewal under way in another process would bring them back.
        let _held = self.dir.lock(Lock::Token, LOCK_TIMEOUT).await?;
        self.on_keychain(move |keychain| keychain.delete(Item::Tokens(service))).await?;
        if service == Service::Withings {
            *cached = None;
            if let Err(error) = self.dir.count_sign_in() {
                tracing::warn!("Other programs may go on for a while: {error:#}");
            }
        }
        Ok(())
    }

    async fn load_withings(&self) -> Result<WithingsTokens, TokenError> {
        let text = self.load(Service::Withings).await?;
        let entry: WithingsEntry = read_entry(&text)?;
        Ok(WithingsTokens {
            application: Application { client_id: entry.client_id, secret: entry.client_secret.into() },
            access_token: entry.access_token.into(),
            refresh_token: entry.refresh_token.into(),
            expires_at: DateTime::from_timestamp(entry.expires_at, 0).unwrap_or_default(),
            user_id: entry.user_id,
        })
    }

    async fn save_withings(&self, tokens: &WithingsTokens) -> Result<(), TokenError> {
        let entry = WithingsEntry {
            client_id: tokens.application.client_id.clone(),
            client_secret: tokens.application.secret.expose_secret().to_owned(),
            access_token: tokens.access_token.expose_secret().to_owned(),
            refresh_token: tokens.refresh_token.expose_secret().to_owned(),
            expires_at: tokens.expires_at.timestamp(),
            user_id: tokens.user_id.clone(),
        };
        self.save(Item::Tokens(Service::Withings), &entry).await
    }

    async fn load(&self, service: Service) -> Result<SecretString, TokenError> {
        self.load_item(Item::Tokens(service)).await?.ok_or(TokenError::NotConnected(service))
    }

    /// Makes sure that the keychain can keep a sign-in, before the user goes to the browser for one.
    pub(crate) async fn prepare(&self) -> Result<(), TokenError> {
        self.ask_again();
        self.on_keychain(|keychain| keychain.prepare()).await
    }

    /// Notes that the user does something: the keychain may ask for its password once more.
    pub(crate) fn ask_again(&self) {
        self.keychain.ask_again();
    }

    /// Keeps the sign-in in flight, so that its callback can be answered by another process.
    pub(crate) async fn keep_sign_in(&self, sign_in: &impl Serialize) -> Result<(), TokenError> {
        self.save(Item::SignIn, sign_in).await
    }

    /// The sign-in that was kept.
    pub(crate) async fn kept_sign_in<T: DeserializeOwned>(&self) -> Result<Option<T>, TokenError> {
        self.load_item(Item::SignIn).await?.map(|text| read_entry(&text)).transpose()
    }

    /// Forgets the sign-in that was kept.
    pub(crate) async fn forget_sign_in(&self) -> Result<(), TokenError> {
        self.on_keychain(|keychain| keychain.delete(Item::SignIn)).await
    }

    async fn load_item(&self, item: Item) -> Result<Option<SecretString>, TokenError> {
        self.on_keychain(move |keychain| keychain.load(item)).await
    }

    /// Saves and reads back.
    async fn save(&self, item: Item, entry: &impl Serialize) -> Result<(), TokenError> {
        let text = serde_json::to_string(entry).map_err(anyhow::Error::from)?;
        let secret = SecretString::from(text);
        self.on_keychain(move |keychain| {
            keychain.save(item, &secret)?;
            let kept = keychain.load(item)?;
            if kept.is_some_and(|kept| kept.expose_secret() == secret.expose_secret()) {
                Ok(())
            } else {
                Err(KeychainError::NotKept)
            }
        })
        .await
    }

    /// Runs `work` where it may block.
    async fn on_keychain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Keychain) -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, TokenError> {
        let keychain = Arc::clone(&self.keychain);
        let outcome = tokio::task::spawn_blocking(move || work(&*keychain)).await;
        Ok(outcome.map_err(anyhow::Error::from)??)
    }
}

/// Reads an entry. The error does not quote it.
fn read_entry<T: DeserializeOwned>(text: &SecretString) -> Result<T, TokenError> {
    serde_json::from_str(text.expose_secret()).map_err(|_| {
        TokenError::Keychain(KeychainError::Failed(
            "it holds something this program did not write; disconnect and connect again".into(),
        ))
    })
}
