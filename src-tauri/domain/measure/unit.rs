//! The units a value can be sent in. Pure decimal arithmetic: Withings' values are exact decimals, and
//! a float would turn 118.003 kg into something Beeminder takes for a different datapoint.

mod spelling;

use rust_decimal::{Decimal, RoundingStrategy, dec};
use serde::Serialize;
use strum::VariantArray;

pub use spelling::named_in;

/// A unit of measurement, as a user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, VariantArray)]
#[serde(into = "&'static str")]
pub enum Unit {
    /// kg; what Withings sends for every mass.
    Kilogram,
    /// lb, 0.45359237 kg.
    Pound,
    /// st, 14 lb.
    Stone,
    /// %.
    Percent,
    /// mmHg; what Withings sends for blood pressure.
    MillimetreOfMercury,
    /// kPa.
    Kilopascal,
    /// Beats per minute.
    BeatsPerMinute,
    /// °C; what Withings sends for every temperature.
    Celsius,
    /// °F.
    Fahrenheit,
    /// m; what Withings sends for height.
    Metre,
    /// cm.
    Centimetre,
    /// in, 0.0254 m.
    Inch,
    /// ft, 0.3048 m.
    Foot,
    /// m/s.
    MetresPerSecond,
    /// Years.
    Year,
    /// s.
    Second,
    /// ms.
    Millisecond,
    /// kcal.
    Kilocalorie,
    /// kJ, of which a kcal has 4.184.
    Kilojoule,
    /// ml/min/kg.
    OxygenUptake,
    /// µS.
    Microsiemens,
    /// mmol/L.
    MillimolesPerLitre,
    /// µmol/L.
    MicromolesPerLitre,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// A time of day in hours from midnight; the evening before is negative.
    ClockHour,
    /// km.
    Kilometre,
    /// mi, 1609.344 m.
    Mile,
    /// Steps.
    Step,
    /// Floors climbed.
    Floor,
    /// Points of a score.
    Point,
    /// kg/m².
    BodyMassIndex,
    /// A bare number to three decimals.
    Ratio,
    /// A bare number: a score, a rating, a count.
    Number,
}

/// Every unit with the word a user types, the symbol shown, and how many decimals are worth sending.
const UNITS: [(Unit, &str, &str, u32); 34] = [
    (Unit::Kilogram, "kg", "kg", 2),
    (Unit::Pound, "lb", "lb", 1),
    (Unit::Stone, "st", "st", 2),
    (Unit::Percent, "%", "%", 1),
    (Unit::MillimetreOfMercury, "mmHg", "mmHg", 0),
    (Unit::Kilopascal, "kPa", "kPa", 1),
    (Unit::BeatsPerMinute, "bpm", "bpm", 0),
    (Unit::Celsius, "C", "°C", 2),
    (Unit::Fahrenheit, "F", "°F", 1),
    (Unit::Metre, "m", "m", 2),
    (Unit::Centimetre, "cm", "cm", 0),
    (Unit::Inch, "in", "in", 1),
    (Unit::Foot, "ft", "ft", 2),
    (Unit::MetresPerSecond, "m/s", "m/s", 2),
    (Unit::Year, "years", "years", 0),
    (Unit::Second, "s", "s", 3),
    (Unit::Millisecond, "ms", "ms", 0),
    (Unit::Kilocalorie, "kcal", "kcal", 0),
    (Unit::Kilojoule, "kJ", "kJ", 0),
    (Unit::OxygenUptake, "ml/min/kg", "ml/min/kg", 1),
    (Unit::Microsiemens, "uS", "µS", 1),
    (Unit::MillimolesPerLitre, "mmol/L", "mmol/L", 2),
    (Unit::MicromolesPerLitre, "umol/L", "µmol/L", 2),
    (Unit::Minute, "min", "min", 0),
    (Unit::Hour, "h", "h", 2),
    (Unit::ClockHour, "clock", "h", 2),
    (Unit::Kilometre, "km", "km", 2),
    (Unit::Mile, "mi", "mi", 2),
    (Unit::Step, "steps", "", 0),
    (Unit::Floor, "floors", "", 0),
    (Unit::Point, "points", "points", 0),
    (Unit::BodyMassIndex, "kg/m2", "kg/m²", 1),
    (Unit::Ratio, "ratio", "", 3),
    (Unit::Number, "number", "", 2),
];

