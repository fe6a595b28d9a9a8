//! Accounts at the two services: signing in, tokens in the keychain, signing out.
//!
//! `sign_in` starts an attempt and judges what the browser brings back, `callback` parses that, `loopback` and the
//! local socket receive it, `callback_page` is what the browser shows then, `keychain` keeps the tokens and `tokens`
//! hands them out, renewing Withings' when they run out.

pub mod callback;
mod callback_page;
pub mod keychain;
pub mod loopback;
pub mod scope;
#[cfg(target_os = "linux")]
mod secret_service;
pub mod sign_in;
#[cfg(not(target_os = "linux"))]
mod system_keychain;
pub mod tokens;
