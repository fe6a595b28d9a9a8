//! The bright red lines of goals as last read, for charts. Nothing is decided by them.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::moment;
use crate::domain::goal::GoalId;
use crate::domain::goal::red_line::RedLine;

/// Stores the line of a goal.
pub fn save(conn: &Connection, goal: &GoalId, line: &RedLine, now: DateTime<Utc>) -> anyhow::Result<()> {
    let corners = serde_json::to_string(line.corners())?;
    conn.prepare_cached("INSERT OR REPLACE INTO red_line VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        goal.0,
        corners,
        line.good_is_below(),
        now.timestamp()
    ])?;
    Ok(())
}

/// Loads the line of a goal, and when it was read.
pub fn load(conn: &Connection, goal: &GoalId) -> anyhow::Result<Option<(RedLine, DateTime<Utc>)>> {
    let found: Option<(String, bool, i64)> = conn
        .prepare_cached("SELECT corners, good_is_below, read_at FROM red_line WHERE goal_id = ?1")?
        .query_row([&goal.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((corners, good_is_below, read_at)) = found else {
        return Ok(None);
    };
    Ok(Some((RedLine::new(serde_json::from_str(&corners)?, good_is_below), moment(read_at))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_stored() {
        let conn = crate::store::in_memory();
        let (goal, at) = (GoalId("g".into()), moment(1_795_000_000));
        assert_eq!(load(&conn, &goal).unwrap(), None);
        for line in [RedLine::new(vec![(1.0, 90.5)], true), RedLine::new(vec![(1.0, 2.0), (3.0, 4.0)], false)]
        {
            save(&conn, &goal, &line, at).unwrap();
            assert_eq!(load(&conn, &goal).unwrap(), Some((line, at)));
        }
    }
}
