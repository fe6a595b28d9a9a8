//! Beeminder goals and their user, as far as this program needs them, and whether a goal suits what is
//! to be sent to it. Pure.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use url::Url;

use crate::day::{DayRule, Daystamp};
use crate::kind::{MeasureKind, Source};
use crate::link::Feed;
use crate::text::{self, Facts, Said};
use crate::unit::Unit;

/// Beeminder's id of a goal; it stays when the goal is renamed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GoalId(pub String);

/// A goal's name in addresses: `weight` in `beeminder.com/alice/weight`. Users can change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub deadline: i64,
    /// Whether datapoints add up.
    pub summing: bool,
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
        self.starts_at.map(|noon| rule.day_of(noon))
    }

    /// How this goal cuts time into days.
    pub fn day_rule(&self, time_zone: Tz) -> DayRule {
        DayRule::new(time_zone, self.deadline)
    }
}

/// A reason why a goal may not suit what is to be sent to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Misfit {
    /// Values would be added up.
    SumsValues,
    /// Counts would not add up.
    DoesNotCount,
    /// Another service feeds the goal and may overwrite.
    FedByAutodata(String),
    /// The iOS app deletes datapoints that are not its own.
    FedByAppleHealth(String),
    /// The goal has ended.
    Frozen,
    /// Beeminder refuses changes until a payment is sorted out.
    Deadbeat,
    /// Somebody else posts the same values.
    SameValues {
        /// A day on which both do.
        day: Daystamp,
        /// The value both have then.
        value: f64,
    },
    /// The goal seems to go by another unit.
    UnitLooksWrong {
        /// The unit it seems to go by.
        goal: Unit,
        /// The unit chosen.
        chosen: Unit,
    },
    /// A day's amounts would not add up.
    DoesNotSum,
    /// Days of the past lie on the wrong side of the goal's line.
    PastMayDerail {
        /// How many.
        days: usize,
    },
    /// Where the goal's line is, or where it begins, is not known for days of the past.
    PastIsUnknown {
        /// How many.
        days: usize,
    },
    /// Only one of a day's datapoints counts, and it is not the one the link is about.
    DropsValues(String),
}

impl Misfit {
    /// A closed name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Misfit::SumsValues => "sums_values",
            Misfit::DoesNotCount => "does_not_count",
            Misfit::DoesNotSum => "does_not_sum",
            Misfit::PastMayDerail { .. } => "past_may_derail",
            Misfit::PastIsUnknown { .. } => "past_is_unknown",
            Misfit::FedByAutodata(_) => "fed_by_autodata",
            Misfit::FedByAppleHealth(_) => "fed_by_apple_health",
            Misfit::Frozen => "frozen",
            Misfit::Deadbeat => "deadbeat",
            Misfit::DropsValues(_) => "drops_values",
            Misfit::SameValues { .. } => "same_values",
            Misfit::UnitLooksWrong { .. } => "unit_looks_wrong",
        }
    }
}

impl Misfit {
    /// What the sentence is about.
    pub fn facts(&self) -> Facts {
        match self {
            Misfit::PastMayDerail { days } | Misfit::PastIsUnknown { days } => {
                text::facts([("count", days.to_string())])
            }
            Misfit::FedByAutodata(source) => text::facts([("source", source.clone())]),
            Misfit::FedByAppleHealth(metric) => text::facts([("metric", metric.clone())]),
            Misfit::SameValues { day, value } => {
                text::facts([("day", day.0.format("%Y-%m-%d").to_string()), ("value", value.to_string())])
            }
            Misfit::UnitLooksWrong { goal, chosen } => {
                text::facts([("goal", goal.symbol().into()), ("chosen", chosen.symbol().into())])
            }
            Misfit::DropsValues(aggday) => text::facts([("aggday", aggday.clone())]),
            Misfit::SumsValues
            | Misfit::DoesNotCount
            | Misfit::DoesNotSum
            | Misfit::Frozen
            | Misfit::Deadbeat => Facts::new(),
        }
    }
}

