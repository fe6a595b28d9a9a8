//! Measurements as Withings told them, and whether they were planned.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_decimal::Decimal;

use super::{checkpoint, moment, unreadable};
use crate::domain::day::Daystamp;
use crate::domain::link::Link;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::measure::measurement::{Attribution, GroupId, MeasureGroup, Measurement};

/// How far clocks may lie apart, as in `measurement::is_in_future`.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

/// How far the easternmost clocks are ahead, likewise.
const EASTERNMOST: TimeDelta = TimeDelta::hours(14);

/// Stores a group, marking it for the plan when it is new or differs. Returns whether it did.
pub fn save(conn: &Connection, group: &MeasureGroup) -> anyhow::Result<bool> {
    let known = load(conn, group.id)?;
    if known.as_ref() == Some(group) {
        return Ok(false);
    }
    save_over(conn, known.as_ref(), group)?;
    Ok(true)
}

/// Stores a group that is new or differs from what is `known` of it, and marks it for the plan.
pub fn save_over(
    conn: &Connection,
    known: Option<&MeasureGroup>,
    group: &MeasureGroup,
) -> anyhow::Result<()> {
    if known.is_some() {
        update(conn, group)?;
    } else {
        insert_group(conn, group)?;
    }
    let mut insert = conn.prepare_cached("INSERT INTO measurement VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (ordinal, m) in group.measurements.iter().enumerate() {
        insert.execute(params![group.id.0, ordinal, m.kind.0, m.mantissa, m.exponent, m.position])?;
    }
    mark_changed(conn, group.id)
}

/// Adds the group's own row.
fn insert_group(conn: &Connection, group: &MeasureGroup) -> anyhow::Result<()> {
    conn.prepare_cached("INSERT INTO measure_group VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7, ?8, ?9, ?10)")?
        .execute(params![
            group.id.0,
            group.attrib,
            group.measured_at.timestamp(),
            group.modified_at.timestamp(),
            group.device,
            group.model,
            group.source.name(),
            group.day.map(|day| day.to_string()),
            group.category,
            group.length.map(|length| length.num_seconds())
        ])?;
    Ok(())
}

/// Changes the group's own row and takes its values away.
fn update(conn: &Connection, group: &MeasureGroup) -> anyhow::Result<()> {
    conn.prepare_cached(
        "UPDATE measure_group SET attrib = ?2, measured_at = ?3, modified_at = ?4, device = ?5,
             model = ?6, day = ?7, category = ?8, length = ?9, missing_since = NULL
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
        group.category,
        group.length.map(|length| length.num_seconds())
    ])?;
    conn.prepare_cached("DELETE FROM measurement WHERE group_id = ?1")?.execute([group.id.0])?;
    Ok(())
}

/// Loads one group.
pub fn load(conn: &Connection, id: GroupId) -> anyhow::Result<Option<MeasureGroup>> {
    let query = format!("{SELECT} WHERE g.id = ?1 ORDER BY m.ordinal");
    Ok(collect(conn, &query, &[&id.0])?.pop())
}

/// Loads these groups, by their numbers.
pub fn load_these(conn: &Connection, ids: &[GroupId]) -> anyhow::Result<Vec<MeasureGroup>> {
    let ids = list(ids.iter().map(|id| id.0));
    let query = format!("{SELECT} WHERE g.id IN (SELECT value FROM json_each(?1)) ORDER BY g.id, m.ordinal");
    collect(conn, &query, &[&ids])
}

/// Whether Withings has none of these groups any more, as far as they are known.
pub fn are_gone(conn: &Connection, ids: &[GroupId]) -> anyhow::Result<bool> {
    Ok(!ids.is_empty() && load_these(conn, ids)?.iter().all(|group| group.gone))
}

/// Loads what was measured at these moments.
pub fn load_at<'a>(
    conn: &Connection,
    moments: impl IntoIterator<Item = &'a DateTime<Utc>>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    let moments = list(moments.into_iter().map(DateTime::timestamp));
    let query =
        format!("{SELECT} WHERE g.measured_at IN (SELECT value FROM json_each(?1)) ORDER BY g.id, m.ordinal");
    collect(conn, &query, &[&moments])
}

