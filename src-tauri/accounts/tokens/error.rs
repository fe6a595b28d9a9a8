//! Reasons why there is no token to hand out.

use crate::accounts::keychain::KeychainError;
use crate::domain::service::Service;
use crate::services::withings;
use crate::text::Message;

/// Why there is no token to hand out.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The user never signed in, or disconnected.
    #[error("{}", TokenError::not_connected(*.0))]
    NotConnected(Service),
    /// The keychain could not be used.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// Withings renewed another person's sign-in. Nothing of it was saved or used.
    #[error("{}", TokenError::another_person(.found, .expected))]
    AnotherPerson {
        /// Withings' userid in the answer.
        found: String,
        /// The one whose measurements are here.
        expected: String,
    },
    /// Withings refused the renewal or cannot be reached.
    #[error(transparent)]
    Withings(#[from] withings::Error),
    /// This computer's trouble.
    #[error(transparent)]
    Local(#[from] anyhow::Error),
}

impl TokenError {
    fn not_connected(service: Service) -> Message {
        Message::error("not_connected", [("service", service.to_string())])
    }

    pub(crate) fn another_person(found: &str, expected: &str) -> Message {
        Message::error("renewed_another", [("found", found.to_owned()), ("expected", expected.to_owned())])
    }

    /// The sentence for people, where it is not this computer's trouble.
    pub fn message(&self) -> Option<Message> {
        match self {
            TokenError::NotConnected(service) => Some(TokenError::not_connected(*service)),
            TokenError::AnotherPerson { found, expected } => {
                Some(TokenError::another_person(found, expected))
            }
            TokenError::Keychain(error) => Some(error.message()),
            TokenError::Withings(error) => Some(error.message()),
            TokenError::Local(_) => None,
        }
    }
}
