//! Posting the past: looked at first, day by day, then released a little at a time.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::links::Calendar;
use super::preview::STALE;
use super::{App, UserError};
use crate::domain::datapoint::Datapoint;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::Goal;
use crate::domain::goal::red_line::RedLine;
use crate::domain::link::{Link, LinkId};
use crate::services::beeminder::Token;
use crate::store::{self, backfill::Backfill};
use crate::sync::backfill::MOST_A_DAY;
use crate::text::Message;

/// What a stretch of the past would do to a goal.
#[derive(Debug, Clone, PartialEq)]
pub struct BackfillPreview {
    /// The days that would get datapoints, oldest first.
    pub days: Vec<BackfillDay>,
    /// Set when the goal starts later than asked for: days before are refused.
    pub refused_before: Option<Daystamp>,
    /// How many datapoints there would be.
    pub datapoints: usize,
    /// On how many days they would be posted.
    pub takes_days: u64,
    /// The first moment that is posted.
    pub from: DateTime<Utc>,
    /// The moment after the last.
    pub until: DateTime<Utc>,
}

/// One of those days.
#[derive(Debug, Clone, PartialEq)]
pub struct BackfillDay {
    /// The goal's day, cut at its deadline.
    pub day: Daystamp,
    /// What would be posted for it.
    pub values: Vec<Decimal>,
    /// How many datapoints the goal has on that day that are not this program's.
    pub others: usize,
    /// What posting it may do to the goal.
    pub risk: Risk,
}

/// What posting a day of the past may do to a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// It lies on the right side of the goal's line.
    Safe,
    /// It lies on the wrong side, so that the goal may derail at once.
    MayDerail,
    /// Beeminder does not say where the line is, or where the goal begins.
    Unknown,
}

impl BackfillPreview {
    /// How many of its days are not known to be safe.
    pub fn risky_days(&self) -> usize {
        self.days.iter().filter(|day| day.risk != Risk::Safe).count()
    }

    /// Whether it is not known what some of its days may do.
    pub fn is_unknown(&self) -> bool {
        self.days.iter().any(|day| day.risk == Risk::Unknown)
    }
}

impl App {
    /// Shows what posting the days from `from` to `to` under a link would do.
    ///
    /// # Errors
    /// When there is no such link or nothing lies before its start, or the goal cannot be read.
    pub async fn preview_backfill(
        &self,
        id: LinkId,
        from: NaiveDate,
        to: NaiveDate,
        now: DateTime<Utc>,
    ) -> anyhow::Result<BackfillPreview> {
        let link = self.link(id)?;
        self.freshen(link.feed.source(), STALE, now).await?;
        let token = self.tokens.beeminder().await?;
        let (user, goal) = self.find_linked_goal(&token, &link).await?;
        let rule = goal.day_rule(user.time_zone);
        self.look_back(&token, &link, &goal, Calendar { rule, now }, (from, to)).await
    }

    /// Shows what posting the days of the past that `days` names would do, under a link that need not be
    /// stored yet.
    pub(super) async fn look_back(
        &self,
        token: &Token,
        link: &Link,
        goal: &Goal,
        calendar: Calendar,
        days: (NaiveDate, NaiveDate),
    ) -> anyhow::Result<BackfillPreview> {
        let rule = calendar.rule;
        let (from, until, refused_before) = stretch(link, goal, rule, days.0, days.1)?;
        let line = self.beeminder.line(token, &goal.slug).await?;
        let stored = self.beeminder.datapoints_since(token, &goal.slug, rule.day_of(from)).await?;
        let planned = self.planned_since(goal, &link.feed, &link.options, calendar, from)?.datapoints;
        let mut days: BTreeMap<Daystamp, Vec<Decimal>> = BTreeMap::new();
        for datapoint in self.unsettled(goal, planned)? {
            let day = datapoint.day(rule);
            if rule.start_of(day) < until {
                days.entry(day).or_default().push(datapoint.value);
            }
        }
        let others = |day: Daystamp| {
            let on_day = |other: &&crate::services::beeminder::StoredDatapoint| {
                other.confirmation.daystamp.as_deref() == Some(&day.to_string()) && !other.is_ours()
            };
            stored.iter().filter(on_day).count()
        };
        let days: Vec<BackfillDay> = days
            .into_iter()
            .map(|(day, values)| {
                let risk = risk(goal, line.as_ref(), rule, day, &values);
                BackfillDay { day, others: others(day), risk, values }
            })
            .collect();
        let datapoints = days.iter().map(|day| day.values.len()).sum();
        let takes_days = u64::try_from(datapoints).unwrap_or(u64::MAX).div_ceil(MOST_A_DAY);
        Ok(BackfillPreview { days, refused_before, datapoints, takes_days, from, until })
    }

