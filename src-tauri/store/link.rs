//! Links: this feeds that goal, so, since then.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::moment;
use crate::domain::day::Daystamp;
use crate::domain::goal::{GoalId, GoalSlug};
use crate::domain::link::Feed;
use crate::domain::link::{Link, LinkId, Options, Past};
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measure_set::MeasureSet;
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;

/// Stores a new link and returns its number. `since` is its first moment, and the day of that.
pub fn add(
    conn: &Connection,
    goal: &GoalId,
    feed: &Feed,
    options: &Options,
    since: (DateTime<Utc>, Daystamp),
    now: DateTime<Utc>,
) -> anyhow::Result<LinkId> {
    let Columns { feed, measure, unit, take } = columns(feed);
    let options = serde_json::to_string(options)?;
    conn.execute(
        "INSERT INTO link (goal_id, feed, measure, unit, take, since, created_at, changed, options, first_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9)",
        params![
            goal.0,
            feed,
            measure,
            unit,
            take,
            since.0.timestamp(),
            now.timestamp(),
            options,
            since.1.to_string()
        ],
    )?;
    Ok(LinkId(conn.last_insert_rowid()))
}

/// Changes what a link sends; the next plan goes through all it concerns, and the user has seen what that
/// takes away.
pub fn update(conn: &Connection, id: LinkId, feed: &Feed, options: &Options) -> anyhow::Result<()> {
    let Columns { feed, measure, unit, take } = columns(feed);
    let options = serde_json::to_string(options)?;
    conn.execute(
        "UPDATE link SET feed = ?2, measure = ?3, unit = ?4, take = ?5, options = ?6,
             changed = 2
         WHERE id = ?1",
        params![id.0, feed, measure, unit, take, options],
    )?;
    Ok(())
}

/// Notes the day of a link's first moment.
pub fn save_first_day(conn: &Connection, id: LinkId, day: Daystamp) -> anyhow::Result<()> {
    conn.execute("UPDATE link SET first_day = ?2 WHERE id = ?1", params![id.0, day.to_string()])?;
    Ok(())
}

/// Has a link begin at another moment of its first day.
pub fn save_since(conn: &Connection, id: LinkId, since: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute("UPDATE link SET since = ?2 WHERE id = ?1", params![id.0, since.timestamp()])?;
    Ok(())
}

/// A feed as the table has it.
struct Columns {
    feed: &'static str,
    measure: String,
    unit: &'static str,
    take: &'static str,
}

fn columns(feed: &Feed) -> Columns {
    match feed {
        Feed::Track { kind, unit, take } => {
            Columns { feed: "track", measure: kind.0.to_string(), unit: unit.name(), take: take.name() }
        }
        Feed::Count { set, once_a_day } => {
            let take = if *once_a_day { Take::First } else { Take::Every };
            Columns { feed: "count", measure: set.name(), unit: "", take: take.name() }
        }
    }
}

/// Loads the links in force. One that this version cannot read is left out, see [`load_unreadable`].
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Link>> {
    let links = conn
        .prepare_cached(&format!("{SELECT} WHERE l.removed_at IS NULL ORDER BY l.id"))?
        .query_map([], read)?
        .collect::<Result<Vec<_>, _>>()?;
    links.into_iter().flatten().map(|link| with_past(conn, link)).collect()
}

/// The links in force that this version cannot read, by number and goal. Nothing is sent for them: a filter
/// that is not understood must not let everything through.
pub fn load_unreadable(conn: &Connection) -> anyhow::Result<Vec<(LinkId, GoalSlug)>> {
    let query = format!("{SELECT} WHERE l.removed_at IS NULL ORDER BY l.id");
    let mut statement = conn.prepare_cached(&query)?;
    let (mut found, mut unreadable) = (statement.query([])?, Vec::new());
    while let Some(row) = found.next()? {
        if read(row)?.is_none() {
            unreadable.push((LinkId(row.get(0)?), GoalSlug(row.get(2)?)));
        }
    }
    Ok(unreadable)
}

/// Loads one link in force, if this version can read it.
pub fn load(conn: &Connection, id: LinkId) -> anyhow::Result<Option<Link>> {
    let query = format!("{SELECT} WHERE l.removed_at IS NULL AND l.id = ?1");
    let link = conn.query_row(&query, [id.0], read).optional()?.flatten();
    link.map(|link| with_past(conn, link)).transpose()
}

/// How far the plan has gone through what a link concerns.
///
/// Not yet, and then nothing is taken away without asking; not yet, and the user has seen what is taken away;
/// and the same two while it is on its way.
const CHANGED: i64 = 1;
const CHANGED_BY_USER: i64 = 2;
const ON_ITS_WAY: i64 = 2;

/// Marks a link for the plan: it goes through all that the link concerns.
pub fn mark_changed(conn: &Connection, id: LinkId) -> anyhow::Result<()> {
    let query = "UPDATE link SET changed = iif(changed % 2 = 0 AND changed > 0, ?2, ?3) WHERE id = ?1";
    conn.execute(query, params![id.0, CHANGED_BY_USER, CHANGED])?;
    Ok(())
}

