//! Decides which datapoints a link calls for. Pure: no clock, no store, no network.
//!
//! Every group that concerns the link gets a decision with a reason, which is what history shows.

mod context;
mod judge;
mod reason;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::comment::{self, Mentions};
use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::day::{DayRule, Daystamp};
use crate::link::{Feed, Link, Take};
use crate::measurement::{GroupId, MeasureGroup};
use crate::unit::Unit;

pub use context::{Context, KnownDays};
use judge::{acts, judge};
pub use reason::Reason;

/// What becomes of one group under one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The group.
    pub group: GroupId,
    /// The day it belongs to, decided once and kept while its time stays.
    pub day: Daystamp,
    /// When it was measured.
    pub measured_at: DateTime<Utc>,
    /// What became of it.
    pub reason: Reason,
    /// The datapoint it went into.
    pub request_id: Option<RequestId>,
}

/// What a link calls for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Oldest first.
    pub datapoints: Vec<Datapoint>,
    /// One for each group that concerns the link, oldest first.
    pub decisions: Vec<Decision>,
}

/// Returns what `link` calls for, given every group of the days in question.
pub fn plan(link: &Link, context: &Context, groups: &[MeasureGroup]) -> Plan {
    let mut plan = Plan::default();
    let mut days: BTreeMap<Daystamp, Vec<Candidate<'_>>> = BTreeMap::new();
    let mut concerned: Vec<&MeasureGroup> =
        groups.iter().filter(|group| !group.gone && link.is_about(group, context.rule)).collect();
    concerned.sort_by_key(|group| (group.measured_at, group.id));
    let acts = acts(&link.feed, &concerned);
    for group in concerned {
        let Some(judged) = judge(link, context, &acts, group) else {
            continue;
        };
        let day = context.day_of(group);
        match judged {
            Ok(value) => days.entry(day).or_default().push(Candidate { group, value }),
            Err(reason) => plan.decisions.push(decision(group, day, reason, None)),
        }
    }
    for (day, candidates) in days {
        if link.feed.is_daily() {
            plan_day(&mut plan, link, day, &candidates);
        } else {
            plan_each(&mut plan, link, context.rule, day, &candidates);
        }
    }
    plan.decisions.sort_by_key(|decision| (decision.measured_at, decision.group));
    plan
}

/// A group that may be sent, with the value it would have.
struct Candidate<'a> {
    group: &'a MeasureGroup,
    value: Decimal,
}

fn decision(group: &MeasureGroup, day: Daystamp, reason: Reason, request_id: Option<RequestId>) -> Decision {
    Decision { group: group.id, day, measured_at: group.measured_at, reason, request_id }
}

/// One datapoint for each candidate.
fn plan_each(plan: &mut Plan, link: &Link, rule: DayRule, day: Daystamp, candidates: &[Candidate<'_>]) {
    for Candidate { group, value } in candidates {
        let request_id = match &link.feed {
            Feed::Track { kind, .. } => RequestId::of_value(group.id, *kind),
            Feed::Count { set, .. } => RequestId::of_act(set, group.id),
        };
        let time = rule.clock_time(group.measured_at);
        let mentions = Mentions { time: &time, device: group.model.as_deref(), choice: "" };
        plan.datapoints.push(Datapoint {
            request_id: request_id.clone(),
            value: rounded(link, *value),
            moment: Moment::At(group.measured_at),
            comment: comment::write(link.options.comment.as_deref(), mentions, false),
        });
        plan.decisions.push(decision(group, day, Reason::Sent, Some(request_id)));
    }
}

/// One datapoint for a whole day.
fn plan_day(plan: &mut Plan, link: &Link, day: Daystamp, candidates: &[Candidate<'_>]) {
    let (request_id, value, chosen, choice) = match &link.feed {
        Feed::Track { kind, take, .. } => {
            let (value, chosen) = take_from(*take, candidates);
            // A day that comes as one row is no choice.
            let is_whole = kind.day_take() != Take::Every && candidates.len() == 1;
            let choice = format!("{} of {}", take.label(), candidates.len());
            (RequestId::of_day(*kind, day), value, chosen, if is_whole { String::new() } else { choice })
        }
        Feed::Count { set, .. } => (RequestId::of_day_with(set, day), Decimal::ONE, Some(0), String::new()),
    };
    for (index, Candidate { group, .. }) in candidates.iter().enumerate() {
        let reason = match chosen {
            Some(chosen) if chosen != index => Reason::OtherOfDay,
            Some(_) | None => Reason::SentForDay,
        };
        plan.decisions.push(decision(group, day, reason, Some(request_id.clone())));
    }
    let date = day.0.format("%Y-%m-%d").to_string();
    let device = chosen.and_then(|chosen| candidates.get(chosen)).and_then(|c| c.group.model.as_deref());
    let mentions = Mentions { time: &date, device, choice: &choice };
    plan.datapoints.push(Datapoint {
        request_id,
        value: rounded(link, value),
        moment: Moment::On(day),
        comment: comment::write(link.options.comment.as_deref(), mentions, true),
    });
}

/// The day's value, and which candidate it is when it is one. `candidates` is in time order, not empty.
fn take_from(take: Take, candidates: &[Candidate<'_>]) -> (Decimal, Option<usize>) {
    let one = |index: usize| (candidates[index].value, Some(index));
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|index| candidates[*index].value);
    let (middle, last) = (candidates.len() / 2, candidates.len() - 1);
    match take {
        Take::Every | Take::First => one(0),
        Take::Last => one(last),
        Take::Min => one(order[0]),
        Take::Max => one(order[last]),
        Take::Median if candidates.len() % 2 == 1 => one(order[middle]),
        Take::Median => (mean(&[candidates[order[middle - 1]].value, candidates[order[middle]].value]), None),
        Take::Mean => (mean(&candidates.iter().map(|c| c.value).collect::<Vec<_>>()), None),
        Take::Sum => (candidates.iter().map(|c| c.value).sum(), None),
    }
}

/// The mean of values that were judged plausible, so the sum cannot overflow.
fn mean(values: &[Decimal]) -> Decimal {
    values.iter().sum::<Decimal>() / Decimal::from(values.len())
}

fn rounded(link: &Link, value: Decimal) -> Decimal {
    match (&link.feed, link.options.decimals) {
        (Feed::Track { .. }, Some(decimals)) => Unit::round_to(value, decimals),
        (Feed::Track { unit, .. }, None) => unit.round(value),
        (Feed::Count { .. }, _) => value,
    }
}

#[cfg(test)]
mod tests;
