//! Keeps what is known about the linked goals fresh: names, deadlines, whether they still exist.

use chrono::{DateTime, TimeDelta, Utc};

use super::{SyncPass, trouble};
use crate::accounts::Service;
use crate::beeminder::{self, Token};
use crate::goal::{Goal, Presence, User};
use crate::reminder;
use crate::store::{self, Rows};

/// Deadlines and names change rarely, and an answer to a datapoint tells the day anyway.
const STALE: TimeDelta = TimeDelta::hours(1);

/// Before someone is told to measure, since they may have entered a datapoint by hand.
const STALE_BEFORE_REMINDING: TimeDelta = TimeDelta::minutes(5);

/// After a datapoint Beeminder works out anew how safe a goal is and draws its graph, in seconds mostly.
const REDRAW: TimeDelta = TimeDelta::minutes(1);

/// Whether the linked goals were read too long ago, in what this computer takes for the future, or before
/// they were sent something.
pub(super) fn are_stale(pass: &SyncPass<'_>) -> anyhow::Result<bool> {
    let (oldest, redrawn, reminds) = pass.store.read(|rows| {
        let reminds = !reminder::due(rows, pass.now)?.is_empty();
        Ok((store::goal::oldest_reading(rows)?, redrawn_at(rows)?, reminds))
    })?;
    let stale = if reminds { STALE_BEFORE_REMINDING } else { STALE };
    let is_old = |oldest: DateTime<Utc>| pass.now - oldest >= stale || oldest > pass.now;
    Ok(oldest.is_some_and(is_old) || redrawn.is_some_and(|at| at <= pass.now))
}

/// When a linked goal that was sent something is worth reading again.
pub(super) fn redrawn_at(rows: &Rows) -> anyhow::Result<Option<DateTime<Utc>>> {
    store::goal::redrawn_at(rows, REDRAW)
}

/// Reads user and goals again and notes what became of the linked ones. Returns whether it could.
///
/// # Errors
/// When the store cannot be used; trouble with Beeminder is noted.
pub(super) async fn refresh(pass: &SyncPass<'_>) -> anyhow::Result<bool> {
    let token = match pass.tokens.beeminder().await {
        Ok(token) => token,
        Err(error) => {
            trouble::of_token(error)?.note(pass, Service::Beeminder)?;
            return Ok(false);
        }
    };
    let linked = pass.store.read(store::goal::load_linked)?;
    let (user, goals) = match read(pass, &token, &linked).await {
        Ok(read) => read,
        Err(error) => {
            trouble::Trouble::from(error).note(pass, Service::Beeminder)?;
            return Ok(false);
        }
    };
    pass.store.write(|rows| {
        let (service, zone) = (Service::Beeminder, user.time_zone.name());
        store::account::save_profile(rows, service, zone, user.deadbeat)?;
        store::account::save_well(rows, service)?;
        for goal in &linked {
            let found = goals.iter().find(|found| found.id == goal.id);
            let gone = Goal { presence: Presence::Deleted, ..goal.clone() };
            store::goal::save(rows, found.unwrap_or(&gone), pass.now)?;
        }
        Ok(true)
    })
}

/// Reads the user and every goal that the links could be about. Archived ones are asked for only when
/// a linked goal is not among the active ones.
async fn read(
    pass: &SyncPass<'_>,
    token: &Token,
    linked: &[Goal],
) -> Result<(User, Vec<Goal>), beeminder::Error> {
    let user = pass.beeminder.me(token).await?;
    let mut goals = pass.beeminder.goals(token).await?;
    if linked.iter().any(|linked| !goals.iter().any(|goal| goal.id == linked.id)) {
        goals.extend(pass.beeminder.archived_goals(token).await?);
    }
    Ok((user, goals))
}
