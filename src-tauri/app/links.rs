//! Making, listing and removing links.

use anyhow::Context;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::App;
use crate::beeminder::{self, Token};
use crate::day::Daystamp;
use crate::goal::{Goal, GoalSlug, Misfit, User, misfits};
use crate::link::{Feed, Link, LinkId};
use crate::store;
use crate::sync;

/// A link that was made.
#[derive(Debug)]
pub struct Added {
    /// The link.
    pub link: Link,
    /// Why the goal may not suit it.
    pub misfits: Vec<Misfit>,
}

/// From when on a link sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// From now on, by Beeminder's clock.
    Now,
    /// From the start of a day, as the goal counts days.
    Day(NaiveDate),
}

impl App {
    /// Reads the user's active goals from Beeminder.
    ///
    /// # Errors
    /// [`beeminder::Error`] or a token error inside.
    pub async fn goals(&self) -> anyhow::Result<(User, Vec<Goal>)> {
        let token = self.tokens.beeminder().await?;
        let user = self.beeminder.me(&token).await?;
        let goals = self.beeminder.goals(&token).await?;
        Ok((user, goals))
    }

    /// Links `feed` to the goal called `slug`.
    ///
    /// # Errors
    /// When there is no such goal, or it is fed so already.
    pub async fn add_link(
        &self,
        slug: &GoalSlug,
        feed: Feed,
        since: Since,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Added> {
        let token = self.tokens.beeminder().await?;
        let (user, goal) = self.find_goal(&token, slug).await?;
        // This computer's clock may be wrong; a start in the future would send nothing for years.
        let server_now = self.beeminder.server_time().unwrap_or(now);
        let since = match since {
            Since::Now => server_now,
            Since::Day(day) => goal.day_rule(user.time_zone).start_of(Daystamp(day)),
        };
        anyhow::ensure!(
            since <= server_now,
            "The start day lies in the future. Leave --since out to start now."
        );
        let link = self.store.write(|rows| {
            store::account::save_profile(
                rows,
                crate::accounts::Service::Beeminder,
                user.time_zone.name(),
                user.deadbeat,
            )?;
            store::goal::save(rows, &goal, now)?;
            let links = store::link::load_all(rows)?;
            if let Some(same) = links.iter().find(|l| l.goal == goal.id && l.feed.overlaps(&feed)) {
                anyhow::bail!(
                    "The goal {slug} is fed so already, by link {}. Remove that first with “bws link remove {}”.",
                    same.id,
                    same.id
                );
            }
            let id = store::link::add(rows, &goal.id, &feed, since, now)?;
            store::link::load(rows, id)?.context("The link was not stored")
        })?;
        let mut misfits = misfits(&goal, &user, &feed);
        // A goal's start is noon of its first day.
        if let Some(start) = goal.starts_at.filter(|start| since < *start - TimeDelta::hours(36)) {
            misfits.push(Misfit::StartsLater(start));
        }
        Ok(Added { link, misfits })
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
            .read(|rows| store::link::load(rows, id))?
            .with_context(|| format!("There is no link {id}; see “bws link list”"))
    }

    /// Removes a link and what it had not sent yet. What is at Beeminder stays there. Returns how many
    /// datapoints were not sent.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn remove_link(&self, id: LinkId, now: DateTime<Utc>) -> anyhow::Result<usize> {
        self.link(id)?;
        self.store.write(|rows| {
            store::link::remove(rows, id, now)?;
            store::datapoint::forget_pending(rows, id)
        })
    }

    pub(super) async fn find_goal(&self, token: &Token, slug: &GoalSlug) -> anyhow::Result<(User, Goal)> {
        let user = self.beeminder.me(token).await?;
        match self.beeminder.goal(token, slug).await {
            Ok(goal) => Ok((user, goal)),
            Err(error @ beeminder::Error::NotFound { .. }) => Err(anyhow::Error::new(error)
                .context(format!("{} has no goal called {slug}; see “bws goals”", user.username))),
            Err(error) => Err(error.into()),
        }
    }

    /// The goal of a link as last read, and the time zone its days go by.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn linked_goal(&self, link: &Link) -> anyhow::Result<(Goal, chrono_tz::Tz)> {
        self.store.read(|rows| {
            let goal = store::goal::load(rows, &link.goal)?.context("The link's goal is unknown")?;
            Ok((goal, sync::time_zone(rows)?))
        })
    }
}
