//! What Withings measured, and whether the plan has seen it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::moment;
use crate::kind::MeasureKind;
use crate::measurement::{GroupId, MeasureGroup, Measurement};

/// Stores a group, marking it for the plan when it is new or differs. Returns whether it did.
pub fn save(rows: &Connection, group: &MeasureGroup) -> anyhow::Result<bool> {
    let is_new = insert(rows, group)?;
    if !is_new {
        if load(rows, group.id)?.as_ref() == Some(group) {
            return Ok(false);
        }
        update(rows, group)?;
    }
    let mut insert = rows.prepare_cached("INSERT INTO measurement VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (ordinal, m) in group.measurements.iter().enumerate() {
        insert.execute(params![group.id.0, ordinal, m.kind.0, m.mantissa, m.exponent, m.position])?;
    }
    rows.prepare_cached("INSERT OR IGNORE INTO unplanned VALUES (?1)")?.execute([group.id.0])?;
    Ok(true)
}

/// Returns whether the group is new.
fn insert(rows: &Connection, group: &MeasureGroup) -> anyhow::Result<bool> {
    let inserted = rows
        .prepare_cached("INSERT OR IGNORE INTO measure_group VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)")?
        .execute(params![
            group.id.0,
            group.attrib,
            group.measured_at.timestamp(),
            group.modified_at.timestamp(),
            group.device,
            group.model
        ])?;
    Ok(inserted == 1)
}

/// Changes the group's own row and takes its values away.
fn update(rows: &Connection, group: &MeasureGroup) -> anyhow::Result<()> {
    rows.prepare_cached(
        "UPDATE measure_group SET attrib = ?2, measured_at = ?3, modified_at = ?4, device = ?5,
             model = ?6, missing_since = NULL
         WHERE id = ?1",
    )?
    .execute(params![
        group.id.0,
        group.attrib,
        group.measured_at.timestamp(),
        group.modified_at.timestamp(),
        group.device,
        group.model
    ])?;
    rows.prepare_cached("DELETE FROM measurement WHERE group_id = ?1")?.execute([group.id.0])?;
    Ok(())
}

/// Keeps the text of a group that could not be read. Returns whether it is new.
pub fn save_unreadable(rows: &Connection, raw: &str, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let added = rows.execute(
        "INSERT OR IGNORE INTO unreadable (raw, seen_at) VALUES (?1, ?2)",
        params![raw, now.timestamp()],
    )?;
    Ok(added == 1)
}

/// How many groups could not be read.
pub fn unreadable(rows: &Connection) -> anyhow::Result<u64> {
    Ok(rows.query_row("SELECT count(*) FROM unreadable", [], |row| row.get(0))?)
}

/// Loads one group.
pub fn load(rows: &Connection, id: GroupId) -> anyhow::Result<Option<MeasureGroup>> {
    let query = format!("{SELECT} WHERE g.id = ?1 ORDER BY m.ordinal");
    Ok(collect(rows, &query, &[&id.0])?.pop())
}

/// Loads the groups with a value of any of `kinds` measured at or after `since`, with those values alone.
pub fn load_with_kinds(
    rows: &Connection,
    kinds: &[MeasureKind],
    since: DateTime<Utc>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.0.to_string()).collect();
    let query = format!(
        "{SELECT} WHERE g.measured_at >= ?1 AND m.kind IN ({}) ORDER BY g.id, m.ordinal",
        kinds.join(", ")
    );
    collect(rows, &query, &[&since.timestamp()])
}

/// Whether the plan has seen every group in its present form.
pub fn all_planned(rows: &Connection) -> anyhow::Result<bool> {
    Ok(!rows.prepare_cached("SELECT 1 FROM unplanned")?.exists([])?)
}

/// Loads the groups the plan has not seen in their present form.
pub fn load_changed(rows: &Connection) -> anyhow::Result<Vec<MeasureGroup>> {
    let query = format!("{SELECT} WHERE g.id IN (SELECT group_id FROM unplanned) ORDER BY g.id, m.ordinal");
    collect(rows, &query, &[])
}

/// Marks every group as seen by the plan.
pub fn mark_planned(rows: &Connection) -> anyhow::Result<()> {
    rows.execute("DELETE FROM unplanned", [])?;
    Ok(())
}

