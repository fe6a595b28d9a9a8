//! Datapoints as Beeminder tells them.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde_json::Value;

use super::read;
use crate::domain::datapoint::{Datapoint, Moment};
use crate::services::beeminder::Error;
use crate::services::{Flaw, lenient};

/// What Beeminder says a datapoint became.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Confirmation {
    /// Beeminder's id of the datapoint.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// The day it counts for.
    #[serde(default, deserialize_with = "lenient::text")]
    pub daystamp: Option<String>,
}

/// A datapoint as Beeminder has it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct StoredDatapoint {
    /// The key it was posted with, if any.
    #[serde(default, deserialize_with = "lenient::text")]
    pub requestid: Option<String>,
    /// Its value.
    #[serde(default, deserialize_with = "lenient::float")]
    pub value: Option<f64>,
    /// Its moment, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub timestamp: Option<i64>,
    /// Its comment.
    #[serde(default, deserialize_with = "lenient::text")]
    pub comment: Option<String>,
    /// Whether Beeminder made it, for instance to mark a derailment.
    #[serde(default, deserialize_with = "lenient::flag")]
    is_dummy: bool,
    /// Whether Beeminder made it to start the graph.
    #[serde(default, deserialize_with = "lenient::flag")]
    is_initial: bool,
    /// What it became.
    #[serde(flatten)]
    pub confirmation: Confirmation,
}

impl StoredDatapoint {
    /// Whether nothing of it can be read, so that it may be any. What has no key is none of this program's.
    pub fn is_unreadable(&self) -> bool {
        let Confirmation { id, daystamp } = &self.confirmation;
        id.is_none() && daystamp.is_none() && self.requestid.is_none() && self.value.is_none()
    }
}

impl StoredDatapoint {
    #[cfg(test)]
    pub(crate) fn new(requestid: Option<String>, value: f64, confirmation: Confirmation) -> StoredDatapoint {
        let value = Some(value);
        StoredDatapoint {
            requestid,
            value,
            timestamp: None,
            comment: None,
            is_dummy: false,
            is_initial: false,
            confirmation,
        }
    }

    /// Whether this can be the answer to a request that carried a datapoint, or be what came of it. What is
    /// not told says nothing against it.
    pub fn is_of(&self, carried: &Datapoint, id: Option<&str>) -> bool {
        let key = self.requestid.as_ref().filter(|key| !key.is_empty());
        key.is_none_or(|key| *key == carried.request_id.0)
            && (self.value.is_none() || self.has_value(carried.value))
            && !self.is_at_another_moment(carried)
            && id.is_none_or(|id| self.confirmation.id.as_deref() == Some(id))
    }

    /// Whether its moment is another one than a datapoint carried. Of a day's value Beeminder chooses it.
    pub fn is_at_another_moment(&self, carried: &Datapoint) -> bool {
        match (carried.moment, self.timestamp) {
            (Moment::At(moment), Some(has)) => moment.timestamp() != has,
            (Moment::At(_), None) | (Moment::On(_), _) => false,
        }
    }

    /// Whether its value is this one, as far as a binary fraction tells.
    pub fn has_value(&self, value: Decimal) -> bool {
        let near = |one: f64, other: f64| (one - other).abs() <= f64::EPSILON * 8.0 * other.abs();
        self.value.zip(value.to_f64()).is_some_and(|(has, wanted)| near(has, wanted))
    }

    /// Whether nobody entered it.
    pub fn is_beeminders_own(&self) -> bool {
        self.is_dummy || self.is_initial
    }

    /// Whether this program posted it, on this computer or another.
    pub fn is_ours(&self) -> bool {
        self.requestid.as_deref().is_some_and(|id| id.starts_with("withings-"))
    }
}

/// Reads what became of a datapoint. An answer without its id does not say that there is one.
pub(in crate::services::beeminder) fn datapoint(body: &[u8]) -> Result<StoredDatapoint, Error> {
    let datapoint: StoredDatapoint = read(body)?;
    match &datapoint.confirmation.id {
        Some(id) if !id.is_empty() => Ok(datapoint),
        Some(_) | None => Err(Error::Unreadable(Flaw::lacks("id"))),
    }
}

/// Reads a list of datapoints. One that cannot be read does not hide the others.
pub(in crate::services::beeminder) fn datapoints(body: &[u8]) -> Result<Vec<StoredDatapoint>, Error> {
    let rows: Vec<Value> = read(body)?;
    Ok(rows.into_iter().map(|row| serde_json::from_value(row).unwrap_or_default()).collect())
}

/// What a goal says of its last datapoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastDatapoint {
    /// It says nothing that can be read.
    Unknown,
    /// It has none.
    None,
    /// Its id.
    Id(String),
}

/// Reads which datapoint a goal says was its last.
pub(in crate::services::beeminder) fn last_datapoint(body: &[u8]) -> LastDatapoint {
    let goal: Value = serde_json::from_slice(body).unwrap_or_default();
    match goal.get("last_datapoint") {
        Some(Value::Null) => LastDatapoint::None,
        Some(last) => match last.get("id").and_then(Value::as_str) {
            Some(id) => LastDatapoint::Id(id.to_owned()),
            None => LastDatapoint::Unknown,
        },
        None => LastDatapoint::Unknown,
    }
}