/// Loads what may be another person's and was not decided on.
pub fn load_unsure(conn: &Connection) -> anyhow::Result<Vec<MeasureGroup>> {
    let query = format!(
        "{SELECT} WHERE g.attrib NOT IN (SELECT value FROM json_each(?1)) AND g.missing_since IS NULL
             AND NOT EXISTS (SELECT 1 FROM verdict v WHERE v.group_id = g.id)
         ORDER BY g.id, m.ordinal"
    );
    collect(conn, &query, &[&list(Attribution::sure())])
}

/// Numbers as a list that SQL can look into.
pub(super) fn list(numbers: impl Iterator<Item = i64>) -> String {
    format!("[{}]", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(","))
}

/// Loads the groups with a value of any of `kinds` measured at or after `since`, with those values alone.
/// What is gone at Withings is among them, and says so.
pub fn load_with_kinds(
    conn: &Connection,
    kinds: &[MeasureKind],
    since: DateTime<Utc>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    load_with_kinds_between(conn, kinds, since, DateTime::<Utc>::MAX_UTC)
}

/// The same, of what was measured before `until`.
pub fn load_with_kinds_between(
    conn: &Connection,
    kinds: &[MeasureKind],
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<Vec<MeasureGroup>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.0.to_string()).collect();
    let query = format!(
        "{SELECT} WHERE g.measured_at >= ?1 AND g.measured_at < ?2 AND m.kind IN ({})
         ORDER BY g.id, m.ordinal",
        kinds.join(", ")
    );
    collect(conn, &query, &[&since.timestamp(), &until.timestamp()])
}

