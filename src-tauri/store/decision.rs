//! Decisions: what the plan made of each group under each link.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use strum::VariantArray;

use super::moment;
use crate::domain::day::Daystamp;
use crate::domain::link::LinkId;
use crate::domain::measure::measurement::GroupId;
use crate::domain::plan::{Decision, Reason};

/// What became of one measurement under a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionOutcome {
    /// When it was measured.
    pub measured_at: DateTime<Utc>,
    /// The day it belongs to.
    pub day: Daystamp,
    /// Why it is sent, or why not.
    pub reason: Reason,
}

/// Notes what became of groups, in place of what was noted before.
pub fn save(conn: &Connection, link: LinkId, decisions: &[Decision]) -> anyhow::Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO decision VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (link_id, group_id) DO UPDATE SET
             daystamp = excluded.daystamp, measured_at = excluded.measured_at,
             reason = excluded.reason, request_id = excluded.request_id",
    )?;
    for decision in decisions {
        statement.execute(params![
            link.0,
            decision.group.0,
            decision.day.to_string(),
            decision.measured_at.timestamp(),
            decision.reason.code(),
            decision.request_id.as_ref().map(|id| &id.0)
        ])?;
    }
    Ok(())
}

/// What became of a link's measurements, newest first, down to the first that `is_last` is said of.
pub fn outcomes(
    conn: &Connection,
    link: LinkId,
    is_last: impl Fn(Reason) -> bool,
) -> anyhow::Result<Vec<DecisionOutcome>> {
    let mut statement = conn.prepare_cached(
        "SELECT measured_at, daystamp, reason FROM decision WHERE link_id = ?1
         ORDER BY daystamp DESC, measured_at DESC",
    )?;
    let mut found = statement.query([link.0])?;
    let mut outcomes = Vec::new();
    while let Some(row) = found.next()? {
        let day = row.get::<_, String>(1)?.parse::<Daystamp>();
        if let (Ok(day), Some(reason)) = (day, Reason::named(&row.get::<_, String>(2)?)) {
            outcomes.push(DecisionOutcome { measured_at: moment(row.get(0)?), day, reason });
            if is_last(reason) {
                break;
            }
        }
    }
    Ok(outcomes)
}

/// Forgets what was noted for a group, when it no longer concerns the link.
pub fn forget(conn: &Connection, link: LinkId, group: GroupId) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM decision WHERE link_id = ?1 AND group_id = ?2")?
        .execute([link.0, group.0])?;
    Ok(())
}

/// The datapoint that a group went into under a link.
pub fn request_id(conn: &Connection, link: LinkId, group: GroupId) -> anyhow::Result<Option<String>> {
    let id = conn
        .prepare_cached("SELECT request_id FROM decision WHERE link_id = ?1 AND group_id = ?2")?
        .query_row([link.0, group.0], |row| row.get(0))
        .optional()?;
    Ok(id.flatten())
}

/// How many groups wait for an answer under the links in force.
pub fn held(conn: &Connection) -> anyhow::Result<u64> {
    let query = format!("SELECT count(DISTINCT group_id) {}", held_under_links());
    Ok(conn.query_row(&query, [], |row| row.get(0))?)
}

/// The groups that wait for an answer, each with a goal that does, oldest first.
pub fn held_groups(conn: &Connection) -> anyhow::Result<Vec<(GroupId, String)>> {
    let query = format!("SELECT group_id, goal.slug {} ORDER BY measured_at, group_id", held_under_links());
    let held = conn
        .prepare(&query)?
        .query_map([], |row| Ok((GroupId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(held)
}

/// How many groups wait for an answer under one link.
pub fn held_under(conn: &Connection, link: LinkId) -> anyhow::Result<u64> {
    let query = format!("SELECT count(*) {} AND link_id = ?1", held_under_links());
    Ok(conn.query_row(&query, [link.0], |row| row.get(0))?)
}

fn held_under_links() -> String {
    let held: Vec<&str> =
        Reason::VARIANTS.iter().filter(|reason| reason.is_held()).map(|reason| reason.code()).collect();
    format!(
        "FROM decision JOIN link ON link.id = link_id JOIN goal ON goal.id = link.goal_id
         WHERE removed_at IS NULL AND reason IN ('{}')",
        held.join("', '")
    )
}
