//! The client of Withings' Health Data API.
//!
//! The client sends, `wire` turns answers into the program's own words and every failure into an
//! [`Error`] that says what to do, `oauth` knows the sign-in addresses. Nothing here retries or stores.

mod client;
mod error;
pub mod oauth;
mod subscriptions;
mod wire;

pub use client::{Application, Client, Page, Range, TokenGrant, read_again};
pub use error::Error;
#[cfg(feature = "sandbox")]
pub use oauth::nonce_signature;
pub use subscriptions::Subscribed;
