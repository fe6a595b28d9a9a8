//! Beeminder goals and their user, as far as this program needs them, and whether a goal suits what is
//! to be sent to it. Pure.

pub mod needed;
pub mod new_goal;
pub mod red_line;

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use url::Url;

use self::needed::Needed;
use crate::domain::day::{DayRule, Daystamp};

/// Beeminder's id of a goal; it stays when the goal is renamed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GoalId(pub String);

/// A goal's name in addresses: `weight` in `beeminder.com/alice/weight`. Users can change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GoalSlug(pub String);

impl fmt::Display for GoalSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The Beeminder user behind a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Beeminder's id of the user, which stays when the user is renamed; `None` when it is not told.
    pub id: Option<String>,
    /// The user's name, as in addresses.
    pub username: String,
    /// The time zone that cuts the user's days; UTC when it is not known.
    pub time_zone: Tz,
    /// What Beeminder calls it, known here or not; empty when it does not say.
    pub zone_name: String,
    /// Whether Beeminder refuses changes until a payment is sorted out.
    pub deadbeat: bool,
}

/// Whether a goal can still be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// In the user's list of goals.
    Active,
    /// Archived by the user.
    Archived,
    /// Not found any more.
    Deleted,
}

/// One goal, as last read.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The id that links are kept by.
    pub id: GoalId,
    /// The name as last seen.
    pub slug: GoalSlug,
    /// What the goal is called.
    pub title: String,
    /// The units the user gave the goal, free text.
    pub units: String,
    /// Seconds from midnight, see [`DayRule`].
    pub deadline: Option<i64>,
    /// Whether a day's datapoints are added up: Beeminder's `aggday` is `sum`.
    pub summing: bool,
    /// Whether datapoints are the readings of a meter that only grows.
    pub odometer: bool,
    /// How a day's datapoints become one: `sum`, `min`, `last`, …
    pub aggday: String,
    /// The other service that feeds the goal, if any.
    pub autodata: Option<String>,
    /// The Apple Health metric the iOS app feeds the goal from, if any.
    pub healthkit_metric: Option<String>,
    /// Whether the goal has ended and takes no data until restarted.
    pub frozen: bool,
    /// Days of safety left; `None` while Beeminder is still working the goal out.
    pub buffer_days: Option<i64>,
    /// The moment the goal derails if nothing is done.
    pub loses_at: Option<DateTime<Utc>>,
    /// What it needs until then; `None` while Beeminder is still working the goal out.
    pub needed: Option<Needed>,
    /// When the user wants it archived; may lie in the past while that is under way.
    pub archives_at: Option<DateTime<Utc>>,
    /// The values of its last datapoints, oldest first, where they were read along with it.
    pub last_values: Vec<f64>,
    /// Where the goal's graph starts (noon of that day in the user's time zone).
    pub starts_at: Option<DateTime<Utc>>,
    /// Where Beeminder keeps a picture of its graph; a new one with every change.
    pub graph_url: Option<Url>,
    /// Whether the goal is still there.
    pub presence: Presence,
}

impl Goal {
    /// The first day of the goal's graph; `None` while Beeminder has not worked it out.
    pub fn first_day(&self, rule: DayRule) -> Option<Daystamp> {
        // Whatever the deadline, it is the calendar day of that noon.
        self.starts_at.map(|noon| Daystamp(noon.with_timezone(&rule.time_zone).date_naive()))
    }

    /// How this goal cuts time into days.
    pub fn day_rule(&self, time_zone: Tz) -> DayRule {
        DayRule::new(time_zone, self.deadline.unwrap_or(0))
    }

    /// Whether it takes datapoints: it is there and has not ended.
    pub fn is_open(&self) -> bool {
        self.presence == Presence::Active && !self.frozen
    }

    /// Whether its days are known to be cut elsewhere than before.
    pub fn is_cut_elsewhere(&self, before: &Goal) -> bool {
        self.deadline.is_some() && self.deadline != before.deadline
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A goal that loses weight.
    pub(crate) fn goal() -> Goal {
        Goal {
            id: GoalId("5f5d577d55c1330906000b8f".into()),
            slug: GoalSlug("weight".into()),
            title: String::new(),
            units: "kg".into(),
            deadline: Some(0),
            summing: false,
            odometer: false,
            aggday: "min".into(),
            autodata: None,
            healthkit_metric: None,
            frozen: false,
            buffer_days: None,
            loses_at: None,
            needed: None,
            archives_at: None,
            last_values: Vec::new(),
            starts_at: None,
            graph_url: None,
            presence: Presence::Active,
        }
    }
}
