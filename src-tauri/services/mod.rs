//! The HTTP clients of the two services. Neither knows the other.

pub mod beeminder;
mod flaw;
pub(crate) mod http;
mod lenient;
pub mod own_address;
pub mod withings;

pub use flaw::Flaw;
