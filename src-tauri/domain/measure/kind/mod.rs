//! Kinds of measured values, and the service of Withings that has them.
//!
//! The set is open: a kind that is not in the table is stored and shown by its number, so nothing is lost
//! before the table knows it.

mod derived;
mod table;

use std::fmt;

use rust_decimal::Decimal;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::domain::measure::measurement::MeasureGroup;
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;

pub use derived::Heights;
pub use table::KINDS;

/// What was measured: Withings' `type` number, or one of ours from a million on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeasureKind(pub i64);

/// Which of Withings' services tells about a kind.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// One act of measuring, on a scale, with a cuff, …
    Measure,
    /// A day of activity.
    Activity,
    /// A night, or a nap.
    Sleep,
    /// A workout.
    Workout,
}

impl Source {
    /// The word in the store.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether what it tells lasted for a stretch of time within a day or a night.
    pub fn is_of_stretches(self) -> bool {
        match self {
            Source::Measure | Source::Activity => false,
            Source::Sleep | Source::Workout => true,
        }
    }
}

/// What kind of a value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// A quantity.
    Plain,
    /// A quantity of the whole body that is also sent for single limbs, which must not be taken for it.
    WholeBody,
    /// A quantity of single limbs only.
    Limb,
    /// One of several findings, by number; no quantity.
    Category,
}

/// What is known about a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// Withings' `type`, or a number of this program's own.
    pub kind: MeasureKind,
    /// The word a user types and a `RequestId` carries; it must never change once released.
    pub name: &'static str,
    /// The unit it is sent in unless the user chooses another.
    pub unit: Unit,
    /// The service of Withings that has it.
    pub source: Source,
    /// What kind of a value it is.
    pub nature: Nature,
    /// How a day's rows become one value; `Every` for what is measured at a moment.
    pub day_take: Take,
    /// The least and the most that can have been measured, in the unit Withings measures in. Generous; zero is
    /// within it only where it is a value, since for most it means that there is none.
    pub range: (Decimal, Decimal),
}

impl KindInfo {
    /// Whether its values can be sent, which a finding's or a limb's cannot.
    pub fn is_trackable(&self) -> bool {
        matches!(self.nature, Nature::Plain | Nature::WholeBody)
    }
}

/// Withings' `position` for "the whole body" (undocumented, recorded from Body Scan scales).
const WHOLE_BODY: i64 = 7;

impl MeasureKind {
    /// Weight; the kind every scale sends.
    pub const WEIGHT: MeasureKind = MeasureKind(1);
    /// Diastolic blood pressure.
    pub const DIASTOLIC: MeasureKind = MeasureKind(9);
    /// Systolic blood pressure.
    pub const SYSTOLIC: MeasureKind = MeasureKind(10);
    /// Heart rate, from a cuff or a standing scale.
    pub const HEART_RATE: MeasureKind = MeasureKind(11);
    /// Height, mostly typed in.
    pub const HEIGHT: MeasureKind = MeasureKind(4);
    /// Everything but fat.
    pub const LEAN_MASS: MeasureKind = MeasureKind(5);
    /// The share of fat.
    pub const FAT_RATIO: MeasureKind = MeasureKind(6);
    /// Body temperature.
    pub const TEMPERATURE: MeasureKind = MeasureKind(71);
    /// Skin temperature.
    pub const SKIN_TEMPERATURE: MeasureKind = MeasureKind(73);
    /// Steps of a day.
    pub const STEPS: MeasureKind = MeasureKind(1_000_001);
    /// Time asleep.
    pub const SLEEP_DURATION: MeasureKind = MeasureKind(1_000_101);
    /// Workouts of a day.
    pub const WORKOUTS: MeasureKind = MeasureKind(1_000_201);
    /// Weight by the square of height.
    pub const BMI: MeasureKind = MeasureKind(2_000_001);
    /// Systolic less diastolic.
    pub const PULSE_PRESSURE: MeasureKind = MeasureKind(2_000_002);
    /// Diastolic and a third of the pulse pressure.
    pub const MEAN_ARTERIAL_PRESSURE: MeasureKind = MeasureKind(2_000_003);
    /// Lean mass by weight.
    pub const LEAN_MASS_RATIO: MeasureKind = MeasureKind(2_000_004);

