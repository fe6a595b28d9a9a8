//! The page of a goal: how safe it is, and what each of its days has.

use chrono::{DateTime, Days, Utc};
use serde::Serialize;

use crate::app::App;
use crate::domain::day::Daystamp;
use crate::domain::goal::{GoalSlug, Presence};
use crate::domain::link::LinkId;
use crate::text::Message;
use crate::view::days::DayLine;

/// How many days one request may ask for.
const MOST_DAYS: u64 = 3660;

/// A goal with its days.
#[derive(Debug, Serialize)]
pub struct GoalPage {
    /// The goal's slug.
    slug: GoalSlug,
    /// The goal's title, free text.
    title: String,
    /// The links that feed it.
    links: Vec<LinkLine>,
    /// Days of safety left; `None` while Beeminder is still working the goal out.
    buffer_days: Option<i64>,
    /// The moment it derails if nothing is done.
    loses_at: Option<DateTime<Utc>>,
    /// What it needs until then: the word of it, and how much in the goal's unit.
    needed: Option<(&'static str, f64)>,
    /// The unit of what is sent; empty for bare numbers.
    unit: &'static str,
    /// Whether the goal takes datapoints.
    alive: bool,
    /// The days, newest first.
    days: Vec<DayLine>,
}

#[derive(Debug, Serialize)]
struct LinkLine {
    id: LinkId,
    sends: Message,
}

impl App {
    /// A linked goal with its last days, today included.
    ///
    /// # Errors
    /// When no link feeds a goal of this name, or the store cannot be read.
    pub fn goal_of_days(&self, slug: &GoalSlug, days: u64, now: DateTime<Utc>) -> anyhow::Result<GoalPage> {
        let (goal, rule) = self.goal_of_links(slug)?;
        let today = rule.day_of(now);
        let back = Days::new(days.clamp(1, MOST_DAYS) - 1);
        let first = Daystamp(today.0.checked_sub_days(back).unwrap_or(today.0));
        let links: Vec<_> = self.links()?.into_iter().filter(|link| link.goal == goal.id).collect();
        Ok(GoalPage {
            needed: goal.needed.map(|needed| (needed.name(), needed.value())),
            unit: links.first().map_or("", |link| link.feed.unit()),
            links: links.iter().map(|link| LinkLine { id: link.id, sends: link.feed.message() }).collect(),
            days: self.days(&goal, (first, today), now)?,
            alive: goal.presence == Presence::Active && !goal.frozen,
            buffer_days: goal.buffer_days,
            loses_at: goal.loses_at,
            title: goal.title,
            slug: goal.slug,
        })
    }
}
