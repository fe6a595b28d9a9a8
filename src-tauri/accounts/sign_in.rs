//! One attempt to sign in: made when the user asks, good for ten minutes and for one callback.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::callback::{Callback, CallbackOutcome};
use super::keychain::KeychainError;
use crate::domain::callback_way::CallbackWay;
use crate::domain::service::Service;
use crate::services::{beeminder, withings};
use crate::text::Message;

/// How long the user may take in the browser.
pub const SIGN_IN_TIMEOUT: TimeDelta = TimeDelta::minutes(10);

/// An attempt in flight.
#[derive(Debug)]
pub struct SignIn {
    /// Where the user signs in.
    pub service: Service,
    /// The address the browser comes back to.
    pub redirect_uri: String,
    state: SecretString,
    started_at: DateTime<Utc>,
}

/// Why a sign-in came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A callback that no attempt in flight asked for. It changes nothing; the attempt goes on.
    NotAsked,
    /// The user took longer than [`SIGN_IN_TIMEOUT`].
    TooLate,
    /// The user declined, or the service did.
    Denied {
        /// The service that was signed in to.
        service: Service,
        /// The service's own words, quoted as such.
        reason: String,
    },
    /// The user signed in as somebody else than before.
    AnotherPerson {
        /// The service that was signed in to.
        service: Service,
        /// The user id or name that the new sign-in is for.
        found: String,
        /// The user id or name that the database belongs to.
        expected: String,
    },
    /// The service did not grant what measurements need.
    ScopeMissing,
    /// The tokens could not be kept.
    Keychain(#[from] KeychainError),
    /// Withings refused or cannot be reached.
    Withings(#[from] withings::Error),
    /// Beeminder refused or cannot be reached.
    Beeminder(#[from] beeminder::Error),
    /// This computer's trouble.
    Local(#[from] anyhow::Error),
}

impl SignInError {
    /// The sentence for people, where it is not this computer's trouble.
    pub fn message(&self) -> Option<Message> {
        Some(match self {
            SignInError::NotAsked => Message::error("sign_in_not_asked", []),
            SignInError::TooLate => Message::error("sign_in_too_late", []),
            SignInError::Denied { service, reason } => Message::error(
                "sign_in_denied",
                [("service", service.to_string()), ("reason", reason.clone())],
            ),
            SignInError::AnotherPerson { service, found, expected } => Message::error(
                "sign_in_another",
                [("service", service.to_string()), ("found", found.clone()), ("expected", expected.clone())],
            ),
            SignInError::ScopeMissing => Message::error("sign_in_scope", []),
            SignInError::Keychain(error) => error.message(),
            SignInError::Withings(error) => error.message(),
            SignInError::Beeminder(beeminder::Error::SignInAgain) => Message::error("token_unknown", []),
            SignInError::Beeminder(error) => error.message(),
            SignInError::Local(_) => return None,
        })
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.message()) {
            (SignInError::Local(error), _) => error.fmt(f),
            (_, said) => said.map_or(Ok(()), |said| said.fmt(f)),
        }
    }
}

/// An attempt as the keychain keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSignIn {
    service: String,
    redirect_uri: String,
    state: String,
    started_at: i64,
}

impl SignIn {
    /// Starts an attempt with a fresh, unguessable state.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn start(service: Service, way: CallbackWay, now: DateTime<Utc>) -> anyhow::Result<SignIn> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("No randomness: {error}"))?;
        Ok(SignIn {
            service,
            redirect_uri: way.redirect_uri(service),
            state: hex::encode(random).into(),
            started_at: now,
        })
    }

    /// Puts an attempt together again that another process started.
    pub(crate) fn resume(kept: KeptSignIn) -> Option<SignIn> {
        Some(SignIn {
            service: Service::named(&kept.service)?,
            redirect_uri: kept.redirect_uri,
            state: kept.state.into(),
            started_at: DateTime::from_timestamp(kept.started_at, 0)?,
        })
    }

    /// What another process needs to go on.
    pub(crate) fn to_keep(&self) -> KeptSignIn {
        KeptSignIn {
            service: self.service.name().to_owned(),
            redirect_uri: self.redirect_uri.clone(),
            state: self.state().to_owned(),
            started_at: self.started_at.timestamp(),
        }
    }

    /// Whether the user has taken longer than [`SIGN_IN_TIMEOUT`].
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        now - self.started_at > SIGN_IN_TIMEOUT
    }

    /// What the service must send back.
    pub fn state(&self) -> &str {
        self.state.expose_secret()
    }

    /// Judges a callback and returns the code or token in it.
    ///
    /// # Errors
    /// [`SignInError::NotAsked`] unless it is the answer to this very attempt.
    pub fn check(&self, callback: Callback, now: DateTime<Utc>) -> Result<SecretString, SignInError> {
        let state = callback.state.as_ref().map_or("", |state| state.expose_secret());
        let same: bool = state.as_bytes().ct_eq(self.state().as_bytes()).into();
        if callback.service != self.service || !same {
            return Err(SignInError::NotAsked);
        }
        if self.is_over(now) {
            return Err(SignInError::TooLate);
        }
        match callback.outcome {
            CallbackOutcome::Granted(secret) => Ok(secret),
            CallbackOutcome::Denied(reason) => Err(SignInError::Denied { service: self.service, reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::callback::parse;
    use super::*;

    fn start() -> (SignIn, DateTime<Utc>) {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        (SignIn::start(Service::Withings, CallbackWay::Scheme, now).unwrap(), now)
    }

    #[test]
    fn only_the_answer_to_this_attempt_counts() {
        let (sign_in, now) = start();
        let check = |service: &str, query: &str| {
            let callback =
                parse(&format!("beeminder-withings-sync://{service}/auth_callback?{query}")).unwrap();
            sign_in.check(callback, now)
        };
        let state = sign_in.state();
        assert!(check("withings", &format!("code=abc&state={state}")).is_ok());
        for (service, query) in [
            ("withings", "code=abc".to_owned()),
            ("withings", "code=abc&state=".to_owned()),
            ("withings", format!("code=abc&state={}", start().0.state())),
            ("withings", format!("code=abc&state={}", &state[1..])),
            ("withings", "error=access_denied&state=wrong".to_owned()),
            ("beeminder", format!("access_token=abc&state={state}")),
        ] {
            assert!(matches!(check(service, &query), Err(SignInError::NotAsked)), "{service} {query}");
        }
        let denied = check("withings", &format!("error=access_denied&state={state}"));
        assert!(matches!(denied, Err(SignInError::Denied { .. })));
    }

    #[test]
    fn it_ends_after_ten_minutes() {
        let (sign_in, now) = start();
        let callback = || {
            parse(&format!(
                "beeminder-withings-sync://withings/auth_callback?code=a&state={}",
                sign_in.state()
            ))
            .unwrap()
        };
        assert!(sign_in.check(callback(), now + SIGN_IN_TIMEOUT).is_ok());
        let late = sign_in.check(callback(), now + SIGN_IN_TIMEOUT + TimeDelta::seconds(1));
        assert!(matches!(late, Err(SignInError::TooLate)));
    }

    #[test]
    fn states_are_long_and_never_repeat_and_are_not_printed() {
        let (one, other) = (start().0, start().0);
        assert_eq!(one.state().len(), 64);
        assert_ne!(one.state(), other.state());
        assert!(!format!("{one:?}").contains(one.state()));
    }
}
