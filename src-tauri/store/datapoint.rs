//! Every datapoint decided on, and how it stands.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_decimal::Decimal;
use strum::{EnumString, IntoStaticStr};

use super::moment;
use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::day::Daystamp;
use crate::goal::{GoalId, GoalSlug};
use crate::link::LinkId;

/// How a datapoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// In the outbox.
    Pending,
    /// Beeminder has it.
    Confirmed,
    /// The user decided against it before Beeminder had it.
    Discarded,
    /// The user deleted it at Beeminder; it stays deleted.
    Deleted,
    /// Beeminder has it, but no measurement calls for it any more; the user is asked.
    Stale,
    /// The same, and the user wants it to stay.
    Kept,
    /// In the outbox, to be deleted at Beeminder.
    Removing,
    /// Deleted at Beeminder by this program, at the user's word.
    Removed,
}

impl State {
    /// The word in the store and for programs.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads the word back.
    pub fn named(name: &str) -> Option<State> {
        name.parse().ok()
    }
}

/// A datapoint with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Number for the user.
    pub id: i64,
    /// Its goal.
    pub goal: GoalId,
    /// The goal's name as last seen.
    pub slug: GoalSlug,
    /// The link that called for it.
    pub link: LinkId,
    /// What it should be.
    pub datapoint: Datapoint,
    /// How it stands.
    pub state: State,
    /// Beeminder's id of it, once known.
    pub beeminder_id: Option<String>,
    /// The day Beeminder counts it for, once known.
    pub beeminder_day: Option<String>,
}

impl Stored {
    /// Whether nothing needs to be sent for `wanted` to stand: it does already, or the user decided
    /// against it.
    pub fn settles(&self, wanted: &Datapoint) -> bool {
        match self.state {
            State::Deleted | State::Discarded => true,
            State::Pending | State::Confirmed | State::Stale | State::Kept => self.datapoint == *wanted,
            State::Removing | State::Removed => false,
        }
    }
}

