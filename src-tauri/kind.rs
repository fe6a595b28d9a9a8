//! What Withings can measure at one moment, as one table. To add a kind, add a row to [`KINDS`]:
//! storing, linking, previewing, history and help follow from it.
//!
//! Numbers and units are Withings' `meastype` table (<https://developer.withings.com/api-reference>,
//! Measure - Getmeas). The set is open: a kind that is not in the table is stored and shown by its
//! number, so nothing is lost before this table knows it.

use std::fmt;

use crate::unit::Unit;

/// What was measured: Withings' `type` number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeasureKind(pub i64);

/// What is known about a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// Withings' number.
    pub kind: MeasureKind,
    /// The word a user types and a `RequestId` carries; it must never change once released.
    pub name: &'static str,
    /// What a person calls it.
    pub label: &'static str,
    /// The unit Withings sends it in.
    pub unit: Unit,
    /// Whether Withings also sends it for single limbs, which must not be taken for the whole body.
    segmental: bool,
}

const fn row(id: i64, name: &'static str, label: &'static str, unit: Unit) -> KindInfo {
    KindInfo { kind: MeasureKind(id), name, label, unit, segmental: false }
}

const fn mass(id: i64, name: &'static str, label: &'static str, unit: Unit) -> KindInfo {
    KindInfo { kind: MeasureKind(id), name, label, unit, segmental: true }
}

/// Every kind that can be tracked.
pub const KINDS: &[KindInfo] = &[
    row(1, "weight", "Weight", Unit::Kilogram),
    row(4, "height", "Height", Unit::Metre),
    mass(5, "lean-mass", "Lean mass", Unit::Kilogram),
    mass(6, "fat-ratio", "Fat ratio", Unit::Percent),
    mass(8, "fat-mass", "Fat mass", Unit::Kilogram),
    row(9, "diastolic", "Diastolic blood pressure", Unit::MillimetreOfMercury),
    row(10, "systolic", "Systolic blood pressure", Unit::MillimetreOfMercury),
    row(11, "heart-rate", "Heart rate", Unit::BeatsPerMinute),
    row(12, "generic-temperature", "Temperature (generic)", Unit::Celsius),
    row(54, "spo2", "Blood oxygen (SpO2)", Unit::Percent),
    row(71, "temperature", "Body temperature", Unit::Celsius),
    row(73, "skin-temperature", "Skin temperature", Unit::Celsius),
    mass(76, "muscle-mass", "Muscle mass", Unit::Kilogram),
    mass(77, "water-mass", "Body water", Unit::Kilogram),
    mass(88, "bone-mass", "Bone mass", Unit::Kilogram),
    row(91, "pulse-wave-velocity", "Pulse wave velocity", Unit::MetresPerSecond),
    row(123, "vo2max", "VO2 max", Unit::OxygenUptake),
    row(135, "qrs-interval", "QRS interval", Unit::Second),
    row(136, "pr-interval", "PR interval", Unit::Second),
    row(137, "qt-interval", "QT interval", Unit::Second),
    row(138, "qtc-interval", "Corrected QT interval", Unit::Second),
    row(147, "urine-ph", "Urinary pH", Unit::Number),
    row(148, "urine-specific-gravity", "Urine specific gravity", Unit::Number),
    row(151, "urine-nitrites", "Urinary nitrites", Unit::MicromolesPerLitre),
    row(155, "vascular-age", "Vascular age", Unit::Year),
    row(167, "nerve-health-feet", "Nerve health (feet)", Unit::Microsiemens),
    mass(168, "extracellular-water", "Extracellular water", Unit::Kilogram),
    mass(169, "intracellular-water", "Intracellular water", Unit::Kilogram),
    row(170, "visceral-fat", "Visceral fat", Unit::Number),
    row(196, "nerve-response", "Nerve response score", Unit::Number),
    row(204, "urine-ketones", "Urinary ketones", Unit::MillimolesPerLitre),
    row(205, "urine-vitamin-c", "Urinary vitamin C", Unit::MillimolesPerLitre),
    row(226, "metabolic-rate", "Basal metabolic rate", Unit::Kilocalorie),
    row(227, "metabolic-age", "Metabolic age", Unit::Year),
    row(229, "skin-conductance", "Electrochemical skin conductance", Unit::Microsiemens),
];

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

    /// What is known about this kind, if anything.
    pub fn info(self) -> Option<&'static KindInfo> {
        KINDS.iter().find(|info| info.kind == self)
    }

    /// Finds the kind a user named.
    pub fn named(name: &str) -> Option<MeasureKind> {
        KINDS.iter().find(|info| info.name.eq_ignore_ascii_case(name)).map(|info| info.kind)
    }

    /// The unit Withings sends this kind in.
    pub fn unit(self) -> Unit {
        self.info().map_or(Unit::Number, |info| info.unit)
    }

    /// What a person calls it; unknown kinds by their number.
    pub fn label(self) -> String {
        self.info().map_or_else(|| format!("Withings measure {}", self.0), |info| info.label.to_owned())
    }

    /// Whether a value at this `position` stands for the person rather than for one limb.
    pub(crate) fn is_whole_at(self, position: Option<i64>) -> bool {
        let segmental = self.info().is_some_and(|info| info.segmental);
        !segmental || position.is_none_or(|position| position == WHOLE_BODY)
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

/// Kinds that together make one act of measuring, for goals that count acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeasureSet {
    /// A weigh-in.
    Weight,
    /// Diastolic, systolic and heart rate, as a cuff takes them.
    BloodPressure,
    /// A weigh-in with a fat ratio, that is, barefoot.
    BodyComposition,
    /// A body temperature.
    Temperature,
    /// A blood-oxygen reading.
    Spo2,
}

