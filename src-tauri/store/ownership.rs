//! The user's answers about measurements that may be another person's, and what follows from them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;
use crate::domain::goal::GoalId;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::{Attribution, GroupId, Measurement};
use crate::domain::measure::ownership::{Act, Owners, Weighed, Whose};
use crate::store::measurement;

/// What is to be remembered of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// That whoever has about this weight is the same person.
    pub weight: bool,
    /// That whatever has this origin, Withings' `attrib`, is the same person's.
    pub attrib: Option<i64>,
}

/// Loads every verdict.
pub fn load_all(conn: &Connection) -> anyhow::Result<Owners> {
    let owners = conn
        .prepare_cached("SELECT group_id, mine FROM verdict")?
        .query_map([], |row| Ok((GroupId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(owners)
}

/// Whether the user answered for a group. What only followed from an answer may be answered otherwise.
pub fn is_answered(conn: &Connection, group: GroupId) -> anyhow::Result<bool> {
    let answered = conn
        .prepare_cached("SELECT answered FROM verdict WHERE group_id = ?1")?
        .query_row([group.0], |row| row.get(0))
        .optional()?;
    Ok(answered.unwrap_or(false))
}

/// Notes what the user said of a group, and marks it for the plan.
pub fn save_answer(
    conn: &Connection,
    group: GroupId,
    mine: bool,
    memory: Memory,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    save(conn, group, mine, Some(memory), now)
}

/// Notes what follows for a group from what the user said of others, and marks it for the plan.
pub fn save_followed(
    conn: &Connection,
    group: GroupId,
    mine: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    save(conn, group, mine, None, now)
}

fn save(
    conn: &Connection,
    group: GroupId,
    mine: bool,
    answer: Option<Memory>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let memory = answer.unwrap_or_default();
    conn.prepare_cached(
        "INSERT INTO verdict (group_id, mine, remembered, decided_at, answered, attrib)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (group_id) DO UPDATE SET
             mine = excluded.mine, remembered = excluded.remembered, decided_at = excluded.decided_at,
             answered = excluded.answered, attrib = excluded.attrib",
    )?
    .execute(params![group.0, mine, memory.weight, now.timestamp(), answer.is_some(), memory.attrib])?;
    measurement::mark_changed(conn, group)
}

/// What the user said of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is theirs.
    pub mine: bool,
    /// What is to be remembered of that.
    pub memory: Memory,
}

/// Takes back what the user said of a group, and marks it for the plan. Returns what that was.
pub fn take_back(conn: &Connection, group: GroupId) -> anyhow::Result<Option<Answer>> {
    let taken = conn
        .prepare_cached(
            "DELETE FROM verdict WHERE group_id = ?1 AND answered = 1 RETURNING mine, remembered, attrib",
        )?
        .query_row([group.0], |row| {
            let memory = Memory { weight: row.get(1)?, attrib: row.get(2)? };
            Ok(Answer { mine: row.get(0)?, memory })
        })
        .optional()?;
    if taken.is_some() {
        measurement::mark_changed(conn, group)?;
    }
    Ok(taken)
}

/// The groups for which something followed from answers about others.
pub fn followed(conn: &Connection, mine: bool) -> anyhow::Result<Vec<GroupId>> {
    let followed = conn
        .prepare_cached("SELECT group_id FROM verdict WHERE answered = 0 AND mine = ?1")?
        .query_map([mine], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(followed)
}

/// Forgets what followed for a group, and marks it for the plan.
pub fn forget_followed(conn: &Connection, group: GroupId) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM verdict WHERE group_id = ?1 AND answered = 0")?.execute([group.0])?;
    measurement::mark_changed(conn, group)
}

/// What the user wants remembered of each origin. Where they said both, nothing is known.
pub fn attribs(conn: &Connection) -> anyhow::Result<HashMap<i64, bool>> {
    let attribs = conn
        .prepare_cached(
            "SELECT attrib, max(mine) FROM verdict WHERE attrib IS NOT NULL
             GROUP BY attrib HAVING min(mine) = max(mine)",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(attribs)
}

/// Whether any answer is to be remembered by weight.
pub fn remembers_weights(conn: &Connection) -> anyhow::Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM verdict WHERE remembered = 1")?.exists([])?)
}

/// Loads the weights of a time of which is known whose they are.
pub fn weighed(conn: &Connection, from: DateTime<Utc>, until: DateTime<Utc>) -> anyhow::Result<Vec<Weighed>> {
    // Crossed, so that the time is looked up first: there are many more weights than those recently.
    let mut statement = conn.prepare_cached(
        "SELECT g.measured_at, m.mantissa, m.exponent, m.position, g.attrib, v.mine
         FROM measure_group g CROSS JOIN measurement m ON m.group_id = g.id
             LEFT JOIN verdict v ON v.group_id = g.id AND v.remembered = 1
         WHERE m.kind = ?1 AND g.measured_at BETWEEN ?2 AND ?3 AND g.missing_since IS NULL",
    )?;
    let mut found = statement.query(params![MeasureKind::WEIGHT.0, from.timestamp(), until.timestamp()])?;
    let mut weighed = Vec::new();
    while let Some(row) = found.next()? {
        let certain = Attribution::of(row.get(4)?) == Attribution::Certain;
        let whose = match row.get::<_, Option<bool>>(5)? {
            Some(true) => Whose::Mine,
            Some(false) => Whose::NotMine,
            None if certain => Whose::Certain,
            None => continue,
        };
        let measurement = Measurement {
            kind: MeasureKind::WEIGHT,
            mantissa: row.get(1)?,
            exponent: row.get(2)?,
            position: row.get(3)?,
        };
        if let Some(weight) = measurement.value() {
            weighed.push(Weighed { at: moment(row.get(0)?), weight, whose });
        }
    }
    Ok(weighed)
}

/// What was said of acts of measuring: what the user said of any group of one, and
/// what followed for the weight of one.
pub fn of_acts(conn: &Connection) -> anyhow::Result<Vec<(Act, bool)>> {
    let acts = conn
        .prepare_cached(
            "SELECT g.measured_at, g.device, v.mine FROM verdict v CROSS JOIN measure_group g ON g.id = v.group_id
             WHERE g.device IS NOT NULL AND (v.answered = 1 OR EXISTS
                 (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind = ?1))",
        )?
        .query_map([MeasureKind::WEIGHT.0], |row| Ok(((moment(row.get(0)?), row.get(1)?), row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    Ok(acts)
}

/// The groups that went into a datapoint of a goal.
pub fn counted(conn: &Connection, goal: &GoalId) -> anyhow::Result<HashSet<GroupId>> {
    let counted = conn
        .prepare_cached(
            "SELECT group_id FROM decision JOIN link ON link.id = link_id
             WHERE goal_id = ?1 AND request_id IS NOT NULL",
        )?
        .query_map([&goal.0], |row| row.get(0).map(GroupId))?
        .collect::<Result<_, _>>()?;
    Ok(counted)
}
