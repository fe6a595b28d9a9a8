//! Suggests a feed for a goal, judged by its units, its name and how it takes its datapoints. Pure; the user has
//! the last word.

mod values;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::goal::Goal;
use crate::domain::link::Feed;
use crate::domain::measure::kind::{KINDS, MeasureKind};
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::take::Take;
use crate::domain::measure::unit;
use crate::domain::measure::unit::Unit;

pub use values::{ValuesSay, values_say};

/// Words in a goal's units, name or title, and the kinds they speak of, the likelier first. The first that is
/// found counts; of its kinds the first that can be sent in the goal's unit.
const KINDS_BY_WORD: [(&[&str], &[&str]); 26] = [
    (&["systolic"], &["systolic"]),
    (&["diastolic"], &["diastolic"]),
    (&["pulse pressure"], &["pulse-pressure"]),
    (&["mmhg", "blood pressure", "pressure", "kpa"], &["systolic"]),
    (&["bmi", "kg/m"], &["bmi"]),
    (&["muscle"], &["muscle-mass"]),
    (&["lean"], &["lean-mass", "lean-mass-ratio"]),
    (&["visceral"], &["visceral-fat"]),
    (&["water"], &["water-mass"]),
    (&["bone"], &["bone-mass"]),
    (&["oxygen", "spo2"], &["spo2"]),
    (&["efficiency"], &["sleep-efficiency"]),
    (&["fat", "%"], &["fat-ratio", "fat-mass"]),
    (&["step"], &["steps"]),
    (&["deep sleep"], &["deep-sleep"]),
    (&["sleep", "slept", "asleep"], &["sleep-duration", "sleep-score", "sleep-efficiency"]),
    (&["bedtime", "go to bed"], &["bedtime"]),
    (&["wake", "get up"], &["wake-up-time"]),
    (&["floor", "stair"], &["floors"]),
    (&["skin"], &["skin-temperature"]),
    (&["temperature", "fever", "°c", "°f", "celsius", "fahrenheit"], &["temperature"]),
    (&["heart", "pulse", "bpm"], &["heart-rate"]),
    (&["height"], &["height"]),
    (
        &["workout", "exercise", "train"],
        &["workouts", "workout-duration", "workout-calories", "workout-distance"],
    ),
    (&["distance", "walk", "run"], &["distance", "steps", "active-time"]),
    (&["calorie", "kcal"], &["calories"]),
];

/// Suggests what to send to `goal`. `own` is the person's last value of a kind, in the unit Withings measures
/// in, if there is one.
pub fn suggestion(goal: &Goal, own: &dyn Fn(MeasureKind) -> Option<Decimal>) -> Feed {
    let kind = kind_for(goal);
    let is_amount = kind.day_take() != Take::Every;
    if goal.summing && !is_amount {
        return Feed::Count { set: set_for(kind), once_a_day: false };
    }
    Feed::Track { kind, unit: unit_for(goal, kind, own(kind)), take: take_for(goal, kind) }
}

/// What the words speak of; else what the unit is of, as a rule.
fn kind_for(goal: &Goal) -> MeasureKind {
    let words =
        format!("{} {} {}", goal.units, goal.slug, goal.title).to_lowercase().replace(['-', '_'], " ");
    let named = unit::named_in(&goal.units);
    let is_in = |kind: &MeasureKind| kind.unit().choices().iter().any(|unit| named.contains(unit));
    let is_found = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    let found = KINDS_BY_WORD.iter().find(|(signs, _)| is_found(signs)).map(|(_, names)| *names);
    let spoken: Vec<_> =
        found.unwrap_or(&["weight"]).iter().filter_map(|name| MeasureKind::named(name)).collect();
    let fitting = spoken.iter().copied().find(is_in);
    let usual = ["weight", "sleep-duration", "active-time", "distance", "temperature"];
    let by_unit = || {
        let all = KINDS.iter().filter(|info| info.is_trackable()).map(|info| info.kind);
        usual.iter().filter_map(|name| MeasureKind::named(name)).chain(all).find(is_in)
    };
    let says_little = found.is_none() && !named.contains(&Unit::Number);
    let other = if says_little { fitting.or_else(by_unit) } else { fitting };
    other.or_else(|| spoken.first().copied()).unwrap_or(MeasureKind::WEIGHT)
}

/// The acts of measuring that yield `kind`.
fn set_for(kind: MeasureKind) -> MeasureSet {
    match kind {
        MeasureKind::SYSTOLIC | MeasureKind::DIASTOLIC => MeasureSet::blood_pressure(),
        _ => MeasureSet::of(vec![kind]).unwrap_or_else(MeasureSet::weight),
    }
}

/// The unit of the goal for `kind`: the one it names, or the one its last values are in, or the usual one.
pub fn unit_for(goal: &Goal, kind: MeasureKind, own: Option<Decimal>) -> Unit {
    let choices = kind.unit().choices();
    let named = unit::named_in(&goal.units);
    // In the order of likelihood: "m" are metres rather than miles.
    let possible: Vec<Unit> = named.iter().copied().filter(|unit| choices.contains(unit)).collect();
    match (possible.as_slice(), values_say(kind, &goal.last_values, own)) {
        ([unit], _) => *unit,
        ([], ValuesSay::In(unit)) if named.is_empty() => unit,
        ([_, ..], ValuesSay::In(unit)) if possible.contains(&unit) => unit,
        ([unit, ..], _) => *unit,
        ([], _) => kind.unit(),
    }
}

