//! Connecting the two accounts, and disconnecting them.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{App, UserError, credential};
use crate::accounts::callback;
use crate::accounts::scope;
use crate::accounts::sign_in::{KeptSignIn, SignIn, SignInError};
use crate::accounts::tokens::{TokenError, WithingsTokens};
use crate::domain::callback_way::CallbackWay;
use crate::domain::goal::User;
use crate::domain::service::Service;
use crate::services::Flaw;
use crate::services::beeminder;
use crate::services::beeminder::Token;
use crate::services::withings;
use crate::services::withings::Application;
use crate::store;
use crate::text::{Message, args};

/// The Beeminder application of this build, if it has one.
pub const BEEMINDER_CLIENT_ID: Option<&str> = option_env!("BEEMINDER_CLIENT_ID");

/// A sign-in in flight, and where to send the user for it.
#[derive(Debug)]
pub struct Attempt {
    /// The address to open in a browser.
    pub authorize_url: Url,
    sign_in: SignIn,
    application: Option<Application>,
}

/// An attempt as the keychain keeps it, with the application it needs to finish.
#[derive(Serialize, Deserialize)]
struct KeptAttempt {
    authorize_url: Url,
    sign_in: KeptSignIn,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// A sign-in that worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connected {
    /// The service whose account is connected.
    pub service: Service,
    /// Whose: Withings' userid or Beeminder's user name.
    pub user: String,
}

impl Connected {
    /// The good news.
    pub fn message(&self) -> Message {
        let about = [("service", self.service.to_string()), ("user", self.user.clone())];
        Message { key: "notice.connected".into(), args: args(about) }
    }
}

impl Attempt {
    /// Which account.
    pub fn service(&self) -> Service {
        self.sign_in.service
    }
}

impl App {
    /// Checks the user's Withings application and starts a sign-in through it.
    ///
    /// # Errors
    /// When client id or secret are wrong or the keychain cannot keep tokens, before any browser opens.
    pub async fn begin_withings(
        &self,
        application: Application,
        way: CallbackWay,
        now: DateTime<Utc>,
    ) -> Result<Attempt, SignInError> {
        let application = Application {
            client_id: credential::taken_out(&application.client_id, "client_id"),
            secret: credential::secret_taken_out(&application.secret, "client_secret"),
        };
        credential::check_client_id(&application.client_id).map_err(wrong)?;
        credential::check_secret(&application.secret).map_err(wrong)?;
        self.check_application(&application, now).await?;
        self.tokens.prepare().await.map_err(sign_in_error)?;
        let sign_in = SignIn::start(Service::Withings, way, now)?;
        let account = &self.endpoints.withings_account;
        let scopes = self.store.read(scope::wanted).map_err(SignInError::Local)?;
        let authorize_url = withings::oauth::authorize_url(
            account,
            &application.client_id,
            &scopes,
            &sign_in.redirect_uri,
            sign_in.state(),
        );
        Ok(Attempt { authorize_url, sign_in, application: Some(application) })
    }

