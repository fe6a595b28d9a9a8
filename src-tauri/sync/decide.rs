//! Turns plans into datapoints and outbox entries. Runs inside the pass's one transaction.
//!
//! Only what changed is gone through: changed groups, for daily links the days they touch, and
//! everything a new or changed link concerns. Whatever already stands as planned is left alone, so going
//! through it again changes nothing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::backfill;
use super::plan::{self, Context, Plan};
use crate::datapoint::{Datapoint, Moment, RequestId};
use crate::day::{DayRule, Daystamp};
use crate::kind::{Heights, MeasureKind};
use crate::link::{Feed, Link, LinkId};
use crate::measurement::{Attribution, GroupId, MeasureGroup};
use crate::store::datapoint::State;
use crate::store::{self, Rows};

/// The most datapoints that one pass takes away without asking.
const MOST_REMOVALS: u64 = 10;

/// What becomes of datapoints at Beeminder that nothing calls for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwanted {
    /// The user is asked.
    Ask,
    /// So many are deleted there; about the others the user is asked.
    Remove(u64),
}

/// Plans every link and fills the outbox. Returns how many datapoints were put in.
pub(super) fn decide(rows: &Rows, now: DateTime<Utc>) -> anyhow::Result<u64> {
    let changed_links: HashSet<LinkId> = store::link::load_changed(rows)?.into_iter().collect();
    let past_is_left = store::backfill::load_all(rows)?.iter().any(|backfill| !backfill.is_done());
    if changed_links.is_empty() && !past_is_left && store::measurement::all_planned(rows)? {
        return Ok(0);
    }
    let links = store::link::load_all(rows)?;
    // Without a link nothing is concerned: a first import need not go through memory.
    let changed = if links.is_empty() { Vec::new() } else { store::measurement::load_changed(rows)? };
    follow_verdicts(rows, &changed, now)?;
    let unwanted = if store::setting::mirrors_deletions(rows)? {
        Unwanted::Remove(MOST_REMOVALS)
    } else {
        Unwanted::Ask
    };
    let mut changes = Changes { rows, unwanted, enqueued: 0, now };
    for link in links {
        let Some(context) = context(rows, &link)? else {
            continue;
        };
        let released = backfill::release(rows, &link, &context, now)?;
        let link = if released { store::link::load(rows, link.id)?.unwrap_or(link) } else { link };
        let is_changed = changed_links.contains(&link.id);
        if is_changed || released || is_touched_by_heights(&link, &changed) {
            let plan = plan_all(rows, &link, &context)?;
            changes.apply(&link, &plan, &changed, &before(rows, &link, &changed)?)?;
            if is_changed {
                changes.withdraw_all_but(&link, &plan)?;
            }
        } else {
            let touched = touched(rows, &link, &changed)?;
            let before = before(rows, &link, &touched)?;
            let plan = plan_changed(rows, &link, &context, &touched)?;
            changes.apply(&link, &plan, &touched, &before)?;
        }
    }
    store::measurement::mark_planned(rows)?;
    store::link::mark_planned(rows)?;
    Ok(changes.enqueued)
}

/// Plans one link anew after the user changed it, and puts what changes into the outbox. Returns how many
/// datapoints that are.
pub(crate) fn replan(
    rows: &Rows,
    link: &Link,
    unwanted: Unwanted,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let Some(context) = context(rows, link)? else {
        return Ok(0);
    };
    let mut changes = Changes { rows, unwanted, enqueued: 0, now };
    let plan = plan_all(rows, link, &context)?;
    changes.apply(link, &plan, &[], &HashMap::new())?;
    changes.withdraw_all_but(link, &plan)?;
    Ok(changes.enqueued)
}

/// What a link's plan goes by; `None` while its goal is unknown.
fn context(rows: &Rows, link: &Link) -> anyhow::Result<Option<Context>> {
    let Some(goal) = store::goal::load(rows, &link.goal)? else {
        return Ok(None);
    };
    let days = store::decision::known_days(rows, link.id)?;
    Ok(Some(Context {
        days,
        ..context_for(rows, &link.feed, goal.day_rule(store::account::time_zone(rows)?))?
    }))
}

