//! Withings' list of subscriptions.

use secrecy::SecretString;
use serde::Deserialize;

use crate::services::withings::{Error, Subscribed};
use crate::services::{Flaw, lenient};

#[derive(Deserialize)]
struct Subscriptions {
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    #[serde(default, deserialize_with = "lenient::integer")]
    appli: Option<i64>,
    #[serde(default)]
    callbackurl: Option<SecretString>,
}

/// Reads the list. A row without number or address is nobody's to move or end, and left out. The text is not
/// quoted: it holds addresses.
pub(in crate::services::withings) fn subscriptions(body: &str) -> Result<Vec<Subscribed>, Error> {
    let found: Subscriptions =
        serde_json::from_str(body).map_err(|_| Error::Unreadable(Flaw::lacks("profiles")))?;
    let whole = |row: Profile| Some(Subscribed { appli: row.appli?, callback: row.callbackurl? });
    Ok(found.profiles.into_iter().filter_map(whole).collect())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_list_is_read_as_it_comes_and_a_row_that_says_nothing_is_left_out() {
        let body = r#"{"profiles":[
            {"appli":50,"callbackurl":"https://a.example/1","comment":"x","expires":2147483647},
            {"appli":"4","callbackurl":"https://a.example/2"},{"appli":4},{"callbackurl":"https://b.example/"}]}"#;
        let rows = subscriptions(body).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (row.appli, row.callback.expose_secret())).collect();
        assert_eq!(rows, [(50, "https://a.example/1"), (4, "https://a.example/2")]);
        assert_eq!(subscriptions(r#"{"profiles":[]}"#).unwrap().len(), 0);
        let error = subscriptions(r#"{"profiles":{"secret":1}}"#).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(subscriptions("[]").is_err(), "an answer without a list is no empty list");
    }
}
