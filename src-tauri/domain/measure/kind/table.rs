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

const fn row(id: i64, name: &'static str, label: &'static str, unit: Unit, range: Range) -> KindInfo {
    let (kind, source) = (MeasureKind(id), Source::Measure);
    KindInfo { kind, name, label, unit, nature: Plain, source, day_take: Take::Every, range }
}

/// A mass that body scanners also send for single limbs.
const fn mass(id: i64, name: &'static str, label: &'static str) -> KindInfo {
    KindInfo { nature: WholeBody, ..row(id, name, label, Unit::Kilogram, MASS) }
}

/// An amount that grows in the course of a day; several devices each send their own.
const fn active(id: i64, name: &'static str, label: &'static str, unit: Unit, range: Range) -> KindInfo {
    KindInfo { source: Source::Activity, day_take: Take::Max, ..row(id, name, label, unit, range) }
}

/// Something about a night; naps come as rows of their own.
const fn asleep(
    (id, name, label): (i64, &'static str, &'static str),
    unit: Unit,
    day_take: Take,
    range: Range,
) -> KindInfo {
    KindInfo { source: Source::Sleep, day_take, ..row(id, name, label, unit, range) }
}

const fn workout(id: i64, name: &'static str, label: &'static str, unit: Unit, range: Range) -> KindInfo {
    KindInfo { source: Source::Workout, day_take: Take::Sum, ..row(id, name, label, unit, range) }
}

