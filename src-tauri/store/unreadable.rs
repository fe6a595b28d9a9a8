//! Rows of Withings that could not be read, kept until they can: because one comes again and is right, or because
//! a later version of the program reads it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::measurement;
use crate::domain::measure::kind::Source;
use crate::domain::measure::measurement::{GroupId, Unreadable};

/// The version that tries.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Keeps what a page could not be read of. Returns how much of it was not kept already.
pub fn save(conn: &Connection, unreadable: &[Unreadable], now: DateTime<Utc>) -> anyhow::Result<usize> {
    let mut new = 0;
    for kept in unreadable {
        if let Some(id) = kept.id {
            // Of a group that was edited meanwhile only the last form is of use.
            conn.prepare_cached("DELETE FROM unreadable WHERE group_id = ?1 AND raw <> ?2")?
                .execute(params![id.0, kept.raw])?;
        }
        new += conn
            .prepare_cached(
                "INSERT OR IGNORE INTO unreadable (raw, seen_at, group_id, source, tried_with)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                kept.raw,
                now.timestamp(),
                kept.id.map(|id| id.0),
                kept.source.name(),
                VERSION
            ])?;
    }
    Ok(new)
}

/// Forgets what was kept of a group, which has come in a form that can be read in full.
pub fn forget(conn: &Connection, id: GroupId) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM unreadable WHERE group_id = ?1")?.execute([id.0])?;
    Ok(())
}

/// Whether a text was kept at a moment already.
pub fn was_kept(conn: &Connection, raw: &str, at: DateTime<Utc>) -> anyhow::Result<bool> {
    let kept = conn
        .prepare_cached("SELECT 1 FROM unreadable WHERE raw = ?1 AND seen_at <= ?2")?
        .exists(params![raw, at.timestamp()])?;
    Ok(kept)
}

/// How much is kept.
pub fn count(conn: &Connection) -> anyhow::Result<u64> {
    Ok(conn.query_row("SELECT count(*) FROM unreadable", [], |row| row.get(0))?)
}

/// Loads what this version has not tried to read, with its number here.
pub fn untried(conn: &Connection) -> anyhow::Result<Vec<(i64, Unreadable)>> {
    let kept = conn
        .prepare("SELECT id, group_id, source, raw FROM unreadable WHERE tried_with <> ?1 ORDER BY id")?
        .query_map([VERSION], |row| {
            let source = row.get_ref(2)?.as_str()?.parse().unwrap_or(Source::Measure);
            let id = row.get::<_, Option<i64>>(1)?.map(GroupId);
            Ok((row.get(0)?, Unreadable { id, source, raw: row.get(3)? }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(kept)
}

/// Notes what came of trying: nothing is left of it, or this is.
pub fn save_tried(conn: &Connection, number: i64, left: Option<&Unreadable>) -> anyhow::Result<()> {
    match left {
        None => conn.execute("DELETE FROM unreadable WHERE id = ?1", [number])?,
        Some(left) => conn.execute(
            "UPDATE OR REPLACE unreadable SET raw = ?2, group_id = ?3, tried_with = ?4 WHERE id = ?1",
            params![number, left.raw, left.id.map(|id| id.0), VERSION],
        )?,
    };
    Ok(())
}

/// Has everything tried again, as if a later version had started.
pub fn forget_tries(conn: &Connection) -> anyhow::Result<()> {
    conn.execute("UPDATE unreadable SET tried_with = ''", [])?;
    Ok(())
}

/// Puts a group that was read again beside what is known of it. Returns whether that made a difference.
pub fn save_read(
    conn: &Connection,
    group: crate::domain::measure::measurement::MeasureGroup,
) -> anyhow::Result<bool> {
    let group = match measurement::load(conn, group.id)? {
        Some(known) if known.gone => return Ok(false),
        Some(known) => known.merged_with(group),
        None => group,
    };
    measurement::save(conn, &group)
}

#[cfg(test)]
mod tests {
    use super::super::{in_memory, moment};
    use super::*;

    fn kept(id: Option<i64>, raw: &str) -> Unreadable {
        Unreadable { id: id.map(GroupId), source: Source::Sleep, raw: raw.into() }
    }

    #[test]
    fn what_cannot_be_read_is_kept_once_and_of_a_group_the_last_form() {
        let conn = in_memory();
        let all = [kept(None, "{}"), kept(Some(1), "a")];
        assert_eq!(save(&conn, &all, moment(5)).unwrap(), 2);
        assert_eq!(save(&conn, &all, moment(6)).unwrap(), 0);
        assert_eq!(save(&conn, &[kept(Some(1), "b")], moment(7)).unwrap(), 1);
        assert_eq!(count(&conn).unwrap(), 2);
        assert!(was_kept(&conn, "{}", moment(5)).unwrap());
        assert!(!was_kept(&conn, "{}", moment(4)).unwrap() && !was_kept(&conn, "a", moment(9)).unwrap());
        forget(&conn, GroupId(1)).unwrap();
        assert_eq!(count(&conn).unwrap(), 1);
    }

    #[test]
    fn each_version_tries_once() {
        let conn = in_memory();
        save(&conn, &[kept(None, "a"), kept(Some(2), "b")], moment(5)).unwrap();
        assert_eq!(untried(&conn).unwrap(), []);
        forget_tries(&conn).unwrap();
        let all = untried(&conn).unwrap();
        assert_eq!(all, [(1, kept(None, "a")), (2, kept(Some(2), "b"))]);
        save_tried(&conn, 1, Some(&kept(Some(1), "a"))).unwrap();
        save_tried(&conn, 2, None).unwrap();
        assert_eq!((untried(&conn).unwrap(), count(&conn).unwrap()), (vec![], 1));
        forget(&conn, GroupId(1)).unwrap();
        assert_eq!(count(&conn).unwrap(), 0, "its group is known now");
    }
}
