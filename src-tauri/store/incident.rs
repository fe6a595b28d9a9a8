//! The incidents that have not ended.

use rusqlite::{Connection, params};

use crate::domain::incident::Incident;
use crate::domain::problem_code::ProblemCode;

/// Loads them.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Incident>> {
    let incidents: Vec<(String, Incident)> = conn
        .prepare_cached("SELECT code, goal, told, matters FROM incident")?
        .query_map([], |row| {
            let code: String = row.get(0)?;
            let (goal, told) = (row.get(1)?, row.get(2)?);
            let matters = row.get::<_, Option<String>>(3)?;
            let matters = matters.and_then(|matters| serde_json::from_str(&matters).ok());
            Ok((code, Incident { code: ProblemCode::Parked, goal, matters, told }))
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
        let matters = incident.matters.as_ref().map(serde_json::to_string).transpose()?;
        conn.execute(
            "INSERT OR REPLACE INTO incident VALUES (?1, ?2, ?3, ?4)",
            params![incident.code.name(), incident.goal, incident.told, matters],
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
        let incident = |code, goal: &str, matters| Incident { code, goal: goal.into(), matters, told: true };
        let one = incident(ProblemCode::Parked, "", Some(["5".into(), "7".into()].into()));
        let other = incident(ProblemCode::GoalFrozen, "weight", None);
        save_all(&conn, &[one.clone(), other.clone()]).unwrap();
        assert_eq!(load_all(&conn).unwrap(), [other, one.clone()]);
        save_all(&conn, std::slice::from_ref(&one)).unwrap();
        assert_eq!(load_all(&conn).unwrap(), [one]);
    }
}
