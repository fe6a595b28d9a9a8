//! Decides which datapoints a link calls for. Pure: no clock, no store, no network.
//!
//! Every group that concerns the link gets a decision with a reason, which is what history shows.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, dec};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::day::{DayRule, Daystamp};
use crate::kind::MeasureSet;
use crate::link::{Feed, Link, Take};
use crate::measurement::{Attribution, GroupId, MeasureGroup};

/// Why a group is or is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// It is a datapoint of its own.
    Sent,
    /// It is the value, or part of the value, of its day.
    SentForDay,
    /// Another measurement of the same day is the one the link asks for.
    OtherOfDay,
    /// The scale was not sure who stood on it.
    Ambiguous,
    /// Withings gives it an origin this program does not know.
    UnknownOrigin,
    /// Typed in while the Withings account was made.
    AccountCreation,
    /// It lacks a kind that the counted set needs.
    IncompleteSet,
    /// Its value is zero, negative or not a number that can be sent.
    ImplausibleValue,
}

impl Reason {
    /// A closed name for programs and for the store.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// Reads the name back.
    pub fn named(name: &str) -> Option<Reason> {
        name.parse().ok()
    }

    /// What a person is told.
    pub fn sentence(self) -> &'static str {
        match self {
            Reason::Sent => "has its own datapoint",
            Reason::SentForDay => "makes the day's datapoint",
            Reason::OtherOfDay => "another measurement of that day was chosen",
            Reason::Ambiguous => "held: Withings is not sure it was you",
            Reason::UnknownOrigin => "held: Withings gives an origin this program does not know",
            Reason::AccountCreation => "skipped: typed in while the Withings account was made",
            Reason::IncompleteSet => "skipped: not all the values this goal counts",
            Reason::ImplausibleValue => "skipped: the value makes no sense",
        }
    }

    /// Whether the group waits for somebody's answer.
    pub fn is_held(self) -> bool {
        matches!(self, Reason::Ambiguous | Reason::UnknownOrigin)
    }
}

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

/// The days that groups were given before, with the moment they were given for.
pub type KnownDays = HashMap<GroupId, (DateTime<Utc>, Daystamp)>;

