//! Links: this feeds that goal, so, since then.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::moment;
use crate::goal::{GoalId, GoalSlug};
use crate::kind::{MeasureKind, MeasureSet};
use crate::link::{Feed, Link, LinkId, Take};
use crate::unit::Unit;

/// Stores a new link and returns its number.
pub fn add(
    rows: &Connection,
    goal: &GoalId,
    feed: &Feed,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<LinkId> {
    let (name, measure, unit, take) = match feed {
        Feed::Track { kind, unit, take } => ("track", kind.0.to_string(), unit.name(), take.name()),
        Feed::Count { set, once_a_day } => {
            let take = if *once_a_day { Take::First } else { Take::Every };
            ("count", set.name().to_owned(), "", take.name())
        }
    };
    rows.execute(
        "INSERT INTO link (goal_id, feed, measure, unit, take, since, created_at, changed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
        params![goal.0, name, measure, unit, take, since.timestamp(), now.timestamp()],
    )?;
    Ok(LinkId(rows.last_insert_rowid()))
}

/// Loads the links in force.
pub fn load_all(rows: &Connection) -> anyhow::Result<Vec<Link>> {
    let links = rows
        .prepare_cached(&format!("{SELECT} WHERE l.removed_at IS NULL ORDER BY l.id"))?
        .query_map([], read)?
        .collect::<Result<_, _>>()?;
    Ok(links)
}

/// Loads one link in force.
pub fn load(rows: &Connection, id: LinkId) -> anyhow::Result<Option<Link>> {
    let query = format!("{SELECT} WHERE l.removed_at IS NULL AND l.id = ?1");
    Ok(rows.query_row(&query, [id.0], read).optional()?)
}

/// The links the plan has not gone through since they were made.
pub fn load_changed(rows: &Connection) -> anyhow::Result<Vec<LinkId>> {
    let ids = rows
        .prepare_cached("SELECT id FROM link WHERE changed = 1 AND removed_at IS NULL")?
        .query_map([], |row| row.get(0).map(LinkId))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Marks every link as gone through by the plan.
pub fn mark_planned(rows: &Connection) -> anyhow::Result<()> {
    rows.execute("UPDATE link SET changed = 0 WHERE changed = 1", [])?;
    Ok(())
}

/// Takes a link out of force. What was decided for it stays in history.
pub fn remove(rows: &Connection, id: LinkId, now: DateTime<Utc>) -> anyhow::Result<()> {
    rows.execute("UPDATE link SET removed_at = ?2 WHERE id = ?1", params![id.0, now.timestamp()])?;
    Ok(())
}

const SELECT: &str = "SELECT l.id, l.goal_id, g.slug, l.feed, l.measure, l.unit, l.take, l.since
     FROM link l JOIN goal g ON g.id = l.goal_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Link> {
    let (feed, measure): (String, String) = (row.get(3)?, row.get(4)?);
    let (unit, take): (String, String) = (row.get(5)?, row.get(6)?);
    let feed = read_feed(&feed, &measure, &unit, &take).ok_or_else(|| {
        let what = format!("a link of unknown kind: {feed} {measure} {unit} {take}");
        rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, what.into())
    })?;
    Ok(Link {
        id: LinkId(row.get(0)?),
        goal: GoalId(row.get(1)?),
        slug: GoalSlug(row.get(2)?),
        feed,
        since: moment(row.get(7)?),
    })
}

fn read_feed(feed: &str, measure: &str, unit: &str, take: &str) -> Option<Feed> {
    let take = Take::named(take)?;
    match feed {
        "track" => {
            Some(Feed::Track { kind: MeasureKind(measure.parse().ok()?), unit: Unit::named(unit)?, take })
        }
        "count" => Some(Feed::Count { set: MeasureSet::named(measure)?, once_a_day: take != Take::Every }),
        _ => None,
    }
}
