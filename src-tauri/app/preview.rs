//! The preview of a link: the datapoints it would send, before it is made.

use chrono::{DateTime, Days, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::conflict::Proposal;
use super::links::Calendar;
use super::{App, polling};
use crate::accounts::scope;
use crate::accounts::tokens::TokenError;
use crate::domain::attention::Attention;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{Goal, GoalSlug, User};
use crate::domain::link::Feed;
use crate::domain::link::misfit::Misfit;
use crate::domain::link::{Link, LinkId, Options};
use crate::domain::measure::kind::Source;
use crate::domain::plan::Plan;
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::platform::data_dir::Lock;
use crate::services::beeminder::StoredDatapoint;
use crate::store;
use crate::sync::Trigger;
use crate::text::{Explained, Message};

/// What a link would send for the days looked at, as if it had been there all along.
#[derive(Debug)]
pub struct Preview {
    /// The goal as Beeminder told it just now.
    pub goal: Goal,
    /// What the link would send.
    pub feed: Feed,
    /// Which measurements the link would let through.
    pub options: Options,
    /// How the goal cuts days.
    pub rule: DayRule,
    /// The day it is, as the goal counts days.
    pub today: Daystamp,
    /// The first day looked at.
    pub from: Daystamp,
    /// Datapoints and decisions, oldest first.
    pub plan: Plan,
    /// Why the goal may not suit.
    pub misfits: Vec<Misfit>,
    /// Why the newest measurements may be missing.
    pub trouble: Option<Explained>,
}

/// A goal that was just read, for one preview after another.
#[derive(Debug, Clone)]
pub(crate) struct CachedGoal {
    at: DateTime<Utc>,
    pub(super) user: User,
    pub(super) goal: Goal,
    pub(super) stored: Vec<StoredDatapoint>,
}

/// A goal to be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sought<'a> {
    /// The one that has this name.
    Named(&'a GoalSlug),
    /// The one of a link, whatever it is called by now.
    Linked(&'a Link),
}

/// For how long a goal need not be read again for a preview.
const CACHE_AGE: TimeDelta = TimeDelta::seconds(60);

/// Stored measurements this old are read again before a preview.
pub(super) const STALE: TimeDelta = TimeDelta::minutes(10);

impl App {
    /// Previews the last `days` days of `feed` into the goal called `slug`, as a new link. Nothing is sent or
    /// stored but measurements.
    ///
    /// # Errors
    /// When Withings is not connected, or the goal cannot be read.
    pub async fn preview(
        &self,
        slug: &GoalSlug,
        feed: Feed,
        options: Options,
        days: u64,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Preview> {
        self.preview_of(None, slug, feed, options, days, now).await
    }

    /// Previews a link as it would be with this `feed` and these `options`.
    ///
    /// # Errors
    /// When there is no such link, Withings is not connected, or the goal cannot be read.
    pub async fn preview_of(
        &self,
        link: Option<LinkId>,
        slug: &GoalSlug,
        feed: Feed,
        options: Options,
        days: u64,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Preview> {
        let account = |conn: &store::Connection| store::account::load(conn, Service::Withings);
        if self.store.read(account)?.is_none_or(|account| !account.connected) {
            return Err(TokenError::NotConnected(Service::Withings).into());
        }
        super::links::check(&feed, &options)?;
        let source = feed.source();
        let is_shared = self.store.read(|conn| scope::is_shared(conn, source))?;
        self.freshen(source, STALE, now).await?;
        let linked = link.map(|link| self.link(link)).transpose()?;
        let known = linked.as_ref().map(|link| link.options.clone()).unwrap_or_default();
        self.check_known(&feed, &options, &known)?;
        let trouble = self.store.read(|conn| trouble_with(conn, source, now))?;
        let not_shared =
            (!is_shared).then(|| Message::error("not_shared", [("what", source.name().to_owned())]).into());
        let trouble = not_shared.or(trouble);
        let sought = linked.as_ref().map_or(Sought::Named(slug), Sought::Linked);
        let CachedGoal { user, goal, stored, .. } = self.look_at(sought, now).await?;
        let now = self.beeminder.server_time().unwrap_or(now);
        let rule = goal.day_rule(user.time_zone);
        let today = rule.day_of(now);
        let first = today.0.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(today.0);
        let from = Daystamp(first);
        let plan = self.planned_since(&goal, &feed, &options, Calendar { rule, now }, rule.start_of(from))?;
        let proposal = Proposal { goal: &goal, user: &user, feed: &feed, options: &options, link };
        let misfits = self.misfits(&proposal, &stored, now)?;
        Ok(Preview { goal, feed, options, rule, today, from, plan, misfits, trouble })
    }

    /// Reads a goal and its recent values; again only after a while, since a form is filled in step by
    /// step and each step is previewed.
    pub(super) async fn look_at(&self, sought: Sought<'_>, now: DateTime<Utc>) -> anyhow::Result<CachedGoal> {
        let is_it = |goal: &Goal| match sought {
            Sought::Named(slug) => goal.slug == *slug,
            Sought::Linked(link) => goal.id == link.goal,
        };
        let is_fresh = |cached: &&CachedGoal| is_it(&cached.goal) && (now - cached.at).abs() < CACHE_AGE;
        let known = self.cached.lock().await.as_ref().filter(is_fresh).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let token = self.tokens.beeminder().await?;
        let (user, goal) = match sought {
            Sought::Named(slug) => self.find_goal(&token, slug).await?,
            Sought::Linked(link) => self.find_linked_goal(&token, link).await?,
        };
        let rule = goal.day_rule(user.time_zone);
        let stored = self.stored_of_late(&token, &goal, rule, now).await?;
        let cached = CachedGoal { at: now, user, goal, stored };
        *self.cached.lock().await = Some(cached.clone());
        Ok(cached)
    }

    /// A goal with its recent values.
    pub(crate) async fn goal_of_late(&self, slug: &GoalSlug, now: DateTime<Utc>) -> anyhow::Result<Goal> {
        let CachedGoal { goal, stored, .. } = self.look_at(Sought::Named(slug), now).await?;
        let last_values = super::conflict::last_values(&stored);
        Ok(Goal { last_values, ..goal })
    }

    /// Reads Withings if that was never done or longer ago than `age`, so that looking ahead looks at
    /// everything. Trouble is noted where status shows it.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(super) async fn freshen(
        &self,
        source: Source,
        age: TimeDelta,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let (read, wanted) = self.store.read(|conn| {
            let account = store::account::load(conn, Service::Withings)?;
            let connected = account.is_some_and(|account| account.connected);
            Ok((store::checkpoint::load(conn, source)?, connected && scope::is_shared(conn, source)?))
        })?;
        if wanted && read.is_none_or(|read| (now - read.read_at).abs() > age) {
            if self.data_dir.try_lock(Lock::Pass)?.is_none() {
                // A pass of somebody who hangs would be waited for in vain.
                polling::tell_poller(self).await?;
            }
            self.pass(Trigger::Hand, now, &CancellationToken::new()).fetch_only(source).await?;
        }
        Ok(())
    }
}

/// Why a service of Withings could not be read, as status says it.
fn trouble_with(
    conn: &store::Connection,
    source: Source,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Explained>> {
    let zone = store::account::time_zone(conn)?;
    for place in [Place::Account(Service::Withings), Place::Source(source)] {
        if let Some(problem) = store::trouble::load(conn, &place)? {
            return Ok(Some(Attention::of_problem(&problem, None, zone, now).explained()));
        }
    }
    Ok(None)
}