/// How many groups there are, and when the last of them was measured.
pub fn summary(rows: &Connection) -> anyhow::Result<(u64, Option<DateTime<Utc>>)> {
    Ok(rows.query_row("SELECT count(*), max(measured_at) FROM measure_group", [], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(moment)))
    })?)
}

const SELECT: &str = "SELECT g.id, g.attrib, g.measured_at, g.modified_at, g.device, g.model,
            m.kind, m.mantissa, m.exponent, m.position
     FROM measure_group g LEFT JOIN measurement m ON m.group_id = g.id";

/// Puts the rows of groups together again: one a value, those of a group next to each other.
fn collect(
    rows: &Connection,
    query: &str,
    params: &[&dyn rusqlite::ToSql],
) -> anyhow::Result<Vec<MeasureGroup>> {
    let mut groups: Vec<MeasureGroup> = Vec::new();
    let mut statement = rows.prepare_cached(query)?;
    let mut found = statement.query(params)?;
    while let Some(row) = found.next()? {
        let id = GroupId(row.get(0)?);
        if groups.last().is_none_or(|group| group.id != id) {
            groups.push(read_group(id, row)?);
        }
        let Some(group) = groups.last_mut() else { continue };
        if let Some(kind) = row.get::<_, Option<i64>>(6)? {
            group.measurements.push(Measurement {
                kind: MeasureKind(kind),
                mantissa: row.get(7)?,
                exponent: row.get(8)?,
                position: row.get(9)?,
            });
        }
    }
    Ok(groups)
}

fn read_group(id: GroupId, row: &Row<'_>) -> rusqlite::Result<MeasureGroup> {
    Ok(MeasureGroup {
        id,
        attrib: row.get(1)?,
        measured_at: moment(row.get(2)?),
        modified_at: moment(row.get(3)?),
        device: row.get(4)?,
        model: row.get(5)?,
        measurements: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: i64, grams: i64) -> MeasureGroup {
        let value =
            |kind, mantissa| Measurement { kind: MeasureKind(kind), mantissa, exponent: -3, position: None };
        MeasureGroup {
            id: GroupId(id),
            attrib: 0,
            measured_at: moment(1000 + id),
            modified_at: moment(2000),
            device: Some("d".into()),
            model: None,
            measurements: vec![value(1, grams), value(6, 18_502)],
        }
    }

    #[test]
    fn only_what_is_new_or_differs_is_marked_for_the_plan() {
        let rows = super::super::in_memory();
        assert!(save(&rows, &group(1, 82_400)).unwrap());
        mark_planned(&rows).unwrap();
        assert!(!save(&rows, &group(1, 82_400)).unwrap());
        assert_eq!(load_changed(&rows).unwrap(), []);
        assert!(save(&rows, &group(1, 82_500)).unwrap());
        assert_eq!(load_changed(&rows).unwrap(), [group(1, 82_500)]);
        assert_eq!(load(&rows, GroupId(1)).unwrap(), Some(group(1, 82_500)));
    }

    #[test]
    fn groups_are_found_by_kind_and_time() {
        let rows = super::super::in_memory();
        for id in 1..=3 {
            save(&rows, &group(id, 82_400)).unwrap();
        }
        let empty = MeasureGroup { measurements: Vec::new(), ..group(4, 0) };
        save(&rows, &empty).unwrap();
        let found = load_with_kinds(&rows, &[MeasureKind::WEIGHT], moment(1002)).unwrap();
        assert_eq!(found.iter().map(|group| group.id.0).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(found[0].measurements.len(), 1, "the other value is not asked for");
        assert_eq!(load(&rows, GroupId(4)).unwrap(), Some(empty));
        assert_eq!(summary(&rows).unwrap(), (4, Some(moment(1004))));
    }

    #[test]
    fn what_cannot_be_read_is_kept_once() {
        let rows = super::super::in_memory();
        assert!(save_unreadable(&rows, "{}", moment(1)).unwrap());
        assert!(!save_unreadable(&rows, "{}", moment(2)).unwrap());
        assert_eq!(unreadable(&rows).unwrap(), 1);
    }
}
