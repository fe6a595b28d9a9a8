//! Counts each kind of value once an act of measuring, which may be told several times: by two groups of a scale,
//! by a relay app, or by the same weigh-in that comes back under another number. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{Attribution, GroupId, MeasureGroup};
use crate::domain::plan::Reason;
use crate::domain::plan::act::Act;

/// What became of a group so far: its value, or why it is kept out.
pub(super) type Judged<'a> = (&'a MeasureGroup, Result<Decimal, Reason>);

/// The groups that tell `kind` of an act which another group tells as well, and which need not count.
///
/// `counted` are the groups that counted so far: what was sent once stays what it was sent for.
pub(super) fn told_twice(
    kind: MeasureKind,
    judged: &[Judged<'_>],
    counted: &HashSet<GroupId>,
) -> HashSet<GroupId> {
    let mut by_moment: HashMap<DateTime<Utc>, Vec<&Judged<'_>>> = HashMap::new();
    for judged in judged.iter().filter(|(group, outcome)| is_told_by(group) && may_count(outcome)) {
        by_moment.entry(judged.0.measured_at).or_default().push(judged);
    }
    let mut twice = HashSet::new();
    for mut told in by_moment.into_values().filter(|told| told.len() > 1) {
        told.sort_by_key(|(group, outcome)| {
            let position = group.measurement(kind).and_then(|measurement| measurement.position);
            (
                outcome.is_err(),
                !counted.contains(&group.id),
                group.attribution() != Attribution::Certain,
                !MeasureKind::is_whole_body(position),
                group.id,
            )
        });
        let mut counts: Vec<Act<'_>> = Vec::new();
        for (group, _) in told {
            let act = Act::of_kind(kind, group);
            if counts.iter().any(|other| other.is(&act)) {
                twice.insert(group.id);
            } else {
                counts.push(act);
            }
        }
    }
    twice
}

/// Days, nights and workouts are told over a stretch of time, not at a moment.
fn is_told_by(group: &MeasureGroup) -> bool {
    group.source == Source::Measure
}

/// What is kept out for good tells nothing about the others; what waits for an answer may be told by one
/// that need not wait.
fn may_count(outcome: &Result<Decimal, Reason>) -> bool {
    outcome.as_ref().err().is_none_or(|reason| reason.is_held())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::measurement::tests::group;

    const PULSE_WAVE: MeasureKind = MeasureKind(91);

    fn told(id: i64, attrib: i64, device: &str, thousandths: i64, position: Option<i64>) -> MeasureGroup {
        let mut told = group(id, DateTime::UNIX_EPOCH, &[(91, thousandths)]);
        told.measurements[0].position = position;
        let device = Some(device.to_owned()).filter(|device| !device.is_empty());
        MeasureGroup { attrib, device, ..told }
    }

    #[test]
    fn a_kind_counts_once_an_act_whoever_tells_it() {
        use Reason::{Ambiguous, ImplausibleValue, OtherDevice, UnknownOrigin};
        let (ok, held) = (Ok(Decimal::ONE), |reason| Err::<Decimal, _>(reason));
        let body = |id, attrib| told(id, attrib, "scale", 7200, None);
        for (what, groups, counted, expected) in [
            (
                "the surely attributed one counts, and nobody is asked",
                vec![(told(1, 10, "scale", 7100, Some(4)), held(UnknownOrigin)), (body(2, 8), ok)],
                vec![],
                vec![1],
            ),
            (
                "of what is not sure one waits",
                vec![(body(1, 10), held(UnknownOrigin)), (body(2, 1), held(Ambiguous))],
                vec![],
                vec![2],
            ),
            (
                "the whole body comes before a limb",
                vec![(told(1, 0, "scale", 7100, Some(4)), ok), (told(2, 0, "scale", 7200, Some(7)), ok)],
                vec![],
                vec![1],
            ),
            ("else the lowest number", vec![(body(2, 0), ok), (body(1, 0), ok)], vec![], vec![2]),
            ("what counted goes on", vec![(body(2, 0), ok), (body(1, 0), ok)], vec![2], vec![1]),
            (
                "what is kept out does not stand in the way",
                vec![(body(1, 0), held(OtherDevice)), (body(2, 0), held(ImplausibleValue)), (body(3, 0), ok)],
                vec![],
                vec![],
            ),
            (
                "a relay that says the same",
                vec![
                    (body(1, 0), ok),
                    (told(2, 2, "", 7200, None), ok),
                    (told(3, 0, "other", 7200, None), ok),
                ],
                vec![],
                vec![2, 3],
            ),
            (
                "two devices, or two entries, that say different things",
                vec![
                    (body(1, 0), ok),
                    (told(2, 0, "other", 7300, None), ok),
                    (told(3, 2, "", 7400, None), ok),
                    (told(4, 2, "", 7500, None), ok),
                ],
                vec![],
                vec![],
            ),
        ] {
            let judged: Vec<_> = groups.iter().map(|(group, outcome)| (group, *outcome)).collect();
            let counted = counted.into_iter().map(GroupId).collect();
            let mut twice: Vec<_> =
                told_twice(PULSE_WAVE, &judged, &counted).into_iter().map(|id| id.0).collect();
            twice.sort_unstable();
            assert_eq!(twice, expected, "{what}");
        }
    }

    #[test]
    fn another_moment_is_another_act() {
        let (one, mut other) = (told(1, 0, "scale", 7200, None), told(2, 0, "scale", 7200, None));
        other.measured_at += chrono::TimeDelta::seconds(1);
        let judged = [(&one, Ok(Decimal::ONE)), (&other, Ok(Decimal::ONE))];
        assert_eq!(told_twice(PULSE_WAVE, &judged, &HashSet::new()), HashSet::new());
    }
}