    /// What the user would be asked to share at Withings now, beside measurements, and why, in words.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn sharing_asked(&self) -> anyhow::Result<Vec<&'static str>> {
        let words = |one: &str| match one {
            withings::oauth::ACTIVITY => Some("activity and sleep, because a goal needs them"),
            withings::oauth::DEVICES => Some("your devices, to tell when one stops uploading"),
            _ => None,
        };
        Ok(self.store.read(scope::wanted)?.into_iter().filter_map(words).collect())
    }

    /// Sets whether the user wants to know when a device stops uploading. It counts from the next sign-in.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn watch_devices(&self, watch: bool) -> anyhow::Result<()> {
        self.store.write(|conn| store::setting::save_watches_devices(conn, watch))
    }

    /// Starts a sign-in at Beeminder.
    ///
    /// # Errors
    /// When the keychain cannot keep tokens.
    pub async fn begin_beeminder(
        &self,
        client_id: &str,
        way: CallbackWay,
        now: DateTime<Utc>,
    ) -> Result<Attempt, SignInError> {
        let client_id = &credential::taken_out(client_id, "client_id");
        credential::check_client_id(client_id).map_err(wrong)?;
        self.tokens.prepare().await.map_err(sign_in_error)?;
        let sign_in = SignIn::start(Service::Beeminder, way, now)?;
        let authorize_url = beeminder::oauth::authorize_url(
            &self.endpoints.beeminder,
            client_id,
            &sign_in.redirect_uri,
            sign_in.state(),
        );
        Ok(Attempt { authorize_url, sign_in, application: None })
    }

    /// Finishes `attempt` with the address the browser brought. Good for one answer.
    ///
    /// # Errors
    /// [`SignInError::NotAsked`] leaves the attempt in flight; every other error ends it. What was stored
    /// before is still there then.
    pub async fn finish(
        &self,
        attempt: &Attempt,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Connected, SignInError> {
        let callback = callback::parse(address).map_err(|_| SignInError::NotAsked)?;
        let granted = attempt.sign_in.check(callback, now)?;
        match &attempt.application {
            Some(application) => {
                let redirect_uri = &attempt.sign_in.redirect_uri;
                self.finish_withings(application, &granted, redirect_uri, now).await
            }
            None => self.connect_beeminder(Token::OAuth(granted), now).await,
        }
    }

    /// Keeps `attempt` in the keychain, so that its callback is answered even if this process is gone by
    /// then. It also shows, before the browser opens, whether the keychain can keep tokens.
    ///
    /// # Errors
    /// When the keychain did not keep it.
    pub async fn keep(&self, attempt: &Attempt) -> Result<(), SignInError> {
        let application = attempt.application.as_ref();
        if let Some(application) = application {
            self.keep_application(application).await.map_err(sign_in_error)?;
        }
        let kept = KeptAttempt {
            authorize_url: attempt.authorize_url.clone(),
            sign_in: attempt.sign_in.to_keep(),
            client_id: application.map(|application| application.client_id.clone()),
            client_secret: application.map(|application| application.secret.expose_secret().to_owned()),
        };
        self.tokens.keep_sign_in(&kept).await.map_err(sign_in_error)
    }

    /// The attempt that an earlier process kept, if its time is not over.
    ///
    /// # Errors
    /// When the keychain cannot be asked.
    pub async fn kept(&self, now: DateTime<Utc>) -> Result<Option<Attempt>, SignInError> {
        self.tokens.ask_again();
        let kept: Option<KeptAttempt> = self.tokens.kept_sign_in().await.map_err(sign_in_error)?;
        let Some(KeptAttempt { authorize_url, sign_in, client_id, client_secret }) = kept else {
            return Ok(None);
        };
        let application = client_id.zip(client_secret);
        Ok(SignIn::resume(sign_in).filter(|sign_in| !sign_in.is_over(now)).map(|sign_in| Attempt {
            authorize_url,
            sign_in,
            application: application
                .map(|(client_id, secret)| Application { client_id, secret: secret.into() }),
        }))
    }

    /// Forgets the attempt that was kept.
    ///
    /// # Errors
    /// When it may still be in the keychain.
    pub async fn forget_kept(&self) -> Result<(), SignInError> {
        self.tokens.forget_sign_in().await.map_err(sign_in_error)
    }

    /// Connects Beeminder with the user's own token.
    ///
    /// # Errors
    /// When Beeminder does not accept it, or it is another person's.
    pub async fn connect_beeminder_token(
        &self,
        token: SecretString,
        now: DateTime<Utc>,
    ) -> Result<Connected, SignInError> {
        let token = credential::secret_taken_out(&token, "auth_token");
        credential::check_token(&token).map_err(wrong)?;
        self.tokens.prepare().await.map_err(sign_in_error)?;
        self.connect_beeminder(Token::Personal(token), now).await
    }

    /// Forgets an account's tokens. Measurements and links stay, and go on when it is connected again.
    ///
    /// # Errors
    /// When the tokens may still be in the keychain.
    pub async fn disconnect(&self, service: Service, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.tokens.ask_again();
        if service == Service::Withings {
            // While there is a token for it. The choice stays, and counts again after the next sign-in.
            if let Err(error) = self.end_subscriptions(now).await {
                tracing::warn!("The subscriptions at Withings could not be ended: {error:#}");
            }
        }
        self.tokens.delete(service).await?;
        if service == Service::Withings {
            self.forget_application().await?;
        }
        self.store.write(|conn| {
            if service == Service::Withings {
                store::subscription::forget_all(conn)?;
                store::notifications::save_proven_address(conn, None)?;
            }
            store::account::save_disconnected(conn, service)
        })
    }

    async fn finish_withings(
        &self,
        application: &Application,
        code: &SecretString,
        redirect_uri: &str,
        now: DateTime<Utc>,
    ) -> Result<Connected, SignInError> {
        // First of all: the code dies after 30 seconds.
        let grant = self.withings.exchange(application, code, redirect_uri).await?;
        // Not told means: all that was asked for.
        let asked = self.store.read(scope::wanted).map_err(SignInError::Local)?.join(",");
        let granted_scope = grant.scope.clone().unwrap_or(asked);
        if !scope::has(&granted_scope, withings::oauth::METRICS) {
            return Err(SignInError::ScopeMissing);
        }
        let tokens = WithingsTokens::from_sign_in(application.clone(), grant, now)
            .ok_or_else(|| withings::Error::Unreadable(Flaw::lacks("userid")))?;
        let user = tokens.user_id.clone();
        self.refuse_another(Service::Withings, &user)?;
        self.tokens.save_withings_sign_in(tokens).await.map_err(sign_in_error)?;
        self.store.write(|conn| {
            store::account::save_connected(conn, Service::Withings, &user, "", now)?;
            store::doubt::forget_all(conn)?;
            store::account::save_scope(conn, &granted_scope)
        })?;
        self.leave_application_to_tokens(application).await?;
        Ok(Connected { service: Service::Withings, user })
    }

    /// Tests the token before it takes the place of the one at hand.
    async fn connect_beeminder(&self, token: Token, now: DateTime<Utc>) -> Result<Connected, SignInError> {
        let user = self.beeminder.me(&token).await?;
        self.refuse_another_person(&user)?;
        self.tokens.save_beeminder(&token).await.map_err(sign_in_error)?;
        self.store.write(|conn| {
            let (service, zone) = (Service::Beeminder, user.zone_name.as_str());
            crate::sync::save_user(conn, &user, now)?;
            store::account::save_connected(conn, service, &user.username, zone, now)?;
            store::person::save(conn, &user)
        })?;
        Ok(Connected { service: Service::Beeminder, user: user.username })
    }

    /// The same at Beeminder, where people can change their name.
    fn refuse_another_person(&self, user: &User) -> Result<(), SignInError> {
        let service = Service::Beeminder;
        let (is_known, account) = self
            .store
            .read(|conn| Ok((store::person::is_known(conn, user)?, store::account::load(conn, service)?)))?;
        match account {
            Some(account) if !is_known => Err(SignInError::AnotherPerson {
                service,
                found: user.username.clone(),
                expected: account.user_id,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// The data directory belongs to one person at each service.
    fn refuse_another(&self, service: Service, found: &str) -> Result<(), SignInError> {
        let known = self.store.read(|conn| store::account::load(conn, service))?;
        match known {
            Some(known) if known.user_id != found => {
                Err(SignInError::AnotherPerson { service, found: found.to_owned(), expected: known.user_id })
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn wrong(wrong: UserError) -> SignInError {
    SignInError::Local(wrong.into())
}

/// What a token that is not to be had means for a sign-in.
pub fn sign_in_error(error: TokenError) -> SignInError {
    match error {
        TokenError::Keychain(error) => SignInError::Keychain(error),
        TokenError::Withings(error) => SignInError::Withings(error),
        error @ (TokenError::NotConnected(_) | TokenError::AnotherPerson { .. }) => {
            SignInError::Local(error.into())
        }
        TokenError::Local(error) => SignInError::Local(error),
    }
}
