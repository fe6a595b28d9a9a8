//! Delivers the outbox: a request leaves it only when nothing differs any more. No transaction is open while
//! the network is waited for, and each request is read again just before it is sent.
//!
//! Goals whose deadline is nearest go first, those with a lot to send last; within a goal the oldest goes
//! first. A goal in trouble is left alone for the round. Two in a row that cannot be reached end it.

mod answer;
mod goal;
mod queue;
mod removal;
mod removed_by;
mod settle;

use chrono::TimeDelta;

use crate::domain::arrival::{self, Arrival};
use crate::domain::difference::Action;
use crate::domain::goal::{GoalId, GoalSlug};
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::services::Flaw;
use crate::services::beeminder::{Confirmation, Error, LastDatapoint, Token};
use crate::store::outbox::{self, Claimed, OutboxEntry};
use crate::store::{self, datapoint};

use super::listing::Listing;
use super::step_error::StepError;
use super::trouble::Trouble;
use super::{SyncPass, missing, schedule};
use answer::{Delivery, delivery};

pub(super) use queue::{due, goals_sent_to, queues};
pub(super) use settle::told;

/// Requests that one pass sends at the most: what is new at Withings must not wait for a long queue.
pub(super) const MOST_A_PASS: usize = 300;

/// The longest that one request is left alone, while its goal's others go on.
const LONGEST_WAIT: TimeDelta = missing::APART;

/// When a day's value is tried again after the user's time zone could not be read.
const UNTIL_ZONE_IS_KNOWN: TimeDelta = TimeDelta::minutes(5);

/// How long it waits for that.
const LONGEST_WAIT_FOR_ZONE: TimeDelta = TimeDelta::hours(1);

/// Requests that cannot be reached in a row, after which Beeminder is taken not to be there.
const MOST_UNREACHABLE: u32 = 2;

/// Sends what can be sent to the goals whose `turn` it is. Returns what was confirmed.
///
/// # Errors
/// When the store cannot be used; trouble with Beeminder is noted.
pub(super) async fn deliver(
    pass: &SyncPass<'_>,
    turn: impl Fn(&GoalId) -> bool,
) -> anyhow::Result<Delivered> {
    let mut queues = pass.store.read(|conn| queues(conn, pass.trigger, pass.now))?;
    queues.retain(|queue| turn(&queue.goal));
    if queues.is_empty() {
        return Ok(Delivered::default());
    }
    let token = match pass.tokens.beeminder().await {
        Ok(token) => token,
        Err(error) => {
            StepError::from(error).into_trouble()?.note(pass, &Place::Account(Service::Beeminder))?;
            return Ok(Delivered::default());
        }
    };
    let mut round =
        Round { pass, token, sent: 0, delivered: Delivered::default(), unreachable: 0, sends_days: true };
    if !round.days_are_known(&queues).await? {
        return Ok(Delivered::default());
    }
    for queue in queues {
        if round.is_over() || round.deliver_goal(&queue).await? == Next::Stop {
            break;
        }
    }
    Ok(round.delivered)
}

/// What Beeminder confirmed.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Requests, removals included.
    pub(super) confirmed: u64,
    /// The datapoints that are there by them.
    pub(super) arrived: Vec<Arrival>,
}

impl Delivered {
    /// Adds what was delivered later.
    pub(super) fn add(&mut self, later: Delivered) {
        self.confirmed += later.confirmed;
        for arrival in later.arrived {
            arrival::add(&mut self.arrived, arrival);
        }
    }
}

/// What follows from one attempt, or from one goal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    /// The goal's next request.
    GoOn,
    /// The same, after these words of refusal, which may be about the datapoint or about the goal.
    Refused(String),
    /// The next goal.
    LeaveGoal,
    /// Nothing.
    Stop,
}

struct Round<'a> {
    pass: &'a SyncPass<'a>,
    token: Token,
    /// Requests sent so far.
    sent: usize,
    /// What is confirmed so far.
    delivered: Delivered,
    /// How many requests in a row had no answer at all.
    unreachable: u32,
    /// Whether the time zone is known by which days are cut.
    sends_days: bool,
}

/// How a goal took what was sent to it in this round.
#[derive(Debug, Default)]
struct Refusals {
    /// Whether it took anything.
    accepted: bool,
    /// Its last words of refusal.
    last: Option<String>,
}

