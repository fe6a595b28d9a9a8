//! Trouble, each with its place.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::moment;
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::domain::trouble::{Place, Problem};
use crate::text::Args;

/// Loads everything that is wrong, the oldest first.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Problem>> {
    let problems: Vec<Option<Problem>> = conn
        .prepare_cached(&format!("{SELECT} ORDER BY since, place"))?
        .query_map([], read)?
        .collect::<Result<_, _>>()?;
    Ok(problems.into_iter().flatten().collect())
}

/// Loads what is wrong at a place.
pub fn load(conn: &Connection, place: &Place) -> anyhow::Result<Option<Problem>> {
    let problem = conn
        .prepare_cached(&format!("{SELECT} WHERE place = ?1"))?
        .query_row([place.name()], read)
        .optional()?;
    Ok(problem.flatten())
}

/// Among the stored facts: when it last came, in Unix seconds.
const NOTED_AT: &str = "noted_at";

/// Notes that something is wrong, keeping the moment it began while it is the same.
pub fn save(
    conn: &Connection,
    place: &Place,
    code: ProblemCode,
    facts: &Args,
    wait_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut facts = facts.clone();
    facts.insert(NOTED_AT.into(), now.timestamp().to_string());
    conn.prepare_cached(
        "INSERT INTO trouble VALUES (?1, ?2, ?3, ?4, 1, ?5)
         ON CONFLICT (place) DO UPDATE SET
             since = iif(code = excluded.code, min(since, excluded.since), excluded.since), code = excluded.code,
             facts = excluded.facts, failures = failures + 1, wait_until = excluded.wait_until",
    )?
    .execute(params![
        place.name(),
        code.name(),
        serde_json::to_string(&facts)?,
        now.timestamp(),
        wait_until.timestamp()
    ])?;
    Ok(())
}

/// Notes that a place is well again, writing only when it was not. Returns whether it was not.
pub fn end(conn: &Connection, place: &Place) -> anyhow::Result<bool> {
    let name = place.name();
    let known = conn.prepare_cached("SELECT 1 FROM trouble WHERE place = ?1")?.exists([&name])?;
    if known {
        conn.execute("DELETE FROM trouble WHERE place = ?1", [name])?;
    }
    Ok(known)
}

/// Forgets trouble at places that this version does not know: nothing is asked for there, so nothing would end it.
pub fn forget_unknown_places(conn: &Connection) -> anyhow::Result<()> {
    let places: Vec<String> = conn
        .prepare_cached("SELECT place FROM trouble")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for place in places.iter().filter(|place| Place::named(place).is_none()) {
        conn.execute("DELETE FROM trouble WHERE place = ?1", [place])?;
    }
    Ok(())
}

/// Forgets everything that is wrong with a service.
pub fn forget_service(conn: &Connection, service: Service) -> anyhow::Result<()> {
    for problem in load_all(conn)? {
        if problem.place.service() == service {
            end(conn, &problem.place)?;
        }
    }
    Ok(())
}

const SELECT: &str = "SELECT place, code, facts, since, failures, wait_until FROM trouble";

/// A place that this version does not know holds nothing of its up. A code that it does not know is trouble.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Problem>> {
    let (place, code, facts): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let Some(place) = Place::named(&place) else {
        return Ok(None);
    };
    let mut facts = serde_json::from_str::<Args>(&facts).unwrap_or_default();
    let noted_at = facts.remove(NOTED_AT).and_then(|unix| unix.parse().ok()).map(moment);
    Ok(Some(Problem {
        place,
        code: ProblemCode::named(&code).unwrap_or(ProblemCode::Unavailable),
        facts,
        since: moment(row.get(3)?),
        failures: row.get(4)?,
        noted_at,
        wait_until: moment(row.get(5)?),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::kind::Source;
    use crate::text::args;

    #[test]
    fn a_problem_keeps_its_beginning_and_ends_by_itself_alone() {
        let conn = super::super::in_memory();
        let (sleep, goals) = (Place::Source(Source::Sleep), Place::Goals);
        let about = args([("status", "2556".into())]);
        for at in [100, 200] {
            save(&conn, &sleep, ProblemCode::Unavailable, &about, moment(at + 60), moment(at)).unwrap();
        }
        save(&conn, &goals, ProblemCode::Offline, &Args::new(), moment(400), moment(300)).unwrap();
        let problem = load(&conn, &sleep).unwrap().unwrap();
        assert_eq!((problem.since, problem.failures, problem.wait_until), (moment(100), 2, moment(260)));
        assert_eq!((problem.facts, problem.noted_at), (about, Some(moment(200))));
        assert!(end(&conn, &sleep).unwrap() && !end(&conn, &sleep).unwrap());
        assert_eq!(load_all(&conn).unwrap().iter().map(|p| &p.place).collect::<Vec<_>>(), [&goals]);
        forget_service(&conn, Service::Withings).unwrap();
        assert!(load(&conn, &goals).unwrap().is_some(), "that is Beeminder's");
        forget_service(&conn, Service::Beeminder).unwrap();
        assert_eq!(load_all(&conn).unwrap(), []);
    }

    #[test]
    fn what_a_newer_version_noted_is_trouble_all_the_same() {
        let conn = super::super::in_memory();
        conn.execute_batch(
            "INSERT INTO trouble VALUES ('goals', 'of_tomorrow', 'no facts', 1, 1, 1);
             INSERT INTO trouble VALUES ('moon', 'offline', '{}', 1, 1, 1);",
        )
        .unwrap();
        let known = load_all(&conn).unwrap();
        assert_eq!(
            known.iter().map(|p| (&p.place, p.code)).collect::<Vec<_>>(),
            [(&Place::Goals, ProblemCode::Unavailable)]
        );
        forget_unknown_places(&conn).unwrap();
        let places: String =
            conn.query_row("SELECT group_concat(place) FROM trouble", [], |row| row.get(0)).unwrap();
        assert_eq!(places, "goals", "what nobody asks at is over");
    }
}
