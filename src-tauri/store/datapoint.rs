//! Every datapoint decided on, and how it stands.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use rust_decimal::Decimal;
use strum::{EnumString, IntoStaticStr};

use super::moment;
use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::goal::GoalId;
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
    /// Beeminder has it, but no measurement calls for it any more.
    Stale,
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
    /// What it should be.
    pub datapoint: Datapoint,
    /// How it stands.
    pub state: State,
    /// Beeminder's id of it, once known.
    pub beeminder_id: Option<String>,
}

/// Loads the datapoint with this key.
pub fn load(rows: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<Option<Stored>> {
    rows.prepare_cached(
        "SELECT id, value, timestamp, daystamp, comment, state, beeminder_id FROM datapoint
         WHERE goal_id = ?1 AND request_id = ?2",
    )?
    .query_row([&goal.0, &id.0], |row| {
        let (timestamp, day): (Option<i64>, Option<String>) = (row.get(2)?, row.get(3)?);
        let day = day.and_then(|day| day.parse().ok());
        Ok(Stored {
            id: row.get(0)?,
            datapoint: Datapoint {
                request_id: id.clone(),
                value: row.get::<_, String>(1)?.parse::<Decimal>().unwrap_or_default(),
                moment: day.map_or_else(|| Moment::At(moment(timestamp.unwrap_or(0))), Moment::On),
                comment: row.get(4)?,
            },
            state: State::named(&row.get::<_, String>(5)?).unwrap_or(State::Pending),
            beeminder_id: row.get(6)?,
        })
    })
    .optional()
    .map_err(Into::into)
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

/// Forgets a datapoint that Beeminder never had, and its place in the outbox with it.
pub fn forget(rows: &Connection, id: i64) -> anyhow::Result<()> {
    rows.execute("DELETE FROM datapoint WHERE id = ?1", [id])?;
    Ok(())
}

/// Forgets what a link called for and Beeminder does not have. Returns how many there were.
pub fn forget_pending(rows: &Connection, link: LinkId) -> anyhow::Result<usize> {
    Ok(rows.execute(
        "DELETE FROM datapoint WHERE link_id = ?1 AND state = 'pending' AND beeminder_id IS NULL",
        [link.0],
    )?)
}

/// How many datapoints of a link Beeminder has, and the values of the last ones, oldest first.
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
