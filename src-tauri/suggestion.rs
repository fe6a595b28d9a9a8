//! What a goal most likely wants, judged by its units, its name and how it takes its datapoints. Pure; the
//! user has the last word.

use crate::goal::Goal;
use crate::kind::MeasureKind;
use crate::link::{Feed, Take};
use crate::measure_set::MeasureSet;
use crate::unit::Unit;

/// Words in a goal's units, name or title, and the kind they speak of. The first that is found counts.
const KINDS: [(&[&str], &str); 12] = [
    (&["systolic"], "systolic"),
    (&["diastolic"], "diastolic"),
    (&["mmhg", "blood", "pressure"], "systolic"),
    (&["bmi"], "bmi"),
    (&["muscle"], "muscle-mass"),
    (&["fat", "%"], "fat-ratio"),
    (&["step"], "steps"),
    (&["sleep", "slept"], "sleep-duration"),
    (&["floor", "stair"], "floors"),
    (&["temperature", "°c", "°f"], "temperature"),
    (&["heart", "pulse", "bpm"], "heart-rate"),
    (&["workout", "exercise", "train"], "workouts"),
];

/// What people call units, beside their symbols.
const OTHER_NAMES: [(&str, Unit); 14] = [
    ("kgs", Unit::Kilogram),
    ("kilos", Unit::Kilogram),
    ("kilogram", Unit::Kilogram),
    ("kilograms", Unit::Kilogram),
    ("lbs", Unit::Pound),
    ("pound", Unit::Pound),
    ("pounds", Unit::Pound),
    ("stone", Unit::Stone),
    ("stones", Unit::Stone),
    ("hour", Unit::Hour),
    ("hours", Unit::Hour),
    ("mins", Unit::Minute),
    ("minute", Unit::Minute),
    ("minutes", Unit::Minute),
];

/// Suggests what to send to `goal`.
pub fn suggestion(goal: &Goal) -> Feed {
    let words = format!("{} {} {}", goal.units, goal.slug, goal.title).to_lowercase();
    let found = KINDS.iter().find(|(signs, _)| signs.iter().any(|sign| words.contains(sign)));
    let kind = found.and_then(|(_, name)| MeasureKind::named(name)).unwrap_or(MeasureKind::WEIGHT);
    let is_amount = kind.day_take() != Take::Every;
    if goal.summing && !is_amount {
        return Feed::Count { set: set_for(kind), once_a_day: false };
    }
    Feed::Track { kind, unit: unit_for(goal, kind), take: take_for(goal, kind) }
}

/// The acts of measuring that yield `kind`.
fn set_for(kind: MeasureKind) -> MeasureSet {
    match kind {
        MeasureKind::SYSTOLIC | MeasureKind::DIASTOLIC => MeasureSet::blood_pressure(),
        _ => MeasureSet::of(vec![kind]).unwrap_or_else(MeasureSet::weight),
    }
}

/// The unit the goal names, where the kind can be sent in it.
fn unit_for(goal: &Goal, kind: MeasureKind) -> Unit {
    let named = goal.units.trim().to_lowercase();
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == named).map(|(_, unit)| *unit);
    let is_named = |unit: &&Unit| {
        let same = |name: &str| named == name.to_lowercase();
        same(unit.name()) || same(unit.symbol()) || other == Some(**unit)
    };
    kind.unit().choices().iter().find(is_named).copied().unwrap_or(kind.unit())
}

/// What the goal makes of a day: of several weights it keeps the lowest, so that is sent.
fn take_for(goal: &Goal, kind: MeasureKind) -> Take {
    match (kind.day_take(), goal.aggday.as_str()) {
        (Take::Every, "first") => Take::First,
        (Take::Every, "min") => Take::Min,
        (Take::Every, "max") => Take::Max,
        (Take::Every, "mean" | "trimmean") => Take::Mean,
        (Take::Every, "median" | "mode") => Take::Median,
        (Take::Every, _) => Take::Last,
        (usual, _) => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::GoalSlug;
    use crate::goal::tests::goal;

    #[test]
    fn a_goal_is_understood_by_its_units_its_name_and_what_it_does_with_a_day() {
        for (slug, units, summing, aggday, expected) in [
            ("weight", "kg", false, "min", "Weight in kg, the day's lowest"),
            ("pounds", "lbs", false, "last", "Weight in lb, the day's last"),
            ("slim", "", false, "mean", "Weight in kg, the day's mean"),
            ("weigh-in", "times", true, "sum", "number of weigh-ins"),
            ("pressure", "times", true, "sum", "number of blood-pressure measurements"),
            ("systolic", "mmHg", false, "last", "Systolic blood pressure in mmHg, the day's last"),
            ("fat", "%", false, "min", "Fat ratio in %, the day's lowest"),
            ("steps", "steps", true, "sum", "Steps, each day"),
            ("sleep", "hours", false, "last", "Time asleep in h, each day"),
            ("exercise", "times", true, "sum", "Workouts, each day"),
        ] {
            let goal = crate::goal::Goal {
                slug: GoalSlug(slug.into()),
                title: slug.into(),
                units: units.into(),
                summing,
                aggday: aggday.into(),
                ..goal()
            };
            assert_eq!(suggestion(&goal).to_string(), expected, "{slug}");
        }
    }
}