/// What a plan of `feed` goes by that knows nothing from before.
pub(crate) fn context_for(rows: &Rows, feed: &Feed, rule: DayRule) -> anyhow::Result<Context> {
    let heights = if uses_heights(feed) { heights(rows)? } else { Heights::default() };
    Ok(Context { verdicts: store::verdict::load_all(rows)?, heights, ..Context::new(rule) })
}

fn uses_heights(feed: &Feed) -> bool {
    matches!(feed, Feed::Track { kind: MeasureKind::BMI, .. })
}

fn heights(rows: &Rows) -> anyhow::Result<Heights> {
    let groups =
        store::measurement::load_with_kinds(rows, &[MeasureKind::HEIGHT], DateTime::<Utc>::UNIX_EPOCH)?;
    Ok(Heights::new(
        groups
            .iter()
            .filter_map(|group| Some((group.measured_at, group.measurement(MeasureKind::HEIGHT)?.value()?))),
    ))
}

/// A new height changes every body mass index from then on.
fn is_touched_by_heights(link: &Link, changed: &[MeasureGroup]) -> bool {
    uses_heights(&link.feed) && changed.iter().any(|group| group.measurement(MeasureKind::HEIGHT).is_some())
}

/// Decides on measurements that may be another person's, where the user's answers tell.
fn follow_verdicts(rows: &Rows, changed: &[MeasureGroup], now: DateTime<Utc>) -> anyhow::Result<()> {
    let known = store::verdict::load_all(rows)?;
    for group in changed.iter().filter(|group| group.attribution() == Attribution::Ambiguous) {
        let weight = group.measurement(MeasureKind::WEIGHT).and_then(|weight| weight.value());
        let Some(weight) = weight.filter(|_| !known.contains_key(&group.id)) else {
            continue;
        };
        let weights = store::verdict::weights(rows, group.measured_at)?;
        if let Some(mine) = weights.whose(weight) {
            tracing::info!(group = group.id.0, mine, "Decided as the user did for others like it");
            store::verdict::save(rows, group.id, mine, false, now)?;
        }
    }
    Ok(())
}

fn plan_all(rows: &Rows, link: &Link, context: &Context) -> anyhow::Result<Plan> {
    Ok(plan::plan(link, context, &concerned_since(rows, link, link.earliest())?))
}

/// A day may begin long before its measurements, so whatever may count for the first day is loaded.
fn concerned_since(rows: &Rows, link: &Link, since: DateTime<Utc>) -> anyhow::Result<Vec<MeasureGroup>> {
    store::measurement::load_with_kinds(rows, &link.feed.kinds(), since - TimeDelta::days(2))
}

/// The changed groups; where one act may come as several groups, those beside them as well.
fn touched(rows: &Rows, link: &Link, changed: &[MeasureGroup]) -> anyhow::Result<Vec<MeasureGroup>> {
    match &link.feed {
        Feed::Count { set, .. } if set.kinds().len() > 1 && !changed.is_empty() => {
            store::measurement::load_beside_changed(rows)
        }
        Feed::Count { .. } | Feed::Track { .. } => Ok(changed.to_vec()),
    }
}

fn plan_changed(
    rows: &Rows,
    link: &Link,
    context: &Context,
    touched: &[MeasureGroup],
) -> anyhow::Result<Plan> {
    if !link.feed.is_daily() {
        return Ok(plan::plan(link, context, touched));
    }
    let days = days_touched(context, touched);
    let Some(first) = days.iter().min() else {
        return Ok(Plan::default());
    };
    // A day that was given under another rule may lie a little off.
    let since = context.rule.start_of(*first) - TimeDelta::days(2);
    let groups = concerned_since(rows, link, since.max(link.earliest()))?;
    let mut plan = plan::plan(link, context, &groups);
    plan.datapoints.retain(|datapoint| match datapoint.moment {
        Moment::On(day) => days.contains(&day),
        Moment::At(_) => true,
    });
    plan.decisions.retain(|decision| days.contains(&decision.day));
    Ok(plan)
}

/// The days that changed groups belong to, and those they belonged to before.
fn days_touched(context: &Context, touched: &[MeasureGroup]) -> HashSet<Daystamp> {
    let before = touched.iter().filter_map(|group| context.days.get(&group.id)).map(|(_, day)| *day);
    before.chain(touched.iter().map(|group| context.day_of(group))).collect()
}

