//! What a link would send, before it is made.

use chrono::{DateTime, Days, Utc};

use super::App;
use crate::accounts::Service;
use crate::accounts::tokens::TokenError;
use crate::day::{DayRule, Daystamp};
use crate::goal::{Goal, GoalSlug, Misfit, misfits};
use crate::link::{Feed, Link, LinkId};
use crate::store;
use crate::sync::Trigger;
use crate::sync::plan::{KnownDays, Plan, plan};

/// What a link would send for the days looked at, as if it had been there all along.
#[derive(Debug)]
pub struct Preview {
    /// The goal.
    pub goal: Goal,
    /// What is sent.
    pub feed: Feed,
    /// How the goal cuts days.
    pub rule: DayRule,
    /// The first day looked at.
    pub from: Daystamp,
    /// Datapoints and decisions, oldest first.
    pub plan: Plan,
    /// Why the goal may not suit.
    pub misfits: Vec<Misfit>,
    /// Why the newest measurements may be missing.
    pub trouble: Option<String>,
}

/// Stored measurements this old are read again before a preview.
const STALE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

impl App {
    /// Previews the last `days` days of `feed` into the goal called `slug`. Nothing is sent or stored
    /// but measurements.
    ///
    /// # Errors
    /// When Withings is not connected, or the goal cannot be read.
    pub async fn preview(
        &self,
        slug: &GoalSlug,
        feed: Feed,
        days: u64,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Preview> {
        let account = |rows: &store::Rows| store::account::load(rows, Service::Withings);
        if self.store.read(account)?.is_none_or(|account| !account.connected) {
            return Err(TokenError::NotConnected(Service::Withings).into());
        }
        let read_at = self.store.read(store::checkpoint::load)?.map(|checkpoint| checkpoint.read_at);
        if read_at.is_none_or(|read_at| (now - read_at).abs() > STALE) {
            self.pass(Trigger::Hand, now).fetch_only().await?;
        }
        let trouble = self.store.read(account)?.and_then(|account| account.problem);
        let token = self.tokens.beeminder().await?;
        let (user, goal) = self.find_goal(&token, slug).await?;
        let now = self.beeminder.server_time().unwrap_or(now);
        let rule = goal.day_rule(user.time_zone);
        let today = rule.day_of(now);
        let first = today.0.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(today.0);
        let from = Daystamp(first);
        let link = Link {
            id: LinkId(0),
            goal: goal.id.clone(),
            slug: goal.slug.clone(),
            feed,
            since: rule.start_of(from),
        };
        let kinds = feed.kinds();
        let groups = self.store.read(|rows| store::measurement::load_with_kinds(rows, &kinds, link.since))?;
        let plan = plan(&link, rule, &groups, &KnownDays::new());
        let (misfits, trouble) = (misfits(&goal, &user, &feed), trouble.map(|problem| problem.text));
        Ok(Preview { goal, feed, rule, from, plan, misfits, trouble })
    }
}
