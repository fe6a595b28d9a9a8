//! Withings' sign-in: the address a browser is sent to, and the signature that checks an application.
//!
//! <https://developer.withings.com/developer-guide/v3/integration-guide/public-health-data-api/get-access/oauth-web-flow/>

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

/// Weight, blood pressure and everything else a device measures at a moment.
pub const METRICS: &str = "user.metrics";

/// Days of activity, nights and workouts.
pub const ACTIVITY: &str = "user.activity";

/// When a device last reached Withings.
pub const DEVICES: &str = "user.info";

/// The address that asks the user for consent. `account` is `https://account.withings.com/`.
///
/// `scopes` are what the user is asked to share.
pub fn authorize_url(
    account: &Url,
    client_id: &str,
    scopes: &[&str],
    redirect_uri: &str,
    state: &str,
) -> Url {
    let mut url = account.clone();
    url.set_path("/oauth2_user/authorize2");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("scope", &scopes.join(","))
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state);
    url
}

/// Signs a `getnonce` request: HMAC-SHA256 over action, client id and timestamp, in hexadecimal.
pub fn nonce_signature(client_id: &str, secret: &SecretString, timestamp: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of every length");
    mac.update(format!("getnonce,{client_id},{timestamp}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
