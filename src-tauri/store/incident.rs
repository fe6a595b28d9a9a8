//! The incidents that have not ended.

use rusqlite::{Connection, params};

use crate::domain::incident::Incident;
use crate::domain::problem_code::ProblemCode;

/// Loads them.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Incident>> {
    let incidents: Vec<(String, Incident)> = conn
        .prepare_cached("SELECT code, goal, count, told FROM incident")?
        .query_map([], |row| {
            let code: String = row.get(0)?;
            let (goal, count, told) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((code, Incident { code: ProblemCode::Parked, goal, count, told }))
        })?
        .collect::<Result<_, _>>()?;
    // A code that this version does not know is no incident of its.
    Ok(incidents
        .into_iter()
        .filter_map(|(code, incident)| Some(Incident { code: ProblemCode::named(&code)?, ..incident }))
        .collect())
}

/// Saves them in place of those that were known.
pub fn save_all(conn: &Connection, incidents: &[Incident]) -> anyhow::Result<()> {
    conn.execute("DELETE FROM incident", [])?;
    for incident in incidents {
        conn.execute(
            "INSERT OR REPLACE INTO incident VALUES (?1, ?2, ?3, ?4)",
            params![incident.code.name(), incident.goal, incident.count, incident.told],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_takes_the_place_of_what_was_known() {
        let conn = super::super::in_memory();
        let incident = |code, goal: &str| Incident { code, goal: goal.into(), count: 2, told: true };
        let (one, other) = (incident(ProblemCode::Parked, ""), incident(ProblemCode::GoalFrozen, "weight"));
        save_all(&conn, &[one.clone(), other]).unwrap();
        save_all(&conn, std::slice::from_ref(&one)).unwrap();
        assert_eq!(load_all(&conn).unwrap(), [one]);
    }
}
