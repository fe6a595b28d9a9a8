//! The day that a goal's readings were given. It outlives links, deadlines and time zones: a reading that
//! counted for one day must not count for another one as well.

use chrono_tz::Tz;
use rusqlite::{Connection, params};

use super::moment;
use crate::day::Daystamp;
use crate::goal::GoalId;
use crate::measurement::GroupId;
use crate::sync::plan::{Decision, Given, KnownDays};

/// Loads the days that a goal's readings were given.
pub fn load(rows: &Connection, goal: &GoalId) -> anyhow::Result<KnownDays> {
    let mut known = KnownDays::new();
    let mut statement = rows.prepare_cached(
        "SELECT group_id, measured_at, daystamp, time_zone FROM given_day WHERE goal_id = ?1",
    )?;
    let mut found = statement.query([&goal.0])?;
    while let Some(row) = found.next()? {
        if let Ok(day) = row.get_ref(2)?.as_str()?.parse::<Daystamp>() {
            let zone = row.get_ref(3)?.as_str()?.parse::<Tz>().ok();
            known.insert(GroupId(row.get(0)?), Given { moment: moment(row.get(1)?), day, zone });
        }
    }
    Ok(known)
}

/// Notes the days of readings. One that is the same as before is left alone.
pub fn save(rows: &Connection, goal: &GoalId, decisions: &[Decision]) -> anyhow::Result<()> {
    let mut statement = rows.prepare_cached(
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
