//! Errors of Beeminder, named by what the caller must do.

use std::fmt;
use std::time::Duration;

use crate::services::Flaw;
use crate::services::http::Failure;
use crate::text::Message;

/// An answer from Beeminder that is not the one hoped for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token is not accepted: ask the user, keep everything.
    SignInAgain,
    /// No such goal, datapoint or user.
    NotFound {
        /// Beeminder's own words.
        message: String,
    },
    /// This very datapoint is there already.
    Duplicate,
    /// Beeminder finds fault with the request; repeating it will not help.
    Rejected {
        /// The HTTP status.
        status: u16,
        /// Beeminder's own words.
        message: String,
        /// Whether the words name the field at fault, which rules out a duplicate.
        names_fields: bool,
    },
    /// The goal takes no more datapoints for now: try again hours later.
    DayIsFull {
        /// Beeminder's own words.
        message: String,
    },
    /// Too many requests: wait.
    RateLimited {
        /// How long, when it says so.
        retry_after: Option<Duration>,
    },
    /// Beeminder has trouble: try later. The request may have taken effect.
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// Something on the way answered in Beeminder's place, a proxy or the page of a network: try later.
    InTheWay {
        /// The HTTP status.
        status: u16,
    },
    /// Beeminder points elsewhere, which would lose what was posted.
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// No connection or no answer in time: try later. The request may have taken effect.
    Unreachable(#[source] reqwest::Error),
    /// The answer is not what the documentation says: try later. The request may have taken effect.
    Unreadable(Flaw),
}

impl Error {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        let service = || ("service", "Beeminder".to_owned());
        // Other sentences go on behind what Beeminder says.
        let message = |message: &String| ("message", message.trim_end_matches(['.', ' ']).to_owned());
        match self {
            Error::SignInAgain => Message::error("signed_out", [service()]),
            Error::NotFound { message: words } if words.trim().is_empty() => {
                Message::error("not_found_silently", [])
            }
            Error::NotFound { message: words } => Message::error("not_found", [message(words)]),
            Error::Duplicate => Message::error("duplicate", []),
            Error::Rejected { status, message: words, .. } if words.trim().is_empty() => {
                Message::error("rejected_silently", [service(), ("status", status.to_string())])
            }
            Error::Rejected { status, message: words, .. } => {
                Message::error("rejected", [service(), ("status", status.to_string()), message(words)])
            }
            Error::DayIsFull { message: words } => Message::error("day_is_full", [message(words)]),
            Error::RateLimited { .. } => Message::error("rate_limited", [service()]),
            Error::Unavailable { status, .. } => {
                Message::error("unavailable", [service(), ("status", status.to_string())])
            }
            Error::InTheWay { status } => Message::error("in_the_way", [("status", status.to_string())]),
            Error::Redirected { status } => Message::error("redirected", [("status", status.to_string())]),
            Error::Unreachable(error) => crate::services::http::unreachable("Beeminder", error),
            Error::Unreadable(flaw) => {
                Message { key: "error.unreadable".into(), args: flaw.facts("Beeminder") }
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Unreachable(error) => Error::Unreachable(error),
            Failure::TooLarge => Error::Unreadable(Flaw::TooLarge),
        }
    }
}
