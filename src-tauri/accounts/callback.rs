//! Parses the callback that the browser brings back after a sign-in.
//!
//! Anyone can open such an address, so it is hostile until parsed: scheme, host and path must fit, known parameters may appear once, unknown ones are ignored.

use secrecy::SecretString;
use url::Url;

use crate::domain::callback_way::{LOOPBACK_PORT, SCHEME};
use crate::domain::service::Service;
use crate::text::Message;

/// Upper bound on a callback's address, in bytes.
const LONGEST: usize = 4096;

/// A callback that is well-formed, and no more than that.
#[derive(Debug)]
pub struct Callback {
    /// The service it claims to be from.
    pub service: Service,
    /// What should prove that we asked for it.
    pub state: Option<SecretString>,
    /// Whether access was granted, and with which code.
    pub outcome: CallbackOutcome,
}

/// What a callback says.
#[derive(Debug)]
pub enum CallbackOutcome {
    /// The user agreed. A code for Withings, a token for Beeminder.
    Granted(SecretString),
    /// The user declined, or the service did.
    Denied(String),
}

/// Why an address is no callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", NotACallback::message(*self))]
pub struct NotACallback;

impl NotACallback {
    /// The sentence for people.
    pub fn message(self) -> Message {
        Message::error("not_a_callback", [])
    }
}

/// Parses an address.
///
/// # Errors
/// When it is anything but a callback of this program.
pub fn parse(text: &str) -> Result<Callback, NotACallback> {
    if text.len() > LONGEST {
        return Err(NotACallback);
    }
    let url = Url::parse(text.trim()).map_err(|_| NotACallback)?;
    let service = service_of(&url).ok_or(NotACallback)?;
    let granted = match service {
        Service::Withings => "code",
        Service::Beeminder => "access_token",
    };
    let granted = once(&url, granted)?;
    let (error, description) = (once(&url, "error")?, once(&url, "error_description")?);
    let outcome = match (granted, error) {
        (Some(secret), None) if !secret.is_empty() => CallbackOutcome::Granted(secret.into()),
        (None, Some(error)) => CallbackOutcome::Denied(printable(&description.unwrap_or(error))),
        _ => return Err(NotACallback),
    };
    Ok(Callback { service, state: once(&url, "state")?.map(SecretString::from), outcome })
}

fn service_of(url: &Url) -> Option<Service> {
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain {
        return None;
    }
    match url.scheme() {
        SCHEME if url.port().is_none() && url.path() == "/auth_callback" => Service::named(url.host_str()?),
        "http" if url.host_str() == Some("127.0.0.1") && url.port() == Some(LOOPBACK_PORT) => {
            Service::named(url.path().strip_prefix('/')?.strip_suffix("/auth_callback")?)
        }
        _ => None,
    }
}

/// The value of a parameter that may appear once at most.
fn once(url: &Url, name: &str) -> Result<Option<String>, NotACallback> {
    let mut values = url.query_pairs().filter(|(key, _)| key == name);
    let first = values.next().map(|(_, value)| value.into_owned());
    if values.next().is_some() { Err(NotACallback) } else { Ok(first) }
}

/// A stranger's words, cut to what may be shown.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::domain::callback_way::CallbackWay;

    #[test]
    fn both_ways_of_both_services_are_understood() {
        for way in [CallbackWay::Scheme, CallbackWay::Loopback] {
            for (service, parameter) in [(Service::Withings, "code"), (Service::Beeminder, "access_token")] {
                let uri = way.redirect_uri(service);
                let callback = parse(&format!("{uri}?{parameter}=abc&state=xyz&username=alice")).unwrap();
                assert_eq!(callback.service, service);
                assert_eq!(callback.state.unwrap().expose_secret(), "xyz");
                assert!(
                    matches!(callback.outcome, CallbackOutcome::Granted(secret) if secret.expose_secret() == "abc")
                );
            }
        }
    }

    #[test]
    fn a_denial_is_shown_in_the_services_words_without_control_characters() {
        let callback =
            parse("beeminder-withings-sync://beeminder/auth_callback?error=access_denied&error_description=The+user%0adenied&state=x")
                .unwrap();
        assert!(matches!(callback.outcome, CallbackOutcome::Denied(words) if words == "The userdenied"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "nonsense",
            "https://example.com/withings/auth_callback?code=a&state=b",
            "beeminder-withings-sync://withings/auth_callback",
            "beeminder-withings-sync://withings/auth_callback?code=&state=b",
            "beeminder-withings-sync://withings/auth_callback?code=a&code=b&state=c",
            "beeminder-withings-sync://withings/auth_callback?code=a&state=b&state=b",
            "beeminder-withings-sync://withings/auth_callback?code=a&error=b&state=c",
            "beeminder-withings-sync://withings/auth_callback?access_token=a&state=c",
            "beeminder-withings-sync://withings/auth_callback/?code=a&state=b",
            "beeminder-withings-sync://withings/../auth_callback2?code=a&state=b",
            "beeminder-withings-sync://withings:80/auth_callback?code=a&state=b",
            "beeminder-withings-sync://me:pw@withings/auth_callback?code=a&state=b",
            "beeminder-withings-sync://fitbit/auth_callback?code=a&state=b",
            "http://127.0.0.1:8911/withings/auth_callback?code=a&state=b",
            "http://127.0.0.1.example.com:8910/withings/auth_callback?code=a&state=b",
            "http://localhost:8910/withings/auth_callback?code=a&state=b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let long =
            format!("beeminder-withings-sync://withings/auth_callback?state=b&code={}", "a".repeat(5000));
        assert!(parse(&long).is_err());
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(text in "(beeminder-withings-sync|http)://[ -~]{0,80}|\\PC{0,200}") {
            let _ = parse(&text);
        }
    }
}
