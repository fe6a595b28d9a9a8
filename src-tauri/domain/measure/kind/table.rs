//! Every kind that is known, as one table. To add a kind, add a row.
//!
//! Numbers and units are Withings' `meastype` table (<https://developer.withings.com/api-reference>,
//! Measure - Getmeas). What Withings gives no number, a day of activity, a night, a workout, and what is
//! worked out from other values, has a number of ours, far above Withings'.

use rust_decimal::{Decimal, dec};

use crate::domain::measure::kind::Nature::{Category, Limb, Plain, WholeBody};
use crate::domain::measure::kind::{KindInfo, MeasureKind, Source};
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;

type Range = (Decimal, Decimal);

/// For a kind that is not known.
pub(super) const ANYTHING: Range = (dec!(0.000000001), dec!(999_999_999));

const MASS: Range = (dec!(0.05), dec!(700));
const HEART_RATE: Range = (dec!(10), dec!(350));
const AGE: Range = (dec!(1), dec!(150));
/// In seconds or in milliseconds: which is not documented.
const INTERVAL: Range = (dec!(0.001), dec!(10_000));
const CONCENTRATION: Range = (dec!(0), dec!(1_000_000));
const SCORE: Range = (dec!(0.01), dec!(10_000));
/// A little more than the longest day has.
const OF_A_DAY: Range = (dec!(0), dec!(100_000));
const OF_A_NIGHT: Range = (dec!(0), dec!(172_800));
const ON_THE_CLOCK: Range = (dec!(-172_800), dec!(172_800));
const ENERGY: Range = (dec!(0), dec!(100_000));
const WAY: Range = (dec!(0), dec!(5_000_000));

const fn row(id: i64, name: &'static str, unit: Unit, range: Range) -> KindInfo {
    let (kind, source) = (MeasureKind(id), Source::Measure);
    KindInfo { kind, name, unit, nature: Plain, source, day_take: Take::Every, range }
}

/// A mass that body scanners also send for single limbs.
const fn mass(id: i64, name: &'static str) -> KindInfo {
    KindInfo { nature: WholeBody, ..row(id, name, Unit::Kilogram, MASS) }
}

/// An amount that grows in the course of a day; several devices each send their own.
const fn active(id: i64, name: &'static str, unit: Unit, range: Range) -> KindInfo {
    KindInfo { source: Source::Activity, day_take: Take::Max, ..row(id, name, unit, range) }
}

/// Something about a night; naps come as rows of their own.
const fn asleep(id: i64, name: &'static str, unit: Unit, day_take: Take, range: Range) -> KindInfo {
    KindInfo { source: Source::Sleep, day_take, ..row(id, name, unit, range) }
}

const fn workout(id: i64, name: &'static str, unit: Unit, range: Range) -> KindInfo {
    KindInfo { source: Source::Workout, day_take: Take::Sum, ..row(id, name, unit, range) }
}