/// The datapoints that changed groups went into so far.
fn before(rows: &Rows, link: &Link, changed: &[MeasureGroup]) -> anyhow::Result<HashMap<GroupId, String>> {
    let mut before = HashMap::new();
    for group in changed {
        if let Some(id) = store::decision::request_id(rows, link.id, group.id)? {
            before.insert(group.id, id);
        }
    }
    Ok(before)
}

/// What one pass changes.
struct Changes<'a> {
    rows: &'a Rows,
    unwanted: Unwanted,
    enqueued: u64,
    now: DateTime<Utc>,
}

impl Changes<'_> {
    /// Writes a plan down. `before` are the datapoints that changed groups went into so far.
    fn apply(
        &mut self,
        link: &Link,
        plan: &Plan,
        changed: &[MeasureGroup],
        before: &HashMap<GroupId, String>,
    ) -> anyhow::Result<()> {
        let decided: HashSet<GroupId> = plan.decisions.iter().map(|decision| decision.group).collect();
        for group in changed.iter().filter(|group| !decided.contains(&group.id)) {
            store::decision::forget(self.rows, link.id, group.id)?;
        }
        store::decision::save(self.rows, link.id, &plan.decisions)?;
        let wanted = wanted(plan);
        for id in before.values().filter(|id| !wanted.contains(id.as_str())) {
            self.withdraw(link, &RequestId(id.clone()))?;
        }
        for datapoint in &plan.datapoints {
            self.enqueued += u64::from(enqueue(self.rows, link, datapoint, self.now)?);
        }
        Ok(())
    }

    /// Deals with everything the link once called for and does not any more.
    fn withdraw_all_but(&mut self, link: &Link, plan: &Plan) -> anyhow::Result<()> {
        let wanted = wanted(plan);
        for id in store::datapoint::live_of(self.rows, link.id)? {
            if !wanted.contains(id.0.as_str()) {
                self.withdraw(link, &id)?;
            }
        }
        Ok(())
    }

    /// Deals with a datapoint that no measurement calls for any more.
    ///
    /// What was never sent is dropped. What Beeminder may have is taken away there if the user chose so,
    /// a few at a time; else it is marked, and the user is asked.
    fn withdraw(&mut self, link: &Link, id: &RequestId) -> anyhow::Result<()> {
        let Some(known) = store::datapoint::load(self.rows, &link.goal, id)? else {
            return Ok(());
        };
        match (known.state, store::outbox::load(self.rows, known.id)?) {
            (State::Pending, Some(entry)) if entry.attempts == 0 && known.beeminder_id.is_none() => {
                store::datapoint::forget(self.rows, known.id)
            }
            (State::Pending | State::Confirmed, _) => {
                if let Unwanted::Remove(left @ 1..) = self.unwanted {
                    self.unwanted = Unwanted::Remove(left - 1);
                    self.enqueued += 1;
                    return store::outbox::enqueue_removal(self.rows, &known, &link.goal, self.now);
                }
                store::outbox::remove(self.rows, known.id)?;
                store::datapoint::save_state(self.rows, known.id, State::Stale)
            }
            (
                State::Discarded
                | State::Deleted
                | State::Stale
                | State::Kept
                | State::Removing
                | State::Removed,
                _,
            ) => Ok(()),
        }
    }
}

fn wanted(plan: &Plan) -> HashSet<&str> {
    plan.datapoints.iter().map(|datapoint| datapoint.request_id.0.as_str()).collect()
}

/// Puts a datapoint into the outbox unless it stands as it should. Returns whether it did.
fn enqueue(rows: &Rows, link: &Link, wanted: &Datapoint, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let known = store::datapoint::load(rows, &link.goal, &wanted.request_id)?;
    let mut beeminder_id = known.as_ref().and_then(|known| known.beeminder_id.clone());
    if let Some(known) = known {
        if known.settles(wanted) {
            if matches!(known.state, State::Stale | State::Kept) {
                store::datapoint::save_state(rows, known.id, State::Confirmed)?;
            }
            return Ok(false);
        }
        // Whether it is still there is not sure: creating it is right either way.
        if matches!(known.state, State::Removing | State::Removed) {
            store::datapoint::forget_beeminder_id(rows, known.id)?;
            beeminder_id = None;
        }
    }
    let id = store::datapoint::save_pending(rows, &link.goal, link.id, wanted)?;
    store::outbox::enqueue(rows, id, &link.goal, wanted, beeminder_id.as_deref(), now)?;
    Ok(true)
}
