//! Keeps what is known about the linked goals fresh: names, deadlines, whether they still exist.

use chrono::{DateTime, TimeDelta, Utc};

use super::SyncPass;
use super::missing::APART;
use super::step_error::StepError;
use super::trouble::{self, Trouble};
use crate::domain::goal::{Goal, GoalId, Presence, User};
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::health::reminder;
use crate::services::beeminder;
use crate::services::beeminder::Token;
use crate::store::{self, Connection};

/// Deadlines and names change rarely, and an answer to a datapoint tells the day anyway.
const STALE: TimeDelta = TimeDelta::hours(1);

/// Before someone is told to measure, since they may have entered a datapoint by hand.
const STALE_BEFORE_REMINDING: TimeDelta = TimeDelta::minutes(5);

/// After a datapoint Beeminder works out anew how safe a goal is and draws its graph, in seconds mostly.
const REDRAW: TimeDelta = TimeDelta::minutes(1);

/// Whether the linked goals were read too long ago, in what this computer takes for the future, or before
/// they were sent something; or whether something waits for one that takes nothing.
pub(super) fn are_stale(pass: &SyncPass<'_>) -> anyhow::Result<bool> {
    pass.store.read(|conn| {
        let reminds = !reminder::due(conn, pass.now)?.is_empty();
        let stale = if reminds { STALE_BEFORE_REMINDING } else { STALE };
        let is_old = |oldest: DateTime<Utc>| pass.now - oldest >= stale || oldest > pass.now;
        Ok(store::goal::oldest_reading(conn)?.is_some_and(is_old)
            || redrawn_at(conn)?.is_some_and(|at| at <= pass.now)
            || store::trouble::load(conn, &Place::Goals)?.is_some()
            || waits_for_closed(conn)?)
    })
}

