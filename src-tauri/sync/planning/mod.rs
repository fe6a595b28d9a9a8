//! Turns plans into what is wanted of Beeminder, a few groups at a time. Runs inside transactions.
//!
//! Only what changed is gone through: changed groups, for daily links the days they touch, and
//! everything a new or changed link concerns. Whatever already stands as planned is left alone, so going
//! through it again changes nothing.

mod changes;
mod context;
mod left;

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{backfill, ownership};
use crate::domain::datapoint::Moment;
use crate::domain::day::Daystamp;
use crate::domain::link::{Link, LinkId};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::plan::{self, Context, Plan};
use crate::store::{self, Connection};

use changes::{Changes, Leaving, Unwanted, unwanted};
use context::{context, is_touched_by_heights};
pub(crate) use context::{context_for, heights_for};
use left::give_up_left;
pub(crate) use left::is_about;

/// What is planned in one transaction: nobody who writes should have to wait for long.
const MOST_AT_ONCE: u32 = 500;

/// Plans what has changed, a part of it at a time: whoever calls this repeats it until nothing is left.
/// Returns how many requests were put into the outbox, and whether something is left.
pub(super) fn plan_part(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<(u64, bool)> {
    store::measurement::mark_come(conn, store::checkpoint::clock(conn, now)?)?;
    let mut as_chosen = Changes { conn, unwanted: unwanted(conn)?, enqueued: 0, now };
    as_chosen.give_back()?;
    let links = store::link::load_all(conn)?;
    if links.is_empty() {
        // Without a link nothing is concerned: a first import need not go through memory.
        store::measurement::mark_all_planned(conn)?;
        return Ok((0, false));
    }
    // Until a first reading is complete, what is not there is not known: such a link is gone through when it is.
    let unread = unread(conn, &links)?;
    store::link::mark_changed_all(conn, &unread)?;
    let is_read = |link: &Link| !unread.contains(&link.id);
    spread(&mut as_chosen, &links.into_iter().filter(is_read).collect::<Vec<_>>())?;
    // What of the past is released by now is part of a link.
    let links: Vec<Link> = store::link::load_all(conn)?.into_iter().filter(is_read).collect();
    if store::measurement::all_planned(conn)? {
        let (enqueued, is_left) = finish(conn, &links, now)?;
        return Ok((as_chosen.enqueued + enqueued, is_left));
    }
    let changed = store::measurement::load_changed(conn, MOST_AT_ONCE)?;
    store::struck::forget_outdated(conn, &changed.iter().map(|group| group.id).collect::<Vec<_>>())?;
    if store::link::is_any_planning(conn)? {
        // What came while nothing was linked was not looked at.
        ownership::follow_all(conn, now)?;
    } else {
        ownership::follow(conn, &changed, now)?;
    }
    // One act may come as several groups, so what is beside the changed ones is looked at again.
    let mut beside = store::beside::load(conn, &changed)?;
    let known: HashSet<GroupId> = beside.iter().map(|group| group.id).collect();
    beside.extend(changed.iter().filter(|group| !known.contains(&group.id)).cloned());
    let gone: HashSet<GroupId> = changed.iter().filter(|group| group.gone).map(|group| group.id).collect();
    for link in &links {
        let Some(context) = context(conn, link, now)? else {
            continue;
        };
        if !gone.is_empty() {
            give_up_left(&mut as_chosen, link, |_, readings| readings.iter().any(|id| gone.contains(id)))?;
        }
        // Who changed a link has seen all that is taken away.
        let planning = store::link::is_planning(conn, link.id)?;
        let may_remove = planning == Some(true);
        let unwanted = if may_remove { Unwanted::Remove } else { as_chosen.unwanted };
        let mut changes = Changes { conn, unwanted, enqueued: 0, now };
        // A link that is gone through already goes by the new height.
        if planning.is_none() && is_touched_by_heights(link, &changed) {
            store::link::mark_changed(conn, link.id)?;
        }
        let plan = plan_changed(conn, link, &context, &beside)?;
        changes.apply(link, &plan, &beside)?;
        as_chosen.enqueued += changes.enqueued;
        if !may_remove {
            as_chosen.unwanted = changes.unwanted;
        }
    }
    store::measurement::mark_planned(conn, &changed)?;
    Ok((as_chosen.enqueued, true))
}

/// Notes the first day of links that an earlier version made, before the goal cuts its days elsewhere.
pub(super) fn note_first_days(conn: &Connection) -> anyhow::Result<()> {
    for link in store::link::load_all(conn)?.iter().filter(|link| link.first_day.is_none()) {
        if let Some(goal) = store::goal::load(conn, &link.goal)? {
            let rule = goal.day_rule(store::account::time_zone(conn)?);
            store::link::save_first_day(conn, link.id, rule.day_of(link.since))?;
        }
    }
    Ok(())
}

/// Marks for the plan whatever concerns a link that was made or changed, and what of the past is released.
fn spread(changes: &mut Changes<'_>, links: &[Link]) -> anyhow::Result<()> {
    let (conn, now) = (changes.conn, changes.now);
    for link in links {
        if store::link::begin_planning(conn, link.id)? {
            store::measurement::mark_concerned(conn, link, link.earliest() - TimeDelta::days(2))?;
            if let Some(context) = context(conn, link, now)? {
                give_up_left(changes, link, |left, _| is_about(link, context.rule, left))?;
            }
        }
    }
    for backfill in store::backfill::load_all(conn)?.into_iter().filter(|backfill| !backfill.is_done()) {
        let Some(link) = links.iter().find(|link| link.id == backfill.link) else {
            continue;
        };
        if let Some(context) = context(conn, link, now)?
            && backfill::release(conn, link, &context, now)?
        {
            store::measurement::mark_concerned(conn, link, backfill.reached - TimeDelta::days(2))?;
            if let Some(link) = store::link::load(conn, link.id)? {
                give_up_left(changes, &link, |left, _| is_about(&link, context.rule, left))?;
            }
        }
    }
    Ok(())
}

/// Deals with what changed links once called for and do not any more, a part at a time.
fn finish(conn: &Connection, links: &[Link], now: DateTime<Utc>) -> anyhow::Result<(u64, bool)> {
    let mut enqueued = 0;
    for link in links {
        let Some(may_remove) = store::link::is_planning(conn, link.id)? else {
            continue;
        };
        let orphans = store::datapoint::load_orphans(conn, link.id, MOST_AT_ONCE)?;
        let unwanted = if may_remove { Unwanted::Remove } else { unwanted(conn)? };
        let mut changes = Changes { conn, unwanted, enqueued: 0, now };
        for orphan in &orphans {
            changes.withdraw(link, &orphan.datapoint.request_id, Leaving { moved: false, gone: false })?;
        }
        enqueued += changes.enqueued;
        if !orphans.is_empty() {
            return Ok((enqueued, true));
        }
        store::link::end_planning(conn, link.id)?;
    }
    Ok((enqueued, false))
}

/// The links whose service was never read to the end.
fn unread(conn: &Connection, links: &[Link]) -> anyhow::Result<HashSet<LinkId>> {
    let mut unread = HashSet::new();
    for link in links {
        if store::checkpoint::load(conn, link.feed.source())?.is_none() {
            unread.insert(link.id);
        }
    }
    Ok(unread)
}

fn plan_changed(
    conn: &Connection,
    link: &Link,
    context: &Context,
    touched: &[MeasureGroup],
) -> anyhow::Result<Plan> {
    if !link.feed.is_daily() {
        return Ok(plan::plan(link, context, touched));
    }
    // A day before the link's first may be its own, since the goal cuts its days elsewhere by then.
    let near_start = context.rule.day_of(link.since - plan::FARTHEST);
    let mut days = days_touched(context, touched);
    days.retain(|day| link.is_about_day(*day, context.rule) || *day >= near_start);
    let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else {
        return Ok(Plan::default());
    };
    let since = context.rule.start_of(*first) - plan::FARTHEST;
    let until = context.rule.end_of(*last) + plan::FARTHEST;
    let kinds = link.feed.kinds();
    let groups = store::measurement::load_with_kinds_between(conn, &kinds, since, until)?;
    let mut plan = plan::plan(link, context, &groups);
    plan.datapoints.retain(|datapoint| match datapoint.moment {
        Moment::On(day) => days.contains(&day),
        Moment::At(_) => true,
    });
    plan.decisions.retain(|decision| days.contains(&decision.day));
    Ok(plan)
}

/// The days that changed groups belong to, and those they belonged to before. What is beside a changed night or
/// workout, on another day perhaps, is among the groups.
fn days_touched(context: &Context, touched: &[MeasureGroup]) -> HashSet<Daystamp> {
    let before = touched.iter().filter_map(|group| context.days.get(&group.id)).map(|given| given.day);
    before.chain(touched.iter().map(|group| context.day_of(group))).collect()
}
