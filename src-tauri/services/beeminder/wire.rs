//! Beeminder's JSON, read leniently: a new goal has a dozen nulls, numbers switch between whole and
//! broken, and errors come in five shapes. Only ids and names are required.

mod datapoint;
mod goal;
mod refusal;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;

use crate::services::Flaw;
use crate::services::beeminder::Error;

pub use datapoint::{Confirmation, LastDatapoint, StoredDatapoint};
pub(super) use datapoint::{datapoint, datapoints, last_datapoint};
pub(super) use goal::{created_goal, goal, goals, line, user};
pub(super) use refusal::body;

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unreadable(Flaw::of(body, &error)))
}