    /// What is known about this kind, if anything.
    pub fn info(self) -> Option<&'static KindInfo> {
        KINDS.iter().find(|info| info.kind == self)
    }

    /// Finds the kind a user named.
    pub fn named(name: &str) -> Option<MeasureKind> {
        KINDS.iter().find(|info| info.name.eq_ignore_ascii_case(name)).map(|info| info.kind)
    }

    /// The unit it is sent in unless the user chooses another.
    pub fn unit(self) -> Unit {
        self.info().map_or(Unit::Number, |info| info.unit)
    }

    /// Where it comes from.
    pub fn source(self) -> Source {
        self.info().map_or(Source::Measure, |info| info.source)
    }

    /// How a day's rows become one value; `Every` for what is measured at a moment.
    pub fn day_take(self) -> Take {
        self.info().map_or(Take::Every, |info| info.day_take)
    }

    /// The kinds its value comes from: itself, or what it is worked out from.
    pub fn sources(self) -> Vec<MeasureKind> {
        derived::sources(self).map_or_else(|| vec![self], <[MeasureKind]>::to_vec)
    }

    /// The kind that every group with a value of this one has.
    pub fn first_source(self) -> MeasureKind {
        derived::sources(self).map_or(self, |sources| sources[0])
    }

    /// The value of this kind in a group, sent or worked out, if it makes sense.
    pub fn value_in(self, group: &MeasureGroup, heights: &Heights) -> Option<Decimal> {
        self.worked_out(group, heights).filter(|value| self.is_plausible(*value))
    }

    /// The same, whether it makes sense or not: what it is worked out from does.
    pub fn worked_out(self, group: &MeasureGroup, heights: &Heights) -> Option<Decimal> {
        match derived::sources(self) {
            Some(_) => derived::value(self, group, heights),
            None => group.value(self).or_else(|| group.measurement(self)?.value()),
        }
    }

    /// Whether anything like `value` can have been measured.
    pub fn is_plausible(self, value: Decimal) -> bool {
        let (least, most) = self.info().map_or(table::ANYTHING, |info| info.range);
        (least..=most).contains(&value)
    }

    /// Whether a scale takes it along with the weight, as a rule.
    pub fn is_of_scale(self) -> bool {
        matches!(self.0, 1 | 5 | 6 | 8 | 76 | 77 | 88 | 168 | 169 | 170 | 226 | 227)
    }

    /// Whether a cuff takes it along with the pressure.
    pub fn is_of_cuff(self) -> bool {
        matches!(self, MeasureKind::DIASTOLIC | MeasureKind::SYSTOLIC | MeasureKind::HEART_RATE)
    }

    /// What an English sentence calls it; unknown kinds by their number.
    pub fn label(self) -> String {
        let known = self.info().and_then(|info| crate::text::word("kind", info.name));
        known.map_or_else(|| format!("Withings measure {}", self.0), ToOwned::to_owned)
    }

    /// Whether `position` says the whole body, or nothing.
    pub(crate) fn is_whole_body(position: Option<i64>) -> bool {
        position.is_none_or(|position| position == WHOLE_BODY)
    }

    /// Whether a value at this `position` stands for the person rather than for one limb.
    pub(crate) fn is_whole_at(self, position: Option<i64>) -> bool {
        match self.info().map_or(Nature::Plain, |info| info.nature) {
            Nature::Plain | Nature::Category => true,
            Nature::WholeBody => MeasureKind::is_whole_body(position),
            Nature::Limb => false,
        }
    }
}

impl fmt::Display for MeasureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info() {
            Some(info) => f.write_str(info.name),
            None => write!(f, "type-{}", self.0),
        }
    }
}

impl serde::Serialize for MeasureKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rust_decimal::dec;

    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_fit_a_request_id() {
        let names: HashSet<_> = KINDS.iter().map(|info| info.name).collect();
        let numbers: HashSet<_> = KINDS.iter().map(|info| info.kind).collect();
        assert_eq!((names.len(), numbers.len()), (KINDS.len(), KINDS.len()));
        for info in KINDS {
            assert!(info.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            assert_eq!(MeasureKind::named(info.name), Some(info.kind));
        }
    }

    #[test]
    fn what_comes_from_a_day_says_how_its_rows_become_one_value_and_nothing_else_does() {
        for info in KINDS {
            assert_eq!(info.day_take == Take::Every, info.source == Source::Measure, "{}", info.name);
            assert!(info.kind.0 < 1000 || info.is_trackable(), "{}", info.name);
        }
    }

    #[test]
    fn zero_and_what_nobody_can_have_are_no_values() {
        for (name, good, bad) in [
            ("weight", &[dec!(0.6), dec!(82.4), dec!(300)][..], &[dec!(0), dec!(-80), dec!(82_400)][..]),
            ("fat-ratio", &[dec!(3), dec!(60)], &[dec!(0), dec!(100), dec!(1850)]),
            ("systolic", &[dec!(60), dec!(260)], &[dec!(0), dec!(1200)]),
            ("temperature", &[dec!(35), dec!(42.3)], &[dec!(0), dec!(98.6)]),
            ("spo2", &[dec!(70), dec!(100)], &[dec!(0), dec!(101)]),
            ("steps", &[dec!(0), dec!(80_000)], &[dec!(-1), dec!(9_000_000)]),
            ("sleep-duration", &[dec!(25_200)], &[dec!(0), dec!(-5), dec!(700_000)]),
            ("deep-sleep", &[dec!(0), dec!(4000)], &[dec!(-5)]),
            ("bedtime", &[dec!(-5400), dec!(0), dec!(3600)], &[dec!(900_000)]),
            ("lean-mass-ratio", &[dec!(100), dec!(60)], &[dec!(435.9), dec!(0)]),
            ("urine-ketones", &[dec!(0), dec!(4)], &[dec!(-1)]),
        ] {
            let kind = MeasureKind::named(name).unwrap();
            assert!(good.iter().all(|value| kind.is_plausible(*value)), "{name}");
            assert!(!bad.iter().any(|value| kind.is_plausible(*value)), "{name}");
        }
        assert!(MeasureKind(9999).is_plausible(dec!(5)) && !MeasureKind(9999).is_plausible(dec!(0)));
    }

    #[test]
    fn an_unknown_kind_is_shown_by_its_number() {
        assert_eq!(MeasureKind(9999).to_string(), "type-9999");
        assert_eq!(MeasureKind(9999).label(), "Withings measure 9999");
    }

    #[test]
    fn the_mass_of_a_limb_is_not_the_mass_of_the_body() {
        let (lean, systolic) = (MeasureKind(5), MeasureKind::SYSTOLIC);
        assert!(lean.is_whole_at(None) && lean.is_whole_at(Some(7)));
        assert!(!lean.is_whole_at(Some(12)));
        assert!(systolic.is_whole_at(Some(3)), "a cuff sits on an arm");
        assert!(!MeasureKind(173).is_whole_at(Some(7)), "sent for limbs only");
    }
}
