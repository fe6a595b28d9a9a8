//! Goals, their bright red lines and their user as Beeminder tells them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;

use super::datapoint::StoredDatapoint;
use super::read;
use crate::domain::goal::needed::Needed;
use crate::domain::goal::red_line::RedLine;
use crate::domain::goal::{Goal, GoalId, GoalSlug, Presence, User};
use crate::services::beeminder::Error;
use crate::services::{Flaw, lenient};

/// Reads the answer to a new goal; a dry run answers without one.
pub(in crate::services::beeminder) fn created_goal(body: &[u8]) -> Result<Option<Goal>, Error> {
    Ok(convert(read(body)?, Presence::Active))
}

#[derive(Deserialize)]
struct WireUser {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    username: String,
    #[serde(default, deserialize_with = "lenient::text")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    deadbeat: bool,
}

/// Reads `me.json`. An unknown time zone is taken as UTC, as Beeminder's own gem does.
pub(in crate::services::beeminder) fn user(body: &[u8]) -> Result<User, Error> {
    let user: WireUser = read(body)?;
    let zone_name = user.timezone.unwrap_or_default();
    let time_zone = zone_name.parse().unwrap_or_else(|_| {
        tracing::info!("Beeminder's time zone “{zone_name}” is not known; days are cut at midnight UTC");
        Tz::UTC
    });
    let id = user.id.filter(|id| !id.is_empty());
    Ok(User { id, username: user.username, time_zone, zone_name, deadbeat: user.deadbeat })
}

#[derive(Deserialize)]
struct WireGoal {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    gunits: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    deadline: Option<i64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    kyoom: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    odom: bool,
    #[serde(default, deserialize_with = "lenient::text")]
    aggday: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    autodata: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    healthkitmetric: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    frozen: bool,
    #[serde(default, deserialize_with = "lenient::integer")]
    safebuf: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    losedate: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    initday: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    archivedate: Option<i64>,
    #[serde(default, deserialize_with = "lenient::float")]
    safebump: Option<f64>,
    #[serde(default, deserialize_with = "lenient::float")]
    curval: Option<f64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    yaw: Option<i64>,
    #[serde(default)]
    recent_data: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    graph_url: Option<String>,
}

/// The year 3000, in Unix seconds.
const LATEST: i64 = 32_503_680_000;

fn convert(goal: WireGoal, presence: Presence) -> Option<Goal> {
    // Reckoning with days stays clear of the ends of the calendar.
    let moment =
        |unix: Option<i64>| unix.and_then(|unix| DateTime::<Utc>::from_timestamp(unix.clamp(0, LATEST), 0));
    let named = |text: Option<String>| text.filter(|text| !text.is_empty());
    let slug = named(goal.slug)?;
    Some(Goal {
        id: GoalId(named(goal.id)?),
        title: named(goal.title).unwrap_or_else(|| slug.clone()),
        slug: GoalSlug(slug),
        units: goal.gunits.unwrap_or_default(),
        deadline: goal.deadline,
        summing: goal.kyoom,
        odometer: goal.odom,
        aggday: goal.aggday.unwrap_or_default(),
        // "api" means datapoints like ours.
        autodata: named(goal.autodata).filter(|source| source != "api"),
        healthkit_metric: named(goal.healthkitmetric),
        frozen: goal.frozen,
        buffer_days: goal.safebuf,
        loses_at: moment(goal.losedate),
        needed: Needed::of(goal.safebump, goal.curval, goal.yaw.map(|yaw| yaw < 0), goal.kyoom),
        archives_at: moment(goal.archivedate),
        last_values: last_values(&goal.recent_data),
        starts_at: moment(goal.initday),
        graph_url: goal.graph_url.and_then(|url| url.parse().ok()),
        presence,
    })
}

/// The values that somebody entered, oldest first. What cannot be read is left out: they only help to
/// guess a unit.
fn last_values(recent: &Value) -> Vec<f64> {
    let rows = recent.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut read: Vec<StoredDatapoint> =
        rows.iter().filter_map(|row| StoredDatapoint::deserialize(row).ok()).collect();
    read.retain(|datapoint| !datapoint.is_beeminders_own());
    read.sort_by(|one, other| one.confirmation.daystamp.cmp(&other.confirmation.daystamp));
    read.iter().filter_map(|datapoint| datapoint.value).collect()
}

pub(in crate::services::beeminder) fn goal(body: &[u8]) -> Result<Goal, Error> {
    convert(read(body)?, Presence::Active).ok_or_else(|| Error::Unreadable(Flaw::lacks("id, slug")))
}

/// Reads a list of goals. One that cannot be read does not hide the others.
pub(in crate::services::beeminder) fn goals(body: &[u8], presence: Presence) -> Result<Vec<Goal>, Error> {
    let rows: Vec<Value> = read(body)?;
    let all = rows.len();
    let goals: Vec<Goal> =
        rows.into_iter().filter_map(|row| convert(serde_json::from_value(row).ok()?, presence)).collect();
    if goals.len() < all {
        tracing::warn!(unreadable = all - goals.len(), "Some goals cannot be read");
    }
    Ok(goals)
}

#[derive(Deserialize)]
struct WireLine {
    #[serde(default)]
    fullroad: Option<Vec<Vec<Value>>>,
    #[serde(default, deserialize_with = "lenient::integer")]
    yaw: Option<i64>,
}

/// Reads the bright red line. A corner that cannot be read is left out; without one nothing is known.
pub(in crate::services::beeminder) fn line(body: &[u8]) -> Result<Option<RedLine>, Error> {
    let line: WireLine = read(body)?;
    let corner = |row: Vec<Value>| Some((row.first()?.as_f64()?, row.get(1)?.as_f64()?));
    let corners: Vec<_> = line.fullroad.unwrap_or_default().into_iter().filter_map(corner).collect();
    let known = line.yaw.filter(|_| !corners.is_empty());
    Ok(known.map(|yaw| RedLine::new(corners, yaw < 0)))
}
