//! Readings that the user's word takes out of a datapoint: what they deleted at Beeminder or decided not to send. And
//! those it keeps in though Withings has them no more.
//!
//! And what the confirmed form of each datapoint was made of. Kept by goal, so that a link made anew knows.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::measurement::{self, list};
use super::moment;
use crate::domain::datapoint::RequestId;
use crate::domain::day::Daystamp;
use crate::domain::difference::Word;
use crate::domain::goal::GoalId;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::GroupId;
use crate::domain::plan::Struck;

/// Strikes out every reading that a datapoint is to be made of, and marks them for the plan; not those that
/// its confirmed form is made of.
pub fn save_wanted(conn: &Connection, goal: &GoalId, id: &RequestId, word: Word) -> anyhow::Result<()> {
    let (wanted, made_of) = (wanted_readings(conn, goal, id)?, confirmed_readings(conn, goal, id)?);
    let new: Vec<GroupId> = wanted.iter().filter(|reading| !made_of.contains(reading)).copied().collect();
    save(conn, goal, id, &new, word)
}

/// Notes the user's word on every reading that the confirmed form of a datapoint was made of, and marks them for the plan.
/// What was measured since is a new fact.
pub fn save_confirmed(conn: &Connection, goal: &GoalId, id: &RequestId, word: Word) -> anyhow::Result<()> {
    let mut readings = confirmed_readings(conn, goal, id)?;
    if readings.is_empty() {
        readings = wanted_readings(conn, goal, id)?;
    }
    save(conn, goal, id, &readings, word)
}

fn save(
    conn: &Connection,
    goal: &GoalId,
    id: &RequestId,
    readings: &[GroupId],
    word: Word,
) -> anyhow::Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO struck VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
             SET word = excluded.word, said = excluded.said WHERE word = 'keep'",
    )?;
    for reading in readings {
        let said = said_in(conn, goal, id, *reading)?;
        statement.execute(params![goal.0, id.0, reading.0, word.name(), said])?;
    }
    mark_changed(conn, goal, id)?;
    forget_outdated(conn, readings)
}

