//! Empties the outbox, honestly: an entry leaves it only when Beeminder has the datapoint, or when the
//! user deleted it there. No transaction is open while the network is waited for.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;

use super::trouble::{self, Trouble};
use super::{SyncPass, Trigger, goals, retry};
use crate::accounts::Service;
use crate::beeminder::{Confirmation, Error, StoredDatapoint, Token};
use crate::day::Daystamp;
use crate::goal::{GoalId, Presence};
use crate::store;
use crate::store::datapoint::State;
use crate::store::outbox::{self, OutboxEntry};

/// How many of a goal's last datapoints are looked through for one.
const LOOK_BACK: u32 = 50;

/// A full day is over some time; asking more often does not help.
const UNTIL_THERE_IS_ROOM: Duration = Duration::from_secs(3 * 3600);

/// What the answer to one attempt means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Delivery {
    /// Beeminder has it, as this.
    Confirmed(Confirmation),
    /// Beeminder had it already.
    AlreadyThere,
    /// Beeminder refused it in words that might still mean that it has it.
    Doubtful(String),
    /// Beeminder does not know the goal, or the datapoint to change.
    Missing,
    /// It will not be taken as it is.
    Refused(String),
    /// This goal is in trouble; others may not be.
    TryGoalLater(Option<Duration>),
    /// Beeminder is in trouble, or the sign-in is.
    Stop,
}

/// Classifies an answer. Only a confirmed datapoint, or one that is already there, leaves the outbox.
fn delivery(answer: &Result<Confirmation, Error>) -> Delivery {
    match answer {
        Ok(confirmation) => Delivery::Confirmed(confirmation.clone()),
        Err(Error::Duplicate) => Delivery::AlreadyThere,
        Err(Error::NotFound { .. }) => Delivery::Missing,
        Err(Error::Rejected { status: 422, message, names_fields: false }) => {
            Delivery::Doubtful(message.clone())
        }
        Err(Error::Rejected { message, .. }) => Delivery::Refused(message.clone()),
        Err(Error::Unavailable { retry_after, .. }) => Delivery::TryGoalLater(*retry_after),
        Err(Error::Unreadable { .. }) => Delivery::TryGoalLater(None),
        Err(Error::DayIsFull { .. }) => Delivery::TryGoalLater(Some(UNTIL_THERE_IS_ROOM)),
        Err(
            Error::SignInAgain | Error::RateLimited { .. } | Error::Redirected { .. } | Error::Unreachable(_),
        ) => Delivery::Stop,
    }
}

/// Sends what can be sent, oldest first within each goal. Returns how many were confirmed.
///
/// # Errors
/// When the store cannot be used; trouble with Beeminder is noted.
pub(super) async fn deliver(pass: &SyncPass<'_>) -> anyhow::Result<u64> {
    let entries = pass.store.read(outbox::load_all)?;
    if !entries.iter().any(|entry| entry.parked.is_none()) {
        return Ok(0);
    }
    let token = match pass.tokens.beeminder().await {
        Ok(token) => token,
        Err(error) => {
            trouble::of_token(error)?.note(pass, Service::Beeminder)?;
            return Ok(0);
        }
    };
    let mut round = Round { pass, token, attempted: 0, delivered: 0, held_up: HashSet::new(), trouble: None };
    for entry in entries {
        // Between entries, never inside one: a request under way is seen through.
        if pass.stop.is_cancelled() {
            break;
        }
        let waits = pass.trigger != Trigger::Hand && retry::is_waiting(entry.wait_until, pass.now);
        if entry.parked.is_some() || round.held_up.contains(&entry.goal) {
            continue;
        }
        if waits || !round.goal_is_there(&entry)? {
            round.held_up.insert(entry.goal.clone());
            continue;
        }
        if !round.attempt(entry).await? {
            break;
        }
    }
    match &round.trouble {
        Some(trouble) => trouble.note(pass, Service::Beeminder)?,
        None if round.attempted > 0 => {
            pass.store.write(|rows| store::account::save_well(rows, Service::Beeminder))?;
        }
        None => {}
    }
    Ok(round.delivered)
}

struct Round<'a> {
    pass: &'a SyncPass<'a>,
    token: Token,
    attempted: u64,
    delivered: u64,
    /// Goals whose oldest entry has to wait, so the younger ones do too.
    held_up: HashSet<GoalId>,
    trouble: Option<Trouble>,
}