/// The numbers of the groups of `source` measured in a time, that Withings had when it was last asked.
pub fn ids_between(
    conn: &Connection,
    source: Source,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<Vec<GroupId>> {
    let ids = conn
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
pub fn mark_gone(conn: &Connection, id: GroupId, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.prepare_cached("UPDATE measure_group SET missing_since = ?2 WHERE id = ?1")?
        .execute([id.0, now.timestamp()])?;
    unreadable::forget(conn, id)?;
    mark_changed(conn, id)
}

/// Marks a group for the plan.
pub fn mark_changed(conn: &Connection, id: GroupId) -> anyhow::Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO unplanned VALUES (?1)")?.execute([id.0])?;
    Ok(())
}

/// When a kind was last measured. What is dated in the future was not, whatever a device's clock said.
pub fn last_with_kind(
    conn: &Connection,
    kind: MeasureKind,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let latest = checkpoint::clock(conn, now)? + CLOCKS_DIFFER;
    let last: Option<i64> = conn
        .prepare_cached(
            "SELECT measured_at FROM measure_group g
             WHERE missing_since IS NULL AND measured_at <= ?2 AND EXISTS
                 (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind = ?1)
             ORDER BY measured_at DESC LIMIT 1",
        )?
        .query_row([kind.0, latest.timestamp()], |row| row.get(0))
        .optional()?;
    Ok(last.map(moment))
}

/// When a kind was last measured and with which device, likewise; the latest first, up to `most` of them.
pub fn recent(
    conn: &Connection,
    kind: MeasureKind,
    most: u32,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(DateTime<Utc>, Option<String>)>> {
    let latest = checkpoint::clock(conn, now)? + CLOCKS_DIFFER;
    let recent = conn
        .prepare_cached(
            "SELECT measured_at, device FROM measure_group g WHERE missing_since IS NULL
                 AND measured_at <= ?3 AND EXISTS
                 (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind = ?1)
             ORDER BY measured_at DESC LIMIT ?2",
        )?
        .query_map(params![kind.0, most, latest.timestamp()], |row| Ok((moment(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(recent)
}

/// Whether a kind was measured before `moment`: since the first of the two others, or known to Withings since the
/// second.
pub fn was_measured_before(
    conn: &Connection,
    kind: MeasureKind,
    moment: DateTime<Utc>,
    (measured_since, changed_since): (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM measure_group g WHERE missing_since IS NULL AND measured_at < ?2
                 AND (measured_at >= ?3 OR modified_at >= ?4)
                 AND EXISTS (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind = ?1)",
        )?
        .exists(params![kind.0, moment.timestamp(), measured_since.timestamp(), changed_since.timestamp()])?)
}

/// When anything was last measured, likewise.
pub fn last(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let latest = checkpoint::clock(conn, now)? + CLOCKS_DIFFER;
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(measured_at) FROM measure_group WHERE measured_at <= ?1")?
        .query_row([latest.timestamp()], |row| row.get(0))?;
    Ok(last.map(moment))
}

/// How many groups are held under the links in force because they are dated in the future.
pub fn in_future(conn: &Connection) -> anyhow::Result<u64> {
    let count = conn
        .prepare_cached(
            "SELECT count(DISTINCT d.group_id) FROM decision d JOIN link l ON l.id = d.link_id
             JOIN measure_group g ON g.id = d.group_id
             WHERE l.removed_at IS NULL AND d.reason = 'in_future' AND g.missing_since IS NULL",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(count)
}

/// Marks for the plan what was held because it was dated in the future, and is no more.
pub fn mark_come(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO unplanned SELECT d.group_id FROM decision d
             JOIN measure_group g ON g.id = d.group_id
             JOIN link l ON l.id = d.link_id
         WHERE d.reason = 'in_future' AND l.removed_at IS NULL AND g.measured_at <= ?1
             AND (g.day IS NULL OR g.day <= ?2)",
    )?
    .execute(params![
        (now + CLOCKS_DIFFER).timestamp(),
        Daystamp((now + EASTERNMOST).date_naive()).to_string()
    ])?;
    Ok(())
}

/// Gives a day of activity that another app told than the one it would be taken for a number of its own.
/// Apps that relay have no device, so their days have the number of the app whose day came first.
pub fn told_apart(conn: &Connection, mut group: MeasureGroup) -> anyhow::Result<MeasureGroup> {
    if group.source != Source::Activity || group.device.is_some() {
        return Ok(group);
    }
    let (Some(day), Some(model)) = (group.day, &group.model) else {
        return Ok(group);
    };
    let first = conn
        .prepare_cached("SELECT model FROM measure_group WHERE id = ?1")?
        .query_row([group.id.0], |row| row.get::<_, Option<String>>(0))
        .optional()?
        .flatten();
    if first.is_some_and(|first| first != *model) {
        group.id = GroupId::of_day(day, &format!("{} {model}", group.id.0)).unwrap_or(group.id);
    }
    Ok(group)
}

/// Whether the plan has seen every group in its present form.
pub fn all_planned(conn: &Connection) -> anyhow::Result<bool> {
    Ok(!conn.prepare_cached("SELECT 1 FROM unplanned")?.exists([])?)
}

/// Loads groups the plan has not seen in their present form, up to `most` of them, the oldest first.
pub fn load_changed(conn: &Connection, most: u32) -> anyhow::Result<Vec<MeasureGroup>> {
    let query = format!(
        "{SELECT} WHERE g.id IN (SELECT c.id FROM unplanned u JOIN measure_group c ON c.id = u.group_id
             ORDER BY c.measured_at, c.id LIMIT ?1) ORDER BY g.id, m.ordinal"
    );
    collect(conn, &query, &[&most])
}

/// Marks for the plan what a link went through, and what it concerns of what was measured since a moment.
pub fn mark_concerned(conn: &Connection, link: &Link, since: DateTime<Utc>) -> anyhow::Result<()> {
    let kinds: Vec<String> = link.feed.kinds().iter().map(|kind| kind.0.to_string()).collect();
    conn.execute(
        &format!(
            "INSERT OR IGNORE INTO unplanned SELECT g.id FROM measure_group g
             WHERE g.measured_at >= ?1 AND EXISTS
                 (SELECT 1 FROM measurement m WHERE m.group_id = g.id AND m.kind IN ({}))",
            kinds.join(", ")
        ),
        [since.timestamp()],
    )?;
    conn.execute(
        "INSERT OR IGNORE INTO unplanned SELECT d.group_id FROM decision d
             JOIN measure_group g ON g.id = d.group_id
         WHERE d.link_id = ?1 AND g.measured_at >= ?2",
        params![link.id.0, since.timestamp()],
    )?;
    Ok(())
}

/// Marks groups as seen by the plan.
pub fn mark_planned(conn: &Connection, groups: &[MeasureGroup]) -> anyhow::Result<()> {
    let mut statement = conn.prepare_cached("DELETE FROM unplanned WHERE group_id = ?1")?;
    for group in groups {
        statement.execute([group.id.0])?;
    }
    Ok(())
}

/// Marks every group as seen by the plan.
pub fn mark_all_planned(conn: &Connection) -> anyhow::Result<()> {
    conn.execute("DELETE FROM unplanned", [])?;
    Ok(())
}

/// The models that something was measured with.
pub fn models(conn: &Connection) -> anyhow::Result<Vec<String>> {
    let models = conn
        .prepare_cached("SELECT DISTINCT model FROM measure_group WHERE model IS NOT NULL ORDER BY model")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(models)
}

/// The devices that these services of Withings told of, by model and by id.
pub fn devices(conn: &Connection, sources: &[Source]) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let sources = serde_json::to_string(&sources.iter().map(|source| source.name()).collect::<Vec<_>>())?;
    let distinct = |column: &str| -> anyhow::Result<Vec<String>> {
        let query = format!(
            "SELECT DISTINCT {column} FROM measure_group
             WHERE {column} IS NOT NULL AND source IN (SELECT value FROM json_each(?1)) ORDER BY {column}"
        );
        Ok(conn.prepare_cached(&query)?.query_map([&sources], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    Ok((distinct("model")?, distinct("device")?))
}

/// The types of workout that were measured, by Withings' number.
pub fn categories(conn: &Connection) -> anyhow::Result<Vec<i64>> {
    let categories = conn
        .prepare_cached("SELECT DISTINCT category FROM measure_group WHERE category IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(categories)
}

/// Whether one device measured all of `kinds` at one moment, some time.
pub fn has_act_with(conn: &Connection, kinds: &[MeasureKind]) -> anyhow::Result<bool> {
    let mut kinds: Vec<i64> = kinds.iter().map(|kind| kind.0).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let list = kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let query = format!(
        "SELECT EXISTS (
             SELECT 1 FROM measurement m JOIN measure_group g ON g.id = m.group_id
             WHERE m.kind IN ({list}) AND g.source = 'measure' AND g.missing_since IS NULL
             GROUP BY g.measured_at, ifnull(g.device, '') HAVING count(DISTINCT m.kind) = ?1)"
    );
    Ok(conn.query_row(&query, [kinds.len()], |row| row.get(0))?)
}

/// The last value of a kind, in the unit Withings measures in.
pub fn latest_value(conn: &Connection, kind: MeasureKind) -> anyhow::Result<Option<Decimal>> {
    let group = conn
        .prepare_cached(
            "SELECT g.id FROM measurement m JOIN measure_group g ON g.id = m.group_id
             WHERE m.kind = ?1 AND g.missing_since IS NULL ORDER BY g.measured_at DESC LIMIT 1",
        )?
        .query_row([kind.0], |row| Ok(GroupId(row.get(0)?)))
        .optional()?;
    let Some(group) = group else {
        return Ok(None);
    };
    let group = load(conn, group)?;
    Ok(group.and_then(|group| group.measurement(kind)?.value()))
}

/// How many groups there are, and when the last of them was measured.
pub fn summary(conn: &Connection) -> anyhow::Result<(u64, Option<DateTime<Utc>>)> {
    Ok(conn.query_row("SELECT count(*), max(measured_at) FROM measure_group", [], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(moment)))
    })?)
}

pub(super) const SELECT: &str = "SELECT g.id, g.attrib, g.measured_at, g.modified_at, g.device, g.model,
            m.kind, m.mantissa, m.exponent, m.position, g.source, g.day, g.category,
            g.missing_since IS NOT NULL, g.length
     FROM measure_group g LEFT JOIN measurement m ON m.group_id = g.id";

/// Puts the rows of groups together again: one a value, those of a group next to each other.
pub(super) fn collect(
    conn: &Connection,
    query: &str,
    params: &[&dyn rusqlite::ToSql],
) -> anyhow::Result<Vec<MeasureGroup>> {
    let mut groups: Vec<MeasureGroup> = Vec::new();
    let mut statement = conn.prepare_cached(query)?;
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
        day: row.get::<_, Option<String>>(11)?.and_then(|day| day.parse().ok()).map(Daystamp::within_reason),
        category: row.get(12)?,
        length: row.get::<_, Option<i64>>(14)?.and_then(TimeDelta::try_seconds),
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
            ..crate::domain::measure::measurement::tests::group(
                id,
                moment(1000 + id),
                &[(1, grams), (6, 18_502)],
            )
        }
    }

    #[test]
    fn only_what_is_new_or_differs_is_marked_for_the_plan() {
        let conn = super::super::in_memory();
        assert!(save(&conn, &group(1, 82_400)).unwrap());
        mark_all_planned(&conn).unwrap();
        assert!(!save(&conn, &group(1, 82_400)).unwrap());
        assert_eq!(load_changed(&conn, 100).unwrap(), []);
        assert!(save(&conn, &group(1, 82_500)).unwrap());
        assert_eq!(load_changed(&conn, 100).unwrap(), [group(1, 82_500)]);
        assert_eq!(load(&conn, GroupId(1)).unwrap(), Some(group(1, 82_500)));
    }

    #[test]
    fn groups_are_found_by_kind_and_time() {
        let conn = super::super::in_memory();
        for id in 1..=3 {
            save(&conn, &group(id, 82_400)).unwrap();
        }
        let empty = MeasureGroup { measurements: Vec::new(), ..group(4, 0) };
        save(&conn, &empty).unwrap();
        let found = load_with_kinds(&conn, &[MeasureKind::WEIGHT], moment(1002)).unwrap();
        assert_eq!(found.iter().map(|group| group.id.0).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(found[0].measurements.len(), 1, "the other value is not asked for");
        assert_eq!(load(&conn, GroupId(4)).unwrap(), Some(empty));
        assert_eq!(summary(&conn).unwrap(), (4, Some(moment(1004))));
    }

    #[test]
    fn a_group_that_is_gone_is_marked_once_and_may_come_back() {
        let conn = super::super::in_memory();
        save(&conn, &group(1, 82_400)).unwrap();
        mark_all_planned(&conn).unwrap();
        let known = |conn: &_| ids_between(conn, Source::Measure, moment(1001), moment(1002)).unwrap();
        assert_eq!(known(&conn), [GroupId(1)]);
        mark_gone(&conn, GroupId(1), moment(5000)).unwrap();
        assert_eq!((known(&conn), load_changed(&conn, 100).unwrap()[0].gone), (vec![], true));
        assert!(load_with_kinds(&conn, &[MeasureKind::WEIGHT], moment(0)).unwrap()[0].gone);
        mark_all_planned(&conn).unwrap();
        assert!(save(&conn, &group(1, 82_400)).unwrap(), "it is news that it is back");
        assert_eq!(load_changed(&conn, 100).unwrap(), [group(1, 82_400)]);
    }

    #[test]
    fn apps_that_relay_the_same_day_are_told_apart_and_the_first_keeps_its_number() {
        let conn = super::super::in_memory();
        let day: Daystamp = "20261123".parse().unwrap();
        let row = |model: &str| MeasureGroup {
            id: GroupId::of_day(day, "18 ").unwrap(),
            source: Source::Activity,
            day: Some(day),
            device: None,
            model: Some(model.into()),
            ..group(1, 0)
        };
        let id = |row| told_apart(&conn, row).unwrap().id;
        let first = row("GoogleFit tracker");
        assert_eq!(id(first.clone()), first.id);
        save(&conn, &first).unwrap();
        assert_eq!(id(first.clone()), first.id);
        assert_ne!(id(row("Strava")), first.id);
        assert_eq!(id(row("Strava")), id(row("Strava")));
        assert_ne!(id(row("Strava")), id(row("Runkeeper")));
    }

    #[test]
    fn what_is_dated_in_the_future_was_not_the_last_that_was_measured() {
        let conn = super::super::in_memory();
        for (id, seconds) in [(1, 0), (2, 3600)] {
            let group = MeasureGroup { measured_at: moment(1_790_000_000 + seconds), ..group(id, 82_400) };
            save(&conn, &group).unwrap();
        }
        for (now, expected) in [(1_790_000_000, 0), (1_790_003_590, 3600), (1_790_009_000, 3600)] {
            let (now, expected) = (moment(now), Some(moment(1_790_000_000 + expected)));
            assert_eq!(last_with_kind(&conn, MeasureKind::WEIGHT, now).unwrap(), expected);
            assert_eq!(last(&conn, now).unwrap(), expected);
        }
    }
}