/// Every kind, in the order shown.
pub const KINDS: &[KindInfo] = &[
    row(1, "weight", "Weight", Unit::Kilogram, (dec!(0.3), dec!(700))),
    row(4, "height", "Height", Unit::Metre, (dec!(0.3), dec!(3))),
    mass(5, "lean-mass", "Lean mass"),
    KindInfo { nature: WholeBody, ..row(6, "fat-ratio", "Fat ratio", Unit::Percent, (dec!(0.5), dec!(95))) },
    mass(8, "fat-mass", "Fat mass"),
    mass(76, "muscle-mass", "Muscle mass"),
    mass(77, "water-mass", "Body water"),
    mass(88, "bone-mass", "Bone mass"),
    row(170, "visceral-fat", "Visceral fat", Unit::Number, (dec!(0.01), dec!(100))),
    mass(168, "extracellular-water", "Extracellular water"),
    mass(169, "intracellular-water", "Intracellular water"),
    row(226, "metabolic-rate", "Basal metabolic rate", Unit::Kilocalorie, (dec!(50), dec!(20_000))),
    row(227, "metabolic-age", "Metabolic age", Unit::Year, AGE),
    row(9, "diastolic", "Diastolic blood pressure", Unit::MillimetreOfMercury, (dec!(10), dec!(300))),
    row(10, "systolic", "Systolic blood pressure", Unit::MillimetreOfMercury, (dec!(20), dec!(400))),
    row(11, "heart-rate", "Heart rate", Unit::BeatsPerMinute, HEART_RATE),
    row(12, "generic-temperature", "Temperature (generic)", Unit::Celsius, (dec!(0.01), dec!(100))),
    row(54, "spo2", "Blood oxygen (SpO2)", Unit::Percent, (dec!(20), dec!(100))),
    row(71, "temperature", "Body temperature", Unit::Celsius, (dec!(20), dec!(50))),
    row(73, "skin-temperature", "Skin temperature", Unit::Celsius, (dec!(0.01), dec!(60))),
    row(91, "pulse-wave-velocity", "Pulse wave velocity", Unit::MetresPerSecond, (dec!(0.1), dec!(60))),
    row(123, "vo2max", "VO2 max", Unit::OxygenUptake, (dec!(1), dec!(150))),
    KindInfo {
        nature: Category,
        ..row(130, "afib-ecg", "Atrial fibrillation (ECG)", Unit::Number, (dec!(0), dec!(1000)))
    },
    row(135, "qrs-interval", "QRS interval", Unit::Second, INTERVAL),
    row(136, "pr-interval", "PR interval", Unit::Second, INTERVAL),
    row(137, "qt-interval", "QT interval", Unit::Second, INTERVAL),
    row(138, "qtc-interval", "Corrected QT interval", Unit::Second, INTERVAL),
    KindInfo {
        nature: Category,
        ..row(139, "afib-ppg", "Atrial fibrillation (pulse)", Unit::Number, (dec!(0), dec!(1000)))
    },
    row(155, "vascular-age", "Vascular age", Unit::Year, AGE),
    row(147, "urine-ph", "Urinary pH", Unit::Number, (dec!(0.01), dec!(14))),
    row(148, "urine-specific-gravity", "Urine specific gravity", Unit::Ratio, (dec!(0.5), dec!(2000))),
    row(151, "urine-nitrites", "Urinary nitrites", Unit::MicromolesPerLitre, CONCENTRATION),
    row(204, "urine-ketones", "Urinary ketones", Unit::MillimolesPerLitre, CONCENTRATION),
    row(205, "urine-vitamin-c", "Urinary vitamin C", Unit::MillimolesPerLitre, CONCENTRATION),
    row(248, "urine-calcium", "Urinary calcium", Unit::MillimolesPerLitre, CONCENTRATION),
    row(249, "urine-creatinine", "Urinary creatinine", Unit::MillimolesPerLitre, CONCENTRATION),
    row(251, "urine-calcium-ratio", "Urinary calcium to creatinine", Unit::Ratio, CONCENTRATION),
    row(158, "nerve-health-left", "Nerve health (left foot)", Unit::Microsiemens, SCORE),
    row(159, "nerve-health-right", "Nerve health (right foot)", Unit::Microsiemens, SCORE),
    row(167, "nerve-health-feet", "Nerve health (feet)", Unit::Microsiemens, SCORE),
    row(196, "nerve-response", "Nerve response score", Unit::Number, SCORE),
    row(197, "nerve-response-left", "Nerve response (left foot)", Unit::Number, SCORE),
    row(198, "nerve-response-right", "Nerve response (right foot)", Unit::Number, SCORE),
    row(229, "skin-conductance", "Electrochemical skin conductance", Unit::Microsiemens, SCORE),
    KindInfo { nature: Limb, ..row(173, "lean-mass-segments", "Lean mass of a limb", Unit::Kilogram, MASS) },
    KindInfo { nature: Limb, ..row(174, "fat-mass-segments", "Fat mass of a limb", Unit::Kilogram, MASS) },
    KindInfo {
        nature: Limb,
        ..row(175, "muscle-mass-segments", "Muscle mass of a limb", Unit::Kilogram, MASS)
    },
    active(1_000_001, "steps", "Steps", Unit::Step, (dec!(0), dec!(1_000_000))),
    active(1_000_002, "distance", "Distance", Unit::Kilometre, WAY),
    active(1_000_003, "floors", "Floors climbed", Unit::Floor, (dec!(0), dec!(100_000))),
    active(1_000_004, "soft-activity", "Light activity", Unit::Minute, OF_A_DAY),
    active(1_000_005, "moderate-activity", "Moderate activity", Unit::Minute, OF_A_DAY),
    active(1_000_006, "intense-activity", "Intense activity", Unit::Minute, OF_A_DAY),
    active(1_000_007, "active-time", "Moderate and intense activity", Unit::Minute, OF_A_DAY),
    active(1_000_008, "calories", "Active calories", Unit::Kilocalorie, ENERGY),
    active(1_000_009, "total-calories", "Total calories", Unit::Kilocalorie, ENERGY),
    active(1_000_010, "day-heart-rate", "Average heart rate of the day", Unit::BeatsPerMinute, HEART_RATE),
    KindInfo {
        day_take: Take::Min,
        ..active(
            1_000_011,
            "day-heart-rate-min",
            "Lowest heart rate of the day",
            Unit::BeatsPerMinute,
            HEART_RATE,
        )
    },
    active(
        1_000_012,
        "day-heart-rate-max",
        "Highest heart rate of the day",
        Unit::BeatsPerMinute,
        HEART_RATE,
    ),
    asleep(
        (1_000_101, "sleep-duration", "Time asleep"),
        Unit::Hour,
        Take::Sum,
        // A night without any sleep is one of which nobody knows.
        (dec!(1), dec!(172_800)),
    ),
    asleep((1_000_102, "time-in-bed", "Time in bed"), Unit::Hour, Take::Sum, (dec!(1), dec!(172_800))),
    asleep((1_000_103, "deep-sleep", "Deep sleep"), Unit::Hour, Take::Sum, OF_A_NIGHT),
    asleep((1_000_104, "rem-sleep", "REM sleep"), Unit::Hour, Take::Sum, OF_A_NIGHT),
    asleep((1_000_105, "light-sleep", "Light sleep"), Unit::Hour, Take::Sum, OF_A_NIGHT),
    asleep((1_000_106, "sleep-score", "Sleep score"), Unit::Point, Take::Max, (dec!(1), dec!(100))),
    asleep(
        (1_000_107, "sleep-efficiency", "Sleep efficiency"),
        Unit::Percent,
        Take::First,
        (dec!(1), dec!(100)),
    ),
    asleep((1_000_108, "sleep-latency", "Time to fall asleep"), Unit::Minute, Take::First, OF_A_NIGHT),
    asleep(
        (1_000_109, "sleep-heart-rate", "Average heart rate asleep"),
        Unit::BeatsPerMinute,
        Take::First,
        HEART_RATE,
    ),
    asleep(
        (1_000_110, "bedtime", "Bedtime (hours from midnight)"),
        Unit::ClockHour,
        Take::First,
        ON_THE_CLOCK,
    ),
    asleep(
        (1_000_111, "wake-up-time", "Wake-up time (hours from midnight)"),
        Unit::ClockHour,
        Take::First,
        ON_THE_CLOCK,
    ),
    workout(1_000_201, "workouts", "Workouts", Unit::Number, (dec!(0), dec!(1000))),
    workout(1_000_202, "workout-duration", "Workout time", Unit::Minute, (dec!(0), dec!(1_000_000))),
    workout(1_000_203, "workout-calories", "Workout calories", Unit::Kilocalorie, ENERGY),
    workout(1_000_204, "workout-distance", "Workout distance", Unit::Kilometre, WAY),
    row(2_000_001, "bmi", "Body mass index", Unit::BodyMassIndex, (dec!(3), dec!(300))),
    row(2_000_002, "pulse-pressure", "Pulse pressure", Unit::MillimetreOfMercury, (dec!(1), dec!(350))),
    row(
        2_000_003,
        "mean-arterial-pressure",
        "Mean arterial pressure",
        Unit::MillimetreOfMercury,
        (dec!(10), dec!(350)),
    ),
    row(2_000_004, "lean-mass-ratio", "Lean mass ratio", Unit::Percent, (dec!(1), dec!(100))),
];