/// Whether something waits for a goal that was archived or has ended, or that Beeminder's lists lack.
fn waits_for_closed(conn: &Connection) -> anyhow::Result<bool> {
    for id in store::outbox::goals(conn)? {
        let goal = store::goal::load(conn, &id)?;
        let is_closed = goal.is_some_and(|goal| !goal.is_open());
        if is_closed || store::goal::missing_since(conn, &id)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When a linked goal that was sent something is worth reading again.
pub(super) fn redrawn_at(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    store::goal::redrawn_at(conn, REDRAW)
}

/// Stores a goal as it was just read. One that takes datapoints again gets what it refused before; where its
/// days are cut or begin elsewhere, what Beeminder has not confirmed is planned anew.
pub(crate) fn save(conn: &Connection, goal: &Goal, now: DateTime<Utc>) -> anyhow::Result<()> {
    let before = store::goal::load(conn, &goal.id)?;
    store::goal::save(conn, goal, now)?;
    if before.as_ref().is_some_and(|before| goal.is_cut_elsewhere(before)) {
        forget_days(conn, &goal.id, now)?;
    }
    let starts_elsewhere = |before: &Goal| goal.starts_at.is_some() && before.starts_at != goal.starts_at;
    if before.as_ref().is_some_and(starts_elsewhere) {
        for link in store::link::load_all(conn)?.iter().filter(|link| link.goal == goal.id) {
            store::measurement::mark_concerned(conn, link, link.earliest() - TimeDelta::days(2))?;
        }
    }
    if before.as_ref().is_some_and(|before| before.presence == Presence::Deleted) {
        for id in store::datapoint::left_undone(conn, &goal.id)? {
            store::outbox::settle(conn, id, now)?;
        }
    }
    if goal.is_open() && before.is_some_and(|before| !before.is_open()) {
        store::outbox::unpark_goal(conn, &goal.id)?;
    }
    Ok(())
}

/// Stores a user as just read. Where the time zone is another one, days that Beeminder has not confirmed are
/// worked out again; one who has paid gets what was refused before.
pub(crate) fn save_user(conn: &Connection, user: &User, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (zone, account) = (store::account::time_zone(conn)?, store::account::load(conn, Service::Beeminder)?);
    store::person::save(conn, user)?;
    let has_moved = store::account::time_zone(conn)? != zone;
    let has_paid = account.is_some_and(|account| account.deadbeat) && !user.deadbeat;
    if has_moved || has_paid {
        for goal in store::goal::load_concerned(conn)? {
            if has_moved {
                forget_days(conn, &goal.id, now)?;
            }
            if has_paid {
                store::outbox::unpark_goal(conn, &goal.id)?;
            }
        }
    }
    Ok(())
}

fn forget_days(conn: &Connection, goal: &GoalId, now: DateTime<Utc>) -> anyhow::Result<()> {
    // By Withings' clock, since this computer's may be wrong.
    let now = store::checkpoint::clock(conn, now)?;
    store::given_day::forget_unconfirmed(conn, goal, now - TimeDelta::days(1))
}

/// Reads user and goals again and notes what became of the linked ones; one that cannot be asked for keeps none
/// of the others from being read. Trouble with Beeminder is noted.
pub(super) async fn refresh(pass: &SyncPass<'_>) -> Result<(), StepError> {
    let refreshed = read_and_note(pass).await;
    if let Err(StepError::Service(trouble)) = &refreshed {
        trouble.note(pass, &Place::Goals)?;
    }
    refreshed
}

async fn read_and_note(pass: &SyncPass<'_>) -> Result<(), StepError> {
    let token = pass.tokens.beeminder().await?;
    let linked = pass.store.read(store::goal::load_concerned)?;
    let (user, mut found) = read(pass, &token, &linked).await?;
    let mut unread = None;
    let mut missing = Vec::new();
    for goal in &linked {
        if found.iter().any(|found| found.id == goal.id) {
            continue;
        }
        // A blank or short list is no answer: the goal itself is asked for.
        match pass.beeminder.goal(&token, &goal.slug).await {
            Ok(another) if another.id != goal.id => missing.push(goal),
            Ok(goal) => found.push(goal),
            Err(beeminder::Error::NotFound { .. }) => missing.push(goal),
            Err(error) => {
                let trouble = Trouble::from(error);
                if trouble.is_of_account {
                    return Err(trouble.into());
                }
                // Nothing is known of it, and the others go on.
                unread = Some(trouble);
            }
        }
    }
    pass.store.write(|conn| {
        save_user(conn, &user, pass.now)?;
        for goal in &linked {
            if let Some(found) = found.iter().find(|found| found.id == goal.id) {
                save(conn, found, pass.now)?;
            }
        }
        for goal in missing {
            note_missing(conn, goal, pass.beeminder_now())?;
        }
        if unread.is_none() { trouble::end(conn, &Place::Goals) } else { Ok(()) }
    })?;
    if let Some(trouble) = unread {
        trouble.note(pass, &Place::Goals)?;
    }
    Ok(())
}

/// A goal that the lists lack, and that is not found under its name, is deleted when that was so before, some
/// time ago. Until then what is known of it stays.
fn note_missing(conn: &Connection, goal: &Goal, now: DateTime<Utc>) -> anyhow::Result<()> {
    let since = store::goal::missing_since(conn, &goal.id)?.filter(|since| *since <= now);
    if since.is_some_and(|since| now - since >= APART) {
        store::goal::save(conn, &Goal { presence: Presence::Deleted, ..goal.clone() }, now)?;
        // Nothing is left to take away there, unless the goal comes back.
        for id in store::outbox::unwanted(conn, &goal.id)? {
            store::outbox::remove(conn, id)?;
        }
        let is_done = !store::outbox::goals(conn)?.contains(&goal.id);
        if is_done {
            store::trouble::end(conn, &Place::Goal(goal.id.clone()))?;
        }
    }
    store::goal::save_missing(conn, &goal.id, since.unwrap_or(now))
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
