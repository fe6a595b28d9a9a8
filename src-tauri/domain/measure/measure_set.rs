//! Sets of kinds that make one act of measuring, for goals that count acts. Pure.

use std::fmt;

use crate::domain::measure::kind::{KINDS, MeasureKind, Source};

/// The kinds one act must contain. Any kinds that are measured at a moment can be put together; some
/// combinations have a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MeasureSet {
    /// At least one; the first tells that such an act took place.
    kinds: Vec<MeasureKind>,
}

/// A set with a name of its own.
#[derive(Debug)]
pub struct NamedSet {
    /// The word a user types and a `RequestId` carries; it must never change once released.
    pub name: &'static str,
    kinds: &'static [MeasureKind],
}

const fn named(name: &'static str, kinds: &'static [MeasureKind]) -> NamedSet {
    NamedSet { name, kinds }
}

/// The sets with names, in the order shown.
pub const NAMED_SETS: [NamedSet; 5] = [
    named("weight", &[MeasureKind::WEIGHT]),
    named("blood-pressure", &[MeasureKind::DIASTOLIC, MeasureKind::SYSTOLIC, MeasureKind::HEART_RATE]),
    named("body-composition", &[MeasureKind::WEIGHT, MeasureKind::FAT_RATIO]),
    named("temperature", &[MeasureKind(71)]),
    named("spo2", &[MeasureKind(54)]),
];

impl NamedSet {
    /// The kinds one act must contain.
    pub fn kinds(&self) -> &'static [MeasureKind] {
        self.kinds
    }
}

impl MeasureSet {
    /// A weigh-in.
    pub fn weight() -> MeasureSet {
        MeasureSet { kinds: NAMED_SETS[0].kinds.to_vec() }
    }

    /// Diastolic, systolic and heart rate, as a cuff takes them.
    pub fn blood_pressure() -> MeasureSet {
        MeasureSet { kinds: NAMED_SETS[1].kinds.to_vec() }
    }

    /// Finds the set a user named, or puts one together: `weight+heart-rate`. `None` when a word is no
    /// kind that is measured at a moment.
    pub fn named(name: &str) -> Option<MeasureSet> {
        if let Some(set) = NAMED_SETS.iter().find(|set| set.name.eq_ignore_ascii_case(name)) {
            return Some(MeasureSet { kinds: set.kinds.to_vec() });
        }
        let kinds: Option<Vec<_>> = name.split('+').map(|name| MeasureKind::named(name.trim())).collect();
        MeasureSet::of(kinds?)
    }

    /// Puts kinds together; the order they are ticked in does not matter. `None` when there are none, or
    /// one is not measured at a moment.
    pub fn of(mut kinds: Vec<MeasureKind>) -> Option<MeasureSet> {
        let place = |kind: &MeasureKind| KINDS.iter().position(|info| info.kind == *kind);
        kinds.sort_by_key(place);
        kinds.dedup();
        let measured = |kind: &MeasureKind| place(kind).is_some() && kind.source() == Source::Measure;
        let sent = |kind: &MeasureKind| kind.sources() == [*kind];
        (!kinds.is_empty() && kinds.iter().all(|kind| measured(kind) && sent(kind))).then(|| {
            let same = |set: &&NamedSet| {
                set.kinds.len() == kinds.len() && set.kinds.iter().all(|kind| kinds.contains(kind))
            };
            let named = NAMED_SETS.iter().find(same).map(|set| set.kinds.to_vec());
            MeasureSet { kinds: named.unwrap_or(kinds) }
        })
    }

    fn preset(&self) -> Option<&'static NamedSet> {
        NAMED_SETS.iter().find(|set| set.kinds == self.kinds)
    }

    /// The word a user types and a `RequestId` carries.
    pub fn name(&self) -> String {
        let joined = || self.kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        self.preset().map_or_else(joined, |set| set.name.to_owned())
    }

    /// The kinds one act must contain; the first is the one that tells that such an act took place.
    pub fn kinds(&self) -> &[MeasureKind] {
        &self.kinds
    }
}

impl fmt::Display for MeasureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_sets_are_found_by_their_name_and_by_their_kinds() {
        for set in &NAMED_SETS {
            let found = MeasureSet::named(set.name).unwrap();
            assert_eq!(found.name(), set.name);
            let mut kinds = set.kinds.to_vec();
            kinds.reverse();
            assert_eq!(MeasureSet::of(kinds), Some(found));
        }
    }

    #[test]
    fn any_kinds_measured_at_a_moment_can_be_ticked_together_in_any_order() {
        let set = MeasureSet::named("heart-rate+weight").unwrap();
        assert_eq!((set.name().as_str(), set.kinds()[0]), ("weight+heart-rate", MeasureKind::WEIGHT));
        assert_eq!(set, MeasureSet::named("weight + heart-rate + weight").unwrap());
        for wrong in ["", "weight+", "steps", "weight+steps", "bmi", "wieght"] {
            assert_eq!(MeasureSet::named(wrong), None, "{wrong}");
        }
    }
}
