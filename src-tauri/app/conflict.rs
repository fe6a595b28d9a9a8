//! Who else writes to a goal, and whether it goes by another unit. Pure.

use rust_decimal::prelude::ToPrimitive;

use crate::beeminder::StoredDatapoint;
use crate::datapoint::Datapoint;
use crate::day::DayRule;
use crate::goal::{Goal, Misfit};
use crate::link::Feed;
use crate::unit::Unit;

/// Values this close are the same, rounded by two programs in two ways.
const SAME: f64 = 0.051;

/// A unit is wrong when the values are off by its factor, give or take what a person's weight moves.
const TOLERANCE: f64 = 0.12;

/// Pounds in a kilogram.
const POUNDS: f64 = 2.204_62;

/// Lists what speaks against sending `planned` to a goal that has `stored` of late.
pub(super) fn conflicts(
    goal: &Goal,
    feed: &Feed,
    rule: DayRule,
    planned: &[Datapoint],
    stored: &[StoredDatapoint],
) -> Vec<Misfit> {
    let foreign: Vec<_> =
        stored.iter().filter(|datapoint| !datapoint.is_ours() && !datapoint.is_beeminders_own()).collect();
    let mut found = Vec::new();
    found.extend(same_values(rule, planned, &foreign));
    found.extend(wrong_unit(goal, feed, planned, &foreign));
    found
}

fn same_values(rule: DayRule, planned: &[Datapoint], foreign: &[&StoredDatapoint]) -> Option<Misfit> {
    planned.iter().rev().find_map(|datapoint| {
        let (day, value) = (datapoint.day(rule), datapoint.value.to_f64()?);
        let same = |other: &&&StoredDatapoint| {
            other.confirmation.daystamp.as_deref() == Some(&day.to_string())
                && other.value.is_some_and(|other| (other - value).abs() < SAME)
        };
        foreign.iter().find(same).map(|_| Misfit::SameValues { day, value })
    })
}

fn wrong_unit(
    goal: &Goal,
    feed: &Feed,
    planned: &[Datapoint],
    foreign: &[&StoredDatapoint],
) -> Option<Misfit> {
    let (chosen, other) = match feed {
        Feed::Track { unit: Unit::Kilogram, .. } => (&Unit::Kilogram, Unit::Pound),
        Feed::Track { unit: Unit::Pound, .. } => (&Unit::Pound, Unit::Kilogram),
        Feed::Track { .. } | Feed::Count { .. } => return None,
    };
    let misfit = Misfit::UnitLooksWrong { goal: other, chosen: *chosen };
    if named_unit(&goal.units) == Some(other) {
        return Some(misfit);
    }
    let last = foreign.iter().max_by_key(|datapoint| datapoint.confirmation.daystamp.clone())?.value?;
    let ours = planned.last()?.value.to_f64()?;
    let factor = if *chosen == Unit::Kilogram { POUNDS } else { 1.0 / POUNDS };
    let off = (last / ours) / factor;
    ((off - 1.0).abs() < TOLERANCE).then_some(misfit)
}

/// The unit a goal's free text names.
fn named_unit(text: &str) -> Option<Unit> {
    match text.trim().to_lowercase().as_str() {
        "kg" | "kgs" | "kilo" | "kilos" | "kilogram" | "kilograms" => Some(Unit::Kilogram),
        "lb" | "lbs" | "pound" | "pounds" => Some(Unit::Pound),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beeminder::Confirmation;
    use crate::datapoint::{Moment, RequestId};
    use crate::goal::tests::goal;
    use crate::kind::MeasureKind;
    use crate::link::Take;
    use chrono_tz::Tz;
    use rust_decimal::Decimal;

    fn planned(value: &str) -> Vec<Datapoint> {
        vec![Datapoint {
            request_id: RequestId("withings-1-weight".into()),
            value: value.parse::<Decimal>().unwrap(),
            moment: Moment::On("20261123".parse().unwrap()),
            comment: String::new(),
        }]
    }

    fn stored(day: &str, value: f64, requestid: Option<&str>) -> StoredDatapoint {
        let confirmation = Confirmation { id: Some("1".into()), daystamp: Some(day.into()) };
        StoredDatapoint::new(requestid.map(Into::into), value, confirmation)
    }

    #[test]
    fn others_and_wrong_units_are_noticed() {
        for (unit, units, value, others, expected) in [
            (Unit::Kilogram, "kg", "82.4", vec![], vec![]),
            (Unit::Kilogram, "kg", "82.4", vec![stored("20261123", 82.4, None)], vec!["same_values"]),
            (
                Unit::Kilogram,
                "kg",
                "82.41",
                vec![stored("20261123", 82.4, Some("ifttt-7"))],
                vec!["same_values"],
            ),
            (Unit::Kilogram, "kg", "82.4", vec![stored("20261123", 82.4, Some("withings-1-weight"))], vec![]),
            (Unit::Kilogram, "kg", "82.4", vec![stored("20261122", 82.4, None)], vec![]),
            (Unit::Kilogram, "", "82.4", vec![stored("20261122", 181.0, None)], vec!["unit_looks_wrong"]),
            (Unit::Pound, "", "181.0", vec![stored("20261122", 82.4, None)], vec!["unit_looks_wrong"]),
            (Unit::Kilogram, "", "82.4", vec![stored("20261122", 84.0, None)], vec![]),
            (Unit::Kilogram, "lbs", "82.4", vec![], vec!["unit_looks_wrong"]),
            (Unit::Pound, "Pounds", "181.0", vec![], vec![]),
        ] {
            let goal = Goal { units: units.into(), ..goal() };
            let feed = Feed::Track { kind: MeasureKind::WEIGHT, unit, take: Take::Last };
            let found = conflicts(&goal, &feed, DayRule::new(Tz::UTC, 0), &planned(value), &others);
            let found: Vec<_> = found.iter().map(Misfit::code).collect();
            assert_eq!(found, expected, "{unit:?} {units} {value} {others:?}");
        }
    }
}
