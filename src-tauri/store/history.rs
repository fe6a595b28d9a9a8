//! The ledger: each measurement and what became of it, newest first.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::measurement;
use crate::measurement::{GroupId, MeasureGroup};

/// What became of one group under one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The goal's name as last seen.
    pub goal: String,
    /// The day it was given, until Beeminder said otherwise.
    pub day: String,
    /// Why it is sent, held or skipped; a code of `sync::plan::Reason`.
    pub reason: String,
    /// The datapoint it went into.
    pub request_id: Option<String>,
    /// How that datapoint stands; a name of `datapoint::State`.
    pub state: Option<String>,
    /// The datapoint's value.
    pub value: Option<String>,
    /// Why the datapoint needs the user.
    pub parked: Option<String>,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was measured.
    pub group: MeasureGroup,
    /// What became of it; `None` when no link wants it.
    pub outcome: Option<Outcome>,
}

/// Loads up to `limit` lines of what was measured at or after `since`, newest first.
pub fn load(rows: &Connection, since: DateTime<Utc>, limit: u32) -> anyhow::Result<Vec<Line>> {
    let mut statement = rows.prepare_cached(
        "SELECT g.id, goal.slug, coalesce(p.beeminder_day, d.daystamp), d.reason, d.request_id,
                p.state, p.value, o.parked
         FROM measure_group g
         LEFT JOIN decision d ON d.group_id = g.id
         LEFT JOIN link l ON l.id = d.link_id
         LEFT JOIN goal ON goal.id = l.goal_id
         LEFT JOIN datapoint p ON p.goal_id = l.goal_id AND p.request_id = d.request_id
         LEFT JOIN outbox o ON o.datapoint_id = p.id
         WHERE g.measured_at >= ?1
         ORDER BY g.measured_at DESC, g.id DESC, d.link_id LIMIT ?2",
    )?;
    let mut found = statement.query(params![since.timestamp(), limit])?;
    let mut lines = Vec::new();
    while let Some(row) = found.next()? {
        let Some(group) = measurement::load(rows, GroupId(row.get(0)?))? else {
            continue;
        };
        let outcome = match row.get::<_, Option<String>>(1)? {
            None => None,
            Some(goal) => Some(Outcome {
                goal,
                day: row.get(2)?,
                reason: row.get(3)?,
                request_id: row.get(4)?,
                state: row.get(5)?,
                value: row.get(6)?,
                parked: row.get(7)?,
            }),
        };
        lines.push(Line { group, outcome });
    }
    Ok(lines)
}
