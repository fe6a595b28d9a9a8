//! The client of Beeminder's API.
//!
//! The client sends, `wire` turns answers into the program's own words and every failure into an
//! [`Error`] that says what to do, `oauth` knows the sign-in address. Nothing here retries or stores,
//! and nothing here can cost the user money: no endpoint that charges, ratchets or steps down exists.

mod client;
mod error;
pub mod oauth;
mod wire;

pub use client::{Client, Token, TokenKind};
pub use error::Error;
pub use wire::{Confirmation, LastDatapoint, StoredDatapoint};
