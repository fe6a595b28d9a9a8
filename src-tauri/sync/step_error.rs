//! Tells trouble with a service, which is noted and tried again, from a fault of this computer, which ends the
//! pass.

use super::trouble::Trouble;
use crate::accounts::tokens::TokenError;
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::services::{beeminder, withings};
use crate::text::Message;

/// Why a step came to nothing.
#[derive(Debug)]
pub(super) enum StepError {
    /// A service or the keychain did not do what was asked.
    Service(Trouble),
    /// This computer could not: its disk, its database.
    Local(anyhow::Error),
}

impl StepError {
    /// The trouble, where a step failed for that.
    ///
    /// # Errors
    /// The fault of this computer.
    pub(super) fn into_trouble(self) -> anyhow::Result<Trouble> {
        match self {
            StepError::Service(trouble) => Ok(trouble),
            StepError::Local(error) => Err(error),
        }
    }
}

impl From<Trouble> for StepError {
    fn from(trouble: Trouble) -> StepError {
        StepError::Service(trouble)
    }
}

impl From<anyhow::Error> for StepError {
    fn from(error: anyhow::Error) -> StepError {
        StepError::Local(error)
    }
}

impl From<withings::Error> for StepError {
    fn from(error: withings::Error) -> StepError {
        StepError::Service(error.into())
    }
}

impl From<beeminder::Error> for StepError {
    fn from(error: beeminder::Error) -> StepError {
        StepError::Service(error.into())
    }
}

/// A missing token is trouble, a broken computer is a fault.
impl From<TokenError> for StepError {
    fn from(error: TokenError) -> StepError {
        let trouble = match error {
            TokenError::NotConnected(service) => {
                let code = match service {
                    Service::Withings => ProblemCode::SignInWithings,
                    Service::Beeminder => ProblemCode::SignInBeeminder,
                };
                let about = [("service", service.to_string())];
                Trouble::of_account(code, Message::error("no_sign_in", about))
            }
            TokenError::AnotherPerson { found, expected } => {
                let message = TokenError::another_person(&found, &expected);
                Trouble::of_account(ProblemCode::AnotherPerson, message)
            }
            TokenError::Keychain(error) => error.into(),
            TokenError::Withings(error) => Trouble { is_of_account: true, ..error.into() },
            TokenError::Local(error) => return StepError::Local(error),
        };
        StepError::Service(trouble)
    }
}
