//! Reads the inputs to planning from the store.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::Goal;
use crate::domain::link::{Feed, Link, Part};
use crate::domain::measure::kind::{Heights, MeasureKind};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::plan::{Context, SentBefore};
use crate::store::{self, Connection};

/// What a link's plan goes by; `None` while its goal is unknown.
pub(super) fn context(conn: &Connection, link: &Link, now: DateTime<Utc>) -> anyhow::Result<Option<Context>> {
    let Some(goal) = store::goal::load(conn, &link.goal)? else {
        return Ok(None);
    };
    let rule = goal.day_rule(store::account::time_zone(conn)?);
    Ok(Some(context_for(conn, &link.feed, &goal, rule, now)?))
}

/// What a plan of `feed` for `goal` goes by. What is known of the goal's readings outlives its links.
pub(crate) fn context_for(
    conn: &Connection,
    feed: &Feed,
    goal: &Goal,
    rule: DayRule,
    now: DateTime<Utc>,
) -> anyhow::Result<Context> {
    let first_day = goal.first_day(rule);
    Ok(Context {
        days: store::given_day::load(conn, &goal.id)?,
        counted: store::ownership::counted(conn, &goal.id)?,
        struck: store::struck::load(conn, &goal.id)?,
        sent_before: sent_before(conn, feed, goal, rule)?,
        first_day,
        sent_before_first: sent_before_first(conn, goal, first_day)?,
        owners: store::ownership::load_all(conn)?,
        heights: heights_for(conn, feed)?,
        now: store::checkpoint::clock(conn, now)?,
        ..Context::new(rule)
    })
}

/// The readings that were sent for days before a goal's first: Beeminder moves the start of a goal that begins anew.
fn sent_before_first(
    conn: &Connection,
    goal: &Goal,
    first: Option<Daystamp>,
) -> anyhow::Result<HashSet<GroupId>> {
    let sent = store::datapoint::first_day(conn, &goal.id)?;
    match first.filter(|first| sent.is_some_and(|sent| sent < *first)) {
        Some(first) => store::struck::confirmed_before(conn, &goal.id, first),
        None => Ok(HashSet::new()),
    }
}

/// What the goal has of the feed's from an earlier link that sent it the other way.
fn sent_before(conn: &Connection, feed: &Feed, goal: &Goal, rule: DayRule) -> anyhow::Result<SentBefore> {
    let mut before = SentBefore::default();
    for left in store::datapoint::load_left(conn, &goal.id)? {
        let id = &left.datapoint.request_id;
        match feed.part(id).filter(|_| !feed.sends(id)) {
            Some(Part::Reading(group)) => {
                let form = left.confirmed.form.as_ref().unwrap_or(&left.datapoint);
                let told = left.beeminder_day.as_ref().and_then(|day| day.parse().ok());
                before.readings.insert(group);
                // One count a day is one, however many readings come; a value is another one.
                if matches!(feed, Feed::Count { .. }) {
                    before.days.insert(told.unwrap_or_else(|| form.day(rule)));
                }
            }
            Some(Part::Day(_)) => {
                let mut readings = store::struck::confirmed_readings(conn, &goal.id, id)?;
                if readings.is_empty() {
                    // Its answer did not come yet.
                    readings = store::struck::readings_left(conn, &goal.id, id)?;
                }
                before.readings.extend(readings);
            }
            None => {}
        }
    }
    Ok(before)
}

/// The heights that a feed's values go by, where they go by any.
pub(crate) fn heights_for(conn: &Connection, feed: &Feed) -> anyhow::Result<Heights> {
    if uses_heights(feed) { heights(conn) } else { Ok(Heights::default()) }
}

fn uses_heights(feed: &Feed) -> bool {
    matches!(feed, Feed::Track { kind: MeasureKind::BMI, .. })
}

fn heights(conn: &Connection) -> anyhow::Result<Heights> {
    let groups =
        store::measurement::load_with_kinds(conn, &[MeasureKind::HEIGHT], DateTime::<Utc>::UNIX_EPOCH)?;
    Ok(Heights::new(
        groups
            .iter()
            .filter(|group| !group.gone)
            .filter_map(|group| Some((group.measured_at, group.measurement(MeasureKind::HEIGHT)?.value()?))),
    ))
}

/// A new height changes every body mass index from then on.
pub(super) fn is_touched_by_heights(link: &Link, changed: &[MeasureGroup]) -> bool {
    uses_heights(&link.feed) && changed.iter().any(|group| group.measurement(MeasureKind::HEIGHT).is_some())
}
