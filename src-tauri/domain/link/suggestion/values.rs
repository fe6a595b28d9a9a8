//! Tells a goal's unit from its last values: 12.6 is a weight in stone, 98.2 a temperature in °F. Pure.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::unit::Unit;

/// What the last values of a goal tell about what is to be sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValuesSay {
    /// They are in this unit.
    In(Unit),
    /// This value can be none of these, in whatever unit.
    UserError(f64),
    /// They fit more than one unit, or there are none.
    Nothing,
}

/// How many of the last values are looked at.
const LAST: usize = 5;

/// A value this many times another of the same person is something else.
const ELSE: f64 = 4.0;

/// Looks at `values`, oldest first. `own` is a value of the person's in the unit Withings measures in.
pub fn values_say(kind: MeasureKind, values: &[f64], own: Option<Decimal>) -> ValuesSay {
    let Some(value) = middle(values) else {
        return ValuesSay::Nothing;
    };
    let choices = kind.unit().choices();
    let meant = |unit: &Unit| unit.convert_back(Decimal::from_f64(value)?)?.to_f64();
    if let Some(own) = own.and_then(|own| own.to_f64()).filter(|own| *own > 0.0) {
        let off =
            |unit: &Unit| meant(unit).filter(|meant| *meant > 0.0).map(|meant| (meant / own).ln().abs());
        let mut by_distance: Vec<(f64, Unit)> =
            choices.iter().filter_map(|unit| Some((off(unit)?, *unit))).collect();
        by_distance.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        match by_distance.as_slice() {
            [(nearest, unit), rest @ ..] if *nearest <= spread(kind).ln() => {
                let is_alone = rest.first().is_none_or(|(next, _)| next - nearest >= apart(kind).ln());
                return if is_alone { ValuesSay::In(*unit) } else { ValuesSay::Nothing };
            }
            [(nearest, _), ..] if *nearest > ELSE.ln() && is_steady(kind) => {
                return ValuesSay::UserError(value);
            }
            _ => {}
        }
    }
    let Some((lowest, highest)) = range(kind) else {
        return ValuesSay::Nothing;
    };
    let fits = |unit: &&Unit| meant(unit).is_some_and(|meant| (lowest..=highest).contains(&meant));
    match choices.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [] => ValuesSay::UserError(value),
        [unit] => ValuesSay::In(**unit),
        _ => ValuesSay::Nothing,
    }
}

/// The median of the last values; zeros only start a graph.
fn middle(values: &[f64]) -> Option<f64> {
    let real = values.iter().rev().copied().filter(|value| value.is_finite() && *value > 0.0);
    let mut last: Vec<f64> = real.take(LAST).collect();
    last.sort_by(f64::total_cmp);
    last.get(last.len() / 2).copied()
}

/// What a person's body has changes little from day to day, what a person does changes much.
fn is_steady(kind: MeasureKind) -> bool {
    kind.source() == Source::Measure
}

/// How many times another a value of the same person may be.
fn spread(kind: MeasureKind) -> f64 {
    if is_steady(kind) { 1.35 } else { 3.0 }
}

/// How many times another a unit must be to be told by values.
fn apart(kind: MeasureKind) -> f64 {
    if is_steady(kind) { 1.5 } else { 9.0 }
}

/// What a person's value lies between, in the unit Withings measures in; `None` where nearly anything can be.
fn range(kind: MeasureKind) -> Option<(f64, f64)> {
    const HOUR: f64 = 3600.0;
    Some(match kind.info()?.name {
        "weight" => (25.0, 250.0),
        "height" => (0.9, 2.5),
        "fat-ratio" => (2.0, 75.0),
        "lean-mass-ratio" => (20.0, 98.0),
        "bmi" => (8.0, 100.0),
        "temperature" => (30.0, 44.0),
        "skin-temperature" => (20.0, 44.0),
        "diastolic" | "systolic" | "mean-arterial-pressure" => (30.0, 260.0),
        "pulse-pressure" => (10.0, 160.0),
        "heart-rate" | "day-heart-rate" | "day-heart-rate-min" | "day-heart-rate-max"
        | "sleep-heart-rate" => (25.0, 230.0),
        "spo2" | "sleep-efficiency" => (40.0, 100.0),
        "vascular-age" | "metabolic-age" => (5.0, 120.0),
        "sleep-duration" | "time-in-bed" => (HOUR, 16.0 * HOUR),
        "deep-sleep" | "rem-sleep" | "light-sleep" => (HOUR / 12.0, 12.0 * HOUR),
        "soft-activity" | "moderate-activity" | "intense-activity" | "active-time" | "workout-duration"
        | "sleep-latency" => (30.0, 24.0 * HOUR),
        "distance" | "workout-distance" => (50.0, 120_000.0),
        "qrs-interval" | "pr-interval" | "qt-interval" | "qtc-interval" => (0.03, 0.8),
        "steps" => (10.0, 200_000.0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn last_values_tell_the_unit_or_that_they_are_something_else() {
        let (kilograms, celsius) = (Some(dec!(80)), Some(dec!(36.8)));
        for (kind, values, own, expected) in [
            ("weight", &[12.6][..], None, ValuesSay::In(Unit::Stone)),
            ("weight", &[12.6], kilograms, ValuesSay::In(Unit::Stone)),
            ("weight", &[12.6], Some(dec!(118)), ValuesSay::In(Unit::Stone)),
            ("weight", &[82.4], kilograms, ValuesSay::In(Unit::Kilogram)),
            ("weight", &[178.0], kilograms, ValuesSay::In(Unit::Pound)),
            ("weight", &[178.0], None, ValuesSay::Nothing),
            ("weight", &[0.0, 0.0], kilograms, ValuesSay::Nothing),
            ("weight", &[], kilograms, ValuesSay::Nothing),
            ("weight", &[12_000.0], kilograms, ValuesSay::UserError(12_000.0)),
            ("weight", &[1.0], None, ValuesSay::UserError(1.0)),
            ("fat-mass", &[35.0], Some(dec!(16)), ValuesSay::In(Unit::Pound)),
            ("temperature", &[98.2, 98.6, 0.0], celsius, ValuesSay::In(Unit::Fahrenheit)),
            ("temperature", &[98.2], None, ValuesSay::In(Unit::Fahrenheit)),
            ("temperature", &[36.6], None, ValuesSay::In(Unit::Celsius)),
            ("height", &[180.0], None, ValuesSay::In(Unit::Centimetre)),
            ("height", &[70.9], None, ValuesSay::In(Unit::Inch)),
            ("height", &[5.9], None, ValuesSay::In(Unit::Foot)),
            ("systolic", &[16.0], None, ValuesSay::In(Unit::Kilopascal)),
            ("systolic", &[82.0], Some(dec!(118)), ValuesSay::In(Unit::MillimetreOfMercury)),
            ("sleep-duration", &[430.0], None, ValuesSay::In(Unit::Minute)),
            ("sleep-duration", &[7.1], Some(dec!(25_000)), ValuesSay::In(Unit::Hour)),
            ("distance", &[5.0], Some(dec!(8000)), ValuesSay::Nothing),
            ("distance", &[8000.0], None, ValuesSay::In(Unit::Metre)),
            ("qt-interval", &[412.0], None, ValuesSay::In(Unit::Millisecond)),
            ("visceral-fat", &[412.0], None, ValuesSay::Nothing),
        ] {
            let kind = MeasureKind::named(kind).unwrap();
            assert_eq!(values_say(kind, values, own), expected, "{kind} {values:?} {own:?}");
        }
    }
}
