//! Stretches of the past that the user asked for.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::moment;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::GoalId;
use crate::domain::link::LinkId;

/// A stretch of the past, and how far it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// The number that `bws` knows it by.
    pub id: i64,
    /// The link it belongs to.
    pub link: LinkId,
    /// The first moment it posts.
    pub from: DateTime<Utc>,
    /// The moment after its last.
    pub until: DateTime<Utc>,
    /// What was measured before this is released.
    pub reached: DateTime<Utc>,
    /// How many datapoints were put into the outbox.
    pub released: u64,
    /// The days of the three moments as the goal cut days when they were noted; `None` where that was not.
    pub from_day: Option<Daystamp>,
    /// See `from_day`.
    pub until_day: Option<Daystamp>,
    /// See `from_day`.
    pub reached_day: Option<Daystamp>,
}

impl Backfill {
    /// Whether nothing of it is left.
    pub fn is_done(&self) -> bool {
        self.reached >= self.until
    }
}

/// Stores a new one and returns its number.
pub fn add(
    conn: &Connection,
    link: LinkId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    rule: DayRule,
) -> anyhow::Result<i64> {
    conn.execute(
        "INSERT INTO backfill (link_id, from_at, until_at, reached_at, released, day, released_that_day,
             from_day, until_day, reached_day)
         VALUES (?1, ?2, ?3, ?2, 0, '', 0, ?4, ?5, ?4)",
        params![
            link.0,
            from.timestamp(),
            until.timestamp(),
            rule.day_of(from).to_string(),
            rule.day_of(until).to_string()
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

/// Loads those of a link, oldest first.
pub fn load_of(conn: &Connection, link: LinkId) -> anyhow::Result<Vec<Backfill>> {
    let found = conn
        .prepare_cached(&format!("{SELECT} WHERE b.link_id = ?1 ORDER BY b.id"))?
        .query_map([link.0], read)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Loads those of links in force, oldest first.
pub fn load_all(conn: &Connection) -> anyhow::Result<Vec<Backfill>> {
    let query = format!("{SELECT} JOIN link l ON l.id = b.link_id WHERE l.removed_at IS NULL ORDER BY b.id");
    let found = conn.prepare_cached(&query)?.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(found)
}

/// Loads one.
pub fn load(conn: &Connection, id: i64) -> anyhow::Result<Option<Backfill>> {
    Ok(conn.query_row(&format!("{SELECT} WHERE b.id = ?1"), [id], read).optional()?)
}

/// How many datapoints were released for a goal on `day`.
pub fn released_on(conn: &Connection, goal: &GoalId, day: Daystamp) -> anyhow::Result<u64> {
    Ok(conn.query_row(
        "SELECT coalesce(sum(b.released_that_day), 0) FROM backfill b JOIN link l ON l.id = b.link_id
         WHERE l.goal_id = ?1 AND b.day = ?2",
        params![goal.0, day.to_string()],
        |row| row.get(0),
    )?)
}

/// How far a stretch was posted.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// What was measured before this is posted.
    pub moment: DateTime<Utc>,
    /// The goal's day of that moment, where it is known.
    pub day: Option<Daystamp>,
    /// Datapoints posted since it was noted last.
    pub count: u64,
}

/// Notes how far it was posted, on `today`.
pub fn save_reached(conn: &Connection, id: i64, reached: Reached, today: Daystamp) -> anyhow::Result<()> {
    let reached_day = reached.day.map(|day| day.to_string());
    conn.execute(
        "UPDATE backfill SET reached_at = ?2, released = released + ?3,
             released_that_day = iif(day = ?4, released_that_day + ?3, ?3), day = ?4, reached_day = ?5
         WHERE id = ?1",
        params![id, reached.moment.timestamp(), reached.count, today.to_string(), reached_day],
    )?;
    Ok(())
}

/// Leaves out what was not posted yet.
pub fn cancel(conn: &Connection, id: i64) -> anyhow::Result<()> {
    conn.execute("UPDATE backfill SET until_at = reached_at, until_day = reached_day WHERE id = ?1", [id])?;
    Ok(())
}

const SELECT: &str =
    "SELECT b.id, b.link_id, b.from_at, b.until_at, b.reached_at, b.released, b.from_day, b.until_day,
            b.reached_day FROM backfill b";

fn read(row: &Row<'_>) -> rusqlite::Result<Backfill> {
    let day = |column: usize| -> rusqlite::Result<Option<Daystamp>> {
        Ok(row.get::<_, Option<String>>(column)?.and_then(|day| day.parse().ok()))
    };
    Ok(Backfill {
        id: row.get(0)?,
        link: LinkId(row.get(1)?),
        from: moment(row.get(2)?),
        until: moment(row.get(3)?),
        reached: moment(row.get(4)?),
        released: row.get(5)?,
        from_day: day(6)?,
        until_day: day(7)?,
        reached_day: day(8)?,
    })
}
