//! Conflicts between a goal and what would be sent to it, for previews, new links and the self-test alike: what
//! the goal is, who else writes to it, whether it goes by another unit.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::App;
use super::links::Calendar;
use super::preview::{CachedGoal, Sought};
use crate::domain::datapoint::Datapoint;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{Goal, User};
use crate::domain::link::Feed;
use crate::domain::link::misfit::{Misfit, misfits};
use crate::domain::link::suggestion::{ValuesSay, values_say};
use crate::domain::link::{Link, LinkId, Options};
use crate::domain::measure::kind::Source;
use crate::domain::plan::{Plan, Reason};
use crate::services::beeminder::StoredDatapoint;
use crate::store;

/// Values this close are the same, rounded by two programs in two ways.
const SAME: f64 = 0.051;

/// How far ahead a change of the clocks is said.
const AHEAD: TimeDelta = TimeDelta::days(14);

/// What is looked at.
pub(super) struct Proposal<'a> {
    pub(super) goal: &'a Goal,
    pub(super) user: &'a User,
    pub(super) feed: &'a Feed,
    pub(super) options: &'a Options,
    /// The link it is, if it is one already.
    pub(super) link: Option<LinkId>,
}

impl App {
    /// Lists what speaks against changing a link so.
    ///
    /// # Errors
    /// When there is no such link, or its goal cannot be read.
    pub async fn misfits_of_change(
        &self,
        id: LinkId,
        feed: &Feed,
        options: &Options,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<Misfit>> {
        let link = self.link(id)?;
        let CachedGoal { goal, user, stored, .. } = self.look_at(Sought::Linked(&link), now).await?;
        let proposal = Proposal { goal: &goal, user: &user, feed, options, link: Some(id) };
        self.misfits(&proposal, &stored, self.beeminder.server_time().unwrap_or(now))
    }

    /// Lists what speaks against a proposal, given what the goal has `stored` recently.
    pub(super) fn misfits(
        &self,
        proposal: &Proposal<'_>,
        stored: &[StoredDatapoint],
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<Misfit>> {
        let Proposal { goal, user, feed, options, link } = proposal;
        let rule = goal.day_rule(user.time_zone);
        let from = rule.start_of(rule.day_of(now - super::links::RECENT));
        let plan = self.planned_since(goal, feed, options, Calendar { rule, now }, from)?;
        let mut found = misfits(goal, user, feed);
        found.extend(conflicts(goal, feed, rule, &plan.datapoints, stored));
        found.extend(sent_before(&plan));
        let links = self.links()?;
        let others = links.iter().filter(|other| other.goal == goal.id && Some(other.id) != *link);
        for other in others.filter(|other| !other.feed.overlaps(feed)) {
            found.extend(self.meets(other, feed)?.then_some(Misfit::OneActTwice { link: other.id }));
        }
        let measured: Vec<_> = plan.decisions.iter().map(|decision| decision.measured_at).collect();
        found.extend(change_of_clocks(feed, rule, &measured, now));
        Ok(found)
    }

    /// Whether one act of measuring can make a datapoint of another link as well.
    fn meets(&self, other: &Link, feed: &Feed) -> anyhow::Result<bool> {
        if other.feed.meets(feed) {
            return Ok(true);
        }
        let kinds = [other.feed.kinds(), feed.kinds()].concat();
        self.store.read(|conn| store::measurement::has_act_with(conn, &kinds))
    }
}

/// Says on how many days an earlier link has sent the same the other way.
fn sent_before(plan: &Plan) -> Option<Misfit> {
    let left_out = plan.decisions.iter().filter(|decision| decision.reason == Reason::SentBefore);
    let days = left_out.map(|decision| decision.day).collect::<HashSet<_>>().len();
    (days > 0).then_some(Misfit::SentBefore { days })
}

/// Lists what the datapoints of a goal tell against sending `planned` to it.
fn conflicts(
    goal: &Goal,
    feed: &Feed,
    rule: DayRule,
    planned: &[Datapoint],
    stored: &[StoredDatapoint],
) -> Vec<Misfit> {
    let foreign: Vec<_> =
        stored.iter().filter(|datapoint| !datapoint.is_ours() && !datapoint.is_beeminders_own()).collect();
    let mut found = Vec::new();
    found.extend(same_values(rule, planned, &foreign));
    found.extend(wrong_unit(goal, feed, planned, &last_values(stored)));
    found
}

/// The values that somebody or this program entered, oldest first.
pub(super) fn last_values(stored: &[StoredDatapoint]) -> Vec<f64> {
    let mut entered: Vec<_> = stored.iter().filter(|datapoint| !datapoint.is_beeminders_own()).collect();
    entered.sort_by(|one, other| one.confirmation.daystamp.cmp(&other.confirmation.daystamp));
    entered.iter().filter_map(|datapoint| datapoint.value).collect()
}

fn same_values(rule: DayRule, planned: &[Datapoint], foreign: &[&StoredDatapoint]) -> Option<Misfit> {
    planned.iter().rev().find_map(|datapoint| {
        let (day, value) = (datapoint.day(rule), datapoint.value.to_f64()?);
        let same = |other: &&&StoredDatapoint| {
            other.confirmation.daystamp.as_deref() == Some(&day.to_string())
                && other.value.is_some_and(|other| (other - value).abs() < SAME)
        };
        foreign.iter().find(same).map(|_| Misfit::SameValues { day, value })
    })
}

/// What the last values of the goal tell; what its units tell is said by [`misfits`] and not again.
fn wrong_unit(goal: &Goal, feed: &Feed, planned: &[Datapoint], values: &[f64]) -> Option<Misfit> {
    let Feed::Track { kind, unit: chosen, .. } = feed else {
        return None;
    };
    let named = crate::domain::measure::unit::named_in(&goal.units);
    let is_said = !named.is_empty() && !named.contains(chosen);
    // A running total is no value.
    let is_value = !goal.odometer && (!goal.summing || kind.source() != Source::Measure);
    if is_said || !is_value {
        return None;
    }
    let own: Option<Decimal> = planned.last().and_then(|datapoint| chosen.convert_back(datapoint.value));
    match values_say(*kind, values, own) {
        ValuesSay::In(unit) if unit != *chosen => {
            Some(Misfit::UnitLooksWrong { goal: unit, chosen: *chosen })
        }
        ValuesSay::UserError(value) => Some(Misfit::ValuesLookWrong { value, kind: *kind, chosen: *chosen }),
        ValuesSay::In(_) | ValuesSay::Nothing => None,
    }
}

/// Says when Beeminder's two rules for the day of a moment differ: about what was measured, and soon.
fn change_of_clocks(
    feed: &Feed,
    rule: DayRule,
    measured: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Option<Misfit> {
    if feed.source() != Source::Measure {
        return None;
    }
    let first = measured.iter().min().copied().unwrap_or(now).min(now);
    let days = rule.day_of(first).0.iter_days().take_while(|day| *day <= rule.day_of(now + AHEAD).0);
    let disputed = days.filter_map(|day| rule.disputed_start(Daystamp(day)));
    let (from, until) = disputed.into_iter().find(|(from, until)| {
        *until > now || measured.iter().any(|moment| (*from..*until).contains(moment))
    })?;
    let day = from.with_timezone(&rule.time_zone).date_naive();
    Some(Misfit::DayMayDiffer { day, from: rule.clock_time(from), until: rule.clock_time(until) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datapoint::{Moment, RequestId};
    use crate::domain::goal::tests::goal;
    use crate::domain::measure::kind::MeasureKind;
    use crate::domain::measure::take::Take;
    use crate::domain::measure::unit::Unit;
    use crate::services::beeminder::Confirmation;
    use chrono_tz::Tz;

    fn planned(value: &str) -> Vec<Datapoint> {
        vec![Datapoint {
            request_id: RequestId("withings-1-weight".into()),
            value: value.parse::<Decimal>().unwrap(),
            moment: Moment::On("20261123".parse().unwrap()),
            comment: String::new(),
        }]
    }

    fn stored(day: &str, value: f64, requestid: Option<&str>) -> StoredDatapoint {
        let confirmation = Confirmation { id: Some("1".into()), daystamp: Some(day.into()) };
        StoredDatapoint::new(requestid.map(Into::into), value, confirmation)
    }

    #[test]
    fn others_and_wrong_units_are_noticed() {
        let before = |value| vec![stored("20261122", value, None)];
        for (kind, unit, units, value, others, expected) in [
            ("weight", Unit::Kilogram, "kg", "82.4", vec![], vec![]),
            (
                "weight",
                Unit::Kilogram,
                "kg",
                "82.4",
                vec![stored("20261123", 82.4, None)],
                vec!["same_values"],
            ),
            (
                "weight",
                Unit::Kilogram,
                "kg",
                "82.41",
                vec![stored("20261123", 82.4, Some("ifttt-7"))],
                vec!["same_values"],
            ),
            (
                "weight",
                Unit::Kilogram,
                "kg",
                "82.4",
                vec![stored("20261123", 82.4, Some("withings-1-weight"))],
                vec![],
            ),
            ("weight", Unit::Kilogram, "kg", "82.4", before(82.4), vec![]),
            ("weight", Unit::Kilogram, "", "82.4", before(181.0), vec!["unit_looks_wrong"]),
            ("weight", Unit::Pound, "", "181.0", before(82.4), vec!["unit_looks_wrong"]),
            ("weight", Unit::Kilogram, "", "82.4", before(12.6), vec!["unit_looks_wrong"]),
            ("weight", Unit::Kilogram, "", "82.4", before(84.0), vec![]),
            ("weight", Unit::Kilogram, "", "82.4", before(9000.0), vec!["values_look_wrong"]),
            ("weight", Unit::Kilogram, "lbs", "82.4", before(181.0), vec![]),
            ("weight", Unit::Pound, "Pounds", "181.0", vec![], vec![]),
            ("temperature", Unit::Celsius, "", "36.7", before(98.2), vec!["unit_looks_wrong"]),
            ("sleep-duration", Unit::Hour, "", "7.1", before(430.0), vec!["unit_looks_wrong"]),
            ("systolic", Unit::MillimetreOfMercury, "", "118", before(82.4), vec![]),
        ] {
            let goal = Goal { units: units.into(), ..goal() };
            let kind = MeasureKind::named(kind).unwrap();
            let feed = Feed::Track { kind, unit, take: Take::Last };
            let found = conflicts(&goal, &feed, DayRule::new(Tz::UTC, 0), &planned(value), &others);
            let found: Vec<_> = found.iter().map(Misfit::code).collect();
            assert_eq!(found, expected, "{unit:?} {units} {value} {others:?}");
        }
    }

    #[test]
    fn a_change_of_the_clocks_is_said_when_something_was_or_may_be_measured_then() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let weight = Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Kilogram, take: Take::Every };
        let steps = Feed::Track { kind: MeasureKind::STEPS, unit: Unit::Step, take: Take::Max };
        let (in_it, beside_it) = (at("2026-11-01T07:30:00Z"), at("2026-11-01T08:30:00Z"));
        for (feed, deadline, measured, now, expected) in [
            (&weight, 3, vec![in_it], "2026-11-10T00:00:00Z", Some("02:00")),
            (&weight, 6, vec![in_it], "2026-11-10T00:00:00Z", None),
            (&weight, 3, vec![beside_it], "2026-11-10T00:00:00Z", None),
            (&weight, 3, vec![], "2026-11-10T00:00:00Z", None),
            (&weight, 3, vec![], "2026-10-25T00:00:00Z", Some("02:00")),
            (&weight, 6, vec![], "2026-10-25T00:00:00Z", Some("05:00")),
            (&weight, 3, vec![], "2026-02-26T00:00:00Z", Some("03:00")),
            (&weight, 3, vec![], "2026-06-01T00:00:00Z", None),
            (&weight, 0, vec![], "2026-10-25T00:00:00Z", None),
            (&steps, 3, vec![in_it], "2026-11-10T00:00:00Z", None),
        ] {
            let rule = DayRule::new(Tz::America__New_York, deadline * 3600);
            let found = change_of_clocks(feed, rule, &measured, at(now));
            let from = found.map(|misfit| misfit.facts()["from"].clone());
            assert_eq!(from.as_deref(), expected, "{deadline} {measured:?} {now}");
        }
    }
}