/// Every kind, in the order shown.
pub const KINDS: &[KindInfo] = &[
    row(1, "weight", Unit::Kilogram, (dec!(0.3), dec!(700))),
    row(4, "height", Unit::Metre, (dec!(0.3), dec!(3))),
    mass(5, "lean-mass"),
    KindInfo { nature: WholeBody, ..row(6, "fat-ratio", Unit::Percent, (dec!(0.5), dec!(95))) },
    mass(8, "fat-mass"),
    mass(76, "muscle-mass"),
    mass(77, "water-mass"),
    mass(88, "bone-mass"),
    row(170, "visceral-fat", Unit::Number, (dec!(0.01), dec!(100))),
    mass(168, "extracellular-water"),
    mass(169, "intracellular-water"),
    row(226, "metabolic-rate", Unit::Kilocalorie, (dec!(50), dec!(20_000))),
    row(227, "metabolic-age", Unit::Year, AGE),
    row(9, "diastolic", Unit::MillimetreOfMercury, (dec!(10), dec!(300))),
    row(10, "systolic", Unit::MillimetreOfMercury, (dec!(20), dec!(400))),
    row(11, "heart-rate", Unit::BeatsPerMinute, HEART_RATE),
    row(12, "generic-temperature", Unit::Celsius, (dec!(0.01), dec!(100))),
    row(54, "spo2", Unit::Percent, (dec!(20), dec!(100))),
    row(71, "temperature", Unit::Celsius, (dec!(20), dec!(50))),
    row(73, "skin-temperature", Unit::Celsius, (dec!(0.01), dec!(60))),
    row(91, "pulse-wave-velocity", Unit::MetresPerSecond, (dec!(0.1), dec!(60))),
    row(123, "vo2max", Unit::OxygenUptake, (dec!(1), dec!(150))),
    KindInfo { nature: Category, ..row(130, "afib-ecg", Unit::Number, (dec!(0), dec!(1000))) },
    row(135, "qrs-interval", Unit::Second, INTERVAL),
    row(136, "pr-interval", Unit::Second, INTERVAL),
    row(137, "qt-interval", Unit::Second, INTERVAL),
    row(138, "qtc-interval", Unit::Second, INTERVAL),
    KindInfo { nature: Category, ..row(139, "afib-ppg", Unit::Number, (dec!(0), dec!(1000))) },
    row(155, "vascular-age", Unit::Year, AGE),
    row(147, "urine-ph", Unit::Number, (dec!(0.01), dec!(14))),
    row(148, "urine-specific-gravity", Unit::Ratio, (dec!(0.5), dec!(2000))),
    row(151, "urine-nitrites", Unit::MicromolesPerLitre, CONCENTRATION),
    row(204, "urine-ketones", Unit::MillimolesPerLitre, CONCENTRATION),
    row(205, "urine-vitamin-c", Unit::MillimolesPerLitre, CONCENTRATION),
    row(248, "urine-calcium", Unit::MillimolesPerLitre, CONCENTRATION),
    row(249, "urine-creatinine", Unit::MillimolesPerLitre, CONCENTRATION),
    row(251, "urine-calcium-ratio", Unit::Ratio, CONCENTRATION),
    row(158, "nerve-health-left", Unit::Microsiemens, SCORE),
    row(159, "nerve-health-right", Unit::Microsiemens, SCORE),
    row(167, "nerve-health-feet", Unit::Microsiemens, SCORE),
    row(196, "nerve-response", Unit::Number, SCORE),
    row(197, "nerve-response-left", Unit::Number, SCORE),
    row(198, "nerve-response-right", Unit::Number, SCORE),
    row(229, "skin-conductance", Unit::Microsiemens, SCORE),
    KindInfo { nature: Limb, ..row(173, "lean-mass-segments", Unit::Kilogram, MASS) },
    KindInfo { nature: Limb, ..row(174, "fat-mass-segments", Unit::Kilogram, MASS) },
    KindInfo { nature: Limb, ..row(175, "muscle-mass-segments", Unit::Kilogram, MASS) },
    active(1_000_001, "steps", Unit::Step, (dec!(0), dec!(1_000_000))),
    active(1_000_002, "distance", Unit::Kilometre, WAY),
    active(1_000_003, "floors", Unit::Floor, (dec!(0), dec!(100_000))),
    active(1_000_004, "soft-activity", Unit::Minute, OF_A_DAY),
    active(1_000_005, "moderate-activity", Unit::Minute, OF_A_DAY),
    active(1_000_006, "intense-activity", Unit::Minute, OF_A_DAY),
    active(1_000_007, "active-time", Unit::Minute, OF_A_DAY),
    active(1_000_008, "calories", Unit::Kilocalorie, ENERGY),
    active(1_000_009, "total-calories", Unit::Kilocalorie, ENERGY),
    active(1_000_010, "day-heart-rate", Unit::BeatsPerMinute, HEART_RATE),
    KindInfo {
        day_take: Take::Min,
        ..active(1_000_011, "day-heart-rate-min", Unit::BeatsPerMinute, HEART_RATE)
    },
    active(1_000_012, "day-heart-rate-max", Unit::BeatsPerMinute, HEART_RATE),
    asleep(
        1_000_101,
        "sleep-duration",
        Unit::Hour,
        Take::Sum,
        // A night without any sleep is one of which nobody knows.
        (dec!(1), dec!(172_800)),
    ),
    asleep(1_000_102, "time-in-bed", Unit::Hour, Take::Sum, (dec!(1), dec!(172_800))),
    asleep(1_000_103, "deep-sleep", Unit::Hour, Take::Sum, OF_A_NIGHT),
    asleep(1_000_104, "rem-sleep", Unit::Hour, Take::Sum, OF_A_NIGHT),
    asleep(1_000_105, "light-sleep", Unit::Hour, Take::Sum, OF_A_NIGHT),
    asleep(1_000_106, "sleep-score", Unit::Point, Take::Max, (dec!(1), dec!(100))),
    asleep(1_000_107, "sleep-efficiency", Unit::Percent, Take::First, (dec!(1), dec!(100))),
    asleep(1_000_108, "sleep-latency", Unit::Minute, Take::First, OF_A_NIGHT),
    asleep(1_000_109, "sleep-heart-rate", Unit::BeatsPerMinute, Take::First, HEART_RATE),
    asleep(1_000_110, "bedtime", Unit::ClockHour, Take::First, ON_THE_CLOCK),
    asleep(1_000_111, "wake-up-time", Unit::ClockHour, Take::First, ON_THE_CLOCK),
    workout(1_000_201, "workouts", Unit::Number, (dec!(0), dec!(1000))),
    workout(1_000_202, "workout-duration", Unit::Minute, (dec!(0), dec!(1_000_000))),
    workout(1_000_203, "workout-calories", Unit::Kilocalorie, ENERGY),
    workout(1_000_204, "workout-distance", Unit::Kilometre, WAY),
    row(2_000_001, "bmi", Unit::BodyMassIndex, (dec!(3), dec!(300))),
    row(2_000_002, "pulse-pressure", Unit::MillimetreOfMercury, (dec!(1), dec!(350))),
    row(2_000_003, "mean-arterial-pressure", Unit::MillimetreOfMercury, (dec!(10), dec!(350))),
    row(2_000_004, "lean-mass-ratio", Unit::Percent, (dec!(1), dec!(100))),
];
