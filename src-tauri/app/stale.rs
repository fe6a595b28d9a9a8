//! Stale datapoints, which are at Beeminder although no measurement calls for them any more, and measurements
//! that are gone at Withings.

use chrono::{DateTime, Utc};

use super::{App, UserError};
use crate::domain::difference::Word;
use crate::store::datapoint::{DatapointState, Stored};
use crate::store::{self, Connection};

impl App {
    /// The datapoints that nothing calls for any more, oldest first.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn stale(&self) -> anyhow::Result<Vec<Stored>> {
        self.store.read(|conn| store::datapoint::load_in(conn, DatapointState::Stale))
    }

    /// Has a stale datapoint removed at Beeminder with the next pass.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn remove_stale(&self, id: i64, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let stored = known_stale(conn, id)?;
            store::outbox::unwant(conn, &stored, Word::Remove, now).map(drop)
        })
    }

    /// Leaves a stale datapoint at Beeminder for good.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn keep_stale(&self, id: i64, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.store.write(|conn| {
            let stored = known_stale(conn, id)?;
            store::struck::save_kept(conn, &stored.goal, &stored.datapoint.request_id)?;
            store::struck::save_confirmed(conn, &stored.goal, &stored.datapoint.request_id, Word::Keep)?;
            store::outbox::unwant(conn, &stored, Word::Keep, now).map(drop)
        })
    }

    /// Sets whether what is deleted at Withings is removed at Beeminder without asking, a few at a time.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn mirror_deletions(&self, mirror: bool) -> anyhow::Result<()> {
        self.store.write(|conn| store::setting::save_mirrors_deletions(conn, mirror))
    }

    /// Says that what the user is asked about is gone at Withings for good. The next pass looks again and believes it,
    /// if it is no more by then.
    ///
    /// # Errors
    /// When nothing waits for this.
    pub fn confirm_gone(&self) -> anyhow::Result<()> {
        self.store.write(|conn| {
            anyhow::ensure!(store::setting::many_gone(conn)? > 0, UserError::new("nothing_to_confirm", []));
            store::setting::confirm_many_gone(conn)?;
            store::checkpoint::forget_windows(conn)
        })
    }
}

fn known_stale(conn: &Connection, id: i64) -> anyhow::Result<Stored> {
    store::datapoint::load_number(conn, id)?
        .filter(|stored| stored.state == DatapointState::Stale)
        .ok_or_else(|| UserError::new("not_stale", [("id", id.to_string())]).into())
}
