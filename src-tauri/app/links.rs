//! Making, listing and removing links.

use anyhow::Context;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::conflict::Proposal;
use super::{App, BackfillPreview, UserError};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::difference::Word;
use crate::domain::goal::{Goal, GoalSlug, User};
use crate::domain::link::Feed;
use crate::domain::link::comment;
use crate::domain::link::misfit::{self, Misfit};
use crate::domain::link::{Link, LinkId, Options};
use crate::domain::measure::kind::Source;
use crate::domain::measure::take::Take;
use crate::domain::plan::{Plan, plan};
use crate::services::beeminder;
use crate::services::beeminder::{StoredDatapoint, Token};
use crate::store::{self, Connection};
use crate::sync;
use crate::text::Message;
use crate::text::nearest::nearest;

/// A link that was made.
#[derive(Debug)]
pub struct Added {
    /// The link as it is stored.
    pub link: Link,
    /// Why the goal may not suit it.
    pub misfits: Vec<Misfit>,
}

/// From when on a link sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// From now on, by Beeminder's clock.
    Now,
    /// From the start of today, as the goal counts days: what was measured before now is sent as well.
    Today,
    /// From the start of a day, as the goal counts days.
    Day(NaiveDate),
}

/// How a goal cuts days, and what time it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    pub(super) rule: DayRule,
    pub(super) now: DateTime<Utc>,
}

/// How far back is looked for others who write to a goal.
pub(super) const RECENT: TimeDelta = TimeDelta::days(30);

impl App {
    /// Links `feed` to the goal called `slug`. What was measured before today is posted a little at a time.
    ///
    /// # Errors
    /// When there is no such goal, it is fed so already, or it starts later than `since`.
    pub async fn add_link(
        &self,
        slug: &GoalSlug,
        feed: Feed,
        options: Options,
        since: Since,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Added> {
        check(&feed, &options)?;
        let token = self.tokens.beeminder().await?;
        let (user, goal) = self.find_goal(&token, slug).await?;
        // What was measured recently tells whether somebody else posts the same, or in another unit.
        self.freshen(feed.source(), TimeDelta::MAX, now).await?;
        self.check_known(&feed, &options, &Options::default())?;
        // This computer's clock may be wrong; a start in the future would send nothing for years.
        let server_now = self.beeminder.server_time().unwrap_or(now);
        let rule = goal.day_rule(user.time_zone);
        let start = start(&goal, rule, since, server_now)?;
        let stored = self.stored_of_late(&token, &goal, rule, server_now).await?;
        let proposal = Proposal { goal: &goal, user: &user, feed: &feed, options: &options, link: None };
        let mut misfits = self.misfits(&proposal, &stored, server_now)?;
        // Today is sent at once; earlier days a few at a time, and only where they are known to do no harm.
        let today = rule.start_of(rule.day_of(server_now));
        let link = new_link(&goal, &feed, &options, start.max(today));
        let calendar = Calendar { rule, now: server_now };
        let (past, doubt) = self.safe_past(&token, &link, &goal, calendar, start).await?;
        misfits.extend(doubt);
        let link = self.store.write(|conn| {
            sync::save_user(conn, &user, now)?;
            sync::save_goal(conn, &goal, now)?;
            refuse_overlap(conn, &goal, &feed, None)?;
            let since = (link.since, rule.day_of(link.since));
            let id = store::link::add(conn, &goal.id, &feed, &options, since, now)?;
            store::warned::save(conn, &goal.id, &misfit::unsuited(&goal, &feed))?;
            if let Some(past) = &past {
                store::backfill::add(conn, id, (past.from, past.until), rule)?;
            }
            store::link::load(conn, id)?.context("The link was not stored")
        })?;
        Ok(Added { link, misfits })
    }

    /// What of the past before a new link's start is to be posted: all of it, or nothing when some of it may
    /// do harm, or it is not known whether it does. Then the user is asked.
    async fn safe_past(
        &self,
        token: &Token,
        link: &Link,
        goal: &Goal,
        calendar: Calendar,
        start: DateTime<Utc>,
    ) -> anyhow::Result<(Option<BackfillPreview>, Option<Misfit>)> {
        if start >= link.since {
            return Ok((None, None));
        }
        let rule = calendar.rule;
        let days = (rule.day_of(start).0, rule.day_of(link.since).0);
        let past = self.look_back(token, link, goal, calendar, days).await?;
        Ok(match past.risky_days() {
            0 => (Some(past), None),
            days if past.is_unknown() => (None, Some(Misfit::PastIsUnknown { days })),
            days => (None, Some(Misfit::PastMayDerail { days })),
        })
    }

    /// What a goal has of the last 30 days; of a goal that has nothing of these, its last datapoints.
    pub(super) async fn stored_of_late(
        &self,
        token: &Token,
        goal: &Goal,
        rule: DayRule,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<StoredDatapoint>> {
        let stored = self.beeminder.datapoints_since(token, &goal.slug, rule.day_of(now - RECENT)).await?;
        if stored.is_empty() {
            return Ok(self.beeminder.latest_datapoints(token, &goal.slug, 5).await?);
        }
        Ok(stored)
    }

    /// What a link would call for since `from`, as if it had been there all along.
    pub(super) fn planned_since(
        &self,
        goal: &Goal,
        feed: &Feed,
        options: &Options,
        calendar: Calendar,
        from: DateTime<Utc>,
    ) -> anyhow::Result<Plan> {
        let Calendar { rule, now } = calendar;
        let link = new_link(goal, feed, options, from);
        self.store.read(|conn| {
            let context = sync::context_for(conn, feed, goal, rule, now)?;
            let earliest = from - TimeDelta::days(2);
            let groups = store::measurement::load_with_kinds(conn, &feed.kinds(), earliest)?;
            Ok(plan(&link, &context, &groups))
        })
    }

    /// The links in force.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn links(&self) -> anyhow::Result<Vec<Link>> {
        self.store.read(store::link::load_all)
    }

    /// One link in force.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn link(&self, id: LinkId) -> anyhow::Result<Link> {
        self.store
            .read(|conn| store::link::load(conn, id))?
            .ok_or_else(|| UserError::new("no_link", [("id", id.to_string())]).into())
    }

