//! Settles an entry by the answer to its attempt. An answer changes what is confirmed to the form that its
//! request carried and nothing else; whatever else differs by then goes next.

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::{Listing, Next, OpenGoal, Refusals, Round, removed_by};
use crate::domain::arrival::{self, Arrival};
use crate::domain::day::Daystamp;
use crate::domain::difference::Action;
use crate::domain::problem_code::ProblemCode;
use crate::domain::trouble::Place;
use crate::services::beeminder::{Confirmation, Error, StoredDatapoint};
use crate::store;
use crate::store::datapoint::{self, DatapointAnswer};
use crate::store::outbox::{self, Claimed, OutboxEntry};
use crate::sync::missing::{self, APART};
use crate::sync::trouble::{self, Trouble};
use crate::text::Message;

/// A request without an answer may still be on its way for so long.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(2);

impl Round<'_> {
    /// Beeminder has the form that the request carried, or has removed the datapoint.
    pub(super) fn confirm(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        confirmation: &Confirmation,
    ) -> anyhow::Result<Next> {
        let (entry, now) = (&claimed.entry, self.pass.now);
        self.pass.store.write(|conn| {
            match &entry.action {
                Action::Remove(_) => datapoint::save_absent(conn, entry.id)?,
                Action::Create | Action::Update(_) | Action::LookUp => {
                    let answer = told(confirmation);
                    datapoint::save_confirmed(conn, entry.id, &entry.carried(), answer, now)?;
                    let readings = &claimed.readings;
                    store::struck::save_made_of(conn, &entry.goal, &entry.request_id, readings)?;
                }
            }
            // The request is done with; what is wanted by now may be something else.
            outbox::remove(conn, entry.id)?;
            outbox::settle(conn, entry.id, now)?;
            if confirmation.id.is_none() {
                // Until it was seen there, who deletes it cannot be told from a datapoint that never was.
                store::goal::compare_soon(conn, &entry.goal)?;
            }
            trouble::end(conn, &Place::Goal(goal.id.clone()))
        })?;
        tracing::info!(goal = %goal.slug, request_id = %entry.request_id, action = entry.action.name(), "Done");
        self.delivered.confirmed += 1;
        if !matches!(entry.action, Action::Remove(_)) {
            let arrival = Arrival {
                goal: goal.slug.clone(),
                link: entry.link,
                count: 1,
                value: entry.carried().value.to_string(),
            };
            arrival::add(&mut self.delivered.arrived, arrival);
        }
        Ok(Next::GoOn)
    }

    /// It is there; its id and day are only good to know, unless it may be there in another form: then the list
    /// has to say in which.
    pub(super) async fn already_there(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        again: bool,
    ) -> anyhow::Result<Next> {
        let entry = &claimed.entry;
        if matches!(entry.action, Action::Remove(_)) {
            return self.not_removed(goal, claimed, "duplicate").await;
        }
        let (carried, id) = (entry.carried(), entry.action.beeminder_id());
        match self.listing(goal, entry).await {
            Ok(listing) => match listing.find(&entry.request_id, id) {
                Some(found) if !found.is_of(&carried, None) => self.found(goal, entry, found, again).await,
                Some(found) => self.confirm(goal, claimed, &found.confirmation),
                None if listing.proves_itself(&goal.last) => {
                    // Said to be there, and not there: it is sent again, as it was.
                    self.leave(
                        goal,
                        Trouble::here(ProblemCode::Unreadable, Message::error("unconfirmed", [])),
                    )
                }
                None if claimed.may_be_there => self.wait(entry, APART),
                None => self.confirm(goal, claimed, &Confirmation { id: None, daystamp: None }),
            },
            Err(error) if claimed.may_be_there => self.leave(goal, error),
            Err(error) => {
                tracing::info!(request_id = %entry.request_id, "Its day stays unknown: {error}");
                self.confirm(goal, claimed, &Confirmation { id: None, daystamp: None })
            }
        }
    }

    /// It is there in a form that is not known, and is brought into the one that is wanted.
    async fn found(
        &mut self,
        goal: &OpenGoal,
        entry: &OutboxEntry,
        found: &StoredDatapoint,
        again: bool,
    ) -> anyhow::Result<Next> {
        self.pass.store.write(|conn| missing::note_found(conn, entry.id, found, self.pass.now))?;
        if again {
            return Box::pin(self.attempt(goal, entry.id, false)).await;
        }
        self.wait(entry, APART)
    }

    /// Beeminder did not say what became of it, so it is asked.
    pub(super) async fn unconfirmed(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        error: Error,
    ) -> anyhow::Result<Next> {
        let entry = &claimed.entry;
        if !matches!(entry.action, Action::Remove(_)) {
            match self.find(goal, entry).await {
                Ok(Some(confirmation)) => return self.confirm(goal, claimed, &confirmation),
                Ok(None) => {}
                Err(error) => return self.leave(goal, error),
            }
        }
        // Sent again, as it was.
        tracing::info!(request_id = %entry.request_id, "Not confirmed: {error}");
        self.leave(goal, Trouble::here(ProblemCode::Unreadable, Message::error("unconfirmed", [])))
    }

    /// Words of refusal that may still mean that it is there.
    pub(super) async fn doubtful(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        reason: &str,
    ) -> anyhow::Result<Next> {
        if matches!(claimed.entry.action, Action::Remove(_)) {
            return self.not_removed(goal, claimed, reason).await;
        }
        match self.find(goal, &claimed.entry).await {
            Ok(Some(confirmation)) => self.confirm(goal, claimed, &confirmation),
            Ok(None) => {
                self.not_done(claimed)?;
                Ok(Next::Refused(reason.to_owned()))
            }
            Err(error) => self.leave(goal, error),
        }
    }

    /// Beeminder refused to remove a datapoint: unless its list lacks it, the user has to know.
    async fn not_removed(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        reason: &str,
    ) -> anyhow::Result<Next> {
        let entry = &claimed.entry;
        let listing = match self.listing(goal, entry).await {
            Ok(listing) => listing,
            Err(error) => return self.leave(goal, error),
        };
        if listing.find(&entry.request_id, entry.action.beeminder_id()).is_none() {
            return self.lacks(goal, claimed, &listing, &listing);
        }
        self.not_done(claimed)?;
        Ok(Next::Refused(reason.to_owned()))
    }

    /// The datapoint is refused for itself: it waits for the user, and the goal's others go on.
    pub(super) fn refused(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        reason: &str,
    ) -> anyhow::Result<Next> {
        self.not_done(claimed)?;
        self.park(goal, claimed.entry.id, reason)
    }

    /// Sets a request aside. The goal answered, so whatever kept it from that is over.
    fn park(&mut self, goal: &OpenGoal, id: i64, reason: &str) -> anyhow::Result<Next> {
        tracing::warn!(goal = %goal.slug, datapoint = id, "Parked: {reason}");
        let place = Place::Goal(goal.id.clone());
        self.pass.store.write(|conn| {
            outbox::park(conn, id, reason)?;
            match store::trouble::load(conn, &place)? {
                Some(problem) if problem.code != ProblemCode::GoalRefuses => trouble::end(conn, &place),
                Some(_) | None => Ok(()),
            }
        })?;
        Ok(Next::GoOn)
    }

    /// The same refusal for several datapoints of a goal in a row is the goal's trouble and not theirs, unless
    /// the goal takes its newest: then all of them wait with it, and go by themselves when it is over.
    pub(super) async fn refused_alike(
        &mut self,
        goal: &OpenGoal,
        refusals: &mut Refusals,
        id: i64,
        reason: String,
        newest: Option<i64>,
    ) -> anyhow::Result<Next> {
        let place = Place::Goal(goal.id.clone());
        let known = self.pass.store.read(|conn| {
            let trouble = store::trouble::load(conn, &place)?;
            let refuses = trouble.is_some_and(|trouble| trouble.code == ProblemCode::GoalRefuses);
            Ok(refuses || outbox::is_parked_alike(conn, &goal.id, &reason)?)
        })?;
        let alike = known || refusals.last.as_ref() == Some(&reason);
        refusals.last = Some(reason.clone());
        if refusals.accepted || !alike {
            return self.park(goal, id, &reason);
        }
        let before = self.delivered.confirmed;
        let next = match newest {
            Some(newest) => Box::pin(self.attempt(goal, newest, true)).await?,
            None => Next::Refused(reason.clone()),
        };
        match next {
            Next::Refused(again) if again == reason => {
                self.pass.store.write(|conn| outbox::unpark_alike(conn, &goal.id, &reason))?;
                let said = Message::error("refused_alike", [("message", reason)]);
                self.leave(goal, Trouble::here(ProblemCode::GoalRefuses, said))
            }
            Next::Refused(_) | Next::GoOn => {
                refusals.accepted |= self.delivered.confirmed > before;
                self.park(goal, id, &reason)
            }
            Next::LeaveGoal | Next::Stop => Ok(next),
        }
    }

    /// Beeminder does not find the datapoint to change or to remove, or the goal to write to.
    pub(super) async fn missing(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        again: bool,
    ) -> anyhow::Result<Next> {
        let entry = &claimed.entry;
        self.not_done(claimed)?;
        if entry.action == Action::Create {
            // The goal was there a moment ago.
            return self
                .leave(goal, Trouble::here(ProblemCode::Unreadable, Message::error("goal_elsewhere", [])));
        }
        let (listing, latest) = match self.lists(goal, entry).await {
            Ok(lists) => lists,
            Err(error) => return self.leave(goal, error),
        };
        let id = entry.action.beeminder_id();
        let found = listing.find(&entry.request_id, id).or_else(|| latest.find(&entry.request_id, id));
        if let Some(found) = found {
            return self.found(goal, entry, found, again).await;
        }
        self.lacks(goal, claimed, &listing, &latest)
    }

    /// The goal's list lacks a datapoint that was there. `latest` is what changed there last.
    fn lacks(
        &mut self,
        goal: &OpenGoal,
        claimed: &Claimed,
        listing: &Listing,
        latest: &Listing,
    ) -> anyhow::Result<Next> {
        let entry = &claimed.entry;
        if !listing.proves_itself(&goal.last) {
            tracing::info!(goal = %goal.slug, "Its list does not show what must be there; asked again later");
            return self.wait(entry, APART);
        }
        let now = self.pass.now;
        if entry.action == Action::Remove(None) && is_on_its_way(entry, now) {
            return self.wait(entry, ON_ITS_WAY);
        }
        if matches!(entry.action, Action::Remove(_)) {
            let lists = [listing, latest];
            self.pass.store.write(|conn| removed_by::note(conn, claimed, lists, now))?;
            return Ok(Next::GoOn);
        }
        self.note_missing(entry)
    }

    /// Notes that a list which proved itself lacks a datapoint, and asks again until that is believed.
    fn note_missing(&mut self, entry: &OutboxEntry) -> anyhow::Result<Next> {
        let seen_at = self.pass.beeminder_now();
        if self.pass.store.write(|conn| missing::note(conn, entry.id, seen_at))? {
            return Ok(Next::GoOn);
        }
        let left = self.pass.store.read(|conn| missing::until_believed(conn, entry.id, seen_at))?;
        self.wait(entry, left)
    }

    /// Looks whether a request that nobody wants any more has arrived.
    pub(super) async fn look_up(&mut self, goal: &OpenGoal, entry: &OutboxEntry) -> anyhow::Result<Next> {
        let (listing, latest) = match self.lists(goal, entry).await {
            Ok(lists) => lists,
            Err(error) => return self.leave(goal, error),
        };
        let now = self.pass.now;
        let known = self.pass.store.read(|conn| datapoint::load_number(conn, entry.id))?;
        let id = known.and_then(|known| known.confirmed.beeminder_id);
        let (key, id) = (&entry.request_id, id.as_deref());
        if let Some(found) = listing.find(key, id).or_else(|| latest.find(key, id)) {
            self.pass.store.write(|conn| {
                missing::note_found(conn, entry.id, found, now)?;
                let (goal, key) = (&entry.goal, &entry.request_id);
                if store::struck::confirmed_readings(conn, goal, key)?.is_empty() {
                    let readings = store::struck::readings_left(conn, goal, key)?;
                    store::struck::save_made_of(conn, goal, key, &readings)?;
                }
                Ok(())
            })?;
            return Ok(Next::GoOn);
        }
        if is_on_its_way(entry, now) || !listing.proves_itself(&goal.last) {
            return self.wait(entry, ON_ITS_WAY);
        }
        self.note_missing(entry)
    }

    /// Finds the datapoint in the form that the request carried.
    async fn find(&self, goal: &OpenGoal, entry: &OutboxEntry) -> Result<Option<Confirmation>, Error> {
        let (carried, id) = (entry.carried(), entry.action.beeminder_id());
        let latest = Listing::latest(self.pass.beeminder, &self.token, &goal.slug).await?;
        if let Some(found) = latest.find_as(&carried, id) {
            return Ok(Some(found.clone()));
        }
        Ok(self.listing(goal, entry).await?.find_as(&carried, id).cloned())
    }

    /// The goal's list over the days concerned, and what changed there last: one that the user moved to another day
    /// is among that.
    async fn lists(&self, goal: &OpenGoal, entry: &OutboxEntry) -> Result<(Listing, Listing), Error> {
        let listing = self.listing(goal, entry).await?;
        Ok((listing, Listing::latest(self.pass.beeminder, &self.token, &goal.slug).await?))
    }

    /// The goal's list over the days concerned.
    pub(super) async fn listing(&self, goal: &OpenGoal, entry: &OutboxEntry) -> Result<Listing, Error> {
        Listing::since(self.pass.beeminder, &self.token, &goal.slug, day_before(entry)).await
    }
}

/// Whether a request that had no answer may still arrive.
fn is_on_its_way(entry: &OutboxEntry, now: DateTime<Utc>) -> bool {
    entry.unanswered_at.is_some_and(|at| now - at < ON_ITS_WAY && at <= now)
}

/// What was told of a datapoint, for the store.
pub(crate) fn told(confirmation: &Confirmation) -> DatapointAnswer<'_> {
    DatapointAnswer { beeminder_id: confirmation.id.as_deref(), day: confirmation.daystamp.as_deref() }
}

/// A day that surely lies before a datapoint's, wherever its user lives.
pub(super) fn day_before(entry: &OutboxEntry) -> Daystamp {
    let day = entry.moment.date_naive();
    let first = entry.beeminder_day.map_or(day, |known| known.0.min(day));
    Daystamp(first.checked_sub_days(Days::new(2)).unwrap_or(first))
}
