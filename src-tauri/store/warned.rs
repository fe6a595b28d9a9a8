//! What the user was told of when a goal was linked, so that it is not said again for ever.

use rusqlite::{Connection, params};

use crate::domain::goal::GoalId;
use crate::domain::link::misfit::Misfit;

/// Notes that the user knows why a goal may not suit what is sent to it.
pub fn save(conn: &Connection, goal: &GoalId, misfits: &[Misfit]) -> anyhow::Result<()> {
    let mut insert = conn.prepare_cached("INSERT OR IGNORE INTO warned VALUES (?1, ?2)")?;
    for misfit in misfits {
        insert.execute(params![goal.0, misfit.code()])?;
    }
    Ok(())
}

/// Whether the user knows it.
pub fn is_known(conn: &Connection, goal: &GoalId, misfit: &Misfit) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM warned WHERE goal_id = ?1 AND misfit = ?2")?
        .exists(params![goal.0, misfit.code()])?)
}