/// The units of a goal for the kinds that would be sent to it in another than their usual one.
pub fn units_of_kinds(
    goal: &Goal,
    own: &dyn Fn(MeasureKind) -> Option<Decimal>,
) -> BTreeMap<&'static str, &'static str> {
    let several = KINDS.iter().filter(|info| info.is_trackable() && info.unit.choices().len() > 1);
    several
        .map(|info| (info, unit_for(goal, info.kind, own(info.kind))))
        .filter(|(info, unit)| *unit != info.unit)
        .map(|(info, unit)| (info.name, unit.name()))
        .collect()
}

/// What the goal makes of a day: of several weights it keeps the lowest, so that is sent.
fn take_for(goal: &Goal, kind: MeasureKind) -> Take {
    match (kind.day_take(), goal.aggday.as_str()) {
        (Take::Every, "first") => Take::First,
        (Take::Every, "min") => Take::Min,
        (Take::Every, "max") => Take::Max,
        (Take::Every, "mean" | "trimmean" | "truemean" | "uniqmean") => Take::Mean,
        (Take::Every, "median" | "mode") => Take::Median,
        (Take::Every, _) => Take::Last,
        (usual, _) => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::goal::GoalSlug;
    use crate::domain::goal::tests::goal;

    fn nothing(_: MeasureKind) -> Option<Decimal> {
        None
    }

    #[test]
    fn a_goal_is_understood_by_its_units_its_name_and_what_it_does_with_a_day() {
        for (slug, units, summing, aggday, expected) in [
            ("weight", "kg", false, "min", "Weight in kg, the day's lowest"),
            ("pounds", "lbs", false, "last", "Weight in lb, the day's last"),
            ("slim", "", false, "mean", "Weight in kg, the day's mean"),
            ("weigh-in", "times", true, "sum", "Each measurement counts 1: Weight"),
            (
                "pressure",
                "times",
                true,
                "sum",
                "Each measurement counts 1: Diastolic blood pressure, Systolic blood pressure, and Heart rate",
            ),
            ("systolic", "mmHg", false, "last", "Systolic blood pressure in mmHg, the day's last"),
            ("fat", "%", false, "min", "Fat ratio in %, the day's lowest"),
            ("steps", "steps", true, "sum", "Steps, each day"),
            ("sleep", "hours", false, "last", "Time asleep in h, each day"),
            ("exercise", "times", true, "sum", "Workouts, each day"),
            ("slim", "stone", false, "min", "Weight in st, the day's lowest"),
            ("walking", "miles", true, "sum", "Distance in mi, each day"),
            ("sleep", "minutes", true, "sum", "Time asleep in min, each day"),
            ("fever", "°F", false, "max", "Body temperature in °F, the day's highest"),
            ("body-fat", "kg", false, "min", "Fat mass in kg, the day's lowest"),
            ("body-fat", "pounds of fat", false, "min", "Fat mass in lb, the day's lowest"),
            ("growing", "cm", false, "max", "Height in cm, the day's highest"),
            ("rest", "hours", true, "sum", "Time asleep in h, each day"),
            ("exercise", "minutes", true, "sum", "Workout time in min, each day"),
            ("calm", "beats per minute", false, "min", "Heart rate in bpm, the day's lowest"),
            ("mystery", "widgets", false, "last", "Weight in kg, the day's last"),
        ] {
            let goal = crate::domain::goal::Goal {
                slug: GoalSlug(slug.into()),
                title: slug.into(),
                units: units.into(),
                summing,
                aggday: aggday.into(),
                ..goal()
            };
            assert_eq!(suggestion(&goal, &nothing).to_string(), expected, "{slug} {units}");
        }
    }

    #[test]
    fn the_last_values_tell_the_unit_where_no_word_does() {
        let own = |_: MeasureKind| Some(rust_decimal::dec!(80));
        for (units, values, expected) in [
            ("", vec![12.6], Unit::Stone),
            ("weight", vec![178.0], Unit::Pound),
            // What is written counts more; where the two differ, a warning says so.
            ("kg", vec![178.0], Unit::Kilogram),
            ("", vec![], Unit::Kilogram),
        ] {
            let goal = Goal { units: units.into(), last_values: values, ..goal() };
            let Feed::Track { unit, .. } = suggestion(&goal, &own) else { panic!("{units}") };
            assert_eq!(unit, expected, "{units} {:?}", goal.last_values);
        }
        let goal = Goal { units: "degrees".into(), last_values: vec![98.2], ..goal() };
        assert_eq!(unit_for(&goal, MeasureKind(71), None), Unit::Fahrenheit);
        let distance = MeasureKind(1_000_002);
        for (values, expected) in
            [(vec![], Unit::Metre), (vec![8000.0], Unit::Metre), (vec![5.0], Unit::Metre)]
        {
            let goal = Goal { units: "m".into(), last_values: values, ..goal.clone() };
            assert_eq!(unit_for(&goal, distance, None), expected);
        }
    }
}
