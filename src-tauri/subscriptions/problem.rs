//! What keeps Withings' notifications away, as a sentence for people.

use std::error::Error;
use std::fmt;

use super::receiver::CannotListen;
use crate::accounts::tokens::TokenError;
use crate::domain::public_address::AddressError;
use crate::services::own_address::Unreached;
use crate::services::withings;
use crate::text::{Args, Message};

/// The keychain does not have what notifications need, though they are switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The keychain no longer has the secrets of Withings' notifications")]
pub struct SecretsGone;

/// What a tunnel does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TunnelTrouble {
    /// It has printed no address.
    Silent,
    /// It has ended.
    Ended {
        /// With which code, where it ended by itself.
        code: Option<i32>,
    },
}

impl TunnelTrouble {
    /// The sentence for people.
    pub fn message(self) -> Message {
        match self {
            TunnelTrouble::Silent => Message::error("tunnel_silent", []),
            TunnelTrouble::Ended { code } => {
                let code = code.map_or_else(|| "?".to_owned(), |code| code.to_string());
                Message::error("tunnel_ended", [("code", code)])
            }
        }
    }
}

impl fmt::Display for TunnelTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

/// The sentence that a cause has, where it is about notifications alone.
pub fn message(cause: &(dyn Error + 'static)) -> Option<Message> {
    let own = cause.downcast_ref::<Unreached>().map(Unreached::message);
    let address = || cause.downcast_ref::<AddressError>().map(|error| error.message());
    let tunnel = || cause.downcast_ref::<TunnelTrouble>().map(|error| error.message());
    let gone =
        || cause.downcast_ref::<SecretsGone>().map(|_| Message::error("notification_secrets_gone", []));
    own.or_else(address).or_else(tunnel).or_else(gone)
}

/// The sentence of an error.
pub fn sentence(error: &anyhow::Error) -> Message {
    let known = |cause: &(dyn Error + 'static)| {
        let token = cause.downcast_ref::<TokenError>().and_then(TokenError::message);
        let withings = || cause.downcast_ref::<withings::Error>().map(withings::Error::message);
        message(cause).or(token).or_else(withings)
    };
    // What was put in front of a cause is not in the chain of causes.
    let port = error.downcast_ref::<CannotListen>().map(CannotListen::message);
    let found = port.or_else(|| error.chain().find_map(known));
    found.unwrap_or_else(|| Message::error("unforeseen", [("detail", format!("{error:#}"))]))
}

/// What a problem's sentence is about.
pub fn facts(error: &anyhow::Error) -> Args {
    let Message { key, mut args } = sentence(error);
    args.insert("why".into(), key.trim_start_matches("error.").to_owned());
    args
}
