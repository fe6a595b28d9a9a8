//! Stays below what Withings allows: 120 requests a minute, over all its services and all programs of this
//! data directory. A long reading does not sleep but breaks off, and goes on a minute later.

use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::SyncPass;
use crate::store::Connection;
use crate::store::reading::{self, PAUSE, Pace};

/// What long readings may use up of the 120; the rest is for tokens, devices and the user's own passes.
const ENOUGH: u64 = 100;

/// What a window may use up once it was begun: it is worth nothing in parts.
const ENOUGH_FOR_A_WINDOW: u64 = 115;

/// Fewer are not worth writing down.
const WORTH_NOTING: u64 = 10;

/// The requests of one fetch.
#[derive(Debug)]
pub(super) struct Spent {
    before: Pace,
    sent: u64,
    /// Withings' clock at the first answer.
    answered: OnceLock<DateTime<Utc>>,
}

impl Spent {
    /// Begins to count.
    pub(super) fn begin(pass: &SyncPass<'_>) -> anyhow::Result<Spent> {
        let before = pass.store.read(|conn| reading::pace(conn, pass.now))?;
        Ok(Spent { before, sent: pass.withings.sent(), answered: OnceLock::new() })
    }

    fn used(&self, pass: &SyncPass<'_>) -> u64 {
        self.before.used + pass.withings.sent().saturating_sub(self.sent)
    }

    /// Notes that an answer came.
    pub(super) fn note_answer(&self, pass: &SyncPass<'_>) {
        if let Some(now) = pass.withings.server_time() {
            self.answered.get_or_init(|| now);
        }
    }

    /// Whether another page may be read.
    pub(super) fn may_go_on(&self, pass: &SyncPass<'_>) -> bool {
        self.used(pass) < ENOUGH
    }

    /// Whether another page of a window may be read.
    pub(super) fn may_go_on_with_window(&self, pass: &SyncPass<'_>) -> bool {
        self.used(pass) < ENOUGH_FOR_A_WINDOW
    }

    /// Whether there is room for a window.
    pub(super) fn may_begin_window(&self, pass: &SyncPass<'_>) -> bool {
        self.used(pass) < ENOUGH / 2
    }

    /// Notes what was sent, for whoever sends next.
    pub(super) fn note(&self, pass: &SyncPass<'_>) -> anyhow::Result<()> {
        let used = self.used(pass);
        if used < WORTH_NOTING || used == self.before.used {
            return Ok(());
        }
        let first_and_last = self.answered.get().zip(pass.withings.server_time());
        let took = first_and_last.map_or(TimeDelta::zero(), |(first, last)| last - *first);
        let until = self.before.until.max(pass.now) + took.max(TimeDelta::zero());
        pass.store.write(|conn| reading::save_pace(conn, Pace { used, until }))
    }
}

/// When a reading that broke off goes on; `None` when none did.
pub(super) fn goes_on_at(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    if !reading::is_under_way(conn)? {
        return Ok(None);
    }
    let pace = reading::pace(conn, now)?;
    Ok((pace.used > 0).then(|| pace.until + PAUSE))
}