/// What came of looking at a goal before something is written to it.
enum Opened {
    /// It is there, under this name.
    Goal(OpenGoal),
    /// It cannot be written to; the round goes on like this.
    Not(Next),
}

/// A goal as it was just read.
struct OpenGoal {
    id: GoalId,
    slug: GoalSlug,
    last: LastDatapoint,
}

impl Round<'_> {
    /// Between requests, never inside one: what is under way is seen through.
    fn is_over(&self) -> bool {
        self.pass.stop.is_cancelled() || self.sent >= MOST_A_PASS
    }

    /// Sends what waits for one goal.
    async fn deliver_goal(&mut self, queue: &queue::Queue) -> anyhow::Result<Next> {
        let goal = match self.open(&queue.goal).await? {
            Opened::Goal(goal) => goal,
            Opened::Not(next) => return Ok(next),
        };
        let mut refusals = Refusals::default();
        for id in &queue.entries {
            if self.is_over() {
                return Ok(Next::Stop);
            }
            let before = self.delivered.confirmed;
            match self.attempt(&goal, *id, true).await? {
                Next::GoOn => refusals.accepted |= self.delivered.confirmed > before,
                Next::Refused(reason) => {
                    let newest = queue.newest.filter(|newest| newest != id);
                    let next = self.refused_alike(&goal, &mut refusals, *id, reason, newest).await?;
                    if next != Next::GoOn {
                        return Ok(next);
                    }
                }
                next @ (Next::LeaveGoal | Next::Stop) => return Ok(next),
            }
        }
        Ok(Next::GoOn)
    }

    /// Sends one request, as it is just now. `again` when it may be sent once more with what was found out.
    async fn attempt(&mut self, goal: &OpenGoal, id: i64, again: bool) -> anyhow::Result<Next> {
        if let Some(next) = self.look_before_removal(goal, id).await? {
            return Ok(next);
        }
        let Some(claimed) = self.pass.store.write(|conn| self.claim(conn, id))? else {
            // The user decided otherwise while the pass was on its way.
            return Ok(Next::GoOn);
        };
        let entry = &claimed.entry;
        if entry.action == Action::LookUp {
            return self.look_up(goal, entry).await;
        }
        self.sent += 1;
        let answer = self.send(goal, entry).await;
        let delivery = delivery(&answer);
        if delivery != Delivery::Unreachable {
            self.unreachable = 0;
            if !matches!(entry.action, Action::Remove(_)) {
                self.pass.store.write(|conn| outbox::save_answered(conn, id))?;
            }
        }
        match (delivery, answer) {
            (Delivery::Confirmed(confirmation), _) => self.confirm(goal, &claimed, &confirmation),
            (Delivery::AlreadyThere, _) => self.already_there(goal, &claimed, again).await,
            (Delivery::Unconfirmed, Err(error)) => self.unconfirmed(goal, &claimed, error).await,
            (Delivery::Doubtful(reason), _) => self.doubtful(goal, &claimed, &reason).await,
            (Delivery::Refused(reason), _) => self.refused(goal, &claimed, &reason),
            (Delivery::Missing, _) => self.missing(goal, &claimed, again).await,
            (Delivery::TryGoalLater(after), Err(error)) => {
                self.leave(goal, Trouble { retry_after: after, ..error.into() })
            }
            (Delivery::Unreachable, Err(error)) => self.leave(goal, error),
            (Delivery::Stop, Err(error)) => {
                self.not_done(&claimed)?;
                self.leave(goal, error)
            }
            (
                Delivery::Unconfirmed | Delivery::TryGoalLater(_) | Delivery::Unreachable | Delivery::Stop,
                Ok(_),
            ) => Ok(Next::GoOn),
        }
    }

    /// Takes a request to be sent, unless Beeminder was disconnected or its link is not understood.
    fn claim(&self, conn: &store::Connection, id: i64) -> anyhow::Result<Option<Claimed>> {
        let account = store::account::load(conn, Service::Beeminder)?;
        let Some(entry) = outbox::load(conn, id)?.filter(|_| account.is_some_and(|a| a.connected)) else {
            return Ok(None);
        };
        if store::link::load_unreadable(conn)?.iter().any(|(link, _)| *link == entry.link) {
            return Ok(None);
        }
        let waits = match entry.action {
            // What takes its place was not taken in this round, or is not called for any more.
            Action::Remove(_) => {
                !store::replacement::load(conn, &entry)?.is_empty()
                    || !store::replacement::is_called_for(conn, &entry)?
            }
            Action::Create | Action::Update(_) | Action::LookUp => self.may_be_struck(conn, &entry)?,
        };
        if waits {
            return Ok(None);
        }
        if !self.sends_days && goal::is_day_to_send(&entry) && !self.is_pressing(conn, &entry)? {
            outbox::save_wait(conn, id, self.pass.now + UNTIL_ZONE_IS_KNOWN)?;
            return Ok(None);
        }
        outbox::claim(conn, id, self.pass.now)
    }

    /// Whether a word of the user may take out what a request is made of: one was found out on the way, or what its
    /// readings were sent as before is missing, and is looked for again before long.
    fn may_be_struck(&self, conn: &store::Connection, entry: &OutboxEntry) -> anyhow::Result<bool> {
        let (goal, key, now) = (&entry.goal, &entry.request_id, self.pass.beeminder_now());
        if store::struck::is_to_be_planned(conn, goal, key)? {
            return Ok(true);
        }
        match store::struck::missing_before(conn, goal, key)? {
            Some(since) if since <= now => Ok(now < missing::believed_at(conn, goal, since, now)?),
            Some(_) | None => Ok(false),
        }
    }

    /// Whether a day's value goes by the zone that was last known rather than wait any longer: being late costs
    /// money, and zones change rarely.
    fn is_pressing(&self, conn: &store::Connection, entry: &OutboxEntry) -> anyhow::Result<bool> {
        let now = self.pass.now;
        let loses_at = store::goal::load(conn, &entry.goal)?.and_then(|goal| goal.loses_at);
        let is_due = loses_at.is_some_and(|at| at >= now && at - now <= LONGEST_WAIT_FOR_ZONE);
        Ok(is_due || now - entry.queued_at >= LONGEST_WAIT_FOR_ZONE || entry.queued_at > now)
    }

    /// Sends a request. An answer about another datapoint, or with another value or moment, is none.
    async fn send(&self, goal: &OpenGoal, entry: &OutboxEntry) -> Result<Confirmation, Error> {
        let (beeminder, token) = (self.pass.beeminder, &self.token);
        let (answer, id) = match &entry.action {
            Action::Create | Action::LookUp => {
                (beeminder.create_datapoint(token, &goal.slug, &entry.form).await?, None)
            }
            Action::Update(id) => {
                (beeminder.update_datapoint(token, &goal.slug, id, &entry.form).await?, Some(id))
            }
            Action::Remove(id) => return self.remove(goal, entry, id.as_deref()).await,
        };
        if answer.is_of(&entry.carried(), id.map(String::as_str)) {
            Ok(answer.confirmation)
        } else {
            Err(Error::Unreadable(Flaw::AnotherDatapoint))
        }
    }

    /// Leaves a goal alone for a while, and says why.
    fn leave(&mut self, goal: &OpenGoal, trouble: impl Into<Trouble>) -> anyhow::Result<Next> {
        self.note(&goal.id, &trouble.into())
    }

    /// Notes what is wrong with a goal, or with the account.
    fn note(&mut self, goal: &GoalId, trouble: &Trouble) -> anyhow::Result<Next> {
        trouble.note(self.pass, &Place::Goal(goal.clone()))?;
        if trouble.is_of_account {
            return Ok(Next::Stop);
        }
        if trouble.is_unreachable() {
            self.unreachable += 1;
            if self.unreachable >= MOST_UNREACHABLE {
                return Ok(Next::Stop);
            }
        }
        Ok(Next::LeaveGoal)
    }

    /// Notes that a request had no effect, so nothing of it can be at Beeminder.
    fn not_done(&self, claimed: &Claimed) -> anyhow::Result<()> {
        self.pass.store.write(|conn| datapoint::save_unsure(conn, claimed.entry.id, claimed.was_unsure))
    }

    /// Leaves a request alone for a while; the goal's others go on.
    fn wait(&self, entry: &OutboxEntry, time: TimeDelta) -> anyhow::Result<Next> {
        self.pass.store.write(|conn| {
            let chance = schedule::next_chance(conn, Some(&entry.goal), self.pass.now)?;
            let until = self.pass.now + time.min(LONGEST_WAIT);
            outbox::save_wait(conn, entry.id, chance.map_or(until, |chance| until.min(chance)))
        })?;
        Ok(Next::GoOn)
    }
}
