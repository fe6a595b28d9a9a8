//! What goals have, and the links and moments that stories are told with.

use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use chrono::{DateTime, NaiveDate, Utc};

use super::{TestApp, count, take};

/// A calendar day.
pub(crate) fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Counts weigh-ins, once a day.
pub(crate) fn once() -> Feed {
    Feed::Count { set: MeasureSet::weight(), once_a_day: true }
}

/// Counts every weigh-in.
pub(crate) fn each() -> Feed {
    count(MeasureSet::weight())
}

/// The day's lowest weight.
pub(crate) fn lowest() -> Feed {
    take(MeasureKind::WEIGHT, Take::Min)
}

/// Lets time pass until a moment.
pub(crate) fn at(test: &mut TestApp, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    test.advance(moment - test.now);
}

/// The days and values that a goal has at Beeminder, in order.
pub(crate) fn has(test: &TestApp, goal: &str) -> Vec<(String, f64)> {
    let mut all: Vec<_> = test.at_beeminder(goal).into_iter().map(|d| (d.daystamp, d.value)).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

/// The days a goal has something for at Beeminder, in order.
pub(crate) fn days(test: &TestApp, goal: &str) -> Vec<String> {
    has(test, goal).into_iter().map(|(day, _)| day).collect()
}
