//! Taking back the removal of a link.

use chrono::{DateTime, TimeDelta, Utc};

use super::links::refuse_overlap;
use super::{App, UserError};
use crate::domain::link::{Link, LinkId};
use crate::store;

/// After that a link is made anew: the days since would all be posted at once.
const LATEST: TimeDelta = TimeDelta::days(1);

impl App {
    /// Puts the link into force again that was removed last, as if it had never been gone. What was measured since is
    /// sent.
    ///
    /// # Errors
    /// When it is not the last one, it was removed with its datapoints or too long ago, or another one sends the
    /// same by now.
    pub fn restore_link(&self, id: LinkId, now: DateTime<Utc>) -> anyhow::Result<Link> {
        self.store.write(|conn| {
            let no_link = || UserError::new("no_removed_link", [("id", id.to_string())]);
            let (link, removed_at) = store::link::load_removed(conn, id)?.ok_or_else(no_link)?;
            let is_recent = (now - removed_at).abs() <= LATEST;
            let is_last = store::setting::last_removed(conn)? == Some(id);
            anyhow::ensure!(is_recent && is_last, UserError::new("not_restored", [("id", id.to_string())]));
            let goal = store::goal::load(conn, &link.goal)?.ok_or_else(no_link)?;
            refuse_overlap(conn, &goal, &link.feed, None)?;
            store::link::restore(conn, id)?;
            store::setting::save_last_removed(conn, None)?;
            Ok(link)
        })
    }
}