    /// Removes a link and what it had not sent yet. What is at Beeminder stays there. Returns how many
    /// datapoints were not sent.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn remove_link(&self, id: LinkId, now: DateTime<Utc>) -> anyhow::Result<usize> {
        self.store.write(|conn| {
            let link = store::link::load(conn, id)?;
            let link = link.ok_or_else(|| UserError::new("no_link", [("id", id.to_string())]))?;
            let ended = super::change::end_link(conn, &link, Word::Left, now)?;
            store::setting::save_last_removed(conn, Some(id))?;
            Ok(ended.unsent)
        })
    }

    /// The goal of a link, whatever it is called by now.
    pub(super) async fn find_linked_goal(&self, token: &Token, link: &Link) -> anyhow::Result<(User, Goal)> {
        let user = self.beeminder.me(token).await?;
        match self.beeminder.goal(token, &link.slug).await {
            Ok(goal) if goal.id == link.goal => return Ok((user, goal)),
            Ok(_) | Err(beeminder::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let goals = self.beeminder.goals(token).await?;
        match goals.into_iter().find(|goal| goal.id == link.goal) {
            Some(goal) => Ok((user, goal)),
            None => {
                let about = [("user", user.username), ("goal", link.slug.to_string())];
                Err(UserError::new("no_goal", about).into())
            }
        }
    }

    pub(super) async fn find_goal(&self, token: &Token, slug: &GoalSlug) -> anyhow::Result<(User, Goal)> {
        let user = self.beeminder.me(token).await?;
        match self.beeminder.goal(token, slug).await {
            Ok(goal) => Ok((user, goal)),
            Err(beeminder::Error::NotFound { .. }) => {
                let goals = self.beeminder.goals(token).await?;
                let near = nearest(&slug.0, goals.iter().map(|goal| goal.slug.0.as_str())).join(", ");
                let about = [("user", user.username), ("goal", slug.to_string())];
                if near.is_empty() {
                    return Err(UserError::new("no_goal", about).into());
                }
                let [user, goal] = about;
                Err(UserError::new("no_goal_near", [user, goal, ("near", near)]).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The goal of a link as last read, and the time zone its days go by.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn linked_goal(&self, link: &Link) -> anyhow::Result<(Goal, chrono_tz::Tz)> {
        self.store.read(|conn| {
            let goal = store::goal::load(conn, &link.goal)?.context("The link's goal is unknown")?;
            Ok((goal, store::account::time_zone(conn)?))
        })
    }
}

/// A link that is not stored, or not yet.
fn new_link(goal: &Goal, feed: &Feed, options: &Options, since: DateTime<Utc>) -> Link {
    Link {
        id: LinkId(0),
        goal: goal.id.clone(),
        slug: goal.slug.clone(),
        feed: feed.clone(),
        options: options.clone(),
        since,
        first_day: None,
        past: Vec::new(),
    }
}

/// Refuses what makes no sense, before anything is asked or stored.
pub(super) fn check(feed: &Feed, options: &Options) -> anyhow::Result<()> {
    if let Feed::Track { kind, take, unit } = feed {
        let about = |what: &str| [("kind", kind.to_string()), ("what", what.to_owned())];
        anyhow::ensure!(
            kind.info().is_some_and(crate::domain::measure::kind::KindInfo::is_trackable),
            UserError::new("not_trackable", about(""))
        );
        anyhow::ensure!(
            kind.day_take() == Take::Every || *take != Take::Every,
            UserError::new("by_the_day", about(kind.day_take().name()))
        );
        anyhow::ensure!(
            kind.unit().choices().contains(unit),
            UserError::new("other_unit", about(unit.name()))
        );
    }
    anyhow::ensure!(
        options.decimals.is_none_or(|decimals| decimals <= 6),
        UserError::in_field("decimals", Message::error("decimals", []))
    );
    anyhow::ensure!(
        options.categories.is_empty() || feed.source() == Source::Workout,
        UserError::new("workouts_only", [])
    );
    anyhow::ensure!(
        (options.from_time.is_none() && options.until_time.is_none()) || feed.source() == Source::Measure,
        UserError::new("moments_only", [])
    );
    anyhow::ensure!(
        options.from_time.is_none() || options.from_time != options.until_time,
        UserError::in_field("until_time", Message::error("no_time_left", []))
    );
    if let Some(template) = &options.comment {
        comment::check(template).map_err(|error| UserError::in_field("comment", error.message()))?;
    }
    Ok(())
}

/// Refuses a second link that would send the same thing to the same goal.
pub(super) fn refuse_overlap(
    conn: &Connection,
    goal: &Goal,
    feed: &Feed,
    except: Option<LinkId>,
) -> anyhow::Result<()> {
    let links = store::link::load_all(conn)?;
    let same = |link: &&Link| link.goal == goal.id && Some(link.id) != except && link.feed.overlaps(feed);
    if let Some(same) = links.iter().find(same) {
        anyhow::bail!(UserError::new(
            "fed_already",
            [("goal", goal.slug.to_string()), ("link", same.id.to_string())]
        ));
    }
    Ok(())
}

/// The moment a link starts to send. The goal's own start is noon of its first day.
fn start(goal: &Goal, rule: DayRule, since: Since, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let day = match since {
        Since::Now => return Ok(now),
        Since::Today => rule.day_of(now),
        Since::Day(day) => Daystamp(day).within_reason(),
    };
    anyhow::ensure!(
        rule.start_of(day) <= now,
        UserError::in_field("since", Message::error("since_future", []))
    );
    if let Some(first) = goal.first_day(rule).filter(|first| day < *first) {
        let about = [("goal", goal.slug.to_string()), ("day", first.0.format("%Y-%m-%d").to_string())];
        anyhow::bail!(UserError::in_field("since", Message::error("since_early", about)));
    }
    Ok(rule.start_of(day))
}
