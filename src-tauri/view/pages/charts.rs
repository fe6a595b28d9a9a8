//! Charts: what was measured of one kind, and what a goal has beside its bright red line.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::app::red_line;
use crate::app::{App, Preview};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::difference::Word;
use crate::domain::goal::red_line::RedLine;
use crate::domain::goal::{Goal, GoalSlug};
use crate::domain::link::Feed;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::{Attribution, MeasureGroup};
use crate::domain::measure::take::Take;
use crate::store;
use crate::store::datapoint::Stored;
use crate::sync;
use crate::view::chart::{self, ChartStyle, Content, Dot, Drawing};
use crate::view::ledger::shown_in;

/// A chart, and what its words need.
#[derive(Debug, Serialize)]
pub struct Chart {
    /// The picture; none when there is nothing to show.
    pub drawing: Option<Drawing>,
    /// How many values there are.
    pub count: usize,
    /// The unit's symbol.
    pub unit: &'static str,
    /// The lowest and the highest value.
    pub range: Option<(String, String)>,
    /// Whether the bright red line is in it.
    pub has_line: bool,
    /// Whether the line should be read from Beeminder: none is known, or one of a while ago.
    pub wants_line: bool,
}

/// What a window asks a chart to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ChartLook {
    /// Light letters on a dark ground.
    pub dark: bool,
    /// The width in pixels.
    pub width: u32,
}

/// How many days of what is to come stand beside a goal's past, at most.
const AHEAD: i64 = 14;

/// Everything, as a number of days.
const MOST_DAYS: i64 = 40_000;

impl App {
    /// Draws what was measured of one kind in the last `days`.
    ///
    /// # Errors
    /// When there is no such kind, or it cannot be drawn.
    pub fn chart(&self, kind: &str, days: i64, look: ChartLook, now: DateTime<Utc>) -> anyhow::Result<Chart> {
        let kind = MeasureKind::named(kind).with_context(|| format!("There is no kind “{kind}”"))?;
        let unit = shown_in(kind, self.settings()?.units);
        let since = days_before(now, days);
        let dots = self.store.read(|conn| {
            let feed = Feed::Track { kind, unit, take: Take::Every };
            let heights = sync::heights_for(conn, &feed)?;
            let sent = store::history::sent_groups(conn)?;
            let groups = store::measurement::load_with_kinds(conn, &kind.sources(), since)?;
            let dot = |group: &MeasureGroup| {
                let value = unit.convert(kind.value_in(group, &heights)?)?;
                let sent = sent.contains(&group.id);
                let certain = sent || group.attribution() != Attribution::Ambiguous;
                Some(Dot { at: group.measured_at, value: unit.round(value).to_f64()?, sent, certain })
            };
            let mut dots: Vec<_> = groups.iter().filter(|group| !group.gone).filter_map(dot).collect();
            dots.sort_by_key(|dot| dot.at);
            Ok(dots)
        })?;
        let period = (days < MOST_DAYS).then_some((since, now));
        self.drawn(&Content { dots, line: Vec::new(), period }, unit.symbol(), look)
    }