/// Forgets the word on readings that say something else than what it was about, and marks them for the plan: what is
/// corrected is a new fact.
pub fn forget_outdated(conn: &Connection, readings: &[GroupId]) -> anyhow::Result<()> {
    let about: Vec<(String, String, i64, String)> = conn
        .prepare_cached(
            "SELECT goal_id, request_id, group_id, said FROM struck
             WHERE said IS NOT NULL AND word <> 'keep' AND group_id IN (SELECT value FROM json_each(?1))",
        )?
        .query_map([list(readings.iter().map(|id| id.0))], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    for (goal, id, reading, said) in about {
        let id = RequestId(id);
        if says(conn, &id, GroupId(reading))?.is_some_and(|says| says != said) {
            conn.prepare_cached(
                "DELETE FROM struck WHERE goal_id = ?1 AND request_id = ?2 AND group_id = ?3",
            )?
            .execute(params![goal, id.0, reading])?;
            measurement::mark_changed(conn, GroupId(reading))?;
        }
    }
    Ok(())
}

/// What a reading says in a datapoint; `None` where the datapoint tells no value of it.
fn says(conn: &Connection, id: &RequestId, reading: GroupId) -> anyhow::Result<Option<String>> {
    let Some(kind) = MeasureKind::named(&id.subject()) else {
        return Ok(None);
    };
    Ok(measurement::load(conn, reading)?.and_then(|group| group.says(kind)))
}

/// What a reading said when a datapoint was confirmed; what it says, where that is not known.
fn said_in(
    conn: &Connection,
    goal: &GoalId,
    id: &RequestId,
    reading: GroupId,
) -> anyhow::Result<Option<String>> {
    let said: Option<Option<String>> = conn
        .prepare_cached("SELECT said FROM made_of WHERE goal_id = ?1 AND request_id = ?2 AND group_id = ?3")?
        .query_row(params![goal.0, id.0, reading.0], |row| row.get(0))
        .optional()?;
    said.flatten().map_or_else(|| says(conn, id, reading), |said| Ok(Some(said)))
}

/// The readings that the confirmed form of a datapoint was made of.
pub fn confirmed_readings(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<Vec<GroupId>> {
    let readings = conn
        .prepare_cached("SELECT group_id FROM made_of WHERE goal_id = ?1 AND request_id = ?2")?
        .query_map([&goal.0, &id.0], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(readings)
}

/// The readings of all that a goal has for days before `first`, and those that were planned for it.
pub fn confirmed_before(
    conn: &Connection,
    goal: &GoalId,
    first: Daystamp,
) -> anyhow::Result<HashSet<GroupId>> {
    let readings = conn
        .prepare_cached(
            "SELECT m.group_id FROM made_of m
                 JOIN datapoint p ON p.goal_id = m.goal_id AND p.request_id = m.request_id
             WHERE m.goal_id = ?1 AND p.beeminder_day < ?2
             UNION SELECT d.group_id FROM link l JOIN decision d ON d.link_id = l.id
                 JOIN datapoint p ON p.goal_id = l.goal_id AND p.request_id = d.request_id
             WHERE l.goal_id = ?1 AND p.beeminder_id IS NOT NULL AND p.beeminder_day < ?2",
        )?
        .query_map([&goal.0, &first.to_string()], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(readings)
}

/// The readings that a datapoint is to be made of.
pub fn wanted_readings(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<Vec<GroupId>> {
    let readings = conn
        .prepare_cached(
            "SELECT DISTINCT d.group_id FROM decision d JOIN link l ON l.id = d.link_id
             WHERE l.goal_id = ?1 AND d.request_id = ?2 AND l.removed_at IS NULL",
        )?
        .query_map([&goal.0, &id.0], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(readings)
}

/// Whether a reading that its confirmed form is not made of makes a datapoint what it is to be.
pub fn is_made_by_a_new_one(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM decision d JOIN link l ON l.id = d.link_id
             WHERE l.goal_id = ?1 AND d.request_id = ?2 AND l.removed_at IS NULL
                 AND d.reason IN ('sent', 'sent_for_day')
                 AND NOT EXISTS (SELECT 1 FROM made_of m WHERE m.goal_id = ?1 AND m.request_id = ?2
                     AND m.group_id = d.group_id)",
        )?
        .exists([&goal.0, &id.0])?)
}

/// Whether a datapoint is to be made of a reading that is to be planned anew, or with another one of its moment, which may
/// tell of the same act.
pub fn is_to_be_planned(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM decision d JOIN link l ON l.id = d.link_id
                 JOIN measure_group tells ON tells.id = d.group_id
                 JOIN measure_group beside ON beside.measured_at = tells.measured_at
                 JOIN unplanned u ON u.group_id = beside.id
             WHERE l.goal_id = ?1 AND d.request_id = ?2 AND l.removed_at IS NULL",
        )?
        .exists([&goal.0, &id.0])?)
}

/// When a goal's list first lacked another datapoint that readings of this one were sent as, under this number or
/// another one.
pub fn missing_before(
    conn: &Connection,
    goal: &GoalId,
    id: &RequestId,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let missing: Vec<(String, i64)> = conn
        .prepare_cached(
            // Crossed, so that it begins with what is missing, which is little.
            "SELECT p.request_id, p.missing_since FROM datapoint p
                 CROSS JOIN made_of m ON m.goal_id = p.goal_id AND m.request_id = p.request_id
                 CROSS JOIN measure_group was ON was.id = m.group_id
                 CROSS JOIN measure_group tells ON tells.measured_at = was.measured_at
                 CROSS JOIN decision d ON d.group_id = tells.id AND d.request_id = ?2
                 JOIN link l ON l.id = d.link_id
             WHERE p.goal_id = ?1 AND p.request_id <> ?2 AND p.missing_since IS NOT NULL
                 AND l.goal_id = ?1 AND l.removed_at IS NULL",
        )?
        .query_map([&goal.0, &id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let subject = id.subject();
    let alike = missing.into_iter().filter(|(other, _)| RequestId(other.clone()).subject() == subject);
    Ok(alike.map(|(_, since)| moment(since)).max())
}

/// The readings that a datapoint was to be made of when a link that is gone by now called for it.
pub fn readings_left(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<Vec<GroupId>> {
    let readings = conn
        .prepare_cached(
            "SELECT d.group_id FROM decision d JOIN datapoint p ON p.link_id = d.link_id
             WHERE p.goal_id = ?1 AND p.request_id = ?2 AND d.request_id = ?2",
        )?
        .query_map([&goal.0, &id.0], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(readings)
}

/// Notes what the confirmed form of a datapoint was made of.
pub fn save_made_of(
    conn: &Connection,
    goal: &GoalId,
    id: &RequestId,
    readings: &[GroupId],
) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM made_of WHERE goal_id = ?1 AND request_id = ?2")?
        .execute([&goal.0, &id.0])?;
    let mut statement = conn.prepare_cached("INSERT INTO made_of VALUES (?1, ?2, ?3, ?4)")?;
    for reading in readings {
        statement.execute(params![goal.0, id.0, reading.0, says(conn, id, *reading)?])?;
    }
    Ok(())
}

/// Notes that what Beeminder has of a datapoint stands for its readings as they are by now, since the user keeps it.
pub fn save_kept(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<()> {
    let readings = confirmed_readings(conn, goal, id)?;
    save_made_of(conn, goal, id, &readings)
}

/// Whether the user's word takes any reading out of a datapoint.
pub fn is_any(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM struck WHERE goal_id = ?1 AND request_id = ?2")?
        .exists([&goal.0, &id.0])?)
}

/// Takes the word back, and marks the readings for the plan.
pub fn forget(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<()> {
    mark_changed(conn, goal, id)?;
    for reading in wanted_readings(conn, goal, id)? {
        measurement::mark_changed(conn, reading)?;
    }
    conn.execute("DELETE FROM struck WHERE goal_id = ?1 AND request_id = ?2", [&goal.0, &id.0])?;
    Ok(())
}

fn mark_changed(conn: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO unplanned SELECT s.group_id FROM struck s JOIN measure_group g ON g.id = s.group_id
         WHERE s.goal_id = ?1 AND s.request_id = ?2",
    )?
    .execute([&goal.0, &id.0])?;
    Ok(())
}

/// Loads what is struck out in a goal.
pub fn load(conn: &Connection, goal: &GoalId) -> anyhow::Result<Struck> {
    let mut struck = Struck::new();
    let mut statement =
        conn.prepare_cached("SELECT request_id, group_id, word FROM struck WHERE goal_id = ?1")?;
    let mut found = statement.query([&goal.0])?;
    while let Some(row) = found.next()? {
        let word = row.get::<_, String>(2)?.parse().unwrap_or(Word::Discarded);
        struck.insert((GroupId(row.get(1)?), RequestId(row.get(0)?).subject()), word);
    }
    Ok(struck)
}