impl From<&Misfit> for Said {
    fn from(misfit: &Misfit) -> Said {
        Said { key: format!("misfit.{}", misfit.code()), facts: misfit.facts() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Said::from(self).fmt(f)
    }
}

/// Whether the days of a kind make sense together: steps and hours do, weights and scores do not.
fn adds_up(kind: MeasureKind) -> bool {
    let is_amount = matches!(
        kind.unit(),
        Unit::Step
            | Unit::Floor
            | Unit::Minute
            | Unit::Hour
            | Unit::Kilometre
            | Unit::Kilocalorie
            | Unit::Number
    );
    kind.source() != Source::Measure && is_amount
}

/// Lists why `goal` may not suit `feed`; empty when it does.
pub fn misfits(goal: &Goal, user: &User, feed: &Feed) -> Vec<Misfit> {
    let mut found = Vec::new();
    match feed {
        Feed::Track { kind, .. } if goal.summing && !adds_up(*kind) => found.push(Misfit::SumsValues),
        Feed::Track { kind, .. } if !goal.summing && adds_up(*kind) => found.push(Misfit::DoesNotSum),
        Feed::Count { .. } if !goal.summing && goal.aggday != "sum" => found.push(Misfit::DoesNotCount),
        Feed::Count { once_a_day: false, .. } if !matches!(goal.aggday.as_str(), "sum" | "count") => {
            found.push(Misfit::DropsValues(goal.aggday.clone()));
        }
        Feed::Track { .. } | Feed::Count { .. } => {}
    }
    if let Some(source) = &goal.autodata {
        found.push(Misfit::FedByAutodata(source.clone()));
    }
    if let Some(metric) = &goal.healthkit_metric {
        found.push(Misfit::FedByAppleHealth(metric.clone()));
    }
    if goal.frozen {
        found.push(Misfit::Frozen);
    }
    if user.deadbeat {
        found.push(Misfit::Deadbeat);
    }
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::link::Take;
    use crate::measure_set::MeasureSet;

    pub(crate) fn goal() -> Goal {
        Goal {
            id: GoalId("5f5d577d55c1330906000b8f".into()),
            slug: GoalSlug("weight".into()),
            title: String::new(),
            units: "kg".into(),
            deadline: 0,
            summing: false,
            aggday: "min".into(),
            autodata: None,
            healthkit_metric: None,
            frozen: false,
            buffer_days: None,
            loses_at: None,
            starts_at: None,
            graph_url: None,
            presence: Presence::Active,
        }
    }

    #[test]
    fn a_goal_that_does_not_suit_says_why() {
        let user =
            User { username: "alice".into(), time_zone: Tz::UTC, zone_name: "UTC".into(), deadbeat: false };
        let track =
            Feed::Track { kind: MeasureKind::WEIGHT, unit: MeasureKind::WEIGHT.unit(), take: Take::Every };
        let steps = Feed::Track { kind: MeasureKind::STEPS, unit: Unit::Step, take: Take::Max };
        let count = Feed::Count { set: MeasureSet::weight(), once_a_day: false };
        let daily = Feed::Count { set: MeasureSet::weight(), once_a_day: true };
        let sums = Goal { summing: true, aggday: "sum".into(), ..goal() };
        let binary = Goal { summing: true, aggday: "binary".into(), ..goal() };
        for (goal, user, feed, expected) in [
            (goal(), &user, &track, vec![]),
            (sums.clone(), &user, &track, vec!["sums_values"]),
            (sums.clone(), &user, &steps, vec![]),
            (goal(), &user, &steps, vec!["does_not_sum"]),
            (goal(), &user, &count, vec!["does_not_count"]),
            (sums, &user, &count, vec![]),
            (binary.clone(), &user, &count, vec!["drops_values"]),
            (binary, &user, &daily, vec![]),
            (Goal { autodata: Some("withings".into()), ..goal() }, &user, &track, vec!["fed_by_autodata"]),
            (
                Goal { healthkit_metric: Some("weight".into()), ..goal() },
                &user,
                &track,
                vec!["fed_by_apple_health"],
            ),
            (
                Goal { frozen: true, ..goal() },
                &User { deadbeat: true, ..user.clone() },
                &track,
                vec!["frozen", "deadbeat"],
            ),
        ] {
            let found: Vec<_> = misfits(&goal, user, feed).iter().map(Misfit::code).collect();
            assert_eq!(found, expected, "{goal:?} {feed:?}");
        }
    }
}
