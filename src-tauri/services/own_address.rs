//! Calls this program's own public address, as Withings will, and says what is wrong with the way there.

use std::error::Error;
use std::fmt;

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::Url;

use crate::domain::public_address::PublicAddress;
use crate::services::http::{Failure, Http, Obstacle};
use crate::text::Message;

/// What is wrong with the way from the public address to this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// The name is not known.
    Name {
        /// The name.
        host: String,
    },
    /// The certificate is not one that others trust.
    Certificate {
        /// The name.
        host: String,
    },
    /// The certificate is not valid at this time.
    OutOfDate {
        /// The name.
        host: String,
    },
    /// Nobody answers.
    NoAnswer {
        /// The name.
        host: String,
    },
    /// Somebody answers, but not this program.
    AnotherAnswer {
        /// The name.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// This program answers, but not to the request with which Withings looks whether an address is there.
    NoHead {
        /// The name.
        host: String,
        /// The HTTP status.
        status: u16,
    },
}

impl Unreached {
    /// The sentence for people.
    pub fn message(&self) -> Message {
        let (code, host, status) = match self {
            Unreached::Name { host } => ("own_name", host, None),
            Unreached::Certificate { host } => ("own_certificate", host, None),
            Unreached::OutOfDate { host } => ("own_out_of_date", host, None),
            Unreached::NoAnswer { host } => ("own_no_answer", host, None),
            Unreached::AnotherAnswer { host, status } => ("own_another_answer", host, Some(*status)),
            Unreached::NoHead { host, status } => ("own_no_head", host, Some(*status)),
        };
        let mut message = Message::error(code, [("host", host.clone())]);
        message.args.extend(status.map(|status| ("status".to_owned(), status.to_string())));
        message
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

/// Asks for `end` at the address and expects `answer`; then asks as Withings does.
///
/// # Errors
/// [`Unreached`] when this program is not what answers; another when TLS cannot be set up.
pub async fn call(address: &PublicAddress, end: &SecretString, answer: &SecretString) -> anyhow::Result<()> {
    let url = address.with(end.expose_secret());
    let host = address.host().to_owned();
    let http = Http::new(&url)?;
    let (status, body) = ask(&http, http.get(url.clone()), &url, &host).await?;
    let is_ours = body.as_slice().ct_eq(answer.expose_secret().as_bytes());
    if status != StatusCode::OK || !bool::from(is_ours) {
        return Err(Unreached::AnotherAnswer { host, status: status.as_u16() }.into());
    }
    let (status, _) = ask(&http, http.head(url.clone()), &url, &host).await?;
    if status != StatusCode::OK {
        return Err(Unreached::NoHead { host, status: status.as_u16() }.into());
    }
    Ok(())
}

async fn ask(
    http: &Http,
    request: reqwest::RequestBuilder,
    url: &Url,
    host: &str,
) -> Result<(StatusCode, Vec<u8>), Unreached> {
    let host = host.to_owned();
    match http.send(request).await {
        Ok(answer) => Ok((answer.status, answer.body)),
        Err(Failure::TooLarge) => Err(Unreached::AnotherAnswer { host, status: 200 }),
        Err(Failure::Unreachable(error)) => Err(match Obstacle::of(&error) {
            Some(Obstacle::OutOfDate) => Unreached::OutOfDate { host },
            Some(Obstacle::Untrusted) => Unreached::Certificate { host },
            Some(Obstacle::Proxy) => Unreached::NoAnswer { host },
            None if url.domain().is_some() && is_of_name(&error) => Unreached::Name { host },
            None => Unreached::NoAnswer { host },
        }),
    }
}

/// Whether the name could not be looked up. The error for it has no type that others can name.
fn is_of_name(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.to_string().contains("dns error") {
            return true;
        }
        next = cause.source();
    }
    false
}