/// Marks links for the plan that are not yet, writing only what differs.
pub fn mark_changed_all(conn: &Connection, ids: &HashSet<LinkId>) -> anyhow::Result<()> {
    for id in ids {
        conn.execute("UPDATE link SET changed = ?2 WHERE id = ?1 AND changed = 0", params![id.0, CHANGED])?;
    }
    Ok(())
}

/// Notes that the plan begins to go through all that a link concerns. Returns whether there was a reason to.
pub fn begin_planning(conn: &Connection, id: LinkId) -> anyhow::Result<bool> {
    let begun = conn.execute(
        "UPDATE link SET changed = changed + ?2 WHERE id = ?1 AND changed IN (?3, ?4)",
        params![id.0, ON_ITS_WAY, CHANGED, CHANGED_BY_USER],
    )?;
    Ok(begun == 1)
}

/// Whether the plan is on its way through all that a link concerns; and then whether the user has seen what
/// is taken away.
pub fn is_planning(conn: &Connection, id: LinkId) -> anyhow::Result<Option<bool>> {
    let changed: i64 =
        conn.prepare_cached("SELECT changed FROM link WHERE id = ?1")?.query_row([id.0], |row| row.get(0))?;
    Ok((changed > ON_ITS_WAY).then_some(changed == CHANGED_BY_USER + ON_ITS_WAY))
}

/// Whether the plan has to go through a link that the user changed.
pub fn is_any_changed_by_user(conn: &Connection) -> anyhow::Result<bool> {
    let query = "SELECT 1 FROM link WHERE changed IN (?1, ?2) AND removed_at IS NULL";
    Ok(conn.prepare_cached(query)?.exists([CHANGED_BY_USER, CHANGED_BY_USER + ON_ITS_WAY])?)
}

/// Whether the plan is on its way through all that any link concerns.
pub fn is_any_planning(conn: &Connection) -> anyhow::Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM link WHERE changed > ?1")?.exists([ON_ITS_WAY])?)
}

/// Notes that the plan has gone through all that a link concerns.
pub fn end_planning(conn: &Connection, id: LinkId) -> anyhow::Result<()> {
    conn.execute("UPDATE link SET changed = 0 WHERE id = ?1", [id.0])?;
    Ok(())
}

/// Takes a link out of force. What was decided for it stays in history.
pub fn remove(conn: &Connection, id: LinkId, now: DateTime<Utc>) -> anyhow::Result<()> {
    conn.execute("UPDATE link SET removed_at = ?2 WHERE id = ?1", params![id.0, now.timestamp()])?;
    Ok(())
}

/// Loads a link that is out of force, with the moment it was removed, if this version can read it.
pub fn load_removed(conn: &Connection, id: LinkId) -> anyhow::Result<Option<(Link, DateTime<Utc>)>> {
    let query = format!("{SELECT} WHERE l.removed_at IS NOT NULL AND l.id = ?1");
    let Some(link) = conn.query_row(&query, [id.0], read).optional()?.flatten() else {
        return Ok(None);
    };
    let removed_at: i64 =
        conn.query_row("SELECT removed_at FROM link WHERE id = ?1", [id.0], |row| row.get(0))?;
    Ok(Some((with_past(conn, link)?, moment(removed_at))))
}

/// Puts a link into force again. The plan goes through all that it concerns.
pub fn restore(conn: &Connection, id: LinkId) -> anyhow::Result<()> {
    conn.execute("UPDATE link SET removed_at = NULL WHERE id = ?1", [id.0])?;
    mark_changed(conn, id)
}

const SELECT: &str = "SELECT l.id, l.goal_id, g.slug, l.feed, l.measure, l.unit, l.take, l.since, l.options,
            l.first_day
     FROM link l JOIN goal g ON g.id = l.goal_id";

/// `None` when this version does not understand what the link sends, or its options.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Link>> {
    let (feed, measure): (String, String) = (row.get(3)?, row.get(4)?);
    let (unit, take): (String, String) = (row.get(5)?, row.get(6)?);
    let options: Option<Options> = serde_json::from_str(row.get_ref(8)?.as_str()?).ok();
    let (Some(feed), Some(options)) = (read_feed(&feed, &measure, &unit, &take), options) else {
        return Ok(None);
    };
    Ok(Some(Link {
        id: LinkId(row.get(0)?),
        goal: GoalId(row.get(1)?),
        slug: GoalSlug(row.get(2)?),
        feed,
        since: moment(row.get(7)?),
        first_day: row.get::<_, Option<String>>(9)?.and_then(|day| day.parse().ok()),
        options,
        past: Vec::new(),
    }))
}

fn with_past(conn: &Connection, link: Link) -> anyhow::Result<Link> {
    let released = super::backfill::load_of(conn, link.id)?.into_iter();
    let past = released.map(|backfill| Past {
        from: backfill.from,
        until: backfill.reached,
        days: backfill.from_day.zip(backfill.reached_day),
    });
    let past = past.collect();
    Ok(Link { past, ..link })
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