impl Round<'_> {
    fn goal_is_there(&self, entry: &OutboxEntry) -> anyhow::Result<bool> {
        let goal = self.pass.store.read(|rows| store::goal::load(rows, &entry.goal))?;
        // One that has ended takes nothing until the user restarts it; what there is for it waits.
        Ok(goal.is_some_and(|goal| goal.presence == Presence::Active && !goal.frozen))
    }

    /// Sends one entry. Returns whether to go on with the next.
    async fn attempt(&mut self, entry: OutboxEntry) -> anyhow::Result<bool> {
        if !self.pass.store.write(|rows| outbox::count_attempt(rows, entry.id))? {
            // The user decided against it while the pass was on its way.
            return Ok(true);
        }
        self.attempted += 1;
        let answer = self.send(&entry).await;
        match delivery(&answer) {
            Delivery::Confirmed(confirmation) => self.confirm(&entry, &confirmation)?,
            Delivery::AlreadyThere => {
                // It is there; its id and day are only good to know.
                let known = self.look_up(&entry).await.unwrap_or_else(|error| {
                    tracing::info!(request_id = %entry.request_id, "Its day stays unknown: {error}");
                    None
                });
                self.confirm(&entry, &known.unwrap_or(Confirmation { id: None, daystamp: None }))?;
            }
            Delivery::Doubtful(reason) => match self.look_up(&entry).await {
                Ok(Some(confirmation)) => self.confirm(&entry, &confirmation)?,
                Ok(None) => self.park(&entry, &reason)?,
                Err(error) => self.try_later(&entry, None, error)?,
            },
            Delivery::Refused(reason) => self.park(&entry, &reason)?,
            Delivery::Missing => return self.missing(entry).await,
            Delivery::TryGoalLater(after) => {
                if let Err(error) = answer {
                    self.try_later(&entry, after, error)?;
                }
            }
            Delivery::Stop => {
                self.trouble = answer.err().map(Trouble::from);
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn send(&self, entry: &OutboxEntry) -> Result<Confirmation, Error> {
        let (beeminder, token) = (self.pass.beeminder, &self.token);
        if entry.removes {
            return self.remove(entry).await;
        }
        match &entry.updates {
            None => beeminder.create_datapoint(token, &entry.slug, &entry.form).await,
            Some(id) => beeminder.update_datapoint(token, &entry.slug, id, &entry.form).await,
        }
    }

    /// Deletes a datapoint of ours. One that is not there any more is as good as deleted.
    async fn remove(&self, entry: &OutboxEntry) -> Result<Confirmation, Error> {
        let (beeminder, token) = (self.pass.beeminder, &self.token);
        let id = match &entry.updates {
            Some(id) => Some(id.clone()),
            // Its answer was lost when it was created, so it is looked for on its day.
            None => {
                let stored = beeminder.datapoints_since(token, &entry.slug, day_before(entry)).await?;
                let ours = |found: &&StoredDatapoint| found.requestid.as_ref() == Some(&entry.request_id.0);
                stored.iter().find(ours).and_then(|found| found.confirmation.id.clone())
            }
        };
        match id {
            Some(id) => beeminder.delete_datapoint(token, &entry.slug, &id).await,
            None => Ok(Confirmation { id: None, daystamp: None }),
        }
    }

    /// Finds the datapoint, as it should be, among those that changed last.
    async fn look_up(&self, entry: &OutboxEntry) -> Result<Option<Confirmation>, Error> {
        let latest = self.pass.beeminder.latest_datapoints(&self.token, &entry.slug, LOOK_BACK).await?;
        let value: Option<f64> = entry.value.parse().ok();
        let same = |found: &StoredDatapoint| {
            found.requestid.as_ref() == Some(&entry.request_id.0) && found.value == value
        };
        Ok(latest.into_iter().find(same).map(|found| found.confirmation))
    }

    fn confirm(&mut self, entry: &OutboxEntry, confirmation: &Confirmation) -> anyhow::Result<()> {
        let Confirmation { id, daystamp } = confirmation;
        self.pass.store.write(|rows| {
            if entry.removes {
                store::datapoint::save_state(rows, entry.id, State::Removed)?;
                return outbox::remove(rows, entry.id);
            }
            store::datapoint::save_confirmed(
                rows,
                entry.id,
                id.as_deref(),
                daystamp.as_deref(),
                self.pass.now,
            )?;
            outbox::remove(rows, entry.id)
        })?;
        let what = if entry.removes { "Removed" } else { "Delivered" };
        tracing::info!(goal = %entry.slug, request_id = %entry.request_id, "{what}");
        self.delivered += 1;
        Ok(())
    }

    fn park(&self, entry: &OutboxEntry, reason: &str) -> anyhow::Result<()> {
        tracing::warn!(goal = %entry.slug, request_id = %entry.request_id, "Parked: {reason}");
        let reason = if reason.is_empty() { "Beeminder refused it without a word" } else { reason };
        self.pass.store.write(|rows| outbox::park(rows, entry.id, reason))
    }

    fn try_later(
        &mut self,
        entry: &OutboxEntry,
        after: Option<Duration>,
        error: Error,
    ) -> anyhow::Result<()> {
        let until = self.pass.now + retry::delay(entry.attempts, after);
        self.pass.store.write(|rows| outbox::save_wait(rows, entry.id, until))?;
        self.held_up.insert(entry.goal.clone());
        self.trouble = Some(Trouble { goal_waits_until: Some(until), ..Trouble::from(error) });
        Ok(())
    }

    /// Finds out what is missing: the goal may be renamed, archived or gone, or the datapoint deleted.
    async fn missing(&mut self, entry: OutboxEntry) -> anyhow::Result<bool> {
        if !goals::refresh(self.pass).await? {
            // Nothing is known, so nothing is concluded.
            self.held_up.insert(entry.goal.clone());
            return Ok(true);
        }
        let goal = self.pass.store.read(|rows| store::goal::load(rows, &entry.goal))?;
        match goal {
            Some(goal) if goal.presence == Presence::Active && goal.slug != entry.slug => {
                // Once only: the next time the names are the same.
                return Box::pin(self.attempt(OutboxEntry { slug: goal.slug, ..entry })).await;
            }
            Some(goal) if goal.presence == Presence::Active && entry.removes => {
                self.confirm(&entry, &Confirmation { id: None, daystamp: None })?;
            }
            Some(goal) if goal.presence == Presence::Active && entry.updates.is_some() => {
                tracing::info!(goal = %entry.slug, request_id = %entry.request_id, "Deleted at Beeminder");
                self.pass.store.write(|rows| {
                    store::datapoint::save_state(rows, entry.id, State::Deleted)?;
                    outbox::remove(rows, entry.id)
                })?;
            }
            Some(goal) if goal.presence == Presence::Active => {
                self.park(&entry, "Beeminder says that there is no such goal")?;
            }
            Some(_) | None => {
                self.held_up.insert(entry.goal.clone());
                self.park(&entry, "the goal was archived or deleted at Beeminder")?;
            }
        }
        Ok(true)
    }
}

/// A day that surely lies before a datapoint's, wherever its user lives.
fn day_before(entry: &OutboxEntry) -> Daystamp {
    Daystamp((entry.moment - TimeDelta::days(2)).date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_datapoint_that_is_there_leaves_the_outbox() {
        let confirmation = Confirmation { id: Some("1".into()), daystamp: Some("20261123".into()) };
        let rejected =
            |status, names_fields| Err(Error::Rejected { status, message: "no".into(), names_fields });
        let after = Some(Duration::from_secs(7));
        for (answer, expected) in [
            (Ok(confirmation.clone()), Delivery::Confirmed(confirmation)),
            (Err(Error::Duplicate), Delivery::AlreadyThere),
            (rejected(422, true), Delivery::Refused("no".into())),
            (rejected(422, false), Delivery::Doubtful("no".into())),
            (rejected(400, false), Delivery::Refused("no".into())),
            (rejected(403, true), Delivery::Refused("no".into())),
            (Err(Error::NotFound { message: String::new() }), Delivery::Missing),
            (Err(Error::SignInAgain), Delivery::Stop),
            (Err(Error::RateLimited { retry_after: after }), Delivery::Stop),
            (Err(Error::Redirected { status: 301 }), Delivery::Stop),
            (Err(Error::Unavailable { status: 503, retry_after: after }), Delivery::TryGoalLater(after)),
            (Err(Error::Unreadable { what: String::new() }), Delivery::TryGoalLater(None)),
            (
                Err(Error::DayIsFull { message: String::new() }),
                Delivery::TryGoalLater(Some(UNTIL_THERE_IS_ROOM)),
            ),
        ] {
            assert_eq!(delivery(&answer), expected, "{answer:?}");
        }
    }
}
