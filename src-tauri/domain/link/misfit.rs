//! Misfits: reasons why a goal may not suit what is to be sent to it.

mod shape;

use std::fmt;

use chrono::NaiveDate;

use crate::domain::day::Daystamp;
use crate::domain::goal::{Goal, User};
use crate::domain::link::{Feed, LinkId};
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::unit::{self, Unit};
use crate::text::{self, Args, Message};

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
        /// The unit that the link sends.
        chosen: Unit,
    },
    /// A day's amounts would not add up.
    DoesNotSum,
    /// Days of the past lie on the wrong side of the goal's line.
    PastMayDerail {
        /// How many days it concerns.
        days: usize,
    },
    /// Where the goal's line is, or where it begins, is not known for days of the past.
    PastIsUnknown {
        /// How many days it concerns.
        days: usize,
    },
    /// Only one of a day's datapoints counts, and it is not the one the link is about.
    DropsValues(String),
    /// It takes the readings of an odometer.
    Odometer,
    /// Only how often something is sent would count, or whether; with the way a day becomes one.
    CountsOnly(String),
    /// Two values of one day would be added.
    AddsWithinDay,
    /// Of a day's sum only so much counts; with the way a day becomes one.
    CapsSum(String),
    /// A day becomes one in a way that fits nothing this program sends.
    WorksOutOtherwise(String),
    /// A day becomes one in a way this program does not know.
    UnknownAggregation(String),
    /// The link itself adds a day's values that make no sense together.
    TakeAdds,
    /// The user wants it archived.
    ToBeArchived {
        /// The last day it concerns, in the goal's days.
        day: Daystamp,
    },
    /// Its units are of something else than what is sent.
    OtherUnits {
        /// Its units, as the user wrote them.
        units: String,
        /// The kind that the link sends.
        kind: MeasureKind,
        /// The unit that the link sends.
        chosen: Unit,
    },
    /// Its units are those of a value, and counts would be sent.
    CountsInUnits {
        /// Its units, as the user wrote them.
        units: String,
    },
    /// Its last value cannot be one of what is sent.
    ValuesLookWrong {
        /// The value at Beeminder, in the goal's unit.
        value: f64,
        /// The kind that the link sends.
        kind: MeasureKind,
        /// The unit that the link sends.
        chosen: Unit,
    },
    /// An earlier link has sent the same the other way: for each reading, or for the day.
    SentBefore {
        /// On how many of the days looked at.
        days: usize,
    },
    /// Another link feeds the goal, and one act of measuring makes a datapoint of each.
    OneActTwice {
        /// The link that feeds the goal already.
        link: LinkId,
    },
    /// Its days end at another time than those of Withings, which end at midnight.
    DaysEndElsewhere {
        /// The time of day at which the goal's end.
        deadline: String,
    },
    /// The clocks change, and Beeminder has two rules for the day of what is measured then.
    DayMayDiffer {
        /// The calendar day,
        day: NaiveDate,
        /// from this time of the user's,
        from: String,
        /// until this.
        until: String,
    },
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
            Misfit::Odometer => "odometer",
            Misfit::CountsOnly(_) => "counts_only",
            Misfit::AddsWithinDay => "adds_within_day",
            Misfit::CapsSum(_) => "caps_sum",
            Misfit::WorksOutOtherwise(_) => "works_out_otherwise",
            Misfit::UnknownAggregation(_) => "unknown_aggregation",
            Misfit::TakeAdds => "take_adds",
            Misfit::ToBeArchived { .. } => "to_be_archived",
            Misfit::OtherUnits { .. } => "other_units",
            Misfit::CountsInUnits { .. } => "counts_in_units",
            Misfit::ValuesLookWrong { .. } => "values_look_wrong",
            Misfit::SentBefore { .. } => "sent_before",
            Misfit::OneActTwice { .. } => "one_act_twice",
            Misfit::DaysEndElsewhere { .. } => "days_end_elsewhere",
            Misfit::DayMayDiffer { .. } => "day_may_differ",
        }
    }
}

