//! A link: "this feeds that goal, so, since then". Pure.

pub mod comment;
mod feed;
pub mod misfit;
mod options;
pub mod suggestion;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{GoalId, GoalSlug};

pub use feed::{Feed, Part};
pub use options::Options;

/// The number a user refers to a link by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkId(pub i64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stretch of the past that the user asked for, from the first moment to the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The first moment it covers.
    pub from: DateTime<Utc>,
    /// The moment after its last.
    pub until: DateTime<Utc>,
    /// The days of the two, as the goal cut days then; `None` where that was not noted.
    pub days: Option<(Daystamp, Daystamp)>,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The number that `bws` knows it by.
    pub id: LinkId,
    /// The goal, by Beeminder's id: names change.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// What is sent: a kind or set, in a unit.
    pub feed: Feed,
    /// What it lets through, and how it writes it.
    pub options: Options,
    /// What was measured at or after this moment is sent.
    pub since: DateTime<Utc>,
    /// The day of that moment, as the goal cut days then; `None` where that was not noted.
    pub first_day: Option<Daystamp>,
    /// What of the time before is sent as well.
    pub past: Vec<Past>,
}

impl Link {
    /// The earliest moment that concerns the link.
    pub fn earliest(&self) -> DateTime<Utc> {
        self.past.iter().map(|past| past.from).fold(self.since, DateTime::min)
    }

    /// Whether a moment lies in the time the link is about.
    pub fn is_about_moment(&self, at: DateTime<Utc>) -> bool {
        at >= self.since || self.past.iter().any(|past| past.from <= at && at < past.until)
    }

    /// Whether a day as a whole does. One that began before the link was made belongs to it. Which days those
    /// are stays as it was, though the user may live elsewhere by now.
    pub fn is_about_day(&self, day: Daystamp, rule: DayRule) -> bool {
        let in_past = |past: &Past| {
            let (from, until) =
                past.days.unwrap_or_else(|| (rule.day_of(past.from), rule.day_of(past.until)));
            (from..until).contains(&day)
        };
        day >= self.first_day.unwrap_or_else(|| rule.day_of(self.since)) || self.past.iter().any(in_past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::measure_set::MeasureSet;
    use chrono_tz::Tz;

    #[test]
    fn a_link_is_about_what_comes_after_its_start_and_the_past_that_was_asked_for() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let rule = DayRule::new(Tz::UTC, 0);
        let link = Link {
            id: LinkId(1),
            goal: GoalId("g".into()),
            slug: GoalSlug("weight".into()),
            feed: Feed::Count { set: MeasureSet::weight(), once_a_day: false },
            options: Options::default(),
            since: at("2026-11-23T08:00:00Z"),
            first_day: None,
            past: vec![Past {
                from: at("2026-11-10T00:00:00Z"),
                until: at("2026-11-12T00:00:00Z"),
                days: None,
            }],
        };
        for (moment, point, day) in [
            ("2026-11-23T08:00:00Z", true, true),
            ("2026-11-23T07:59:59Z", false, true),
            ("2026-11-22T23:59:59Z", false, false),
            ("2026-11-12T00:00:00Z", false, false),
            ("2026-11-11T23:59:59Z", true, true),
            ("2026-11-09T23:59:59Z", false, false),
        ] {
            assert_eq!(link.is_about_moment(at(moment)), point, "{moment}");
            assert_eq!(link.is_about_day(rule.day_of(at(moment)), rule), day, "the day of {moment}");
        }
        assert_eq!(link.earliest(), at("2026-11-10T00:00:00Z"));
    }
}
