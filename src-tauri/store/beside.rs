//! Finds measurements to be planned again with one that changed, since they may tell of the same act.

use std::collections::HashSet;

use rusqlite::Connection;

use super::measurement::{SELECT, collect, list};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};

/// Loads all that was measured at the moments of `groups`, and at those they had when they were last planned:
/// one act may come as several groups.
///
/// Beside nights and workouts are those that may have lasted into the same time.
pub(crate) fn load(conn: &Connection, groups: &[MeasureGroup]) -> anyhow::Result<Vec<MeasureGroup>> {
    let mut moments: Vec<i64> = groups.iter().map(|group| group.measured_at.timestamp()).collect();
    let before: Vec<i64> = conn
        .prepare_cached(
            // Crossed, so that the list is gone through once and the days are looked up.
            "SELECT d.measured_at FROM json_each(?1) AS changed CROSS JOIN goal
                 CROSS JOIN given_day d ON d.goal_id = goal.id AND d.group_id = changed.value",
        )?
        .query_map([list(groups.iter().map(|group| group.id.0))], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    moments.extend(before);
    moments.sort_unstable();
    moments.dedup();
    let query =
        format!("{SELECT} WHERE g.measured_at IN (SELECT value FROM json_each(?1)) ORDER BY g.id, m.ordinal");
    let mut beside = collect(conn, &query, &[&serde_json::to_string(&moments)?])?;
    if groups.iter().any(|group| group.source.is_of_stretches()) {
        let known: HashSet<GroupId> = beside.iter().map(|group| group.id).collect();
        beside.extend(load_about(conn, &moments)?.into_iter().filter(|group| !known.contains(&group.id)));
    }
    Ok(beside)
}

/// No night and no workout lasts longer, in seconds.
pub(super) const LONGEST_STRETCH: i64 = 24 * 3600;

/// Loads the nights and workouts that may have lasted into the same time as what was measured at `moments`,
/// which are in order.
fn load_about(conn: &Connection, moments: &[i64]) -> anyhow::Result<Vec<MeasureGroup>> {
    let mut times: Vec<(i64, i64)> = Vec::new();
    for (from, until) in moments.iter().map(|at| (at - LONGEST_STRETCH, at + LONGEST_STRETCH)) {
        match times.last_mut() {
            Some(last) if from <= last.1 => last.1 = until,
            _ => times.push((from, until)),
        }
    }
    let query = format!(
        "{SELECT} WHERE g.source IN ('sleep', 'workout') AND g.measured_at BETWEEN ?1 AND ?2
         ORDER BY g.id, m.ordinal"
    );
    let mut found = Vec::new();
    for (from, until) in times {
        found.extend(collect(conn, &query, &[&from, &until])?);
    }
    Ok(found)
}
