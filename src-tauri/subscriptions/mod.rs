//! Withings' notifications, for those who have a public address: received, subscribed to, and kept alive.
//!
//! A notification is never believed. It only makes a pass earlier, of just the service that changed. Polling stays,
//! and catches what was missed.

pub mod inbox;
pub mod keeper;
pub mod key;
mod line;
pub mod plan;
pub mod problem;
pub mod receiver;
pub mod tunnel;
pub mod upkeep;
