//! Incidents the user is notified of, and how much they want to be told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};

use crate::domain::attention::Attention;
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
    /// The matters it is about, where there may be several one after the other: deadlines, readings, datapoints.
    /// `None` where an earlier version noted it without them.
    pub matters: Option<BTreeSet<String>>,
    /// Whether the user was interrupted for it.
    pub told: bool,
}

impl Incident {
    /// What tells it from others.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.code.name(), self.goal)
    }

    /// Whether two are the same, at different times.
    pub(crate) fn is_same(&self, other: &Incident) -> bool {
        self.code == other.code && self.goal == other.goal
    }

    /// Whether it is about something that `before`, the same incident at an earlier time, was not about.
    pub(crate) fn is_news_after(&self, before: &Incident) -> bool {
        match (&self.matters, &before.matters) {
            (Some(matters), Some(known)) => !matters.is_subset(known),
            (None, _) | (_, None) => false,
        }
    }
}

/// The fact that tells one matter from the next of its kind, where it is not readings or datapoints.
const TELLING: [(ProblemCode, &str); 7] = [
    (ProblemCode::MeasureSoon, "deadline"),
    (ProblemCode::StoreRecovered, "path"),
    (ProblemCode::ShareWithdrawn, "what"),
    (ProblemCode::ScopeMissing, "what"),
    (ProblemCode::TroubleLasts, "service"),
    (ProblemCode::NotAllowed, "service"),
    (ProblemCode::ZoneUnknown, "service"),
];

/// The matters that an item's own facts tell of.
pub(crate) fn matters_of(item: &Attention) -> BTreeSet<String> {
    let facts =
        TELLING.iter().filter(|(code, _)| *code == item.code).filter_map(|(_, fact)| item.facts.get(*fact));
    facts.flat_map(|fact| fact.split(',')).map(ToOwned::to_owned).collect()
}
