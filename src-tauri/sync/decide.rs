//! Turns plans into datapoints and outbox entries. Runs inside the pass's one transaction.
//!
//! Only what changed is gone through: changed groups, for daily links the days they touch, and
//! everything a new link concerns. Whatever already stands as planned is left alone, so going through it
//! again changes nothing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::plan::{self, KnownDays, Plan};
use crate::accounts::Service;
use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::day::{DayRule, Daystamp};
use crate::link::{Link, LinkId};
use crate::measurement::{GroupId, MeasureGroup};
use crate::store::datapoint::State;
use crate::store::{self, Rows};

/// Plans every link and fills the outbox. Returns how many datapoints were put in.
pub(super) fn decide(rows: &Rows, now: DateTime<Utc>) -> anyhow::Result<u64> {
    let new_links: HashSet<LinkId> = store::link::load_changed(rows)?.into_iter().collect();
    if new_links.is_empty() && store::measurement::all_planned(rows)? {
        return Ok(0);
    }
    let links = store::link::load_all(rows)?;
    // Without a link nothing is concerned: a first import need not go through memory.
    let changed = if links.is_empty() { Vec::new() } else { store::measurement::load_changed(rows)? };
    let time_zone = time_zone(rows)?;
    let mut enqueued = 0;
    for link in links {
        let Some(goal) = store::goal::load(rows, &link.goal)? else {
            continue;
        };
        let scope = Scope {
            rows,
            link: &link,
            rule: goal.day_rule(time_zone),
            known: store::decision::known_days(rows, link.id)?,
            changed: &changed,
        };
        let before = scope.request_ids_before()?;
        let plan = if new_links.contains(&link.id) { scope.plan_all()? } else { scope.plan_changed()? };
        enqueued += apply(rows, &link, &plan, &changed, &before, now)?;
    }
    store::measurement::mark_planned(rows)?;
    store::link::mark_planned(rows)?;
    Ok(enqueued)
}

/// The Beeminder user's time zone; UTC while unknown.
pub(crate) fn time_zone(rows: &Rows) -> anyhow::Result<Tz> {
    let account = store::account::load(rows, Service::Beeminder)?;
    Ok(account.and_then(|account| account.time_zone.parse().ok()).unwrap_or(Tz::UTC))
}

struct Scope<'a> {
    rows: &'a Rows,
    link: &'a Link,
    rule: DayRule,
    known: KnownDays,
    changed: &'a [MeasureGroup],
}

impl Scope<'_> {
    fn plan_all(&self) -> anyhow::Result<Plan> {
        Ok(self.plan(&self.concerned_since(self.link.since)?))
    }

    fn plan_changed(&self) -> anyhow::Result<Plan> {
        if !self.link.feed.is_daily() {
            return Ok(self.plan(self.changed));
        }
        let days = self.days_touched();
        let Some(first) = days.iter().min() else {
            return Ok(Plan::default());
        };
        // A day that was given under another rule may lie a little off.
        let since = self.rule.start_of(*first) - TimeDelta::days(2);
        let mut plan = self.plan(&self.concerned_since(since.max(self.link.since))?);
        plan.datapoints.retain(|datapoint| match datapoint.moment {
            Moment::On(day) => days.contains(&day),
            Moment::At(_) => true,
        });
        plan.decisions.retain(|decision| days.contains(&decision.day));
        Ok(plan)
    }

    fn plan(&self, groups: &[MeasureGroup]) -> Plan {
        plan::plan(self.link, self.rule, groups, &self.known)
    }

    fn concerned_since(&self, since: DateTime<Utc>) -> anyhow::Result<Vec<MeasureGroup>> {
        store::measurement::load_with_kinds(self.rows, &self.link.feed.kinds(), since)
    }

    /// The days that changed groups belong to, and those they belonged to before.
    fn days_touched(&self) -> HashSet<Daystamp> {
        let mut days = HashSet::new();
        for group in self.changed {
            let known = self.known.get(&group.id);
            days.extend(known.map(|(_, day)| *day));
            if known.is_none_or(|(moment, _)| *moment != group.measured_at) {
                days.insert(self.rule.day_of(group.measured_at));
            }
        }
        days
    }

    /// The datapoints that changed groups went into so far.
    fn request_ids_before(&self) -> anyhow::Result<HashMap<GroupId, String>> {
        let mut before = HashMap::new();
        for group in self.changed.iter().filter(|group| self.known.contains_key(&group.id)) {
            if let Some(id) = store::decision::request_id(self.rows, self.link.id, group.id)? {
                before.insert(group.id, id);
            }
        }
        Ok(before)
    }
}

/// Writes a plan down.
fn apply(
    rows: &Rows,
    link: &Link,
    plan: &Plan,
    changed: &[MeasureGroup],
    before: &HashMap<GroupId, String>,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let decided: HashSet<GroupId> = plan.decisions.iter().map(|decision| decision.group).collect();
    for group in changed.iter().filter(|group| !decided.contains(&group.id)) {
        store::decision::forget(rows, link.id, group.id)?;
    }
    store::decision::save(rows, link.id, &plan.decisions)?;
    let wanted: HashSet<&str> =
        plan.datapoints.iter().map(|datapoint| datapoint.request_id.0.as_str()).collect();
    for id in before.values().filter(|id| !wanted.contains(id.as_str())) {
        withdraw(rows, link, &RequestId(id.clone()))?;
    }
    let mut enqueued = 0;
    for datapoint in &plan.datapoints {
        enqueued += u64::from(enqueue(rows, link, datapoint, now)?);
    }
    Ok(enqueued)
}

/// Puts a datapoint into the outbox unless it stands as it should. Returns whether it did.
fn enqueue(rows: &Rows, link: &Link, wanted: &Datapoint, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let known = store::datapoint::load(rows, &link.goal, &wanted.request_id)?;
    let beeminder_id = known.as_ref().and_then(|known| known.beeminder_id.clone());
    if let Some(known) = known {
        match known.state {
            // The user's decisions stand.
            State::Deleted | State::Discarded => return Ok(false),
            State::Pending | State::Confirmed if known.datapoint == *wanted => return Ok(false),
            State::Stale if known.datapoint == *wanted => {
                store::datapoint::save_state(rows, known.id, State::Confirmed)?;
                return Ok(false);
            }
            State::Pending | State::Confirmed | State::Stale => {}
        }
    }
    let id = store::datapoint::save_pending(rows, &link.goal, link.id, wanted)?;
    store::outbox::enqueue(rows, id, &link.goal, wanted, beeminder_id.as_deref(), now)?;
    Ok(true)
}

/// Deals with a datapoint that no measurement calls for any more.
///
/// What was never sent is dropped. What Beeminder may have stays there and is marked: taking it away
/// is the user's decision.
fn withdraw(rows: &Rows, link: &Link, id: &RequestId) -> anyhow::Result<()> {
    let Some(known) = store::datapoint::load(rows, &link.goal, id)? else {
        return Ok(());
    };
    match (known.state, store::outbox::load(rows, known.id)?) {
        (State::Pending, Some(entry)) if entry.attempts == 0 && known.beeminder_id.is_none() => {
            store::datapoint::forget(rows, known.id)
        }
        (State::Pending | State::Confirmed, _) => {
            store::outbox::remove(rows, known.id)?;
            store::datapoint::save_state(rows, known.id, State::Stale)
        }
        (State::Discarded | State::Deleted | State::Stale, _) => Ok(()),
    }
}