/// Loads the datapoint with this key.
pub fn load(rows: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<Option<Stored>> {
    rows.prepare_cached(&format!("{SELECT} WHERE d.goal_id = ?1 AND d.request_id = ?2"))?
        .query_row([&goal.0, &id.0], read)
        .optional()
        .map_err(Into::into)
}

/// Loads a datapoint by its number.
pub fn load_number(rows: &Connection, id: i64) -> anyhow::Result<Option<Stored>> {
    Ok(rows.query_row(&format!("{SELECT} WHERE d.id = ?1"), [id], read).optional()?)
}

/// Loads the datapoints in one state, oldest first.
pub fn load_in(rows: &Connection, state: State) -> anyhow::Result<Vec<Stored>> {
    let found = rows
        .prepare_cached(&format!("{SELECT} WHERE d.state = ?1 ORDER BY d.id"))?
        .query_map([state.name()], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Loads what a link has at Beeminder or in the outbox.
pub fn load_of(rows: &Connection, link: LinkId) -> anyhow::Result<Vec<Stored>> {
    let found = rows
        .prepare_cached(&format!(
            "{SELECT} WHERE d.link_id = ?1 AND d.state IN ('pending', 'confirmed', 'stale') ORDER BY d.id"
        ))?
        .query_map([link.0], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// What Beeminder has of a goal on `first` or later, as far as its id there is known: its number here, and
/// that id.
pub fn confirmed_since(
    rows: &Connection,
    goal: &GoalId,
    first: Daystamp,
) -> anyhow::Result<Vec<(i64, String)>> {
    let found = rows
        .prepare_cached(
            "SELECT id, beeminder_id FROM datapoint WHERE goal_id = ?1 AND state = 'confirmed'
                 AND beeminder_id IS NOT NULL AND beeminder_day >= ?2 ORDER BY id",
        )?
        .query_map([&goal.0, &first.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The keys of what a link has at Beeminder or in the outbox.
pub fn live_of(rows: &Connection, link: LinkId) -> anyhow::Result<Vec<RequestId>> {
    let ids = rows
        .prepare_cached(
            "SELECT request_id FROM datapoint WHERE link_id = ?1 AND state IN ('pending', 'confirmed')",
        )?
        .query_map([link.0], |row| row.get(0).map(RequestId))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// How many datapoints are in one state, under links in force or not.
pub fn count_in(rows: &Connection, state: State) -> anyhow::Result<u64> {
    Ok(rows.query_row("SELECT count(*) FROM datapoint WHERE state = ?1", [state.name()], |row| row.get(0))?)
}

/// Whether a link sent, or has in the outbox, anything for `day`.
pub fn has_for_day(rows: &Connection, link: LinkId, day: Daystamp) -> anyhow::Result<bool> {
    Ok(rows
        .prepare_cached(
            "SELECT 1 FROM decision WHERE link_id = ?1 AND daystamp = ?2 AND request_id IS NOT NULL",
        )?
        .exists(params![link.0, day.to_string()])?)
}

/// Forgets Beeminder's id of a datapoint that may no longer be there.
pub fn forget_beeminder_id(rows: &Connection, id: i64) -> anyhow::Result<()> {
    rows.execute("UPDATE datapoint SET beeminder_id = NULL WHERE id = ?1", [id])?;
    Ok(())
}

const SELECT: &str = "SELECT d.id, d.value, d.timestamp, d.daystamp, d.comment, d.state, d.beeminder_id,
            d.request_id, d.goal_id, d.link_id, d.beeminder_day, g.slug
     FROM datapoint d JOIN goal g ON g.id = d.goal_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let (timestamp, day): (Option<i64>, Option<String>) = (row.get(2)?, row.get(3)?);
    let day = day.and_then(|day| day.parse().ok());
    Ok(Stored {
        id: row.get(0)?,
        goal: GoalId(row.get(8)?),
        slug: GoalSlug(row.get(11)?),
        link: LinkId(row.get(9)?),
        datapoint: Datapoint {
            request_id: RequestId(row.get(7)?),
            value: row.get::<_, String>(1)?.parse::<Decimal>().unwrap_or_default(),
            moment: day.map_or_else(|| Moment::At(moment(timestamp.unwrap_or(0))), Moment::On),
            comment: row.get(4)?,
        },
        state: State::named(&row.get::<_, String>(5)?).unwrap_or(State::Pending),
        beeminder_id: row.get(6)?,
        beeminder_day: row.get(10)?,
    })
}

/// Stores a datapoint as pending and returns its number.
pub fn save_pending(
    rows: &Connection,
    goal: &GoalId,
    link: LinkId,
    datapoint: &Datapoint,
) -> anyhow::Result<i64> {
    let (timestamp, day) = match datapoint.moment {
        Moment::At(moment) => (Some(moment.timestamp()), None),
        Moment::On(day) => (None, Some(day.to_string())),
    };
    let id = rows
        .prepare_cached(
            "INSERT INTO datapoint (goal_id, request_id, link_id, value, timestamp, daystamp, comment, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending')
             ON CONFLICT (goal_id, request_id) DO UPDATE SET
                 link_id = excluded.link_id, value = excluded.value, timestamp = excluded.timestamp,
                 daystamp = excluded.daystamp, comment = excluded.comment, state = 'pending'
             RETURNING id",
        )?
        .query_row(
            params![
                goal.0,
                datapoint.request_id.0,
                link.0,
                datapoint.value.to_string(),
                timestamp,
                day,
                datapoint.comment
            ],
            |row| row.get(0),
        )?;
    Ok(id)
}

/// Notes that Beeminder has it, and on which day. An unknown id or day keeps what was known.
pub fn save_confirmed(
    rows: &Connection,
    id: i64,
    beeminder_id: Option<&str>,
    day: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    rows.prepare_cached(
        "UPDATE datapoint SET state = 'confirmed', confirmed_at = ?4,
             beeminder_id = coalesce(?2, beeminder_id), beeminder_day = coalesce(?3, beeminder_day)
         WHERE id = ?1",
    )?
    .execute(params![id, beeminder_id, day, now.timestamp()])?;
    Ok(())
}

/// Notes how a datapoint stands.
pub fn save_state(rows: &Connection, id: i64, state: State) -> anyhow::Result<()> {
    rows.execute("UPDATE datapoint SET state = ?2 WHERE id = ?1", params![id, state.name()])?;
    Ok(())
}

/// Notes that a datapoint that Beeminder had is not there any more, unless more was decided on it since.
pub fn save_deleted(rows: &Connection, id: i64) -> anyhow::Result<()> {
    rows.execute("UPDATE datapoint SET state = 'deleted' WHERE id = ?1 AND state = 'confirmed'", [id])?;
    Ok(())
}

/// Forgets a datapoint that Beeminder never had, and its place in the outbox with it.
pub fn forget(rows: &Connection, id: i64) -> anyhow::Result<()> {
    rows.execute("DELETE FROM datapoint WHERE id = ?1", [id])?;
    Ok(())
}

/// Forgets what a link called for and was never sent. Returns how many there were. What was sent without an
/// answer may be at Beeminder, so it is seen through.
pub fn forget_pending(rows: &Connection, link: LinkId) -> anyhow::Result<usize> {
    Ok(rows.execute(
        "DELETE FROM datapoint WHERE link_id = ?1 AND state = 'pending' AND beeminder_id IS NULL
             AND id NOT IN (SELECT datapoint_id FROM outbox WHERE attempts > 0)",
        [link.0],
    )?)
}

/// How many datapoints of a link Beeminder has.
pub fn confirmed_of(rows: &Connection, link: LinkId) -> anyhow::Result<u64> {
    Ok(rows
        .prepare_cached("SELECT count(*) FROM datapoint WHERE link_id = ?1 AND state = 'confirmed'")?
        .query_row([link.0], |row| row.get(0))?)
}

/// When Beeminder last confirmed one.
pub fn latest_confirmation(rows: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let latest: Option<i64> =
        rows.query_row("SELECT max(confirmed_at) FROM datapoint", [], |row| row.get(0))?;
    Ok(latest.map(moment))
}

/// The value and the day of the last datapoint of a link that Beeminder has.
pub fn latest_of(rows: &Connection, link: LinkId) -> anyhow::Result<Option<(String, String)>> {
    Ok(rows
        .prepare_cached(
            "SELECT value, coalesce(beeminder_day, daystamp, '') FROM datapoint
             WHERE link_id = ?1 AND state = 'confirmed'
             ORDER BY coalesce(beeminder_day, daystamp) DESC, timestamp DESC LIMIT 1",
        )?
        .query_row([link.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The values of a link's last datapoints that Beeminder has, oldest first.
pub fn latest_values(rows: &Connection, link: LinkId, count: u32) -> anyhow::Result<Vec<Decimal>> {
    let mut values: Vec<Decimal> = rows
        .prepare_cached(
            "SELECT value FROM datapoint WHERE link_id = ?1 AND state = 'confirmed'
             ORDER BY coalesce(timestamp, unixepoch(substr(daystamp, 1, 4) || '-' ||
                 substr(daystamp, 5, 2) || '-' || substr(daystamp, 7, 2))) DESC LIMIT ?2",
        )?
        .query_map(params![link.0, count], |row| row.get::<_, String>(0))?
        .filter_map(|value| value.ok()?.parse().ok())
        .collect();
    values.reverse();
    Ok(values)
}