impl MeasureSet {
    /// Every set, in the order shown.
    pub const ALL: [MeasureSet; 5] = [
        MeasureSet::Weight,
        MeasureSet::BloodPressure,
        MeasureSet::BodyComposition,
        MeasureSet::Temperature,
        MeasureSet::Spo2,
    ];

    /// The word a user types and a `RequestId` carries; it must never change once released.
    pub fn name(self) -> &'static str {
        match self {
            MeasureSet::Weight => "weight",
            MeasureSet::BloodPressure => "blood-pressure",
            MeasureSet::BodyComposition => "body-composition",
            MeasureSet::Temperature => "temperature",
            MeasureSet::Spo2 => "spo2",
        }
    }

    /// What a person calls one such act.
    pub fn label(self) -> &'static str {
        match self {
            MeasureSet::Weight => "weigh-ins",
            MeasureSet::BloodPressure => "blood-pressure measurements",
            MeasureSet::BodyComposition => "weigh-ins with body composition",
            MeasureSet::Temperature => "temperature measurements",
            MeasureSet::Spo2 => "blood-oxygen measurements",
        }
    }

    /// Finds the set a user named.
    pub fn named(name: &str) -> Option<MeasureSet> {
        MeasureSet::ALL.into_iter().find(|set| set.name().eq_ignore_ascii_case(name))
    }

    /// The kinds one act must contain; the first is the one that tells that such an act took place.
    pub fn kinds(self) -> &'static [MeasureKind] {
        match self {
            MeasureSet::Weight => &[MeasureKind::WEIGHT],
            MeasureSet::BloodPressure => {
                &[MeasureKind::DIASTOLIC, MeasureKind::SYSTOLIC, MeasureKind::HEART_RATE]
            }
            MeasureSet::BodyComposition => &[MeasureKind::WEIGHT, MeasureKind(6)],
            MeasureSet::Temperature => &[MeasureKind(71)],
            MeasureSet::Spo2 => &[MeasureKind(54)],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
        for set in MeasureSet::ALL {
            assert_eq!(MeasureSet::named(set.name()), Some(set));
        }
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
    }
}
