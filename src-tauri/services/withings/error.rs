//! Errors of Withings, named by what the caller must do.
//!
//! Withings answers application errors with HTTP 200 and a `status` in the body, "for security
//! reasons" without details; the families are those of its API reference (tag `response_status`).

use std::fmt;

use crate::services::Flaw;
use crate::services::http::Failure;
use crate::text::Message;

/// An answer from Withings that is not the one hoped for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The grant is gone for good; only the user can renew it.
    SignInAgain,
    /// The access token is not accepted: refresh it once and try again.
    AccessTokenRefused {
        /// Withings' status.
        status: i64,
    },
    /// The sign-in code was used, mistyped or older than 30 seconds.
    CodeRefused,
    /// Client id or secret are wrong.
    ApplicationRefused,
    /// The grant does not cover this; asking again will not help.
    NotAllowed {
        /// Withings' status.
        status: i64,
    },
    /// Withings cannot send notifications to an address: it did not answer when Withings called it.
    AddressRefused {
        /// Withings' status.
        status: i64,
    },
    /// Withings does not let the application subscribe: it is restricted, or the user shares too little.
    MayNotSubscribe {
        /// Withings' status.
        status: i64,
    },
    /// There are as many subscriptions as Withings allows.
    TooManySubscriptions,
    /// Withings knows no such subscription.
    NoSuchSubscription,
    /// Withings could not end a subscription: try later.
    NotRevoked,
    /// Too many requests: wait at least ten minutes.
    RateLimited,
    /// Withings has trouble: try later.
    Unavailable {
        /// Withings' status, or the HTTP status.
        status: i64,
    },
    /// Withings finds fault with the request, which is this program's mistake.
    Rejected {
        /// Withings' status.
        status: i64,
        /// Withings' own words.
        message: String,
    },
    /// No connection or no answer in time: try later.
    Unreachable(#[source] reqwest::Error),
    /// The answer is not what the documentation says: try later, and say so.
    Unreadable(Flaw),
}

