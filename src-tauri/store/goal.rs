//! Beeminder's goals as last read.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use url::Url;

use super::moment;
use crate::domain::goal::needed::Needed;
use crate::domain::goal::{Goal, GoalId, GoalSlug, Presence};

/// Stores a goal. A new name is noted beside the old one until the user was told. A deadline and a start that
/// were not told this time, as of a goal that is being worked out, stay what they were.
pub fn save(conn: &Connection, goal: &Goal, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.prepare_cached(
        "INSERT INTO goal VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL, ?15, ?16,
                 ?15, NULL, ?17, ?18, ?20, ?21)
         ON CONFLICT (id) DO UPDATE SET
             renamed_from = iif(slug = excluded.slug, renamed_from, slug), slug = excluded.slug,
             title = excluded.title, units = excluded.units, deadline = coalesce(?19, deadline),
             summing = excluded.summing, aggday = excluded.aggday, autodata = excluded.autodata,
             healthkit_metric = excluded.healthkit_metric, frozen = excluded.frozen,
             buffer_days = excluded.buffer_days, loses_at = excluded.loses_at,
             starts_at = coalesce(excluded.starts_at, starts_at), presence = excluded.presence, read_at = excluded.read_at,
             graph_url = excluded.graph_url, missing_since = NULL, odometer = excluded.odometer,
             archives_at = excluded.archives_at, needed = excluded.needed,
             needed_value = excluded.needed_value",
    )?
    .execute(params![
        goal.id.0,
        goal.slug.0,
        goal.title,
        goal.units,
        goal.deadline.unwrap_or(0),
        goal.summing,
        goal.aggday,
        goal.autodata,
        goal.healthkit_metric,
        goal.frozen,
        goal.buffer_days,
        goal.loses_at.map(|moment| moment.timestamp()),
        goal.starts_at.map(|moment| moment.timestamp()),
        presence_name(goal.presence),
        now.timestamp(),
        goal.graph_url.as_ref().map(Url::as_str),
        goal.odometer,
        goal.archives_at.map(|moment| moment.timestamp()),
        goal.deadline,
        goal.needed.map(Needed::name),
        goal.needed.map(Needed::value)
    ])?;
    Ok(())
}

/// Loads one goal.
pub fn load(conn: &Connection, id: &GoalId) -> anyhow::Result<Option<Goal>> {
    Ok(conn.query_row(&format!("{SELECT} WHERE id = ?1"), [&id.0], read).optional()?)
}

/// Loads the goals that links in force feed.
pub fn load_linked(conn: &Connection) -> anyhow::Result<Vec<Goal>> {
    let query =
        format!("{SELECT} WHERE id IN (SELECT goal_id FROM link WHERE removed_at IS NULL) ORDER BY slug");
    let goals = conn.prepare_cached(&query)?.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(goals)
}

/// Loads the goals that are linked, and those for which something waits though they are not any more.
pub fn load_concerned(conn: &Connection) -> anyhow::Result<Vec<Goal>> {
    let query = format!(
        "{SELECT} WHERE id IN (SELECT goal_id FROM link WHERE removed_at IS NULL
             UNION SELECT goal_id FROM outbox) ORDER BY slug"
    );
    let goals = conn.prepare_cached(&query)?.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(goals)
}

/// When the linked goals were last read, the stalest first; `None` when nothing is linked.
pub fn oldest_reading(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let oldest: Option<i64> = conn.query_row(
        "SELECT min(read_at) FROM goal
         WHERE id IN (SELECT goal_id FROM link WHERE removed_at IS NULL)",
        [],
        |row| row.get(0),
    )?;
    Ok(oldest.map(moment))
}

/// When a linked goal that was sent something since it was read is worth reading again, the first of them:
/// Beeminder needs `redraw` to work out what the datapoints do to it.
pub fn redrawn_at(conn: &Connection, redraw: TimeDelta) -> anyhow::Result<Option<DateTime<Utc>>> {
    let first: Option<i64> = conn
        .prepare_cached(
            "SELECT min(sent_at) + ?1 FROM (
                 SELECT read_at, (SELECT max(confirmed_at) FROM datapoint WHERE goal_id = goal.id) AS sent_at
                 FROM goal WHERE id IN (SELECT goal_id FROM link WHERE removed_at IS NULL)
             ) WHERE read_at < sent_at + ?1",
        )?
        .query_row([redraw.num_seconds()], |row| row.get(0))?;
    Ok(first.map(moment))
}

/// When a goal was compared with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The goal, by Beeminder's id.
    pub goal: GoalId,
    /// When it was last compared.
    pub at: DateTime<Utc>,
    /// When something was first missing that still is.
    pub missing_since: Option<DateTime<Utc>>,
}

