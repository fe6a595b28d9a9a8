//! Every kind that is known, as one table. To add a kind, add a row.
//!
//! Numbers and units are Withings' `meastype` table (<https://developer.withings.com/api-reference>,
//! Measure - Getmeas). What Withings gives no number, a day of activity, a night, a workout, and what is
//! worked out from other values, has a number of ours, far above Withings'.

use super::Nature::{Category, Limb, Plain, WholeBody};
use super::{KindInfo, MeasureKind, Nature, Source};
use crate::link::Take;
use crate::unit::Unit;

const fn new(id: i64, name: &'static str, label: &'static str, unit: Unit, nature: Nature) -> KindInfo {
    let (kind, source) = (MeasureKind(id), Source::Measure);
    KindInfo { kind, name, label, unit, nature, source, day_take: Take::Every, may_be_zero: false }
}

const fn row(id: i64, name: &'static str, label: &'static str, unit: Unit) -> KindInfo {
    new(id, name, label, unit, Plain)
}

/// A mass that body scanners also send for single limbs.
const fn mass(id: i64, name: &'static str, label: &'static str) -> KindInfo {
    new(id, name, label, Unit::Kilogram, WholeBody)
}

/// An amount that grows in the course of a day; several devices each send their own.
const fn active(id: i64, name: &'static str, label: &'static str, unit: Unit) -> KindInfo {
    let (source, day_take) = (Source::Activity, Take::Max);
    KindInfo { source, day_take, may_be_zero: true, ..row(id, name, label, unit) }
}

/// Something about a night; naps come as rows of their own.
const fn asleep(id: i64, name: &'static str, label: &'static str, unit: Unit, day_take: Take) -> KindInfo {
    KindInfo { source: Source::Sleep, day_take, may_be_zero: true, ..row(id, name, label, unit) }
}

const fn workout(id: i64, name: &'static str, label: &'static str, unit: Unit) -> KindInfo {
    let (source, day_take) = (Source::Workout, Take::Sum);
    KindInfo { source, day_take, may_be_zero: true, ..row(id, name, label, unit) }
}

