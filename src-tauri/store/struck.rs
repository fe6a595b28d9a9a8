//! Readings that the user's word takes out of a datapoint: what they deleted at Beeminder or decided not to
//! send. Kept by goal, so that a link made anew knows.

use rusqlite::{Connection, params};

use crate::datapoint::RequestId;
use crate::difference::Word;
use crate::goal::GoalId;
use crate::measurement::GroupId;
use crate::sync::plan::Struck;

/// Strikes out every reading that made a datapoint, and marks them for the plan.
pub fn save(rows: &Connection, goal: &GoalId, id: &RequestId, word: Word) -> anyhow::Result<()> {
    rows.prepare_cached(
        "INSERT OR IGNORE INTO struck
         SELECT l.goal_id, d.request_id, d.group_id, ?3 FROM decision d JOIN link l ON l.id = d.link_id
         WHERE l.goal_id = ?1 AND d.request_id = ?2",
    )?
    .execute(params![goal.0, id.0, word.name()])?;
    mark_changed(rows, goal, id)
}

/// Takes the word back, and marks the readings for the plan.
pub fn forget(rows: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<()> {
    mark_changed(rows, goal, id)?;
    rows.execute("DELETE FROM struck WHERE goal_id = ?1 AND request_id = ?2", [&goal.0, &id.0])?;
    Ok(())
}

fn mark_changed(rows: &Connection, goal: &GoalId, id: &RequestId) -> anyhow::Result<()> {
    rows.prepare_cached(
        "INSERT OR IGNORE INTO unplanned SELECT s.group_id FROM struck s JOIN measure_group g ON g.id = s.group_id
         WHERE s.goal_id = ?1 AND s.request_id = ?2",
    )?
    .execute([&goal.0, &id.0])?;
    Ok(())
}

/// Loads what is struck out in a goal.
pub fn load(rows: &Connection, goal: &GoalId) -> anyhow::Result<Struck> {
    let mut struck = Struck::new();
    let mut statement =
        rows.prepare_cached("SELECT request_id, group_id, word FROM struck WHERE goal_id = ?1")?;
    let mut found = statement.query([&goal.0])?;
    while let Some(row) = found.next()? {
        let word = row.get::<_, String>(2)?.parse().unwrap_or(Word::Discarded);
        struck.insert((GroupId(row.get(1)?), RequestId(row.get(0)?)), word);
    }
    Ok(struck)
}
