//! Measurements: values, and the groups they were taken in. Pure.
//!
//! One act on a scale yields several groups with the same moment, so identity is the group's number and
//! never the time. A day of activity, a night and a workout are groups too, with the day Withings gives
//! them.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::day::Daystamp;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::take::Take;

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
    /// Withings' `type`.
    pub kind: MeasureKind,
    /// Withings' `value`: times ten to the `exponent` it is the reading.
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
    /// Withings' `grpid`, or `id` of a night or workout.
    pub id: GroupId,
    /// Withings' `attrib`, as it came: how sure it is whose reading this is.
    pub attrib: i64,
    /// Withings' `date`: when it was measured, by the device's clock.
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
    /// Withings' number for the type of workout.
    pub category: Option<i64>,
    /// From the start to the end of a night or workout; none for all else.
    pub length: Option<TimeDelta>,
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

    /// The value of `kind` that a word about this reading is about. `None` where the group has none, and for what grows
    /// while its day or night lasts.
    pub fn says(&self, kind: MeasureKind) -> Option<String> {
        let value = |kind| Some(self.value(kind)?.normalize().to_string());
        let values: Option<Vec<String>> = kind.sources().into_iter().map(value).collect();
        values.filter(|_| self.source == Source::Measure).map(|values| values.join(" "))
    }

    /// The whole-body value of `kind`, if the group has one that makes sense.
    pub fn value(&self, kind: MeasureKind) -> Option<Decimal> {
        let of_kind = |m: &&Measurement| m.kind == kind && kind.is_whole_at(m.position);
        self.measurements
            .iter()
            .filter(of_kind)
            .filter_map(Measurement::value)
            .find(|value| kind.is_plausible(*value))
    }

    /// From when to when it lasted: a night is measured at its end, a workout at its start.
    pub fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let length = self.length?;
        match self.source {
            Source::Sleep => Some((self.measured_at.checked_sub_signed(length)?, self.measured_at)),
            Source::Workout => Some((self.measured_at, self.measured_at.checked_add_signed(length)?)),
            Source::Measure | Source::Activity => None,
        }
    }

    /// Whether `device` is the one it was measured with, by Withings' id or by the model.
    pub fn is_from(&self, device: &str) -> bool {
        let same = |own: &Option<String>| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(device));
        same(&self.device) || same(&self.model)
    }

    /// Puts together two versions of one group: the later one counts, and of two equally late ones the
    /// first, with what only the other has. Two rows of one day of activity in one answer are two tellers that
    /// nothing tells apart: of each kind the one that counts is the one that counts among devices.
    #[must_use]
    pub fn merged_with(mut self, other: MeasureGroup) -> MeasureGroup {
        if self.source == Source::Activity {
            return self.best_with(other);
        }
        if other.modified_at > self.modified_at {
            return other;
        }
        if other.modified_at == self.modified_at {
            self = self.filled_from(other);
        }
        self
    }

    /// Whether it has less of anything that grows in the course of a day.
    pub fn is_less_than(&self, other: &MeasureGroup) -> bool {
        self.measurements
            .iter()
            .filter(|m| m.kind.day_take() == Take::Max)
            .any(|m| other.measurement(m.kind).is_some_and(|other| m.value() < other.value()))
    }

    /// Adds what an earlier form of the group has and this one lacks, because it could not be read.
    #[must_use]
    pub fn filled_from(mut self, earlier: MeasureGroup) -> MeasureGroup {
        for measurement in earlier.measurements {
            let known = |m: &Measurement| m.kind == measurement.kind && m.position == measurement.position;
            if !self.measurements.iter().any(known) {
                self.measurements.push(measurement);
            }
        }
        self
    }

    fn best_with(mut self, other: MeasureGroup) -> MeasureGroup {
        self.modified_at = self.modified_at.max(other.modified_at);
        for measurement in other.measurements {
            let Some(known) = self.measurements.iter_mut().find(|m| m.kind == measurement.kind) else {
                self.measurements.push(measurement);
                continue;
            };
            let (old, new) = (known.value(), measurement.value());
            let is_better = if measurement.kind.day_take() == Take::Min { new < old } else { new > old };
            if new.is_some() && (old.is_none() || is_better) {
                *known = measurement;
            }
        }
        self
    }
}