/// Loads when the linked goals were last compared with what was sent.
pub fn load_compared(conn: &Connection) -> anyhow::Result<Vec<Compared>> {
    let compared: Vec<(String, i64)> = conn
        .prepare_cached(
            "SELECT id, compared_at FROM goal
             WHERE presence = 'active' AND id IN (SELECT goal_id FROM link WHERE removed_at IS NULL)
             ORDER BY slug",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for (id, at) in compared {
        let goal = GoalId(id);
        let missing_since = super::datapoint::missing_since(conn, &goal)?;
        all.push(Compared { goal, at: moment(at), missing_since });
    }
    Ok(all)
}

/// Has the next pass compare a goal with what was sent.
pub fn compare_soon(conn: &Connection, id: &GoalId) -> anyhow::Result<()> {
    conn.prepare_cached("UPDATE goal SET compared_at = 0 WHERE id = ?1")?.execute([&id.0])?;
    Ok(())
}

/// Whether a goal is still to be compared with what was sent since that was asked for.
pub fn is_to_be_compared(conn: &Connection, id: &GoalId) -> anyhow::Result<bool> {
    let query = "SELECT 1 FROM goal WHERE id = ?1 AND compared_at = 0";
    Ok(conn.prepare_cached(query)?.exists([&id.0])?)
}

/// When Beeminder's lists first lacked a goal.
pub fn missing_since(conn: &Connection, id: &GoalId) -> anyhow::Result<Option<DateTime<Utc>>> {
    let since: Option<Option<i64>> = conn
        .query_row("SELECT missing_since FROM goal WHERE id = ?1", [&id.0], |row| row.get(0))
        .optional()?;
    Ok(since.flatten().map(moment))
}

/// Notes that Beeminder's lists lack a goal, keeping the moment when they first did. What is known of it
/// stays as it was.
pub fn save_missing(conn: &Connection, id: &GoalId, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute(
        "UPDATE goal SET missing_since = coalesce(missing_since, ?2) WHERE id = ?1",
        params![id.0, now.timestamp()],
    )?;
    Ok(())
}

/// Notes when what a goal has was compared with what was sent.
pub fn save_compared(conn: &Connection, id: &GoalId, at: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute("UPDATE goal SET compared_at = ?2 WHERE id = ?1", params![id.0, at.timestamp()])?;
    Ok(())
}

/// When a goal was last read.
pub fn latest_reading(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let latest: Option<i64> = conn.query_row("SELECT max(read_at) FROM goal", [], |row| row.get(0))?;
    Ok(latest.map(moment))
}

/// The linked goals that got a new name, as (old, new).
pub fn renamed(conn: &Connection) -> anyhow::Result<Vec<(String, String)>> {
    let renamed = conn
        .prepare(
            "SELECT renamed_from, slug FROM goal WHERE renamed_from IS NOT NULL
             AND id IN (SELECT goal_id FROM link WHERE removed_at IS NULL)",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(renamed)
}

/// Forgets old names once the user was told.
pub fn forget_renamings(conn: &Connection) -> anyhow::Result<()> {
    conn.execute("UPDATE goal SET renamed_from = NULL WHERE renamed_from IS NOT NULL", [])?;
    Ok(())
}

const SELECT: &str = "SELECT id, slug, title, units, deadline, summing, aggday, autodata,
            healthkit_metric, frozen, buffer_days, loses_at, starts_at, presence, graph_url, odometer, archives_at,
            needed, needed_value FROM goal";

fn read(row: &Row<'_>) -> rusqlite::Result<Goal> {
    Ok(Goal {
        id: GoalId(row.get(0)?),
        slug: GoalSlug(row.get(1)?),
        title: row.get(2)?,
        units: row.get(3)?,
        deadline: row.get(4)?,
        summing: row.get(5)?,
        odometer: row.get(15)?,
        aggday: row.get(6)?,
        autodata: row.get(7)?,
        healthkit_metric: row.get(8)?,
        frozen: row.get(9)?,
        buffer_days: row.get(10)?,
        loses_at: row.get::<_, Option<i64>>(11)?.map(moment),
        archives_at: row.get::<_, Option<i64>>(16)?.map(moment),
        needed: needed(row.get(17)?, row.get(18)?),
        last_values: Vec::new(),
        starts_at: row.get::<_, Option<i64>>(12)?.map(moment),
        graph_url: row.get::<_, Option<String>>(14)?.and_then(|url| url.parse().ok()),
        presence: match row.get::<_, String>(13)?.as_str() {
            "archived" => Presence::Archived,
            "deleted" => Presence::Deleted,
            _ => Presence::Active,
        },
    })
}

fn needed(name: Option<String>, value: Option<f64>) -> Option<Needed> {
    Needed::named(&name?, value?)
}

fn presence_name(presence: Presence) -> &'static str {
    match presence {
        Presence::Active => "active",
        Presence::Archived => "archived",
        Presence::Deleted => "deleted",
    }
}
