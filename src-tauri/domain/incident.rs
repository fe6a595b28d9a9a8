//! Incidents the user is notified of, and how much they want to be told.

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};

use crate::domain::problem_code::ProblemCode;

/// How much the user wants to be told.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    IntoStaticStr,
    EnumString,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Level {
    /// New datapoints as well.
    All,
    /// What needs the user.
    #[default]
    Problems,
    /// Nothing.
    None,
}

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Preferences {
    /// How much is told.
    pub level: Level,
    /// No notification before this moment.
    pub snoozed_until: Option<DateTime<Utc>>,
}

/// Something that needs the user, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The kind of problem.
    pub code: ProblemCode,
    /// The goal it is about; empty when about none.
    pub goal: String,
    /// How many datapoints are concerned, where that counts.
    pub count: u64,
    /// Whether the user was interrupted for it.
    pub told: bool,
}

impl Incident {
    /// What tells it from others.
    pub(crate) fn about(&self) -> String {
        format!("{} {}", self.code.name(), self.goal)
    }

    /// Whether two are the same, at different times.
    pub(crate) fn is_same(&self, other: &Incident) -> bool {
        self.code == other.code && self.goal == other.goal
    }
}