/// How far the clocks of devices, of Withings and of this computer may lie apart.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

/// How far the easternmost clocks on earth are ahead.
const EASTERNMOST: TimeDelta = TimeDelta::hours(14);

/// Whether a group is dated later than anything can have been measured at `now`: a moment that has not
/// come, or a day that has begun nowhere on earth.
pub fn is_in_future(group: &MeasureGroup, now: DateTime<Utc>) -> bool {
    let by = |tolerance| now.checked_add_signed(tolerance).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let latest_day = by(EASTERNMOST + CLOCKS_DIFFER).date_naive();
    if group.day.is_some_and(|day| day.0 > latest_day) {
        return true;
    }
    // A day of activity is dated by its first moment, which may come early where the zone is not known.
    group.source != Source::Activity && group.measured_at > by(CLOCKS_DIFFER)
}

/// What could not be read: a whole row, or the values of a group that could not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The group it belongs to, where that can be told.
    pub id: Option<GroupId>,
    /// Which of Withings' services told it.
    pub source: Source,
    /// The row's JSON, as it came.
    pub raw: String,
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
            length: None,
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

    #[test]
    fn a_moment_that_has_not_come_and_a_day_that_has_begun_nowhere_are_in_the_future() {
        let now: DateTime<Utc> = "2026-11-23T06:00:00Z".parse().unwrap();
        let moment = |minutes: i64| group(1, now + TimeDelta::minutes(minutes), &[]);
        for (minutes, expected) in [(-60, false), (9, false), (11, true), (24 * 60, true)] {
            assert_eq!(is_in_future(&moment(minutes), now), expected, "{minutes}");
        }
        // Ten in the morning is midnight of the next day on Kiritimati.
        for (hours, day, expected) in [
            (0, "20261123", false),
            (0, "20261124", true),
            (4, "20261124", false),
            (4, "20261125", true),
            (4, "20981124", true),
        ] {
            let of_day = MeasureGroup {
                source: Source::Activity,
                day: Some(day.parse().unwrap()),
                ..moment(if expected { 0 } else { 20 * 60 })
            };
            assert_eq!(is_in_future(&of_day, now + TimeDelta::hours(hours)), expected, "{hours} {day}");
        }
        assert!(!is_in_future(&moment(0), DateTime::<Utc>::MAX_UTC));
    }

    #[test]
    fn two_tellers_of_one_day_that_nothing_tells_apart_give_the_best_of_each_kind() {
        let row = |modified, values: &[(i64, i64)]| MeasureGroup {
            source: Source::Activity,
            modified_at: DateTime::from_timestamp(modified, 0).unwrap(),
            ..group(1, DateTime::from_timestamp(0, 0).unwrap(), values)
        };
        let many = row(1, &[(1_000_001, 9200), (1_000_011, 60)]);
        let few = row(2, &[(1_000_001, 2100), (1_000_011, 50), (1_000_002, 7)]);
        let best = row(2, &[(1_000_001, 9200), (1_000_011, 50), (1_000_002, 7)]);
        assert_eq!(many.merged_with(few), best);
    }

    #[test]
    fn a_value_that_makes_no_sense_is_none_and_the_next_of_its_kind_counts() {
        let at = DateTime::from_timestamp(0, 0).unwrap();
        for (values, expected) in [
            (&[(1, 82_000)][..], Some(dec!(82))),
            (&[(1, 0)], None),
            (&[(1, 0), (1, 82_000)], Some(dec!(82))),
            (&[(6, 18_500)], None),
        ] {
            assert_eq!(group(1, at, values).value(MeasureKind::WEIGHT), expected, "{values:?}");
        }
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
