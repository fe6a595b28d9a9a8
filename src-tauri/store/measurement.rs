//! What Withings measured, and whether the plan has seen it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::moment;
use crate::kind::{MeasureKind, Source};
use crate::measurement::{Attribution, GroupId, MeasureGroup, Measurement};

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
    mark_changed(rows, group.id)?;
    Ok(true)
}

/// Returns whether the group is new.
fn insert(rows: &Connection, group: &MeasureGroup) -> anyhow::Result<bool> {
    let inserted = rows
        .prepare_cached(
            "INSERT OR IGNORE INTO measure_group VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7, ?8, ?9)",
        )?
        .execute(params![
            group.id.0,
            group.attrib,
            group.measured_at.timestamp(),
            group.modified_at.timestamp(),
            group.device,
            group.model,
            group.source.name(),
            group.day.map(|day| day.to_string()),
            group.category
        ])?;
    Ok(inserted == 1)
}

/// Changes the group's own row and takes its values away.
fn update(rows: &Connection, group: &MeasureGroup) -> anyhow::Result<()> {
    rows.prepare_cached(
        "UPDATE measure_group SET attrib = ?2, measured_at = ?3, modified_at = ?4, device = ?5,
             model = ?6, day = ?7, category = ?8, missing_since = NULL
         WHERE id = ?1",
    )?
    .execute(params![
        group.id.0,
        group.attrib,
        group.measured_at.timestamp(),
        group.modified_at.timestamp(),
        group.device,
        group.model,
        group.day.map(|day| day.to_string()),
        group.category
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

/// Loads these groups, by their numbers.
pub fn load_these(rows: &Connection, ids: &[GroupId]) -> anyhow::Result<Vec<MeasureGroup>> {
    let ids = list(ids.iter().map(|id| id.0));
    let query = format!("{SELECT} WHERE g.id IN (SELECT value FROM json_each(?1)) ORDER BY g.id, m.ordinal");
    collect(rows, &query, &[&ids])
}

/// Loads what was measured at these moments.
pub fn load_at<'a>(
    rows: &Connection,
    moments: impl IntoIterator<Item = &'a DateTime<Utc>>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    let moments = list(moments.into_iter().map(DateTime::timestamp));
    let query =
        format!("{SELECT} WHERE g.measured_at IN (SELECT value FROM json_each(?1)) ORDER BY g.id, m.ordinal");
    collect(rows, &query, &[&moments])
}

/// Loads what may be another person's and was not decided on.
pub fn load_unsure(rows: &Connection) -> anyhow::Result<Vec<MeasureGroup>> {
    let query = format!(
        "{SELECT} WHERE g.attrib NOT IN (SELECT value FROM json_each(?1)) AND g.missing_since IS NULL
             AND NOT EXISTS (SELECT 1 FROM verdict v WHERE v.group_id = g.id)
         ORDER BY g.id, m.ordinal"
    );
    collect(rows, &query, &[&list(Attribution::sure())])
}

/// Numbers as a list that SQL can look into.
fn list(numbers: impl Iterator<Item = i64>) -> String {
    format!("[{}]", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(","))
}

/// Loads the groups with a value of any of `kinds` measured at or after `since`, with those values alone.
pub fn load_with_kinds(
    rows: &Connection,
    kinds: &[MeasureKind],
    since: DateTime<Utc>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    load_with_kinds_between(rows, kinds, since, DateTime::<Utc>::MAX_UTC)
}

/// The same, of what was measured before `until`.
pub fn load_with_kinds_between(
    rows: &Connection,
    kinds: &[MeasureKind],
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.0.to_string()).collect();
    let query = format!(
        "{SELECT} WHERE g.measured_at >= ?1 AND g.measured_at < ?2 AND m.kind IN ({})
             AND g.missing_since IS NULL
         ORDER BY g.id, m.ordinal",
        kinds.join(", ")
    );
    collect(rows, &query, &[&since.timestamp(), &until.timestamp()])
}

/// Loads all that was measured at the moments of `groups`: one act may come as several groups.
pub fn load_beside(rows: &Connection, groups: &[MeasureGroup]) -> anyhow::Result<Vec<MeasureGroup>> {
    let mut moments: Vec<i64> = groups.iter().map(|group| group.measured_at.timestamp()).collect();
    moments.sort_unstable();
    moments.dedup();
    let query =
        format!("{SELECT} WHERE g.measured_at IN (SELECT value FROM json_each(?1)) ORDER BY g.id, m.ordinal");
    collect(rows, &query, &[&serde_json::to_string(&moments)?])
}

/// The numbers of the groups of `source` measured in a time, that Withings had when it was last asked.
pub fn ids_between(
    rows: &Connection,
    source: Source,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<Vec<GroupId>> {
    let ids = rows
        .prepare_cached(
            "SELECT id FROM measure_group
             WHERE source = ?1 AND measured_at >= ?2 AND measured_at < ?3 AND missing_since IS NULL",
        )?
        .query_map(params![source.name(), from.timestamp(), until.timestamp()], |row| {
            row.get(0).map(GroupId)
        })?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Notes that Withings no longer has a group, and marks it for the plan.
pub fn mark_gone(rows: &Connection, id: GroupId, now: DateTime<Utc>) -> anyhow::Result<()> {
    rows.prepare_cached("UPDATE measure_group SET missing_since = ?2 WHERE id = ?1")?
        .execute([id.0, now.timestamp()])?;
    mark_changed(rows, id)
}

/// Marks a group for the plan.
pub fn mark_changed(rows: &Connection, id: GroupId) -> anyhow::Result<()> {
    rows.prepare_cached("INSERT OR IGNORE INTO unplanned VALUES (?1)")?.execute([id.0])?;
    Ok(())
}

/// When a kind was last measured.
pub fn last_with_kind(rows: &Connection, kind: MeasureKind) -> anyhow::Result<Option<DateTime<Utc>>> {
    let last: Option<i64> = rows
        .prepare_cached(
            "SELECT measured_at FROM measure_group g WHERE missing_since IS NULL AND EXISTS
                 (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind = ?1)
             ORDER BY measured_at DESC LIMIT 1",
        )?
        .query_row([kind.0], |row| row.get(0))
        .optional()?;
    Ok(last.map(moment))
}

/// When a kind was last measured and with which device, the latest first, up to `most` of them.
pub fn recent(
    rows: &Connection,
    kind: MeasureKind,
    most: u32,
) -> anyhow::Result<Vec<(DateTime<Utc>, Option<String>)>> {
    let recent = rows
        .prepare_cached(
            "SELECT measured_at, device FROM measure_group g WHERE missing_since IS NULL AND EXISTS
                 (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind = ?1)
             ORDER BY measured_at DESC LIMIT ?2",
        )?
        .query_map(params![kind.0, most], |row| Ok((moment(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(recent)
}

/// Whether the plan has seen every group in its present form.
pub fn all_planned(rows: &Connection) -> anyhow::Result<bool> {
    Ok(!rows.prepare_cached("SELECT 1 FROM unplanned")?.exists([])?)
}

/// Loads groups the plan has not seen in their present form, up to `most` of them, the oldest first.
pub fn load_changed(rows: &Connection, most: u32) -> anyhow::Result<Vec<MeasureGroup>> {
    let query = format!(
        "{SELECT} WHERE g.id IN (SELECT c.id FROM unplanned u JOIN measure_group c ON c.id = u.group_id
             ORDER BY c.measured_at, c.id LIMIT ?1) ORDER BY g.id, m.ordinal"
    );
    collect(rows, &query, &[&most])
}

/// Marks groups as seen by the plan.
pub fn mark_planned(rows: &Connection, groups: &[MeasureGroup]) -> anyhow::Result<()> {
    let mut statement = rows.prepare_cached("DELETE FROM unplanned WHERE group_id = ?1")?;
    for group in groups {
        statement.execute([group.id.0])?;
    }
    Ok(())
}

/// Marks every group as seen by the plan.
pub fn mark_all_planned(rows: &Connection) -> anyhow::Result<()> {
    rows.execute("DELETE FROM unplanned", [])?;
    Ok(())
}

/// The models that something was measured with.
pub fn models(rows: &Connection) -> anyhow::Result<Vec<String>> {
    let models = rows
        .prepare_cached("SELECT DISTINCT model FROM measure_group WHERE model IS NOT NULL ORDER BY model")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(models)
}

/// How many groups there are, and when the last of them was measured.
pub fn summary(rows: &Connection) -> anyhow::Result<(u64, Option<DateTime<Utc>>)> {
    Ok(rows.query_row("SELECT count(*), max(measured_at) FROM measure_group", [], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(moment)))
    })?)
}

const SELECT: &str = "SELECT g.id, g.attrib, g.measured_at, g.modified_at, g.device, g.model,
            m.kind, m.mantissa, m.exponent, m.position, g.source, g.day, g.category,
            g.missing_since IS NOT NULL
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
        source: row.get_ref(10)?.as_str()?.parse().unwrap_or(Source::Measure),
        day: row.get::<_, Option<String>>(11)?.and_then(|day| day.parse().ok()),
        category: row.get(12)?,
        gone: row.get(13)?,
        measurements: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: i64, grams: i64) -> MeasureGroup {
        MeasureGroup {
            modified_at: moment(2000),
            device: Some("d".into()),
            ..crate::measurement::tests::group(id, moment(1000 + id), &[(1, grams), (6, 18_502)])
        }
    }

    #[test]
    fn only_what_is_new_or_differs_is_marked_for_the_plan() {
        let rows = super::super::in_memory();
        assert!(save(&rows, &group(1, 82_400)).unwrap());
        mark_all_planned(&rows).unwrap();
        assert!(!save(&rows, &group(1, 82_400)).unwrap());
        assert_eq!(load_changed(&rows, 100).unwrap(), []);
        assert!(save(&rows, &group(1, 82_500)).unwrap());
        assert_eq!(load_changed(&rows, 100).unwrap(), [group(1, 82_500)]);
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
    fn a_group_that_is_gone_is_marked_once_and_may_come_back() {
        let rows = super::super::in_memory();
        save(&rows, &group(1, 82_400)).unwrap();
        mark_all_planned(&rows).unwrap();
        let known = |rows: &_| ids_between(rows, Source::Measure, moment(1001), moment(1002)).unwrap();
        assert_eq!(known(&rows), [GroupId(1)]);
        mark_gone(&rows, GroupId(1), moment(5000)).unwrap();
        assert_eq!((known(&rows), load_changed(&rows, 100).unwrap()[0].gone), (vec![], true));
        assert_eq!(load_with_kinds(&rows, &[MeasureKind::WEIGHT], moment(0)).unwrap(), []);
        mark_all_planned(&rows).unwrap();
        assert!(save(&rows, &group(1, 82_400)).unwrap(), "it is news that it is back");
        assert_eq!(load_changed(&rows, 100).unwrap(), [group(1, 82_400)]);
    }

    #[test]
    fn what_cannot_be_read_is_kept_once() {
        let rows = super::super::in_memory();
        assert!(save_unreadable(&rows, "{}", moment(1)).unwrap());
        assert!(!save_unreadable(&rows, "{}", moment(2)).unwrap());
        assert_eq!(unreadable(&rows).unwrap(), 1);
    }
}
