//! Decides which datapoints a link calls for. Pure: no clock, no store, no network.
//!
//! Every group that concerns the link gets a decision with a reason, which is what history shows.

pub(crate) mod act;
mod acts;
mod context;
mod evaluate;
mod reason;
mod told_twice;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::domain::datapoint::{Datapoint, Moment, RequestId};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::difference::Word;
use crate::domain::link::Feed;
use crate::domain::link::Link;
use crate::domain::link::comment;
use crate::domain::link::comment::Mentions;
use crate::domain::measure::kind::MeasureKind;
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::measure::take::Take;
use crate::domain::measure::unit::Unit;

use act::{Act, ByAct};
pub use context::{Context, Given, KnownDays, SentBefore, Struck};
use evaluate::{acts, evaluate};
pub use reason::Reason;
use told_twice::{Span, Told, told};

/// How far a reading may be measured from the day it was given under another rule.
pub(crate) const FARTHEST: TimeDelta = TimeDelta::days(4);

/// What becomes of one group under one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The group it is about.
    pub group: GroupId,
    /// The day it belongs to, decided once and kept while its time stays.
    pub day: Daystamp,
    /// When the group was measured.
    pub measured_at: DateTime<Utc>,
    /// The zone it was judged in.
    pub zone: Tz,
    /// Why it is sent, or why not.
    pub reason: Reason,
    /// The datapoint it went into.
    pub request_id: Option<RequestId>,
}

/// What a link calls for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The datapoints wanted, oldest first.
    pub datapoints: Vec<Datapoint>,
    /// One for each group that concerns the link, oldest first.
    pub decisions: Vec<Decision>,
}

/// Returns what `link` calls for, given every group of the days in question.
pub fn plan(link: &Link, context: &Context, groups: &[MeasureGroup]) -> Plan {
    let mut plan = Plan::default();
    let mut days: BTreeMap<Daystamp, Vec<Candidate<'_>>> = BTreeMap::new();
    let before_first = days_before_first(link, context, groups);
    let is_about = |group: &MeasureGroup| match is_by_day(link, group) {
        true => {
            let day = context.day_of(group);
            link.is_about_day(day, context.rule) || before_first.contains(&day)
        }
        false => link.is_about_moment(group.measured_at),
    };
    let is_there = |group: &MeasureGroup| !group.gone || is_kept(link, context, group);
    let mut concerned: Vec<&MeasureGroup> =
        groups.iter().filter(|group| is_there(group) && is_about(group)).collect();
    concerned.sort_by_key(|group| (group.measured_at, group.id));
    let acts = acts(&link.feed, &concerned);
    let judged: Vec<acts::Judged<'_>> = concerned
        .into_iter()
        .filter_map(|group| Some((group, evaluate(link, context, &acts, group)?)))
        .collect();
    let twice = acts::told_twice(link.feed.first_kind(), &judged, &context.counted);
    let known = KnownActs::new(link, context, groups);
    let outcomes: Vec<(Place<'_>, Result<Decimal, Reason>)> = judged
        .into_iter()
        .map(|(group, judged)| {
            let place = Place { group, day: context.day_of(group), rule: context.rule_of(group) };
            (place, judged.and_then(|value| allowed(link, context, &known, place).map(|()| value)))
        })
        .collect();
    let elsewhere = told_elsewhere(link, context, &outcomes);
    for (place, outcome) in outcomes {
        let (id, kind) = (place.group.id, link.feed.first_kind());
        let elsewhere = elsewhere.get(&id).cloned().unwrap_or_default();
        let is_told_twice = twice.contains(&id) || told_twice::is_told(kind, place.group, &elsewhere);
        match outcome {
            _ if is_told_twice => plan.decisions.push(decision(place, Reason::ToldTwice, None)),
            Ok(value) => days.entry(place.day).or_default().push(Candidate { place, value, elsewhere }),
            Err(reason) => plan.decisions.push(decision(place, reason, None)),
        }
    }
    for (day, candidates) in days {
        if link.feed.is_daily() {
            plan_day(&mut plan, link, day, &candidates);
        } else {
            plan_each(&mut plan, link, &candidates);
        }
    }
    plan.decisions.sort_by_key(|decision| (decision.measured_at, decision.group));
    plan
}

/// What of nights and workouts is told by better rows of another day.
fn told_elsewhere(
    link: &Link,
    context: &Context,
    outcomes: &[(Place<'_>, Result<Decimal, Reason>)],
) -> HashMap<GroupId, Vec<Span>> {
    if !link.feed.is_daily() {
        return HashMap::new();
    }
    // What the user took out of a day is told there all the same.
    let tells = |outcome: &Result<Decimal, Reason>| match outcome {
        Ok(_) => true,
        Err(reason) => [Reason::Deleted, Reason::Discarded, Reason::SentBefore].contains(reason),
    };
    let rows = outcomes.iter().filter(|(_, outcome)| tells(outcome)).map(|(place, _)| {
        let date = place.group.measured_at.with_timezone(&context.rule.time_zone).date_naive();
        (place.group, place.day, place.day == Daystamp(date))
    });
    told_twice::elsewhere(rows)
}

/// Whether a link is about a group by its day: a day's value is made of the whole day, whenever the link began.
fn is_by_day(link: &Link, group: &MeasureGroup) -> bool {
    link.feed.is_daily() || group.day.is_some()
}

/// The days before a link's first that what was measured since its start belongs to: the goal cuts its days
/// elsewhere by then. They count as a whole as well.
fn days_before_first(link: &Link, context: &Context, groups: &[MeasureGroup]) -> HashSet<Daystamp> {
    if !link.feed.is_daily() {
        return HashSet::new();
    }
    let of_start = link.since..link.since + FARTHEST;
    groups
        .iter()
        .filter(|group| !group.gone && group.day.is_none() && of_start.contains(&group.measured_at))
        .map(|group| context.day_of(group))
        .filter(|day| !link.is_about_day(*day, context.rule))
        .collect()
}

/// A group, with its day and the rule it is judged by.
#[derive(Clone, Copy)]
struct Place<'a> {
    group: &'a MeasureGroup,
    day: Daystamp,
    rule: DayRule,
}

/// A group that may be sent, with the value it would have.
struct Candidate<'a> {
    place: Place<'a>,
    value: Decimal,
    /// What of its time better rows of another day tell.
    elsewhere: Vec<Span>,
}

/// Whether the user kept what a reading went into, though Withings has it no more: it counts as before.
fn is_kept(link: &Link, context: &Context, group: &MeasureGroup) -> bool {
    let place = Place { group, day: context.day_of(group), rule: context.rule };
    context.word_on(group.id, &request_id(link, place)) == Word::Keep
}

/// What holds for a reading that is gone, and so for the same one that came again.
struct KnownActs<'a> {
    /// Why what is gone was kept out.
    kept_out: ByAct<'a, Reason>,
    /// What was sent for days before the goal's first.
    sent_before_first: ByAct<'a, ()>,
}

