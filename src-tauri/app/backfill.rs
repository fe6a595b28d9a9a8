//! Posting the past: looked at first, day by day, then released a little at a time.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::preview::STALE;
use super::{App, Wrong};
use crate::datapoint::Datapoint;
use crate::day::{DayRule, Daystamp};
use crate::goal::Goal;
use crate::line::Line;
use crate::link::{Link, LinkId};
use crate::store::{self, backfill::Backfill};
use crate::sync::backfill::MOST_A_DAY;
use crate::text::Said;

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
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The moment after the last.
    pub until: DateTime<Utc>,
}

/// One of those days.
#[derive(Debug, Clone, PartialEq)]
pub struct BackfillDay {
    /// The day.
    pub day: Daystamp,
    /// What would be posted for it.
    pub values: Vec<Decimal>,
    /// How many datapoints the goal has on that day that are not this program's.
    pub others: usize,
    /// Whether it lies on the wrong side of the goal's line, so that the goal may derail at once.
    pub may_derail: bool,
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
        let (user, goal) = self.find_goal(&token, &link.slug).await?;
        let rule = goal.day_rule(user.time_zone);
        let (from, until, refused_before) = stretch(&link, &goal, rule, from, to)?;
        let line = self.beeminder.line(&token, &goal.slug).await?;
        let stored = self.beeminder.datapoints_since(&token, &goal.slug, rule.day_of(from)).await?;
        let planned = self.planned_since(&goal, &link.feed, &link.options, rule, from)?.datapoints;
        let mut days: BTreeMap<Daystamp, Vec<Decimal>> = BTreeMap::new();
        for datapoint in self.unsettled(&goal, planned)? {
            let day = datapoint.day(rule);
            if rule.start_of(day) < until {
                days.entry(day).or_default().push(datapoint.value);
            }
        }
        let others = |day: Daystamp| {
            let on_day = |other: &&crate::beeminder::StoredDatapoint| {
                other.confirmation.daystamp.as_deref() == Some(&day.to_string()) && !other.is_ours()
            };
            stored.iter().filter(on_day).count()
        };
        let days: Vec<BackfillDay> = days
            .into_iter()
            .map(|(day, values)| {
                let may_derail = may_derail(&goal, &line, rule, day, &values);
                BackfillDay { day, others: others(day), may_derail, values }
            })
            .collect();
        let datapoints = days.iter().map(|day| day.values.len()).sum();
        let takes_days = u64::try_from(datapoints).unwrap_or(u64::MAX).div_ceil(MOST_A_DAY);
        Ok(BackfillPreview { days, refused_before, datapoints, takes_days, from, until })
    }

    /// Those of `datapoints` that would be sent; the others stand already.
    fn unsettled(&self, goal: &Goal, datapoints: Vec<Datapoint>) -> anyhow::Result<Vec<Datapoint>> {
        self.store.read(|rows| {
            let mut left = Vec::new();
            for datapoint in datapoints {
                let known = store::datapoint::load(rows, &goal.id, &datapoint.request_id)?;
                if known.is_none_or(|known| !known.settles(&datapoint)) {
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
        self.link(id)?;
        self.store.write(|rows| {
            let under_way = store::backfill::load_of(rows, id)?
                .into_iter()
                .find(|other| !other.is_done() && other.from < preview.until && preview.from < other.until);
            if let Some(other) = under_way {
                anyhow::bail!(Wrong::new("being_posted", [("id", other.id.to_string())]));
            }
            store::backfill::add(rows, id, preview.from, preview.until)
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
        self.store.write(|rows| {
            store::backfill::load(rows, id)?
                .ok_or_else(|| Wrong::new("no_backfill", [("id", id.to_string())]))?;
            store::backfill::cancel(rows, id)
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
    anyhow::ensure!(from <= to, Wrong::in_field("to", Said::error("last_before_first", [])));
    let (from, to) = (Daystamp(from).within_reason(), Daystamp(to).within_reason());
    let first = super::links::first_day(goal, rule).filter(|first| from < *first);
    let begin = rule.start_of(first.unwrap_or(from));
    let until = rule.end_of(to).min(link.since);
    let since = rule.day_of(link.since).0.format("%Y-%m-%d").to_string();
    anyhow::ensure!(begin < until, Wrong::new("nothing_left", [("since", since)]));
    Ok((begin, until, first))
}

/// Whether a day's values lie on the wrong side of the goal's line.
fn may_derail(goal: &Goal, line: &Line, rule: DayRule, day: Daystamp, values: &[Decimal]) -> bool {
    if goal.summing {
        // More of what should be less.
        return line.good_is_below();
    }
    let noon = rule.start_of(day) + chrono::TimeDelta::hours(12);
    let mut bad = values.iter().filter_map(|value| value.to_f64()).map(|value| line.is_bad(noon, value));
    // A goal that takes the day's best is only hurt when all are bad.
    match goal.aggday.as_str() {
        "min" if line.good_is_below() => bad.all(|bad| bad),
        "max" if !line.good_is_below() => bad.all(|bad| bad),
        _ => bad.any(|bad| bad),
    }
}