impl Unit {
    fn row(self) -> &'static (Unit, &'static str, &'static str, u32) {
        UNITS.iter().find(|row| row.0 == self).expect("a test looks every unit up")
    }

    /// The word a user types: `kg`, `lb`, `mmHg`, …
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The symbol shown behind a number; empty for bare numbers, and where the kind says it already.
    pub fn symbol(self) -> &'static str {
        self.row().2
    }

    /// What a sentence calls it: the symbol, or the word where there is none.
    pub fn label(self) -> &'static str {
        if self.symbol().is_empty() { self.name() } else { self.symbol() }
    }

    /// Finds the unit a user named, whatever the case.
    pub fn named(name: &str) -> Option<Unit> {
        UNITS.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    /// The units that a value sent in `self` by default can be sent in, `self` first.
    pub fn choices(self) -> &'static [Unit] {
        let same: &[&[Unit]] = &[
            &[Unit::Kilogram, Unit::Pound, Unit::Stone],
            &[Unit::MillimetreOfMercury, Unit::Kilopascal],
            &[Unit::Celsius, Unit::Fahrenheit],
            &[Unit::Metre, Unit::Centimetre, Unit::Inch, Unit::Foot],
            &[Unit::Kilometre, Unit::Mile, Unit::Metre],
            &[Unit::Hour, Unit::Minute],
            &[Unit::Minute, Unit::Hour],
            &[Unit::Second, Unit::Millisecond],
            &[Unit::Kilocalorie, Unit::Kilojoule],
        ];
        same.iter()
            .find(|units| units[0] == self)
            .copied()
            .unwrap_or_else(|| std::slice::from_ref(&self.row().0))
    }

    /// Converts `value` from the unit Withings measures in: kg, m, s, °C, mmHg and so on. `None` when it does
    /// not fit a decimal.
    pub fn convert(self, value: Decimal) -> Option<Decimal> {
        match self {
            Unit::Pound => value.checked_div(dec!(0.45359237)),
            Unit::Stone => value.checked_div(dec!(6.35029318)),
            Unit::Kilopascal => value.checked_mul(dec!(0.133322387415)),
            Unit::Fahrenheit => value.checked_mul(dec!(1.8))?.checked_add(dec!(32)),
            Unit::Centimetre => value.checked_mul(dec!(100)),
            Unit::Inch => value.checked_div(dec!(0.0254)),
            Unit::Foot => value.checked_div(dec!(0.3048)),
            Unit::Millisecond => value.checked_mul(dec!(1000)),
            Unit::Kilojoule => value.checked_mul(dec!(4.184)),
            Unit::Kilometre => value.checked_div(dec!(1000)),
            Unit::Mile => value.checked_div(dec!(1609.344)),
            Unit::Minute => value.checked_div(dec!(60)),
            Unit::Hour | Unit::ClockHour => value.checked_div(dec!(3600)),
            Unit::Kilogram
            | Unit::Percent
            | Unit::MillimetreOfMercury
            | Unit::BeatsPerMinute
            | Unit::Celsius
            | Unit::Metre
            | Unit::MetresPerSecond
            | Unit::Year
            | Unit::Second
            | Unit::Kilocalorie
            | Unit::OxygenUptake
            | Unit::Microsiemens
            | Unit::MillimolesPerLitre
            | Unit::MicromolesPerLitre
            | Unit::Step
            | Unit::Floor
            | Unit::Point
            | Unit::BodyMassIndex
            | Unit::Ratio
            | Unit::Number => Some(value),
        }
    }

    /// Converts back into the unit Withings measures in; every conversion is a straight line.
    pub fn convert_back(self, value: Decimal) -> Option<Decimal> {
        let (zero, one) = (self.convert(Decimal::ZERO)?, self.convert(Decimal::ONE)?);
        value.checked_sub(zero)?.checked_div(one.checked_sub(zero)?)
    }

    /// How many decimals are worth showing.
    pub fn decimals(self) -> u32 {
        self.row().3
    }

    /// Rounds to the decimals worth sending in this unit, half away from zero, without trailing zeros.
    pub fn round(self, value: Decimal) -> Decimal {
        Unit::round_to(value, self.row().3)
    }

    /// Rounds to so many decimals, half away from zero, without trailing zeros.
    pub fn round_to(value: Decimal, decimals: u32) -> Decimal {
        value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero).normalize()
    }
}

impl From<Unit> for &'static str {
    fn from(unit: Unit) -> &'static str {
        unit.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_convert_exactly_and_round_sanely() {
        for (value, unit, expected) in [
            (dec!(118.003), Unit::Kilogram, dec!(118)),
            (dec!(82.405), Unit::Kilogram, dec!(82.41)),
            (dec!(81.234), Unit::Pound, dec!(179.1)),
            (dec!(81.234), Unit::Stone, dec!(12.79)),
            (dec!(120), Unit::Kilopascal, dec!(16)),
            (dec!(37.25), Unit::Fahrenheit, dec!(99.1)),
            (dec!(1.8), Unit::Centimetre, dec!(180)),
            (dec!(1.8), Unit::Inch, dec!(70.9)),
            (dec!(1.8), Unit::Foot, dec!(5.91)),
            (dec!(0.412), Unit::Millisecond, dec!(412)),
            (dec!(450), Unit::Kilojoule, dec!(1883)),
            (dec!(106.00), Unit::MillimetreOfMercury, dec!(106)),
            (dec!(1028.559), Unit::Kilometre, dec!(1.03)),
            (dec!(1609.344), Unit::Mile, dec!(1)),
            (dec!(18_660), Unit::Hour, dec!(5.18)),
            (dec!(18_660), Unit::Minute, dec!(311)),
            (dec!(-1800), Unit::ClockHour, dec!(-0.5)),
        ] {
            let converted = unit.convert(value).unwrap();
            assert_eq!(unit.convert_back(converted).unwrap().round_dp(9), value, "back from {unit:?}");
            let sent = unit.round(converted);
            assert_eq!(sent.to_string(), expected.to_string(), "{value} in {unit:?}");
        }
    }

    #[test]
    fn every_unit_is_found_by_its_name_and_offers_itself() {
        for unit in Unit::VARIANTS {
            assert_eq!(Unit::named(&unit.name().to_uppercase()), Some(*unit));
            assert!(
                unit.choices().len() == 1 || unit.choices().iter().all(|choice| choice.row().0 == *choice)
            );
        }
        assert_eq!(Unit::named("pints"), None);
    }

    #[test]
    fn a_value_too_large_to_convert_is_refused() {
        assert_eq!(Unit::Fahrenheit.convert(Decimal::MAX), None);
    }
}