impl<'a> KnownActs<'a> {
    fn new(link: &Link, context: &Context, groups: &'a [MeasureGroup]) -> KnownActs<'a> {
        let gone = groups.iter().filter(|group| group.gone).filter_map(|group| {
            let place = Place { group, day: context.day_of(group), rule: context.rule };
            Some((Act::of(link, group), settled(link, context, place).err()?))
        });
        let was_sent = |group: &&MeasureGroup| context.sent_before_first.contains(&group.id);
        let sent_before_first = groups.iter().filter(was_sent).map(|group| Act::of(link, group));
        KnownActs { kept_out: gone.collect(), sent_before_first: sent_before_first.collect() }
    }
}

/// What is kept out for its day, by the user's word, or because it is at Beeminder already.
fn allowed(link: &Link, context: &Context, known: &KnownActs<'_>, place: Place<'_>) -> Result<(), Reason> {
    let act = Act::of(link, place.group);
    let is_before_goal = context.first_day.is_some_and(|first| place.day < first);
    if is_before_goal && !known.sent_before_first.has(&act) {
        return Err(Reason::BeforeGoal);
    }
    settled(link, context, place)?;
    if let Some(reason) = known.kept_out.get(&act) {
        return Err(*reason);
    }
    if context.sent_before.days.contains(&place.day) {
        return Err(Reason::SentBefore);
    }
    Ok(())
}

/// What is kept out by the user's word, or because an earlier link has sent it.
fn settled(link: &Link, context: &Context, place: Place<'_>) -> Result<(), Reason> {
    match context.word_on(place.group.id, &request_id(link, place)) {
        Word::Deleted => return Err(Reason::Deleted),
        Word::Discarded => return Err(Reason::Discarded),
        Word::None | Word::Keep | Word::Left | Word::Remove | Word::Moved => {}
    }
    if context.sent_before.readings.contains(&place.group.id) {
        return Err(Reason::SentBefore);
    }
    Ok(())
}

/// The key of the datapoint that a group goes into.
fn request_id(link: &Link, place: Place<'_>) -> RequestId {
    link.feed.key_of(place.group.id).unwrap_or_else(|| match &link.feed {
        Feed::Track { kind, .. } => RequestId::of_day(*kind, place.day),
        Feed::Count { set, .. } => RequestId::of_day_with(set, place.day),
    })
}

fn decision(place: Place<'_>, reason: Reason, request_id: Option<RequestId>) -> Decision {
    let Place { group, day, rule } = place;
    Decision {
        group: group.id,
        day,
        measured_at: group.measured_at,
        zone: rule.time_zone,
        reason,
        request_id,
    }
}

/// One datapoint for each candidate.
fn plan_each(plan: &mut Plan, link: &Link, candidates: &[Candidate<'_>]) {
    for Candidate { place, value, .. } in candidates {
        let (group, request_id) = (place.group, request_id(link, *place));
        let time = place.rule.clock_time(group.measured_at);
        let mentions = Mentions { time: &time, device: group.model.as_deref(), choice: "" };
        plan.datapoints.push(Datapoint {
            request_id: request_id.clone(),
            value: rounded(link, *value),
            moment: Moment::At(group.measured_at),
            comment: comment::write(link.options.comment.as_deref(), mentions, false),
        });
        plan.decisions.push(decision(*place, Reason::Sent, Some(request_id)));
    }
}

/// One datapoint for a whole day.
fn plan_day(plan: &mut Plan, link: &Link, day: Daystamp, candidates: &[Candidate<'_>]) {
    let request_id = request_id(link, candidates[0].place);
    let Told { value, counted, choice } = match &link.feed {
        Feed::Track { kind, take, .. } => {
            told_twice(*kind, *take, candidates).unwrap_or_else(|| told_by_devices(*kind, *take, candidates))
        }
        Feed::Count { .. } => Told { value: Decimal::ONE, counted: vec![0], choice: String::new() },
    };
    for (index, Candidate { place, .. }) in candidates.iter().enumerate() {
        let reason = if counted.contains(&index) { Reason::SentForDay } else { Reason::OtherOfDay };
        plan.decisions.push(decision(*place, reason, Some(request_id.clone())));
    }
    let date = day.0.format("%Y-%m-%d").to_string();
    let one = if let [one] = counted[..] { candidates.get(one) } else { None };
    let device = one.and_then(|one| one.place.group.model.as_deref());
    let mentions = Mentions { time: &date, device, choice: &choice };
    plan.datapoints.push(Datapoint {
        request_id,
        value: rounded(link, value),
        moment: Moment::On(day),
        comment: comment::write(link.options.comment.as_deref(), mentions, true),
    });
}

/// The value of nights or workouts, of which the same may be told twice.
fn told_twice(kind: MeasureKind, take: Take, candidates: &[Candidate<'_>]) -> Option<Told> {
    let rows: Vec<_> =
        candidates.iter().map(|one| (one.place.group, one.value, one.elsewhere.as_slice())).collect();
    told(kind, take, &rows)
}

/// The value of what was measured at moments, or of a day that several devices told.
fn told_by_devices(kind: MeasureKind, take: Take, candidates: &[Candidate<'_>]) -> Told {
    let (value, chosen) = take_from(take, &candidates.iter().map(|c| c.value).collect::<Vec<_>>());
    // A day that comes as one row is no choice.
    let is_whole = kind.day_take() != Take::Every && candidates.len() == 1;
    let choice = if is_whole { String::new() } else { format!("{} of {}", take.label(), candidates.len()) };
    Told { value, counted: chosen.map_or_else(|| (0..candidates.len()).collect(), |one| vec![one]), choice }
}

/// The day's value, and which one it is when it is one. `values` is in time order, not empty.
fn take_from(take: Take, values: &[Decimal]) -> (Decimal, Option<usize>) {
    let one = |index: usize| (values[index], Some(index));
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Of equal ones the latest, which may be news.
    order.sort_by_key(|index| (values[*index], Reverse(*index)));
    let (middle, last) = (values.len() / 2, values.len() - 1);
    match take {
        Take::Every | Take::First => one(0),
        Take::Last => one(last),
        Take::Min => one(order[0]),
        Take::Max => one(latest_highest(values)),
        Take::Median if values.len() % 2 == 1 => one(order[middle]),
        Take::Median => (mean(&[values[order[middle - 1]], values[order[middle]]]), None),
        Take::Mean => (mean(values), None),
        Take::Sum => (values.iter().sum(), None),
    }
}

/// The place of the highest, of equal ones the latest. `values` is not empty.
fn latest_highest(values: &[Decimal]) -> usize {
    (0..values.len()).max_by_key(|index| (values[*index], *index)).unwrap_or(0)
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