impl Misfit {
    /// What the sentence is about.
    pub fn facts(&self) -> Args {
        match self {
            Misfit::PastMayDerail { days } | Misfit::PastIsUnknown { days } | Misfit::SentBefore { days } => {
                text::args([("count", days.to_string())])
            }
            Misfit::FedByAutodata(source) => text::args([("source", source.clone())]),
            Misfit::FedByAppleHealth(metric) => text::args([("metric", metric.clone())]),
            Misfit::SameValues { day, value } => {
                text::args([("day", day.0.format("%Y-%m-%d").to_string()), ("value", value.to_string())])
            }
            Misfit::UnitLooksWrong { goal, chosen } => {
                text::args([("unit", goal.label().into()), ("chosen", chosen.label().into())])
            }
            Misfit::DropsValues(aggday)
            | Misfit::CountsOnly(aggday)
            | Misfit::CapsSum(aggday)
            | Misfit::WorksOutOtherwise(aggday)
            | Misfit::UnknownAggregation(aggday) => text::args([("aggday", aggday.clone())]),
            Misfit::ToBeArchived { day } => text::args([("day", day.0.format("%Y-%m-%d").to_string())]),
            Misfit::OtherUnits { units, kind, chosen } => text::args([
                ("units", units.clone()),
                ("kind", kind.to_string()),
                ("chosen", chosen.label().into()),
            ]),
            Misfit::CountsInUnits { units } => text::args([("units", units.clone())]),
            Misfit::ValuesLookWrong { value, kind, chosen } => text::args([
                ("value", figure(*value)),
                ("kind", kind.to_string()),
                ("chosen", chosen.label().into()),
            ]),
            Misfit::OneActTwice { link } => text::args([("link", link.to_string())]),
            Misfit::DaysEndElsewhere { deadline } => text::args([("deadline", deadline.clone())]),
            Misfit::DayMayDiffer { day, from, until } => text::args([
                ("day", day.format("%Y-%m-%d").to_string()),
                ("from", from.clone()),
                ("until", until.clone()),
            ]),
            Misfit::SumsValues
            | Misfit::Odometer
            | Misfit::AddsWithinDay
            | Misfit::TakeAdds
            | Misfit::DoesNotCount
            | Misfit::DoesNotSum
            | Misfit::Frozen
            | Misfit::Deadbeat => Args::new(),
        }
    }
}