impl Error {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        let service = || ("service", "Withings".to_owned());
        match self {
            Error::SignInAgain => Message::error("signed_out", [service()]),
            Error::AccessTokenRefused { status } => {
                Message::error("token_refused", [service(), ("status", status.to_string())])
            }
            Error::CodeRefused => Message::error("code_refused", [service()]),
            Error::ApplicationRefused => Message::error("application_refused", []),
            Error::NotAllowed { status } => Message::error("not_allowed", [("status", status.to_string())]),
            Error::AddressRefused { status } => {
                Message::error("address_refused", [("status", status.to_string())])
            }
            Error::MayNotSubscribe { status } => {
                Message::error("may_not_subscribe", [("status", status.to_string())])
            }
            Error::TooManySubscriptions => Message::error("too_many_subscriptions", []),
            Error::NoSuchSubscription => Message::error("no_such_subscription", []),
            Error::NotRevoked => Message::error("not_revoked", []),
            Error::RateLimited => Message::error("rate_limited", [service()]),
            Error::Unavailable { status } => {
                Message::error("unavailable", [service(), ("status", status.to_string())])
            }
            Error::Rejected { status, message } if message.trim().is_empty() => {
                Message::error("rejected_silently", [service(), ("status", status.to_string())])
            }
            Error::Rejected { status, message } => Message::error(
                "rejected",
                [
                    service(),
                    ("status", status.to_string()),
                    ("message", message.trim_end_matches(['.', ' ']).to_owned()),
                ],
            ),
            Error::Unreachable(error) => crate::services::http::unreachable("Withings", error),
            Error::Unreadable(flaw) => {
                Message { key: "error.unreadable".into(), args: flaw.facts("Withings") }
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

/// What was asked, as the same status means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Anything with an access token.
    Data,
    /// A token for a sign-in code.
    TokenForCode,
    /// A token for a refresh token.
    TokenForRefresh,
    /// A nonce, which only tests id and secret.
    Nonce,
    /// Something about a subscription to notifications.
    Subscription,
}

/// Turns a non-zero `status` into what to do about it.
pub(super) fn meaning(asked: Asked, status: i64, message: &str) -> Error {
    let family = family(status);
    if matches!(family, Family::RateLimited) {
        return Error::RateLimited;
    }
    let refused = matches!(
        family,
        Family::AuthenticationFailed | Family::InvalidParams | Family::Unauthorized | Family::NotImplemented
    );
    let about_application = message.contains("client_id") || message.contains("client_secret");
    match asked {
        Asked::Subscription => match (status, family) {
            // What the earlier documentation gave a meaning of their own.
            (293 | 343, _) => Error::AddressRefused { status },
            (294, _) => Error::NotRevoked,
            (286, _) => Error::NoSuchSubscription,
            (305, _) => Error::TooManySubscriptions,
            (_, Family::Unauthorized) => Error::MayNotSubscribe { status },
            // Withings' words may quote the address, whose end is a secret.
            _ => meaning(Asked::Data, status, ""),
        },
        Asked::Data => match family {
            Family::AuthenticationFailed => Error::AccessTokenRefused { status },
            Family::Unauthorized => Error::NotAllowed { status },
            Family::InvalidParams | Family::NotImplemented => {
                Error::Rejected { status, message: message.to_owned() }
            }
            Family::RateLimited | Family::Trouble => Error::Unavailable { status },
        },
        Asked::TokenForCode | Asked::TokenForRefresh if refused && about_application => {
            Error::ApplicationRefused
        }
        Asked::Nonce if refused => Error::ApplicationRefused,
        // 503 is Withings' "invalid params", not "service unavailable": here it means a dead token.
        Asked::TokenForCode if refused => Error::CodeRefused,
        Asked::TokenForRefresh if refused => Error::SignInAgain,
        Asked::TokenForCode | Asked::TokenForRefresh | Asked::Nonce => Error::Unavailable { status },
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    AuthenticationFailed,
    InvalidParams,
    Unauthorized,
    NotImplemented,
    RateLimited,
    /// Time-outs, "an error occurred", and every number that is not in the reference.
    Trouble,
}

fn family(status: i64) -> Family {
    match status {
        100..=102 | 200 | 401 => Family::AuthenticationFailed,
        214 | 277 | 2553 | 2555 => Family::Unauthorized,
        201..=213
        | 216..=218
        | 220
        | 221
        | 223
        | 225
        | 227..=230
        | 234..=236
        | 238
        | 240..=252
        | 254
        | 260..=267
        | 271
        | 272
        | 275
        | 276
        | 283..=288
        | 290
        | 293..=295
        | 297
        | 300..=304
        | 321
        | 323..=353
        | 380..=382
        | 400
        | 501..=511
        | 523
        | 532
        | 3017..=3019 => Family::InvalidParams,
        2554 => Family::NotImplemented,
        601 => Family::RateLimited,
        _ => Family::Trouble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_family_says_what_to_do() {
        use Asked::{Data, Nonce, Subscription, TokenForCode, TokenForRefresh};
        for (asked, status, message, expected) in [
            (Data, 401, "invalid_token", "AccessTokenRefused"),
            (Data, 100, "", "AccessTokenRefused"),
            (Data, 503, "Invalid Params", "Rejected"),
            (Data, 2554, "", "Rejected"),
            (Data, 277, "", "NotAllowed"),
            (Data, 601, "", "RateLimited"),
            (Data, 522, "", "Unavailable"),
            (Data, 215, "", "Unavailable"),
            (Data, 424_242, "", "Unavailable"),
            (Data, -1, "", "Unavailable"),
            (Subscription, 293, "", "AddressRefused"),
            (Subscription, 343, "", "AddressRefused"),
            (Subscription, 294, "", "NotRevoked"),
            (Subscription, 286, "", "NoSuchSubscription"),
            (Subscription, 305, "", "TooManySubscriptions"),
            (Subscription, 277, "", "MayNotSubscribe"),
            (Subscription, 401, "invalid_token", "AccessTokenRefused"),
            (Subscription, 503, "Invalid Params", "Rejected"),
            (Subscription, 601, "", "RateLimited"),
            (Subscription, 2556, "", "Unavailable"),
            (TokenForRefresh, 503, "Invalid Params: invalid refresh_token", "SignInAgain"),
            (TokenForRefresh, 401, "invalid_grant", "SignInAgain"),
            (TokenForRefresh, 503, "Invalid Params: invalid client_secret", "ApplicationRefused"),
            (TokenForRefresh, 601, "", "RateLimited"),
            (TokenForRefresh, 522, "", "Unavailable"),
            (TokenForRefresh, 2556, "", "Unavailable"),
            (TokenForCode, 503, "Invalid Params: invalid code", "CodeRefused"),
            (TokenForCode, 503, "Missing client_id", "ApplicationRefused"),
            (Nonce, 342, "", "ApplicationRefused"),
            (Nonce, 503, "", "ApplicationRefused"),
            (Nonce, 522, "", "Unavailable"),
        ] {
            let found = format!("{:?}", meaning(asked, status, message));
            assert!(found.starts_with(expected), "{asked:?} {status}: {found}");
        }
    }
}
