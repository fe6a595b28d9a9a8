//! Subscriptions to Withings' notifications: made, listed, moved and ended.
//!
//! Their addresses hold a secret, so they are one to this program: whoever knows one may ring.
//! <https://developer.withings.com/api-reference#tag/notify>

use secrecy::{ExposeSecret, SecretString};

use crate::domain::appli::Appli;
use crate::services::withings::error::Asked;
use crate::services::withings::{Client, Error, wire};

/// What Withings shows to the user beside a subscription.
const COMMENT: &str = "Beeminder Withings Sync";

const PATH: &str = "/notify";

/// A subscription as Withings lists it; it may be another program's.
#[derive(Debug, Clone)]
pub struct Subscribed {
    /// Withings' number for the kind of change.
    pub appli: i64,
    /// Where notifications are sent.
    pub callback: SecretString,
}

impl Client {
    /// Subscribes to a kind of change. Withings calls the address before it answers.
    ///
    /// # Errors
    /// [`Error::AddressRefused`] when Withings cannot reach the address, [`Error::TooManySubscriptions`].
    pub async fn subscribe(
        &self,
        token: &SecretString,
        appli: Appli,
        callback: &SecretString,
    ) -> Result<(), Error> {
        let number = appli.number().to_string();
        let form = [
            ("action", "subscribe"),
            ("callbackurl", callback.expose_secret()),
            ("appli", &number),
            ("comment", COMMENT),
        ];
        self.post(PATH, Asked::Subscription, Some(token), &form).await.map(drop)
    }

    /// Moves a subscription to another address, which Withings calls before it answers.
    ///
    /// # Errors
    /// [`Error::NoSuchSubscription`] when it is not there, [`Error::AddressRefused`] as with a new one.
    pub async fn move_subscription(
        &self,
        token: &SecretString,
        appli: Appli,
        from: &SecretString,
        to: &SecretString,
    ) -> Result<(), Error> {
        let number = appli.number().to_string();
        let form = [
            ("action", "update"),
            ("callbackurl", from.expose_secret()),
            ("appli", &number),
            ("new_callbackurl", to.expose_secret()),
        ];
        self.post(PATH, Asked::Subscription, Some(token), &form).await.map(drop)
    }

    /// Lists the subscriptions of the user to the application, ours and others.
    ///
    /// # Errors
    /// When Withings does not say.
    pub async fn subscriptions(&self, token: &SecretString) -> Result<Vec<Subscribed>, Error> {
        let body = self.post(PATH, Asked::Subscription, Some(token), &[("action", "list")]).await?;
        wire::subscriptions(&body)
    }

    /// Ends a subscription. One that is not there has ended.
    ///
    /// # Errors
    /// [`Error::NotRevoked`] when Withings could not end it.
    pub async fn revoke(
        &self,
        token: &SecretString,
        appli: Appli,
        callback: &SecretString,
    ) -> Result<(), Error> {
        let number = appli.number().to_string();
        let form = [("action", "revoke"), ("callbackurl", callback.expose_secret()), ("appli", &number)];
        match self.post(PATH, Asked::Subscription, Some(token), &form).await {
            Ok(_) | Err(Error::NoSuchSubscription) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
