//! Evaluates one group under one link: its value, or why it is kept out.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::domain::link::Feed;
use crate::domain::link::Link;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{Attribution, MeasureGroup, is_in_future};
use crate::domain::plan::{Context, Reason};

/// What a device measured at one moment, which may come as several groups.
pub(super) type Acts<'a> = HashMap<(DateTime<Utc>, Option<&'a str>), HashSet<MeasureKind>>;

fn act_of(group: &MeasureGroup) -> (DateTime<Utc>, Option<&str>) {
    (group.measured_at, group.device.as_deref())
}

/// The kinds of each act, for feeds that count acts.
pub(super) fn acts<'a>(feed: &Feed, groups: &[&'a MeasureGroup]) -> Acts<'a> {
    let mut acts = Acts::new();
    if let Feed::Count { set, .. } = feed {
        for group in groups {
            let kinds = set.kinds().iter().filter(|kind| group.value(**kind).is_some());
            acts.entry(act_of(group)).or_default().extend(kinds);
        }
    }
    acts
}

/// Looks at one group: `None` when it does not concern the feed, an error when it is kept out.
pub(super) fn evaluate(
    link: &Link,
    context: &Context,
    acts: &Acts<'_>,
    group: &MeasureGroup,
) -> Option<Result<Decimal, Reason>> {
    group.measurement(link.feed.first_kind())?;
    if let Some(reason) = kept_out(link, context, group) {
        return Some(Err(reason));
    }
    Some(match &link.feed {
        Feed::Track { kind, unit, .. } => match kind.worked_out(group, &context.heights) {
            None if kind.sources() != [*kind] => Err(Reason::NotWorkedOut),
            value => value
                .filter(|value| kind.is_plausible(*value))
                .and_then(|value| unit.convert(value))
                .ok_or(Reason::ImplausibleValue),
        },
        Feed::Count { set, .. } => {
            let found = acts.get(&act_of(group));
            let whole = found.is_some_and(|found| set.kinds().iter().all(|kind| found.contains(kind)));
            let is_absurd = |kind| group.measurement(kind).is_some() && group.value(kind).is_none();
            match whole {
                true => Ok(Decimal::ONE),
                false if set.kinds().iter().any(|kind| is_absurd(*kind)) => Err(Reason::ImplausibleValue),
                false => Err(Reason::IncompleteSet),
            }
        }
    })
}

/// Why a group is kept out, whatever its value.
fn kept_out(link: &Link, context: &Context, group: &MeasureGroup) -> Option<Reason> {
    if is_in_future(group, context.now) {
        return Some(Reason::InFuture);
    }
    let (options, verdict) = (&link.options, context.owners.get(&group.id));
    match (group.attribution(), verdict) {
        (Attribution::Certain, _) => {}
        (Attribution::Manual, _) if options.manual => {}
        (Attribution::Manual, _) => return Some(Reason::TypedIn),
        (Attribution::AccountCreation, _) => return Some(Reason::AccountCreation),
        (Attribution::Ambiguous | Attribution::Unknown, Some(true)) => {}
        (Attribution::Ambiguous | Attribution::Unknown, Some(false)) => return Some(Reason::NotMine),
        (Attribution::Ambiguous | Attribution::Unknown, None) if options.ambiguous => {}
        (Attribution::Ambiguous, None) => return Some(Reason::Ambiguous),
        (Attribution::Unknown, None) => return Some(Reason::UnknownOrigin),
    }
    if !options.devices.is_empty() && !options.devices.iter().any(|device| group.is_from(device)) {
        return Some(Reason::OtherDevice);
    }
    let has_window = options.from_time.is_some() || options.until_time.is_some();
    if has_window
        && group.source == Source::Measure
        && !options.is_in_time(context.rule_of(group).time_of(group.measured_at))
    {
        return Some(Reason::OtherTime);
    }
    // Of a workout without a category nobody knows that it is one of those.
    let is_one = || group.category.is_some_and(|category| options.categories.contains(&category));
    (!options.categories.is_empty() && !is_one()).then_some(Reason::OtherWorkout)
}
