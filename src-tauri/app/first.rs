//! The first datapoint of a new link: while the user waits for it, Withings is read every minute.
//!
//! A quarter of an hour at most. That is kept in the store, so it goes on whoever polls and ends without a window.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::domain::link::LinkId;
use crate::store::awaited::Awaited;
use crate::store::{self, Connection};

/// For so long the user is waited with.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// The time between passes meanwhile.
const EVERY: TimeDelta = TimeDelta::minutes(1);

impl App {
    /// Waits with the user for the first datapoint of a link.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn await_first(&self, link: LinkId, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| store::awaited::save(conn, Some(Awaited { link, since: now })))
    }

    /// Ends the waiting: the user has seen enough.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn leave_first(&self) -> anyhow::Result<()> {
        self.store.write(|conn| store::awaited::save(conn, None))
    }
}

/// When the waiting ends at the latest. `None` when it was begun by a clock that was wrong.
pub fn ends_at(awaited: Awaited, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let end = awaited.since + PATIENCE;
    (end - now <= PATIENCE).then_some(end)
}

/// When the next pass is due that would otherwise be `due`, after one at `made`.
///
/// # Errors
/// When the store cannot be read.
pub fn due(conn: &Connection, due: DateTime<Utc>, made: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let Some(awaited) = store::awaited::load(conn)? else {
        return Ok(due);
    };
    let is_over = ends_at(awaited, made).is_none_or(|end| made >= end);
    let is_there = store::link::load(conn, awaited.link)?.is_none()
        || store::datapoint::latest_of(conn, awaited.link)?.is_some();
    Ok(if is_over || is_there { due } else { due.min(made + EVERY) })
}
