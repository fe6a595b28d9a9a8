//! Trouble with a service, put into the words that status, windows and exit codes go by.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{SyncPass, retry};
use crate::accounts::Service;
use crate::accounts::keychain::KeychainError;
use crate::accounts::tokens::TokenError;
use crate::attention::{Code, Urgency};
use crate::store::account::{self, Problem};
use crate::{beeminder, withings};

/// What went wrong, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) code: Code,
    pub(super) text: String,
    /// How long the service asked to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// Set when only one goal is in trouble: until when that one waits. The service itself does not.
    pub(super) goal_waits_until: Option<DateTime<Utc>>,
}

impl Trouble {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Trouble {
        Trouble { code, text: text.into(), retry_after: None, goal_waits_until: None }
    }

    /// Notes it in the store, with the time until which automatic passes leave the service alone.
    pub(super) fn note(&self, pass: &SyncPass<'_>, service: Service) -> anyhow::Result<()> {
        tracing::warn!(code = self.code.name(), "{service}: {}", self.text);
        let zone = pass.store.read(account::time_zone)?;
        pass.store.write(|rows| {
            let failures = account::load(rows, service)?.map_or(0, |account| account.failures);
            let service_waits_until = pass.now + retry::delay(failures, self.retry_after);
            let until = self.goal_waits_until.unwrap_or(service_waits_until);
            let limited = self.code == Code::RateLimited && service == Service::Withings;
            let mut text = self.text.clone();
            if self.code.urgency() == Urgency::Retrying {
                let clock = |moment: DateTime<Utc>| {
                    moment.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
                };
                text += &format!(" It is tried again after {}", clock(until));
                if limited {
                    text += &format!(", or by hand after {}", clock(pass.now + retry::AFTER_LIMIT));
                }
                text.push('.');
            }
            let problem = Problem { code: self.code.name().into(), text, since: pass.now };
            // One goal in trouble must not make another one late.
            let wait_until = if self.goal_waits_until.is_some() { pass.now } else { until };
            account::save_problem(rows, service, &problem, wait_until, limited)
        })
    }
}

impl From<withings::Error> for Trouble {
    fn from(error: withings::Error) -> Trouble {
        use withings::Error as E;
        let text = error.to_string();
        match error {
            E::SignInAgain | E::AccessTokenRefused { .. } | E::CodeRefused => Trouble::new(
                Code::SignInWithings,
                "Withings no longer accepts the sign-in. Connect it again.",
            ),
            E::ApplicationRefused => Trouble::new(Code::CheckApplication, text),
            E::NotAllowed { .. } => Trouble::new(
                Code::ScopeMissing,
                format!("{text}. Connect again and leave the boxes on Withings' page ticked."),
            ),
            E::RateLimited => Trouble {
                retry_after: Some(retry::AFTER_TOO_MANY),
                ..Trouble::new(Code::RateLimited, format!("{text}."))
            },
            E::Unreachable(_) => Trouble::new(Code::Offline, format!("{text}.")),
            E::Unavailable { .. } => Trouble::new(Code::Unavailable, format!("{text}.")),
            E::Rejected { .. } | E::Unreadable { .. } => {
                Trouble::new(Code::Unreadable, format!("{text}. If it stays so, report it."))
            }
        }
    }
}

impl From<beeminder::Error> for Trouble {
    fn from(error: beeminder::Error) -> Trouble {
        use beeminder::Error as E;
        let text = error.to_string();
        match error {
            E::SignInAgain => Trouble::new(
                Code::SignInBeeminder,
                "Beeminder no longer accepts the sign-in; perhaps another computer connected since. Connect \
                 it again. Everything waits until then.",
            ),
            E::RateLimited { retry_after } => Trouble {
                retry_after: Some(retry_after.unwrap_or(Duration::from_secs(60))),
                ..Trouble::new(Code::RateLimited, format!("{text}."))
            },
            E::DayIsFull { .. } => Trouble::new(Code::RateLimited, format!("{text}.")),
            E::Unreachable(_) => Trouble::new(Code::Offline, format!("{text}.")),
            E::Unavailable { retry_after, .. } => {
                Trouble { retry_after, ..Trouble::new(Code::Unavailable, format!("{text}.")) }
            }
            E::NotFound { .. }
            | E::Duplicate
            | E::Rejected { .. }
            | E::Redirected { .. }
            | E::Unreadable { .. } => {
                Trouble::new(Code::Unreadable, format!("{text}. If it stays so, report it."))
            }
        }
    }
}

impl From<KeychainError> for Trouble {
    fn from(error: KeychainError) -> Trouble {
        let code = match error {
            KeychainError::Locked => Code::KeychainLocked,
            KeychainError::Absent => Code::KeychainAbsent,
            KeychainError::Failed(_) | KeychainError::NotKept => Code::KeychainFailed,
        };
        Trouble::new(code, error.to_string())
    }
}

/// A missing token is trouble, a broken computer is an error.
pub(super) fn of_token(error: TokenError) -> anyhow::Result<Trouble> {
    match error {
        TokenError::NotConnected(Service::Withings) => {
            Ok(Trouble::new(Code::SignInWithings, "The keychain has no Withings sign-in. Connect it again."))
        }
        TokenError::NotConnected(Service::Beeminder) => Ok(Trouble::new(
            Code::SignInBeeminder,
            "The keychain has no Beeminder sign-in. Connect it again.",
        )),
        TokenError::Keychain(error) => Ok(error.into()),
        TokenError::Withings(error) => Ok(error.into()),
        TokenError::Local(error) => Err(error),
    }
}
