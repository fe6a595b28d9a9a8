//! What Withings measured: values, and the groups they were taken in. Pure.
//!
//! One act on a scale yields several groups with the same moment, so identity is the group's number and
//! never the time. A day of activity, a night and a workout are groups too, with the day Withings gives
//! them.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::day::Daystamp;
use crate::kind::{MeasureKind, Source};

/// Withings' `grpid`: stable through edits. Nights, workouts and days of activity have numbers of other
/// ranges, so that they never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GroupId(pub i64);

/// Withings' own numbers have ten digits.
const RANGE: i64 = 1_000_000_000_000_000;

impl GroupId {
    /// For a night or a workout, by Withings' `id`. `None` when the number is beyond all that Withings uses.
    pub fn numbered(source: Source, id: i64) -> Option<GroupId> {
        let range = match source {
            Source::Measure => 0,
            Source::Sleep => RANGE,
            Source::Workout => 2 * RANGE,
            Source::Activity => 3 * RANGE,
        };
        (0..RANGE).contains(&id).then_some(GroupId(range + id))
    }

    /// For a day of activity, which has no number: its date, and which device told it.
    pub fn of_day(day: Daystamp, device: &str) -> Option<GroupId> {
        // FNV-1a, cut to six digits: a person has a handful of devices.
        let hash = device
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let date: i64 = day.to_string().parse().ok()?;
        GroupId::numbered(Source::Activity, date * 1_000_000 + i64::from(hash % 1_000_000))
    }
}

/// One value of one kind, exactly as sent: `mantissa` × 10^`exponent`, in the kind's own unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// What was measured.
    pub kind: MeasureKind,
    /// Withings' `value`.
    pub mantissa: i64,
    /// Withings' `unit`: a power of ten that varies between readings of the same kind.
    pub exponent: i64,
    /// Where on the body, for kinds that tell.
    pub position: Option<i64>,
}

impl Measurement {
    /// The value in the kind's unit, or `None` when the numbers fit no decimal.
    pub fn value(&self) -> Option<Decimal> {
        if self.exponent <= 0 {
            let scale = u32::try_from(self.exponent.checked_neg()?).ok()?;
            return Decimal::try_from_i128_with_scale(self.mantissa.into(), scale).ok();
        }
        let power = u32::try_from(self.exponent).ok().filter(|power| *power <= 18)?;
        Decimal::from(self.mantissa).checked_mul(Decimal::from(10_i64.pow(power)))
    }
}

/// Who a group belongs to and how it came to be: Withings' `attrib`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// Taken by a device, certainly by this user.
    Certain,
    /// Taken by a device, possibly by someone else in the household.
    Ambiguous,
    /// Typed in by the user.
    Manual,
    /// Typed in while the account was made; often a guess.
    AccountCreation,
    /// A number Withings does not explain.
    Unknown,
}

impl Attribution {
    /// Reads Withings' number. 3 and 17 are undocumented but recorded as the user's own.
    pub fn of(attrib: i64) -> Attribution {
        match attrib {
            0 | 3 | 5 | 7 | 8 | 15 | 17 => Attribution::Certain,
            1 => Attribution::Ambiguous,
            2 => Attribution::Manual,
            4 => Attribution::AccountCreation,
            _ => Attribution::Unknown,
        }
    }
}

impl Attribution {
    /// Whether it is for the user to say whose it is.
    pub fn is_unsure(self) -> bool {
        matches!(self, Attribution::Ambiguous | Attribution::Unknown)
    }

    /// Withings' numbers that leave no doubt whose it is.
    pub fn sure() -> impl Iterator<Item = i64> {
        (0..=17).filter(|attrib| !Attribution::of(*attrib).is_unsure())
    }
}

/// Everything one act of measuring produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureGroup {
    /// Withings' number for it.
    pub id: GroupId,
    /// Withings' `attrib`, unread.
    pub attrib: i64,
    /// When it was measured.
    pub measured_at: DateTime<Utc>,
    /// When Withings last changed it.
    pub modified_at: DateTime<Utc>,
    /// The device, unless typed in.
    pub device: Option<String>,
    /// The device's model, when Withings tells it.
    pub model: Option<String>,
    /// Which of Withings' services told it.
    pub source: Source,
    /// The day Withings gives it; none for what is measured at a moment.
    pub day: Option<Daystamp>,
    /// Withings' number for the sort of workout.
    pub category: Option<i64>,
    /// Whether Withings no longer has it.
    pub gone: bool,
    /// The values, in the order sent.
    pub measurements: Vec<Measurement>,
}