/// Returns what `link` calls for, given every group of the days in question.
pub fn plan(link: &Link, rule: DayRule, groups: &[MeasureGroup], known: &KnownDays) -> Plan {
    let mut plan = Plan::default();
    let mut days: BTreeMap<Daystamp, Vec<Candidate<'_>>> = BTreeMap::new();
    let mut concerned: Vec<&MeasureGroup> =
        groups.iter().filter(|group| group.measured_at >= link.since).collect();
    concerned.sort_by_key(|group| (group.measured_at, group.id));
    for group in concerned {
        let Some(judged) = judge(&link.feed, group) else {
            continue;
        };
        // A day once given stays: a changed deadline or time zone must not make a second datapoint.
        let day = known
            .get(&group.id)
            .filter(|(moment, _)| *moment == group.measured_at)
            .map_or_else(|| rule.day_of(group.measured_at), |(_, day)| *day);
        match judged {
            Ok(value) => days.entry(day).or_default().push(Candidate { group, value }),
            Err(reason) => plan.decisions.push(decision(group, day, reason, None)),
        }
    }
    for (day, candidates) in days {
        if link.feed.is_daily() {
            plan_day(&mut plan, &link.feed, day, &candidates);
        } else {
            plan_each(&mut plan, &link.feed, rule, day, &candidates);
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

/// Looks at one group alone: `None` when it does not concern the feed, an error when it is kept out.
fn judge(feed: &Feed, group: &MeasureGroup) -> Option<Result<Decimal, Reason>> {
    let first = group.measurement(feed.first_kind())?;
    match group.attribution() {
        Attribution::Certain | Attribution::Manual => {}
        Attribution::Ambiguous => return Some(Err(Reason::Ambiguous)),
        Attribution::AccountCreation => return Some(Err(Reason::AccountCreation)),
        Attribution::Unknown => return Some(Err(Reason::UnknownOrigin)),
    }
    Some(match feed {
        Feed::Track { unit, .. } => first
            .value()
            .filter(is_plausible)
            .and_then(|value| unit.convert(value))
            .ok_or(Reason::ImplausibleValue),
        Feed::Count { set, .. } if !contains(group, *set) => Err(Reason::IncompleteSet),
        Feed::Count { .. } => Ok(Decimal::ONE),
    })
}

/// Nothing that a device measures is zero, negative or anywhere near a thousand million.
fn is_plausible(value: &Decimal) -> bool {
    *value > Decimal::ZERO && *value < dec!(1_000_000_000)
}

fn contains(group: &MeasureGroup, set: MeasureSet) -> bool {
    set.kinds().iter().all(|kind| group.measurement(*kind).is_some())
}

fn decision(group: &MeasureGroup, day: Daystamp, reason: Reason, request_id: Option<RequestId>) -> Decision {
    Decision { group: group.id, day, measured_at: group.measured_at, reason, request_id }
}

/// One datapoint for each candidate.
fn plan_each(plan: &mut Plan, feed: &Feed, rule: DayRule, day: Daystamp, candidates: &[Candidate<'_>]) {
    for Candidate { group, value } in candidates {
        let request_id = match feed {
            Feed::Track { kind, .. } => RequestId::of_value(group.id, *kind),
            Feed::Count { set, .. } => RequestId::of_act(*set, group.id),
        };
        plan.datapoints.push(Datapoint {
            request_id: request_id.clone(),
            value: rounded(feed, *value),
            moment: Moment::At(group.measured_at),
            comment: format!("Withings {}", rule.clock_time(group.measured_at)),
        });
        plan.decisions.push(decision(group, day, Reason::Sent, Some(request_id)));
    }
}

/// One datapoint for a whole day.
fn plan_day(plan: &mut Plan, feed: &Feed, day: Daystamp, candidates: &[Candidate<'_>]) {
    let (request_id, value, chosen, comment) = match feed {
        Feed::Track { kind, take, .. } => {
            let (value, chosen) = take_from(*take, candidates);
            let comment = format!("Withings, {} of {}", take.label(), candidates.len());
            (RequestId::of_day(*kind, day), value, chosen, comment)
        }
        Feed::Count { set, .. } => {
            (RequestId::of_day_with(*set, day), Decimal::ONE, Some(0), "Withings".to_owned())
        }
    };
    for (index, Candidate { group, .. }) in candidates.iter().enumerate() {
        let reason = match chosen {
            Some(chosen) if chosen != index => Reason::OtherOfDay,
            Some(_) | None => Reason::SentForDay,
        };
        plan.decisions.push(decision(group, day, reason, Some(request_id.clone())));
    }
    let moment = Moment::On(day);
    plan.datapoints.push(Datapoint { request_id, value: rounded(feed, value), moment, comment });
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
    }
}

/// The mean of values that [`is_plausible`] let through, so the sum cannot overflow.
fn mean(values: &[Decimal]) -> Decimal {
    values.iter().sum::<Decimal>() / Decimal::from(values.len())
}

fn rounded(feed: &Feed, value: Decimal) -> Decimal {
    match feed {
        Feed::Track { unit, .. } => unit.round(value),
        Feed::Count { .. } => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::{GoalId, GoalSlug};
    use crate::kind::MeasureKind;
    use crate::link::LinkId;
    use crate::measurement::Measurement;
    use crate::unit::Unit;
    use chrono_tz::Tz;

    #[test]
    fn each_way_of_taking_chooses_its_value_and_says_which() {
        use Reason::{OtherOfDay, SentForDay};
        // Grams, in time order.
        for (take, grams, value, reasons) in [
            (Take::First, vec![82_000, 81_000, 83_000], dec!(82), vec![SentForDay, OtherOfDay, OtherOfDay]),
            (Take::Last, vec![82_000, 81_000, 83_000], dec!(83), vec![OtherOfDay, OtherOfDay, SentForDay]),
            (Take::Min, vec![82_000, 81_000, 83_000], dec!(81), vec![OtherOfDay, SentForDay, OtherOfDay]),
            (Take::Max, vec![82_000, 81_000, 83_000], dec!(83), vec![OtherOfDay, OtherOfDay, SentForDay]),
            (Take::Mean, vec![82_000, 81_000, 83_001], dec!(82), vec![SentForDay; 3]),
            (Take::Median, vec![82_000, 81_000, 83_000], dec!(82), vec![SentForDay, OtherOfDay, OtherOfDay]),
            (Take::Median, vec![82_000, 81_000], dec!(81.5), vec![SentForDay; 2]),
        ] {
            let groups: Vec<_> = (0..).zip(&grams).map(|(n, grams)| weigh_in(n, 8, *grams)).collect();
            let plan = planned(&tracking(take), &groups);
            assert_eq!(plan.datapoints.len(), 1, "{take:?}");
            assert_eq!(plan.datapoints[0].value, value, "{take:?}");
            assert_eq!(plan.datapoints[0].request_id.0, "withings-weight-20261123");
            assert_eq!(plan.decisions.iter().map(|d| d.reason).collect::<Vec<_>>(), reasons, "{take:?}");
        }
    }

    #[test]
    fn every_measurement_has_its_own_datapoint_oldest_first() {
        let groups = [weigh_in(2, 9, 81_000), weigh_in(1, 7, 82_405)];
        let plan = planned(&tracking(Take::Every), &groups);
        let sent: Vec<_> = plan.datapoints.iter().map(|d| (d.request_id.0.as_str(), d.value)).collect();
        assert_eq!(sent, [("withings-1-weight", dec!(82.41)), ("withings-2-weight", dec!(81))]);
        assert_eq!(plan.datapoints[0].comment, "Withings 07:01");
    }

    #[test]
    fn groups_are_kept_out_for_a_reason() {
        let kept_out = |group: MeasureGroup| planned(&tracking(Take::Every), &[group]);
        for (group, reason) in [
            (MeasureGroup { attrib: 1, ..weigh_in(1, 7, 82_000) }, Reason::Ambiguous),
            (MeasureGroup { attrib: 4, ..weigh_in(1, 7, 82_000) }, Reason::AccountCreation),
            (MeasureGroup { attrib: 42, ..weigh_in(1, 7, 82_000) }, Reason::UnknownOrigin),
            (weigh_in(1, 7, 0), Reason::ImplausibleValue),
            (weigh_in(1, 7, -5), Reason::ImplausibleValue),
            (weigh_in(1, 7, i64::MAX), Reason::ImplausibleValue),
        ] {
            let plan = kept_out(group);
            assert_eq!(plan.datapoints, []);
            assert_eq!(plan.decisions[0].reason, reason);
        }
    }

    #[test]
    fn a_group_without_the_kind_or_before_the_start_is_no_concern() {
        let mut link = tracking(Take::Every);
        let mut other = weigh_in(1, 7, 82_000);
        other.measurements[0].kind = MeasureKind::HEART_RATE;
        assert_eq!(planned(&link, &[other]), Plan::default());
        link.since = at(7, 2);
        assert_eq!(planned(&link, &[weigh_in(1, 7, 82_000)]), Plan::default());
        assert_eq!(planned(&link, &[weigh_in(2, 7, 82_000)]).datapoints.len(), 1, "measured at the start");
    }

    #[test]
    fn an_act_counts_once_and_only_when_it_has_the_whole_set() {
        let mut link = tracking(Take::Every);
        let pressure = |id, kinds: &[i64]| {
            let mut group = weigh_in(id, 8, 80_000);
            let template = group.measurements.remove(0);
            group.measurements = kinds
                .iter()
                .map(|kind| Measurement { kind: MeasureKind(*kind), ..template.clone() })
                .collect();
            group
        };
        let groups = [pressure(1, &[9, 10, 11]), pressure(2, &[9, 10]), pressure(3, &[11, 10, 9])];
        link.feed = Feed::Count { set: MeasureSet::BloodPressure, once_a_day: false };
        let plan = planned(&link, &groups);
        let ids: Vec<_> = plan.datapoints.iter().map(|d| d.request_id.0.as_str()).collect();
        assert_eq!(ids, ["withings-blood-pressure-1", "withings-blood-pressure-3"]);
        assert_eq!(plan.decisions[1].reason, Reason::IncompleteSet);
        link.feed = Feed::Count { set: MeasureSet::BloodPressure, once_a_day: true };
        let plan = planned(&link, &groups);
        assert_eq!(plan.datapoints.len(), 1);
        assert_eq!(plan.datapoints[0].request_id.0, "withings-blood-pressure-day-20261123");
    }

    #[test]
    fn a_day_once_given_stays_until_the_time_is_edited() {
        let group = weigh_in(1, 7, 82_000);
        let earlier: Daystamp = "20261122".parse().unwrap();
        let link = tracking(Take::First);
        let known = KnownDays::from([(group.id, (group.measured_at, earlier))]);
        let rule = DayRule::new(Tz::UTC, 0);
        let kept = plan(&link, rule, std::slice::from_ref(&group), &known);
        assert_eq!(kept.datapoints[0].request_id.0, "withings-weight-20261122");
        let edited = MeasureGroup { measured_at: at(9, 0), ..group };
        let moved = plan(&link, rule, &[edited], &known);
        assert_eq!(moved.datapoints[0].request_id.0, "withings-weight-20261123");
    }

    fn at(hour: u32, minute: i64) -> DateTime<Utc> {
        format!("2026-11-23T{hour:02}:{minute:02}:00Z").parse().unwrap()
    }

    fn weigh_in(id: i64, hour: u32, grams: i64) -> MeasureGroup {
        let weight = Measurement { kind: MeasureKind::WEIGHT, mantissa: grams, exponent: -3, position: None };
        MeasureGroup {
            id: GroupId(id),
            attrib: 0,
            measured_at: at(hour, id),
            modified_at: at(hour, id),
            device: None,
            model: None,
            measurements: vec![weight],
        }
    }

    fn tracking(take: Take) -> Link {
        Link {
            id: LinkId(1),
            goal: GoalId("g".into()),
            slug: GoalSlug("weight".into()),
            feed: Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Kilogram, take },
            since: at(0, 0),
        }
    }

    fn planned(link: &Link, groups: &[MeasureGroup]) -> Plan {
        plan(link, DayRule::new(Tz::UTC, 0), groups, &KnownDays::new())
    }
}