/// Every kind, in the order shown.
pub const KINDS: &[KindInfo] = &[
    row(1, "weight", "Weight", Unit::Kilogram),
    row(4, "height", "Height", Unit::Metre),
    mass(5, "lean-mass", "Lean mass"),
    new(6, "fat-ratio", "Fat ratio", Unit::Percent, WholeBody),
    mass(8, "fat-mass", "Fat mass"),
    mass(76, "muscle-mass", "Muscle mass"),
    mass(77, "water-mass", "Body water"),
    mass(88, "bone-mass", "Bone mass"),
    row(170, "visceral-fat", "Visceral fat", Unit::Number),
    mass(168, "extracellular-water", "Extracellular water"),
    mass(169, "intracellular-water", "Intracellular water"),
    row(226, "metabolic-rate", "Basal metabolic rate", Unit::Kilocalorie),
    row(227, "metabolic-age", "Metabolic age", Unit::Year),
    row(9, "diastolic", "Diastolic blood pressure", Unit::MillimetreOfMercury),
    row(10, "systolic", "Systolic blood pressure", Unit::MillimetreOfMercury),
    row(11, "heart-rate", "Heart rate", Unit::BeatsPerMinute),
    row(12, "generic-temperature", "Temperature (generic)", Unit::Celsius),
    row(54, "spo2", "Blood oxygen (SpO2)", Unit::Percent),
    row(71, "temperature", "Body temperature", Unit::Celsius),
    row(73, "skin-temperature", "Skin temperature", Unit::Celsius),
    row(91, "pulse-wave-velocity", "Pulse wave velocity", Unit::MetresPerSecond),
    row(123, "vo2max", "VO2 max", Unit::OxygenUptake),
    new(130, "afib-ecg", "Atrial fibrillation (ECG)", Unit::Number, Category),
    row(135, "qrs-interval", "QRS interval", Unit::Second),
    row(136, "pr-interval", "PR interval", Unit::Second),
    row(137, "qt-interval", "QT interval", Unit::Second),
    row(138, "qtc-interval", "Corrected QT interval", Unit::Second),
    new(139, "afib-ppg", "Atrial fibrillation (pulse)", Unit::Number, Category),
    row(155, "vascular-age", "Vascular age", Unit::Year),
    row(147, "urine-ph", "Urinary pH", Unit::Number),
    row(148, "urine-specific-gravity", "Urine specific gravity", Unit::Ratio),
    row(151, "urine-nitrites", "Urinary nitrites", Unit::MicromolesPerLitre),
    row(204, "urine-ketones", "Urinary ketones", Unit::MillimolesPerLitre),
    row(205, "urine-vitamin-c", "Urinary vitamin C", Unit::MillimolesPerLitre),
    row(248, "urine-calcium", "Urinary calcium", Unit::MillimolesPerLitre),
    row(249, "urine-creatinine", "Urinary creatinine", Unit::MillimolesPerLitre),
    row(251, "urine-calcium-ratio", "Urinary calcium to creatinine", Unit::Ratio),
    row(158, "nerve-health-left", "Nerve health (left foot)", Unit::Microsiemens),
    row(159, "nerve-health-right", "Nerve health (right foot)", Unit::Microsiemens),
    row(167, "nerve-health-feet", "Nerve health (feet)", Unit::Microsiemens),
    row(196, "nerve-response", "Nerve response score", Unit::Number),
    row(197, "nerve-response-left", "Nerve response (left foot)", Unit::Number),
    row(198, "nerve-response-right", "Nerve response (right foot)", Unit::Number),
    row(229, "skin-conductance", "Electrochemical skin conductance", Unit::Microsiemens),
    new(173, "lean-mass-segments", "Lean mass of a limb", Unit::Kilogram, Limb),
    new(174, "fat-mass-segments", "Fat mass of a limb", Unit::Kilogram, Limb),
    new(175, "muscle-mass-segments", "Muscle mass of a limb", Unit::Kilogram, Limb),
    active(1_000_001, "steps", "Steps", Unit::Step),
    active(1_000_002, "distance", "Distance", Unit::Kilometre),
    active(1_000_003, "floors", "Floors climbed", Unit::Floor),
    active(1_000_004, "soft-activity", "Light activity", Unit::Minute),
    active(1_000_005, "moderate-activity", "Moderate activity", Unit::Minute),
    active(1_000_006, "intense-activity", "Intense activity", Unit::Minute),
    active(1_000_007, "active-time", "Moderate and intense activity", Unit::Minute),
    active(1_000_008, "calories", "Active calories", Unit::Kilocalorie),
    active(1_000_009, "total-calories", "Total calories", Unit::Kilocalorie),
    KindInfo {
        may_be_zero: false,
        ..active(1_000_010, "day-heart-rate", "Average heart rate of the day", Unit::BeatsPerMinute)
    },
    KindInfo {
        may_be_zero: false,
        day_take: Take::Min,
        ..active(1_000_011, "day-heart-rate-min", "Lowest heart rate of the day", Unit::BeatsPerMinute)
    },
    KindInfo {
        may_be_zero: false,
        ..active(1_000_012, "day-heart-rate-max", "Highest heart rate of the day", Unit::BeatsPerMinute)
    },
    asleep(1_000_101, "sleep-duration", "Time asleep", Unit::Hour, Take::Sum),
    asleep(1_000_102, "time-in-bed", "Time in bed", Unit::Hour, Take::Sum),
    asleep(1_000_103, "deep-sleep", "Deep sleep", Unit::Hour, Take::Sum),
    asleep(1_000_104, "rem-sleep", "REM sleep", Unit::Hour, Take::Sum),
    asleep(1_000_105, "light-sleep", "Light sleep", Unit::Hour, Take::Sum),
    asleep(1_000_106, "sleep-score", "Sleep score", Unit::Point, Take::Max),
    asleep(1_000_107, "sleep-efficiency", "Sleep efficiency", Unit::Percent, Take::First),
    asleep(1_000_108, "sleep-latency", "Time to fall asleep", Unit::Minute, Take::First),
    KindInfo {
        may_be_zero: false,
        ..asleep(
            1_000_109,
            "sleep-heart-rate",
            "Average heart rate asleep",
            Unit::BeatsPerMinute,
            Take::First,
        )
    },
    asleep(1_000_110, "bedtime", "Bedtime (hours from midnight)", Unit::ClockHour, Take::First),
    asleep(1_000_111, "wake-up-time", "Wake-up time (hours from midnight)", Unit::ClockHour, Take::First),
    workout(1_000_201, "workouts", "Workouts", Unit::Number),
    workout(1_000_202, "workout-duration", "Workout time", Unit::Minute),
    workout(1_000_203, "workout-calories", "Workout calories", Unit::Kilocalorie),
    workout(1_000_204, "workout-distance", "Workout distance", Unit::Kilometre),
    row(2_000_001, "bmi", "Body mass index", Unit::BodyMassIndex),
    row(2_000_002, "pulse-pressure", "Pulse pressure", Unit::MillimetreOfMercury),
    row(2_000_003, "mean-arterial-pressure", "Mean arterial pressure", Unit::MillimetreOfMercury),
    row(2_000_004, "lean-mass-ratio", "Lean mass ratio", Unit::Percent),
];