    /// Draws what a linked goal has of the last `days`, beside its bright red line as last read. Where datapoints
    /// add up, a day's sum stands beside what the line asks for a day.
    ///
    /// # Errors
    /// When no link feeds a goal of this name, or it cannot be drawn.
    pub fn chart_of_goal(
        &self,
        slug: &GoalSlug,
        days: i64,
        look: ChartLook,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Chart> {
        let (goal, rule) = self.goal_of_links(slug)?;
        let from = rule.day_of(days_before(now, days));
        let (dots, line) = self.store.read(|conn| {
            let until = Daystamp(now.date_naive().succ_opt().unwrap_or(now.date_naive()));
            let stored = store::datapoint::load_days(conn, &goal.id, from, until)?;
            Ok((dots_of(&stored, &goal, rule), store::red_line::load(conn, &goal.id)?))
        })?;
        let first = dots.first().map_or(now, |dot| dot.at);
        let since = if days < MOST_DAYS { rule.start_of(from) } else { first };
        let period = (since, now + TimeDelta::days(((now - since).num_days() / 10).clamp(1, AHEAD)));
        let unit = self.links()?.iter().find(|link| link.goal == goal.id).map_or("", |link| link.feed.unit());
        let is_fresh = line.as_ref().is_some_and(|(_, read_at)| red_line::is_fresh(*read_at, now));
        let line = line.map(|(line, _)| line_in(&line, &goal, period)).unwrap_or_default();
        let content = Content { dots, line, period: Some(period) };
        Ok(Chart { wants_line: !is_fresh, ..self.drawn(&content, unit, look)? })
    }

    /// Draws what a link would send, beside the bright red line of its goal.
    pub(super) async fn chart_of_preview(
        &self,
        preview: &Preview,
        look: ChartLook,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Chart> {
        let (goal, rule) = (&preview.goal, preview.rule);
        let values = preview.plan.datapoints.iter();
        let values = values.map(|datapoint| (datapoint.day(rule), datapoint.value, true)).collect();
        let period = (rule.start_of(preview.from), now);
        let line = line_in(&self.line_of(goal, now).await?, goal, period);
        let content = Content { dots: dots(values, goal, rule), line, period: Some(period) };
        self.drawn(&content, preview.feed.unit(), look)
    }

    fn drawn(&self, content: &Content, unit: &'static str, look: ChartLook) -> anyhow::Result<Chart> {
        let (dark, width) = (look.dark, look.width.clamp(200, 1600));
        let style = ChartStyle { dark, width, height: 260, locale: self.locale()? };
        let values = || content.dots.iter().map(|dot| dot.value);
        let ends = values().reduce(f64::min).zip(values().reduce(f64::max));
        Ok(Chart {
            drawing: chart::draw(content, style)?,
            count: content.dots.len(),
            unit,
            range: ends.map(|(low, high)| (chart::write(low), chart::write(high))),
            has_line: !content.line.is_empty(),
            wants_line: false,
        })
    }
}

fn days_before(now: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    now.checked_sub_signed(TimeDelta::days(days.clamp(1, MOST_DAYS))).unwrap_or_default()
}

/// The part of a goal's line in a period, as its values are to be compared with it.
fn line_in(line: &RedLine, goal: &Goal, (from, until): (DateTime<Utc>, DateTime<Utc>)) -> Vec<(f64, f64)> {
    let (from, until) = (chart::unix(from), chart::unix(until));
    if goal.summing { line.rises_between(from, until) } else { line.between(from, until) }
}

/// A datapoint's day and value, and whether Beeminder has it.
type Value = (Daystamp, Decimal, bool);

/// What a goal has or is to have.
fn dots_of(stored: &[Stored], goal: &Goal, rule: DayRule) -> Vec<Dot> {
    let value = |one: &Stored| {
        let told = one.beeminder_day.as_deref().and_then(|day| day.parse().ok());
        let there = one.confirmed.form.as_ref().filter(|_| one.word != Word::Deleted);
        let form = there.or_else(|| one.wanted())?;
        Some((told.unwrap_or_else(|| form.day(rule)), form.value, there.is_some()))
    };
    dots(stored.iter().filter_map(value).collect(), goal, rule)
}

/// Each value on its day, or each day's sum where they add up.
fn dots(mut values: Vec<Value>, goal: &Goal, rule: DayRule) -> Vec<Dot> {
    values.sort_by_key(|(day, ..)| *day);
    if goal.summing {
        values = values.chunk_by(|a, b| a.0 == b.0).map(sum).collect();
    }
    let dot = |(day, value, sent): Value| {
        let at = day.0.and_hms_opt(12, 0, 0)?.and_local_timezone(rule.time_zone).earliest()?.to_utc();
        Some(Dot { at, value: value.to_f64()?, sent, certain: true })
    };
    values.into_iter().filter_map(dot).collect()
}

fn sum(of_day: &[Value]) -> Value {
    let total = of_day.iter().map(|(_, value, _)| *value).fold(Decimal::ZERO, Decimal::saturating_add);
    (of_day[0].0, total, of_day.iter().all(|(.., sent)| *sent))
}
