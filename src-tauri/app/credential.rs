//! Checks client ids, secrets and tokens as the user enters them, before a service is asked with one or a browser
//! opened that could only fail. Pure.

use secrecy::{ExposeSecret, SecretString};

use super::UserError;
use crate::text::Message;

/// Neither service gives out anything nearly as long.
const LONGEST: usize = 512;

/// Takes a credential out of whatever was pasted: quotes around it, the JSON it stands in, or a whole page with that
/// JSON. `name` is what it is called there.
pub(super) fn taken_out(pasted: &str, name: &str) -> String {
    let is_around = |c: char| c.is_whitespace() || "\"'“”„‚‘’{}[],;".contains(c);
    let behind = pasted.split_once(name).map(|(_, behind)| behind);
    let is_before = |c: char| is_around(c) || [':', '='].contains(&c);
    match behind {
        Some(behind) => {
            let text = behind.trim_start_matches(is_before);
            text.split(is_around).next().unwrap_or_default().to_owned()
        }
        // What is in the middle stays: it is refused, not cut.
        None => pasted.trim_matches(is_around).to_owned(),
    }
}

/// The same for what is secret.
pub(super) fn secret_taken_out(pasted: &SecretString, name: &str) -> SecretString {
    SecretString::from(taken_out(pasted.expose_secret(), name))
}

/// Refuses what cannot be an application's client id.
///
/// # Errors
/// When it is empty, or has letters in it that no such id has.
pub fn check_client_id(id: &str) -> Result<(), UserError> {
    check(id, "clientId", "client_id")
}

/// Refuses what cannot be an application's secret.
///
/// # Errors
/// See [`check_client_id`].
pub(super) fn check_secret(secret: &SecretString) -> Result<(), UserError> {
    check(secret.expose_secret(), "clientSecret", "secret")
}

/// Refuses what cannot be a user's own token.
///
/// # Errors
/// See [`check_client_id`].
pub(super) fn check_token(token: &SecretString) -> Result<(), UserError> {
    check(token.expose_secret(), "token", "token")
}

fn check(text: &str, field: &'static str, code: &str) -> Result<(), UserError> {
    // Letters, digits and what Base64 adds: no blanks, no quotes, no address, no JSON.
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~+/=".contains(c);
    let is_one = !text.is_empty() && text.len() <= LONGEST && text.chars().all(fits);
    if is_one { Ok(()) } else { Err(UserError::in_field(field, Message::error(code, []))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_taken_out_of_whatever_was_pasted() {
        for pasted in [
            "abc-123+/=",
            "  abc-123+/=\n",
            "\"abc-123+/=\"",
            "'abc-123+/='",
            "“abc-123+/=”",
            "{\"auth_token\":\"abc-123+/=\"}",
            "{\"username\": \"alice\", \"auth_token\" : \"abc-123+/=\", \"id\": 5}",
            "Pretty-print\n{\"auth_token\":\"abc-123+/=\"}\n",
            "auth_token: abc-123+/=",
            "\"auth_token\":\"abc-123+/=\"",
        ] {
            assert_eq!(taken_out(pasted, "auth_token"), "abc-123+/=", "{pasted}");
        }
        assert_eq!(taken_out("my id", "client_id"), "my id", "what is no credential stays as it is");
        assert_eq!(taken_out("{\"auth_token\":null}", "auth_token"), "null");
    }

    #[test]
    fn what_cannot_be_one_is_refused() {
        for good in ["sandbox-client-id", "a1b2C3", "abc+/=", "x"] {
            assert!(check_client_id(good).is_ok(), "{good}");
            assert!(check_token(&SecretString::from(good)).is_ok(), "{good}");
        }
        let long = "x".repeat(513);
        for bad in [
            "",
            " ",
            "\n",
            "my id",
            "abc\n",
            "abc\tdef",
            "abc\u{200b}",
            "{\"auth_token\":\"abc\"}",
            "\"abc\"",
            "https://example.com/",
            "<client id>",
            "ключ",
            long.as_str(),
        ] {
            assert!(check_client_id(bad).is_err(), "{bad:?}");
            assert!(check_secret(&SecretString::from(bad)).is_err(), "{bad:?}");
            assert!(check_token(&SecretString::from(bad)).is_err(), "{bad:?}");
        }
    }
}
