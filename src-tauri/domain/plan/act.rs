//! Tells acts of measuring apart, whoever tells them and under whatever number. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::domain::link::Link;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::MeasureGroup;

/// What tells one act of measuring a kind from others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    source: Source,
    moment: DateTime<Utc>,
    device: Option<&'a str>,
    value: Option<Decimal>,
}

impl<'a> Act<'a> {
    /// The act that a group tells of to a link.
    pub(crate) fn of(link: &Link, group: &'a MeasureGroup) -> Act<'a> {
        Act::of_kind(link.feed.first_kind(), group)
    }

    /// The act of measuring `kind` that a group tells of.
    pub(super) fn of_kind(kind: MeasureKind, group: &'a MeasureGroup) -> Act<'a> {
        Act {
            source: group.source,
            moment: group.measured_at,
            device: group.device.as_deref(),
            value: group.measurement(kind).and_then(|measurement| measurement.value()),
        }
    }

    /// Whether two groups tell of the same act. What has no device may be anybody's, unless it says the same: an app
    /// that relays tells no device. Days, nights and workouts are the same only in all, since of those that begin
    /// alike each may be another cut of its time.
    pub(super) fn is(&self, other: &Act<'_>) -> bool {
        let same_value = self.value == other.value;
        let is_same = match self.source {
            Source::Measure => {
                (self.device.is_some() && self.device == other.device) || (self.value.is_some() && same_value)
            }
            Source::Activity | Source::Sleep | Source::Workout => self.device == other.device && same_value,
        };
        self.moment == other.moment && is_same
    }
}

/// What is known of acts.
#[derive(Debug)]
pub(crate) struct ByAct<'a, T>(HashMap<DateTime<Utc>, Vec<(Act<'a>, T)>>);

impl<T> ByAct<'_, T> {
    /// What is known of an act, whichever group tells of it.
    pub(crate) fn get(&self, act: &Act<'_>) -> Option<&T> {
        self.0.get(&act.moment)?.iter().find(|(known, _)| known.is(act)).map(|(_, what)| what)
    }

    /// Whether an act is among them.
    pub(crate) fn has(&self, act: &Act<'_>) -> bool {
        self.get(act).is_some()
    }
}

impl<'a, T> FromIterator<(Act<'a>, T)> for ByAct<'a, T> {
    fn from_iter<I: IntoIterator<Item = (Act<'a>, T)>>(acts: I) -> Self {
        let mut by_moment: HashMap<_, Vec<_>> = HashMap::new();
        for (act, what) in acts {
            by_moment.entry(act.moment).or_default().push((act, what));
        }
        ByAct(by_moment)
    }
}

impl<'a> FromIterator<Act<'a>> for ByAct<'a, ()> {
    fn from_iter<I: IntoIterator<Item = Act<'a>>>(acts: I) -> Self {
        acts.into_iter().map(|act| (act, ())).collect()
    }
}
