//! Beeminder's sign-in: the address a browser is sent to. The token comes back in the callback itself;
//! there is no code, no refresh token and no expiry (<https://api.beeminder.com/#auth>).

use url::Url;

/// The address that asks the user for consent. `beeminder` is `https://www.beeminder.com/`.
pub fn authorize_url(beeminder: &Url, client_id: &str, redirect_uri: &str, state: &str) -> Url {
    let mut url = beeminder.clone();
    url.set_path("/apps/authorize");
    url.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "token")
        .append_pair("state", state);
    url
}