impl From<&Misfit> for Message {
    fn from(misfit: &Misfit) -> Message {
        Message { key: format!("misfit.{}", misfit.code()), args: misfit.facts() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Message::from(self).fmt(f)
    }
}

/// Seconds of a day.
const DAY: i64 = 86_400;

/// So much of a goal's units is shown.
const MOST_SHOWN: usize = 40;

/// A value as Beeminder shows it: to six decimals, and nothing that fills a screen.
fn figure(value: f64) -> String {
    if value.abs() < 1e12 { ((value * 1e6).round() / 1e6).to_string() } else { format!("{value:e}") }
}

/// Whether the goal's units name something else than what is sent.
fn other_units(goal: &Goal, feed: &Feed) -> Option<Misfit> {
    let named = unit::named_in(&goal.units);
    let units = || goal.units.trim().chars().filter(|letter| !letter.is_control()).take(MOST_SHOWN).collect();
    match feed {
        _ if named.is_empty() => None,
        Feed::Count { .. } => {
            (!named.contains(&Unit::Number)).then(|| Misfit::CountsInUnits { units: units() })
        }
        Feed::Track { unit: chosen, .. } if named.contains(chosen) => None,
        Feed::Track { kind, unit: chosen, .. } => {
            let choices = kind.unit().choices();
            let other = choices.iter().find(|unit| named.contains(unit));
            Some(match other {
                Some(other) => Misfit::UnitLooksWrong { goal: *other, chosen: *chosen },
                None => Misfit::OtherUnits { units: units(), kind: *kind, chosen: *chosen },
            })
        }
    }
}

/// Whether the goal's days end at another time than those that Withings adds up.
fn days_end_elsewhere(goal: &Goal, feed: &Feed) -> Option<Misfit> {
    let is_of_day = matches!(feed.source(), Source::Activity | Source::Workout);
    let deadline = goal.deadline.filter(|seconds| is_of_day && seconds.rem_euclid(DAY) != 0)?;
    let minutes = deadline.rem_euclid(DAY) / 60;
    Some(Misfit::DaysEndElsewhere { deadline: format!("{:02}:{:02}", minutes / 60, minutes % 60) })
}

/// Lists why the way `goal` is set up may not suit `feed`.
pub fn unsuited(goal: &Goal, feed: &Feed) -> Vec<Misfit> {
    let mut found = shape::misfits(goal, feed);
    found.extend(other_units(goal, feed));
    if let Some(source) = &goal.autodata {
        found.push(Misfit::FedByAutodata(source.clone()));
    }
    if let Some(metric) = &goal.healthkit_metric {
        found.push(Misfit::FedByAppleHealth(metric.clone()));
    }
    found
}

/// Lists why `goal` may not suit `feed`; empty when it does.
pub fn misfits(goal: &Goal, user: &User, feed: &Feed) -> Vec<Misfit> {
    let mut found = unsuited(goal, feed);
    found.extend(days_end_elsewhere(goal, feed));
    if goal.frozen {
        found.push(Misfit::Frozen);
    }
    if let Some(at) = goal.archives_at {
        found.push(Misfit::ToBeArchived { day: Daystamp(at.with_timezone(&user.time_zone).date_naive()) });
    }
    if user.deadbeat {
        found.push(Misfit::Deadbeat);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::goal::tests::goal;
    use crate::domain::measure::measure_set::MeasureSet;
    use crate::domain::measure::take::Take;
    use chrono_tz::Tz;

    fn codes(goal: &Goal, user: &User, feed: &Feed) -> Vec<&'static str> {
        misfits(goal, user, feed).iter().map(Misfit::code).collect()
    }

    fn alice() -> User {
        User {
            id: None,
            username: "alice".into(),
            time_zone: Tz::UTC,
            zone_name: "UTC".into(),
            deadbeat: false,
        }
    }

    fn track(kind: MeasureKind) -> Feed {
        Feed::Track { kind, unit: kind.unit(), take: kind.day_take() }
    }

    #[test]
    fn a_goal_that_does_not_suit_says_why() {
        let (user, track) = (alice(), track(MeasureKind::WEIGHT));
        let archived_soon = Goal { archives_at: Some("2026-12-03T10:00:00Z".parse().unwrap()), ..goal() };
        for (goal, user, expected) in [
            (goal(), &user, vec![]),
            (Goal { summing: true, aggday: "sum".into(), ..goal() }, &user, vec!["sums_values"]),
            (Goal { autodata: Some("withings".into()), ..goal() }, &user, vec!["fed_by_autodata"]),
            (Goal { healthkit_metric: Some("weight".into()), ..goal() }, &user, vec!["fed_by_apple_health"]),
            (
                Goal { frozen: true, ..goal() },
                &User { deadbeat: true, ..user.clone() },
                vec!["frozen", "deadbeat"],
            ),
            (archived_soon, &user, vec!["to_be_archived"]),
        ] {
            assert_eq!(codes(&goal, user, &track), expected, "{goal:?}");
        }
    }

    #[test]
    fn the_units_of_a_goal_tell_what_it_is_not_about() {
        let in_unit = |kind: MeasureKind, unit| Feed::Track { kind, unit, take: Take::Last };
        let (temperature, height) = (MeasureKind(71), MeasureKind::HEIGHT);
        let (distance, asleep) = (MeasureKind(1_000_002), MeasureKind::SLEEP_DURATION);
        for (units, feed, expected) in [
            ("kg", in_unit(MeasureKind::WEIGHT, Unit::Kilogram), None),
            ("stone", in_unit(MeasureKind::WEIGHT, Unit::Kilogram), Some("unit_looks_wrong")),
            ("stone", in_unit(MeasureKind::WEIGHT, Unit::Stone), None),
            ("kg", in_unit(MeasureKind::WEIGHT, Unit::Pound), Some("unit_looks_wrong")),
            ("miles", in_unit(distance, Unit::Kilometre), Some("unit_looks_wrong")),
            ("minutes", in_unit(asleep, Unit::Hour), Some("unit_looks_wrong")),
            ("hours of sleep", in_unit(asleep, Unit::Hour), None),
            ("°F", in_unit(temperature, Unit::Celsius), Some("unit_looks_wrong")),
            ("cm", in_unit(height, Unit::Metre), Some("unit_looks_wrong")),
            ("kg", in_unit(MeasureKind::SYSTOLIC, Unit::MillimetreOfMercury), Some("other_units")),
            ("kg", in_unit(MeasureKind::FAT_RATIO, Unit::Percent), Some("other_units")),
            ("kg", in_unit(MeasureKind::STEPS, Unit::Step), Some("other_units")),
            ("kg", in_unit(temperature, Unit::Celsius), Some("other_units")),
            ("times", in_unit(MeasureKind::WEIGHT, Unit::Kilogram), Some("other_units")),
            ("kg", in_unit(MeasureKind::BMI, Unit::BodyMassIndex), Some("other_units")),
            ("workouts", in_unit(MeasureKind::WORKOUTS, Unit::Number), None),
            ("whatever", in_unit(MeasureKind::WEIGHT, Unit::Kilogram), None),
            ("kg", Feed::Count { set: MeasureSet::weight(), once_a_day: false }, Some("counts_in_units")),
            ("days", Feed::Count { set: MeasureSet::weight(), once_a_day: true }, None),
        ] {
            let goal = Goal { units: units.into(), ..goal() };
            let found = other_units(&goal, &feed);
            assert_eq!(found.as_ref().map(Misfit::code), expected, "{units} {feed:?}");
        }
    }

    #[test]
    fn a_deadline_within_a_day_of_withings_is_said() {
        let steps = track(MeasureKind::STEPS);
        for (deadline, feed, expected) in [
            (Some(0), &steps, None),
            (None, &steps, None),
            (Some(3 * 3600), &steps, Some("03:00")),
            (Some(-7 * 3600), &steps, Some("17:00")),
            (Some(-60), &track(MeasureKind::WORKOUTS), Some("23:59")),
            // A night is one of the day on which it ends, and a weight is measured at a moment.
            (Some(3 * 3600), &track(MeasureKind::SLEEP_DURATION), None),
            (Some(3 * 3600), &track(MeasureKind::WEIGHT), None),
        ] {
            let found = days_end_elsewhere(&Goal { deadline, ..goal() }, feed);
            let expected = expected.map(|deadline| Misfit::DaysEndElsewhere { deadline: deadline.into() });
            assert_eq!(found, expected, "{deadline:?} {feed:?}");
        }
    }

    #[test]
    fn what_others_entered_is_shown_in_reasonable_length() {
        for (value, shown) in
            [(12.6, "12.6"), (12.600_000_000_01, "12.6"), (9000.0, "9000"), (1e300, "1e300")]
        {
            assert_eq!(figure(value), shown);
        }
        let goal = Goal { units: format!("kg\u{1b}[2J {}", "o".repeat(500)), ..goal() };
        let feed = track(MeasureKind::SYSTOLIC);
        let Some(Misfit::OtherUnits { units, .. }) = other_units(&goal, &feed) else { panic!() };
        assert!(units.len() <= 40 && !units.contains('\u{1b}'), "{units}");
    }
}