    /// Those of `datapoints` that would be sent; the others stand already.
    fn unsettled(&self, goal: &Goal, datapoints: Vec<Datapoint>) -> anyhow::Result<Vec<Datapoint>> {
        self.store.read(|conn| {
            let mut left = Vec::new();
            for datapoint in datapoints {
                let known = store::datapoint::load(conn, &goal.id, &datapoint.request_id)?;
                if known.is_none_or(|known| !known.is_confirmed_as(&datapoint)) {
                    left.push(datapoint);
                }
            }
            Ok(left)
        })
    }

    /// Begins to post a stretch of the past, as it was previewed.
    ///
    /// # Errors
    /// When there is no such link, or some of those days are being posted already.
    pub fn start_backfill(&self, id: LinkId, preview: &BackfillPreview) -> anyhow::Result<i64> {
        self.store.write(|conn| {
            let link = store::link::load(conn, id)?;
            let link = link.ok_or_else(|| UserError::new("no_link", [("id", id.to_string())]))?;
            let under_way = store::backfill::load_of(conn, id)?
                .into_iter()
                .find(|other| !other.is_done() && other.from < preview.until && preview.from < other.until);
            if let Some(other) = under_way {
                anyhow::bail!(UserError::new("being_posted", [("id", other.id.to_string())]));
            }
            let goal = store::goal::load(conn, &link.goal)?.context("The link's goal is unknown")?;
            let rule = goal.day_rule(store::account::time_zone(conn)?);
            store::backfill::add(conn, id, (preview.from, preview.until), rule)
        })
    }

    /// Every stretch of the past under the links in force, those that are done as well.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn backfills(&self) -> anyhow::Result<Vec<Backfill>> {
        self.store.read(store::backfill::load_all)
    }

    /// Stops posting a stretch of the past. What was posted stays.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn cancel_backfill(&self, id: i64) -> anyhow::Result<()> {
        self.store.write(|conn| {
            store::backfill::load(conn, id)?
                .ok_or_else(|| UserError::new("no_backfill", [("id", id.to_string())]))?;
            store::backfill::cancel(conn, id)
        })
    }
}

/// The stretch that can be posted: not before the goal's first day, not after the link's start.
fn stretch(
    link: &Link,
    goal: &Goal,
    rule: DayRule,
    from: NaiveDate,
    to: NaiveDate,
) -> anyhow::Result<(DateTime<Utc>, DateTime<Utc>, Option<Daystamp>)> {
    anyhow::ensure!(from <= to, UserError::in_field("to", Message::error("last_before_first", [])));
    let (from, to) = (Daystamp(from).within_reason(), Daystamp(to).within_reason());
    let first = goal.first_day(rule).filter(|first| from < *first);
    let begin = rule.start_of(first.unwrap_or(from));
    // The day on which the link began is the link's own, where days are sent.
    let first_day = link.first_day.unwrap_or_else(|| rule.day_of(link.since));
    let own = if link.feed.is_daily() { rule.start_of(first_day) } else { link.since };
    let until = rule.end_of(to).min(own);
    let since = rule.day_of(link.since).0.format("%Y-%m-%d").to_string();
    anyhow::ensure!(begin < until, UserError::new("nothing_left", [("since", since)]));
    Ok((begin, until, first))
}

/// What posting a day's values may do to a goal.
fn risk(goal: &Goal, line: Option<&RedLine>, rule: DayRule, day: Daystamp, values: &[Decimal]) -> Risk {
    let (Some(line), Some(_)) = (line, goal.starts_at) else {
        return Risk::Unknown;
    };
    if goal.summing {
        // More of what should be less.
        return if line.good_is_below() { Risk::MayDerail } else { Risk::Safe };
    }
    let noon = rule.noon_of(day);
    let sides: Vec<_> =
        values.iter().map(|value| value.to_f64().and_then(|value| line.is_bad(noon, value))).collect();
    let is_bad = |side: &Option<bool>| *side == Some(true);
    if sides.iter().any(Option::is_none) {
        return Risk::Unknown;
    }
    // A goal that takes the day's best is only hurt when all are bad.
    let hurts = match goal.aggday.as_str() {
        "min" if line.good_is_below() => sides.iter().all(is_bad),
        "max" if !line.good_is_below() => sides.iter().all(is_bad),
        _ => sides.iter().any(is_bad),
    };
    if hurts { Risk::MayDerail } else { Risk::Safe }
}
