//! Values that Withings does not send but that follow from what it sends.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, dec};

use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::MeasureGroup;

/// The heights that were measured or typed in, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heights(Vec<(DateTime<Utc>, Decimal)>);

impl Heights {
    /// Collects them, in metres; what is no height of a person is left out.
    pub fn new(heights: impl IntoIterator<Item = (DateTime<Utc>, Decimal)>) -> Heights {
        let mut heights: Vec<_> =
            heights.into_iter().filter(|(_, height)| (dec!(0.3)..dec!(3)).contains(height)).collect();
        heights.sort();
        Heights(heights)
    }

    /// The height valid at `moment`: the last one before it, or else the first one known.
    pub fn at(&self, moment: DateTime<Utc>) -> Option<Decimal> {
        let before = self.0.iter().rfind(|(at, _)| *at <= moment);
        before.or(self.0.first()).map(|(_, height)| *height)
    }
}

/// The kinds that a derived kind is worked out from, the one every such group has first; `None` for kinds
/// that Withings sends.
pub(super) fn sources(kind: MeasureKind) -> Option<&'static [MeasureKind]> {
    match kind {
        MeasureKind::BMI => Some(&[MeasureKind::WEIGHT]),
        MeasureKind::PULSE_PRESSURE | MeasureKind::MEAN_ARTERIAL_PRESSURE => {
            Some(&[MeasureKind::SYSTOLIC, MeasureKind::DIASTOLIC])
        }
        MeasureKind::LEAN_MASS_RATIO => {
            Some(&[MeasureKind::WEIGHT, MeasureKind::LEAN_MASS, MeasureKind::FAT_RATIO])
        }
        _ => None,
    }
}

/// Works the value of a derived kind out; `None` when something is missing for it.
pub(super) fn value(kind: MeasureKind, group: &MeasureGroup, heights: &Heights) -> Option<Decimal> {
    let sent = |kind| group.value(kind);
    match kind {
        MeasureKind::BMI => {
            let (weight, height) = (sent(MeasureKind::WEIGHT)?, heights.at(group.measured_at)?);
            weight.checked_div(height.checked_mul(height)?)
        }
        MeasureKind::PULSE_PRESSURE => {
            sent(MeasureKind::SYSTOLIC)?.checked_sub(sent(MeasureKind::DIASTOLIC)?)
        }
        MeasureKind::MEAN_ARTERIAL_PRESSURE => {
            let (systolic, diastolic) = (sent(MeasureKind::SYSTOLIC)?, sent(MeasureKind::DIASTOLIC)?);
            systolic.checked_sub(diastolic)?.checked_div(dec!(3))?.checked_add(diastolic)
        }
        MeasureKind::LEAN_MASS_RATIO => {
            let weight = sent(MeasureKind::WEIGHT)?;
            let of_mass = || {
                let ratio = sent(MeasureKind::LEAN_MASS)?.checked_div(weight)?;
                ratio.checked_mul(dec!(100))
            };
            of_mass().or_else(|| dec!(100).checked_sub(sent(MeasureKind::FAT_RATIO)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::measurement::tests::group;

    fn at(unix: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(unix, 0).unwrap()
    }

    #[test]
    fn each_derived_kind_follows_from_what_was_sent() {
        let heights = Heights::new([(at(0), dec!(1.80))]);
        for (kind, sent, expected) in [
            (MeasureKind::BMI, &[(1, 81_000)][..], Some(dec!(25))),
            (MeasureKind::PULSE_PRESSURE, &[(10, 121_000), (9, 80_000)], Some(dec!(41))),
            (MeasureKind::MEAN_ARTERIAL_PRESSURE, &[(10, 120_000), (9, 90_000)], Some(dec!(100))),
            (MeasureKind::LEAN_MASS_RATIO, &[(1, 80_000), (5, 60_000)], Some(dec!(75))),
            (MeasureKind::LEAN_MASS_RATIO, &[(1, 80_000), (6, 18_500)], Some(dec!(81.5))),
            (MeasureKind::LEAN_MASS_RATIO, &[(1, 80_000)], None),
            (MeasureKind::LEAN_MASS_RATIO, &[(1, 0), (5, 60_000)], None),
            (MeasureKind::LEAN_MASS_RATIO, &[(1, 80_000), (5, 0), (6, 18_500)], Some(dec!(81.5))),
            (MeasureKind::LEAN_MASS_RATIO, &[(1, 0), (6, 18_500)], None),
            (MeasureKind::MEAN_ARTERIAL_PRESSURE, &[(10, 0), (9, 0)], None),
            (MeasureKind::PULSE_PRESSURE, &[(10, 121_000)], None),
            (MeasureKind::BMI, &[(6, 18_500)], None),
        ] {
            assert_eq!(value(kind, &group(1, at(1000), sent), &heights), expected, "{kind} {sent:?}");
        }
    }

    #[test]
    fn a_ratio_that_nobody_has_is_no_value() {
        let group = group(1, at(1000), &[(1, 14_950), (5, 65_000)]);
        let kind = MeasureKind::LEAN_MASS_RATIO;
        assert!(kind.worked_out(&group, &Heights::default()).is_some_and(|ratio| ratio > dec!(400)));
        assert_eq!(kind.value_in(&group, &Heights::default()), None);
    }

    #[test]
    fn a_body_mass_index_goes_by_the_height_valid_then() {
        let heights = Heights::new([(at(500), dec!(1.60)), (at(100), dec!(1.50)), (at(600), dec!(170))]);
        for (moment, expected) in [(50, dec!(1.50)), (499, dec!(1.50)), (500, dec!(1.60)), (9000, dec!(1.60))]
        {
            assert_eq!(heights.at(at(moment)), Some(expected), "{moment}");
        }
        assert_eq!(Heights::default().at(at(1)), None);
        assert_eq!(value(MeasureKind::BMI, &group(1, at(1), &[(1, 80_000)]), &Heights::default()), None);
    }
}
