//! The first datapoint of a new link, as the guide's last page shows it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::app::first;
use crate::domain::day::Daystamp;
use crate::domain::goal::GoalSlug;
use crate::domain::link::Feed;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::store::{self, Connection};

/// After this it is said what may be wrong with the scale's own way to Withings.
const LATE: TimeDelta = TimeDelta::minutes(3);

/// What a scale measures, by Withings' numbers.
const BY_SCALE: [i64; 12] = [1, 5, 6, 8, 76, 77, 88, 168, 169, 170, 226, 227];

/// What the guide's last page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstDatapoint {
    /// The goal it is for.
    pub goal: GoalSlug,
    /// What the user is to do for it.
    pub act: Act,
    /// Whether it has arrived.
    pub state: FirstState,
    /// Whether the window is to begin with it.
    pub waits: bool,
    /// When the waiting ends at the latest.
    pub until: DateTime<Utc>,
    /// The value that Beeminder has.
    pub value: Option<String>,
    /// The unit of it; empty for bare numbers.
    pub unit: &'static str,
    /// The day it counts for, as Beeminder answered.
    pub day: Option<String>,
    /// Whether that is today.
    pub is_today: bool,
}

/// What a measurement takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Stepping on the scale.
    Scale,
    /// Putting on the cuff.
    Cuff,
    /// Measuring with some other device.
    Measure,
    /// Nothing but letting the device upload its days or nights.
    Upload,
}

/// How far the first datapoint has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstState {
    /// It has not been measured, or not been uploaded.
    Waiting,
    /// The same, for longer than an upload takes.
    Late,
    /// The same, for longer than anybody waits.
    Over,
    /// A reading waits for the user's word.
    Held,
    /// Beeminder refused it.
    Refused,
    /// Beeminder has it.
    Arrived,
}

/// Reads how the datapoint is that the user waits for. `None` when they wait for none.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn first_datapoint(
    conn: &Connection,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<FirstDatapoint>> {
    let Some(awaited) = store::awaited::load(conn)? else {
        return Ok(None);
    };
    let Some(link) = store::link::load(conn, awaited.link)? else {
        return Ok(None);
    };
    let latest = store::datapoint::latest_of(conn, link.id)?;
    let (_, parked) = store::outbox::counts_of(conn, link.id)?;
    let held = store::decision::held_under(conn, link.id)?;
    let end = first::ends_at(awaited, now);
    let state = match (&latest, parked, held) {
        (Some(_), ..) => FirstState::Arrived,
        (None, 1.., _) => FirstState::Refused,
        (None, 0, 1..) => FirstState::Held,
        (None, 0, 0) if end.is_none_or(|end| now >= end) => FirstState::Over,
        (None, 0, 0) if now - awaited.since >= LATE => FirstState::Late,
        (None, 0, 0) => FirstState::Waiting,
    };
    let goal = store::goal::load(conn, &link.goal)?;
    let rule = goal.map(|goal| anyhow::Ok(goal.day_rule(store::account::time_zone(conn)?))).transpose()?;
    let (value, day) = latest.unzip();
    // Written with hyphens or without.
    let is_of = |today: &Daystamp| day.as_ref().is_some_and(|day| day.replace('-', "") == today.to_string());
    let is_today = rule.is_some_and(|rule| is_of(&rule.day_of(now)));
    Ok(Some(FirstDatapoint {
        act: act(&link.feed),
        unit: link.feed.unit(),
        goal: link.slug,
        state,
        waits: end.is_some_and(|end| now < end),
        until: awaited.since + first::PATIENCE,
        is_today,
        value,
        day,
    }))
}

fn act(feed: &Feed) -> Act {
    let kinds = feed.kinds();
    let any = |wanted: &dyn Fn(&MeasureKind) -> bool| kinds.iter().any(wanted);
    if feed.source() != Source::Measure {
        Act::Upload
    } else if any(&|kind| BY_SCALE.contains(&kind.0)) {
        Act::Scale
    } else if any(&|kind| [MeasureKind::DIASTOLIC, MeasureKind::SYSTOLIC].contains(kind)) {
        Act::Cuff
    } else {
        Act::Measure
    }
}
