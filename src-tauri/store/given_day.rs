//! Days given to a goal's readings. They outlive links, deadlines and time zones: a reading that counted for one
//! day must not count for another one as well.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::moment;
use crate::domain::goal::GoalId;
use crate::domain::measure::measurement::GroupId;
use crate::domain::plan::{Decision, Given, KnownDays};

/// Stands before a day that is to be worked out again.
const OPEN: char = '?';

/// Loads the days that a goal's readings were given.
pub fn load(conn: &Connection, goal: &GoalId) -> anyhow::Result<KnownDays> {
    let mut known = KnownDays::new();
    let mut statement = conn.prepare_cached(
        "SELECT group_id, measured_at, daystamp, time_zone FROM given_day WHERE goal_id = ?1",
    )?;
    let mut found = statement.query([&goal.0])?;
    while let Some(row) = found.next()? {
        let (text, zone) = (row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?.parse().ok());
        let closed = text.strip_prefix(OPEN);
        if let Ok(day) = closed.unwrap_or(text).parse() {
            let (moment, is_open) = (moment(row.get(1)?), closed.is_some());
            known.insert(GroupId(row.get(0)?), Given { moment, day, is_open, zone });
        }
    }
    Ok(known)
}

/// Opens the days of readings since a moment, and of those that wait to be sent, and marks them for the plan;
/// not of those that a confirmed datapoint is made of, or that one on its way may be made of.
///
/// The zone they were judged in stays: in it they were in time for a link that goes by the time of day.
pub fn forget_unconfirmed(conn: &Connection, goal: &GoalId, since: DateTime<Utc>) -> anyhow::Result<()> {
    let groups: Vec<i64> = conn
        .prepare_cached(
            "SELECT g.group_id FROM given_day g WHERE g.goal_id = ?1
                 AND (g.measured_at >= ?2 OR EXISTS (SELECT 1 FROM decision d
                     JOIN link l ON l.id = d.link_id AND l.goal_id = g.goal_id AND l.removed_at IS NULL
                     JOIN datapoint p ON p.goal_id = g.goal_id AND p.request_id = d.request_id
                     WHERE d.group_id = g.group_id AND p.wanted = 1 AND p.unsure = 0
                         AND p.sent_value IS NULL AND p.beeminder_id IS NULL))
                 AND NOT EXISTS (SELECT 1 FROM made_of m
                     WHERE m.goal_id = g.goal_id AND m.group_id = g.group_id)
                 AND NOT EXISTS (SELECT 1 FROM decision d
                     JOIN link l ON l.id = d.link_id AND l.goal_id = g.goal_id
                     JOIN datapoint p ON p.goal_id = g.goal_id AND p.request_id = d.request_id
                     WHERE d.group_id = g.group_id AND (p.unsure = 1
                         OR (coalesce(p.sent_value, p.beeminder_id) IS NOT NULL AND NOT EXISTS
                             (SELECT 1 FROM made_of m
                              WHERE m.goal_id = p.goal_id AND m.request_id = p.request_id))))",
        )?
        .query_map(params![goal.0, since.timestamp()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut forget = conn.prepare_cached(
        "UPDATE given_day SET daystamp = '?' || ltrim(daystamp, '?') WHERE goal_id = ?1 AND group_id = ?2",
    )?;
    let mut mark =
        conn.prepare_cached("INSERT OR IGNORE INTO unplanned SELECT id FROM measure_group WHERE id = ?1")?;
    for group in groups {
        forget.execute(params![goal.0, group])?;
        mark.execute([group])?;
    }
    Ok(())
}

/// Notes the days of readings. One that is the same as before is left alone.
pub fn save(conn: &Connection, goal: &GoalId, decisions: &[Decision]) -> anyhow::Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO given_day VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (goal_id, group_id) DO UPDATE SET
             measured_at = excluded.measured_at, daystamp = excluded.daystamp,
             time_zone = excluded.time_zone
         WHERE measured_at <> excluded.measured_at OR daystamp <> excluded.daystamp",
    )?;
    for decision in decisions {
        statement.execute(params![
            goal.0,
            decision.group.0,
            decision.measured_at.timestamp(),
            decision.day.to_string(),
            decision.zone.name()
        ])?;
    }
    Ok(())
}
