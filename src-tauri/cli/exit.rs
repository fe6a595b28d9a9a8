//! Exit codes, which scripts rely on.

use std::process::ExitCode;

use crate::accounts::keychain::KeychainError;
use crate::accounts::sign_in::SignInError;
use crate::accounts::tokens::TokenError;
use crate::app::UserError;
use crate::domain::attention::{Attention, urgency};
use crate::domain::goal::new_goal::NewGoalError;
use crate::domain::problem_code::Urgency;
use crate::health::status::Status;
use crate::services::{beeminder, withings};

/// How `bws` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Fine.
    Fine,
    /// Failed.
    Failed,
    /// Called wrongly.
    Usage,
    /// The user must act.
    NeedsYou,
    /// Failed for now; it is tried again or can be.
    TryAgain,
}

impl Exit {
    /// This one, or another where this is fine.
    pub(super) fn or(self, other: Exit) -> Exit {
        if self == Exit::Fine { other } else { self }
    }

    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Exit::Fine => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NeedsYou => 3,
            Exit::TryAgain => 4,
        })
    }

    /// The word for `--json`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Exit::Fine => "fine",
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::NeedsYou => "needs_you",
            Exit::TryAgain => "try_again",
        }
    }
}

/// What the arguments alone show to be wrong, in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CalledWrongly(pub(super) String);

impl CalledWrongly {
    pub(super) fn new(words: impl Into<String>) -> CalledWrongly {
        CalledWrongly(words.into())
    }
}

/// Sentences about what was asked for, whatever is stored and whatever the services say.
const USAGE: [&str; 20] = [
    "error.client_id",
    "error.secret",
    "error.token",
    "error.comment_letter",
    "error.comment_long",
    "error.comment_word",
    "error.decimals",
    "error.not_trackable",
    "error.by_the_day",
    "error.other_unit",
    "error.workouts_only",
    "error.moments_only",
    "error.last_before_first",
    "error.since_future",
    "error.address_malformed",
    "error.address_not_https",
    "error.address_no_name",
    "error.address_port",
    "error.address_too_long",
    "error.tunnel_empty",
];

/// How `bws status` ends, as the tray's icon tells it.
pub(super) fn of_status(status: &Status) -> Exit {
    match status {
        Status::NotSetUp
        | Status::NeedsYou
        | Status::KeychainLocked
        | Status::ShareWithdrawn
        | Status::Asks { .. } => Exit::NeedsYou,
        Status::Retrying => Exit::TryAgain,
        Status::Paused { .. }
        | Status::Sending { .. }
        | Status::NothingMeasured { .. }
        | Status::NotUploading { .. }
        | Status::Fine => Exit::Fine,
    }
}

/// The code for how things stand.
pub(super) fn of_attention(attention: &[Attention]) -> Exit {
    match urgency(attention) {
        Urgency::Notice => Exit::Fine,
        Urgency::Retrying => Exit::TryAgain,
        Urgency::NeedsYou => Exit::NeedsYou,
    }
}

/// The code for an error.
pub(super) fn of(error: &anyhow::Error) -> Exit {
    // What was put in front of a cause is not in the chain of causes.
    if error.downcast_ref::<CalledWrongly>().is_some() {
        return Exit::Usage;
    }
    error.chain().find_map(of_cause).unwrap_or(Exit::Failed)
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(error) = cause.downcast_ref::<SignInError>() {
        return match error {
            SignInError::Withings(error) => Some(of_withings(error)),
            SignInError::Beeminder(beeminder::Error::SignInAgain) => Some(Exit::Failed),
            SignInError::Beeminder(error) => Some(of_beeminder(error)),
            SignInError::Keychain(_) => Some(Exit::NeedsYou),
            SignInError::Local(error) => error.chain().find_map(of_cause),
            SignInError::NotAsked
            | SignInError::TooLate
            | SignInError::Denied { .. }
            | SignInError::AnotherPerson { .. }
            | SignInError::ScopeMissing => Some(Exit::Failed),
        };
    }
    if let Some(error) = cause.downcast_ref::<TokenError>() {
        return match error {
            TokenError::NotConnected(_) | TokenError::AnotherPerson { .. } | TokenError::Keychain(_) => {
                Some(Exit::NeedsYou)
            }
            TokenError::Withings(error) => Some(of_withings(error)),
            TokenError::Local(error) => error.chain().find_map(of_cause),
        };
    }
    let is_usage = |wrong: &UserError| USAGE.contains(&wrong.message.key.as_str());
    if cause.is::<NewGoalError>() || cause.downcast_ref::<UserError>().is_some_and(is_usage) {
        return Some(Exit::Usage);
    }
    if cause.is::<KeychainError>() {
        return Some(Exit::NeedsYou);
    }
    if let Some(error) = cause.downcast_ref::<beeminder::Error>() {
        return Some(of_beeminder(error));
    }
    cause.downcast_ref::<withings::Error>().map(of_withings)
}

fn of_withings(error: &withings::Error) -> Exit {
    use withings::Error as E;
    match error {
        E::SignInAgain | E::AccessTokenRefused { .. } | E::NotAllowed { .. } => Exit::NeedsYou,
        E::RateLimited | E::NotRevoked | E::Unavailable { .. } | E::Unreachable(_) | E::Unreadable(_) => {
            Exit::TryAgain
        }
        E::CodeRefused
        | E::ApplicationRefused
        | E::AddressRefused { .. }
        | E::MayNotSubscribe { .. }
        | E::TooManySubscriptions
        | E::NoSuchSubscription
        | E::Rejected { .. } => Exit::Failed,
    }
}

fn of_beeminder(error: &beeminder::Error) -> Exit {
    use beeminder::Error as E;
    match error {
        E::SignInAgain => Exit::NeedsYou,
        E::RateLimited { .. }
        | E::DayIsFull { .. }
        | E::Unavailable { .. }
        | E::Redirected { .. }
        | E::InTheWay { .. }
        | E::Unreachable(_)
        | E::Unreadable(_) => Exit::TryAgain,
        E::NotFound { .. } | E::Duplicate | E::Rejected { .. } => Exit::Failed,
    }
}
