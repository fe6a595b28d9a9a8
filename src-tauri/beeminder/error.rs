//! What can go wrong at Beeminder, named by what the caller must do.

use std::time::Duration;

use crate::http::Failure;

/// An answer from Beeminder that is not the one hoped for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token is not accepted: ask the user, keep everything.
    #[error("Beeminder no longer accepts the sign-in")]
    SignInAgain,
    /// No such goal, datapoint or user.
    #[error("Beeminder does not know it: {message}")]
    NotFound {
        /// Beeminder's own words.
        message: String,
    },
    /// This very datapoint is there already.
    #[error("Beeminder has this datapoint already")]
    Duplicate,
    /// Beeminder finds fault with the request; repeating it will not help.
    #[error("Beeminder refused it (HTTP {status}): {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// Beeminder's own words.
        message: String,
        /// Whether the words name the field at fault, which rules out a duplicate.
        names_fields: bool,
    },
    /// The goal takes no more datapoints for now: try again hours later.
    #[error("Beeminder takes no more datapoints for this goal today: {message}")]
    DayIsFull {
        /// Beeminder's own words.
        message: String,
    },
    /// Too many requests: wait.
    #[error("Beeminder asks for a pause because of too many requests")]
    RateLimited {
        /// How long, when it says so.
        retry_after: Option<Duration>,
    },
    /// Beeminder has trouble: try later. The request may have taken effect.
    #[error("Beeminder has a problem (HTTP {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// Beeminder points elsewhere, which would lose what was posted.
    #[error("Beeminder answered with a redirect (HTTP {status}), which is never followed")]
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// No connection or no answer in time: try later. The request may have taken effect.
    #[error("Beeminder cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The answer is not what the documentation says: try later. The request may have taken effect.
    #[error("Beeminder sent an answer that cannot be read: {what}")]
    Unreadable {
        /// What is wrong with it.
        what: String,
    },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Unreachable(error) => Error::Unreachable(error),
            Failure::TooLarge => Error::Unreadable { what: "it is too large".into() },
        }
    }
}