impl MeasureGroup {
    /// Who it belongs to.
    pub fn attribution(&self) -> Attribution {
        Attribution::of(self.attrib)
    }

    /// Whether it is for the user to say whose it is.
    pub fn is_unsure(&self) -> bool {
        self.attribution().is_unsure()
    }

    /// The whole-body value of `kind`, if the group has one; before one that was taken somewhere else.
    pub fn measurement(&self, kind: MeasureKind) -> Option<&Measurement> {
        let found = self.measurements.iter().filter(|m| m.kind == kind && kind.is_whole_at(m.position));
        found.min_by_key(|m| !MeasureKind::is_whole_body(m.position))
    }

    /// Whether `device` is the one it was measured with, by Withings' id or by the model.
    pub fn is_from(&self, device: &str) -> bool {
        let same = |own: &Option<String>| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(device));
        same(&self.device) || same(&self.model)
    }

    /// Puts together two versions of one group: the later one counts, and of two equally late ones the
    /// first, with what only the other has.
    #[must_use]
    pub fn merged_with(mut self, other: MeasureGroup) -> MeasureGroup {
        if other.modified_at > self.modified_at {
            return other;
        }
        if other.modified_at == self.modified_at {
            for measurement in other.measurements {
                let known =
                    |m: &Measurement| m.kind == measurement.kind && m.position == measurement.position;
                if !self.measurements.iter().any(known) {
                    self.measurements.push(measurement);
                }
            }
        }
        self
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rust_decimal::dec;

    /// A group that a scale or cuff made, with kinds and thousandths.
    pub(crate) fn group(id: i64, measured_at: DateTime<Utc>, values: &[(i64, i64)]) -> MeasureGroup {
        let measurement = |(kind, mantissa): &(i64, i64)| Measurement {
            kind: MeasureKind(*kind),
            mantissa: *mantissa,
            exponent: -3,
            position: None,
        };
        MeasureGroup {
            id: GroupId(id),
            attrib: 0,
            measured_at,
            modified_at: measured_at,
            device: None,
            model: None,
            source: Source::Measure,
            day: None,
            category: None,
            gone: false,
            measurements: values.iter().map(measurement).collect(),
        }
    }

    #[test]
    fn numbers_of_different_sources_never_meet() {
        let day: Daystamp = "20261123".parse().unwrap();
        let ids = [
            GroupId::numbered(Source::Measure, 4_815_757_309).unwrap(),
            GroupId::numbered(Source::Sleep, 4_815_757_309).unwrap(),
            GroupId::numbered(Source::Workout, 4_815_757_309).unwrap(),
            GroupId::of_day(day, "1 watch").unwrap(),
            GroupId::of_day(day, "18 ").unwrap(),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert_eq!(GroupId::of_day(day, "1 watch"), GroupId::of_day(day, "1 watch"));
        assert_eq!(GroupId::numbered(Source::Sleep, RANGE), None);
        assert_eq!(GroupId::numbered(Source::Sleep, -1), None);
    }

    fn measurement(mantissa: i64, exponent: i64) -> Measurement {
        Measurement { kind: MeasureKind::WEIGHT, mantissa, exponent, position: None }
    }

    #[test]
    fn values_are_scaled_exactly() {
        for (mantissa, exponent, value) in
            [(118_003, -3, dec!(118.003)), (500_000, -4, dec!(50)), (10_600, -2, dec!(106)), (8, 1, dec!(80))]
        {
            assert_eq!(measurement(mantissa, exponent).value(), Some(value));
        }
    }

    #[test]
    fn absurd_numbers_have_no_value_and_do_not_panic() {
        for (mantissa, exponent) in
            [(1, -29), (1, 19), (i64::MAX, 18), (1, i64::MIN), (1, i64::MAX), (i64::MIN, -400)]
        {
            assert_eq!(measurement(mantissa, exponent).value(), None, "{mantissa}e{exponent}");
        }
    }

    #[test]
    fn only_what_is_surely_the_users_is_certain() {
        for (attrib, expected) in [
            (0, Attribution::Certain),
            (1, Attribution::Ambiguous),
            (2, Attribution::Manual),
            (4, Attribution::AccountCreation),
            (8, Attribution::Certain),
            (17, Attribution::Certain),
            (99, Attribution::Unknown),
        ] {
            assert_eq!(Attribution::of(attrib), expected);
        }
        assert!(Attribution::sure().eq([0, 2, 3, 4, 5, 7, 8, 15, 17]), "no known one is left out");
    }
}
