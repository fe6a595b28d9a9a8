//! Turns plans into what is wanted of Beeminder, a few groups at a time. Runs inside transactions.
//!
//! Only what changed is gone through: changed groups, for daily links the days they touch, and
//! everything a new or changed link concerns. Whatever already stands as planned is left alone, so going
//! through it again changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::attribution;
use super::backfill;
use crate::domain::datapoint::{Moment, RequestId};
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::difference::Word;
use crate::domain::goal::Goal;
use crate::domain::link::{Feed, Part};
use crate::domain::link::{Link, LinkId};
use crate::domain::measure::kind::{Heights, MeasureKind};
use crate::domain::measure::measurement::{GroupId, MeasureGroup};
use crate::domain::plan;
use crate::domain::plan::{Context, Decision, Plan, Reason, SentBefore};
use crate::store::datapoint::Stored;
use crate::store::{self, Rows};

/// The most datapoints that one pass takes away without asking.
const MOST_REMOVALS: u64 = 10;

/// What becomes of datapoints at Beeminder that nothing calls for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unwanted {
    /// The user is asked.
    Ask,
    /// So many are deleted there; about the others the user is asked.
    Remove(u64),
}

/// What is planned in one transaction: nobody who writes should have to wait for long.
const MOST_AT_ONCE: u32 = 500;

/// Plans what has changed, a part of it at a time: whoever calls this repeats it until nothing is left.
/// Returns how many requests were put into the outbox, and whether something is left.
pub(super) fn decide(rows: &Rows, now: DateTime<Utc>) -> anyhow::Result<(u64, bool)> {
    store::measurement::mark_come(rows, store::checkpoint::clock(rows, now)?)?;
    let links = store::link::load_all(rows)?;
    if links.is_empty() {
        // Without a link nothing is concerned: a first import need not go through memory.
        store::measurement::mark_all_planned(rows)?;
        return Ok((0, false));
    }
    // Until a first reading is complete, what is not there is not known: such a link is gone through when it is.
    let unread = unread(rows, &links)?;
    store::link::mark_changed_all(rows, &unread)?;
    let is_read = |link: &Link| !unread.contains(&link.id);
    spread(rows, &links.into_iter().filter(is_read).collect::<Vec<_>>(), now)?;
    // What of the past is released by now is part of a link.
    let links: Vec<Link> = store::link::load_all(rows)?.into_iter().filter(is_read).collect();
    if store::measurement::all_planned(rows)? {
        return finish(rows, &links, now);
    }
    let changed = store::measurement::load_changed(rows, MOST_AT_ONCE)?;
    if store::link::is_any_planning(rows)? {
        // What came while nothing was linked was not looked at.
        attribution::follow_all(rows, now)?;
    } else {
        attribution::follow(rows, &changed, now)?;
    }
    // One act may come as several groups, so what is beside the changed ones is looked at again.
    let mut beside = store::beside::load(rows, &changed)?;
    let known: HashSet<GroupId> = beside.iter().map(|group| group.id).collect();
    beside.extend(changed.iter().filter(|group| !known.contains(&group.id)).cloned());
    let gone: HashSet<GroupId> = changed.iter().filter(|group| group.gone).map(|group| group.id).collect();
    let (mut enqueued, mut as_chosen) = (0, unwanted(rows)?);
    for link in &links {
        let Some(context) = context(rows, link, now)? else {
            continue;
        };
        // Who changed a link has seen all that is taken away.
        let may_remove = store::link::is_planning(rows, link.id)? == Some(true);
        let unwanted = if may_remove { Unwanted::Remove(u64::MAX) } else { as_chosen };
        let mut changes = Changes { rows, unwanted, enqueued: 0, now };
        // A link that is gone through already goes by the new height.
        let is_planning = store::link::is_planning(rows, link.id)?.is_some();
        if !is_planning && is_touched_by_heights(link, &changed) {
            store::link::mark_changed(rows, link.id)?;
        }
        if !gone.is_empty() {
            ask_about_left(rows, link, now, |_, readings| readings.iter().any(|id| gone.contains(id)))?;
        }
        let plan = plan_changed(rows, link, &context, &beside)?;
        changes.apply(link, &plan, &beside)?;
        enqueued += changes.enqueued;
        if !may_remove {
            as_chosen = changes.unwanted;
        }
    }
    store::measurement::mark_planned(rows, &changed)?;
    Ok((enqueued, true))
}

/// What becomes of what nothing calls for any more, as the user chose.
fn unwanted(rows: &Rows) -> anyhow::Result<Unwanted> {
    let mirrors = store::setting::mirrors_deletions(rows)?;
    Ok(if mirrors { Unwanted::Remove(MOST_REMOVALS) } else { Unwanted::Ask })
}

/// Marks for the plan whatever concerns a link that was made or changed, and what of the past is released.
fn spread(rows: &Rows, links: &[Link], now: DateTime<Utc>) -> anyhow::Result<()> {
    for link in links {
        if store::link::begin_planning(rows, link.id)? {
            store::measurement::mark_concerned(rows, link, link.earliest() - TimeDelta::days(2))?;
            if let Some(context) = context(rows, link, now)? {
                ask_about_left(rows, link, now, |left, _| is_about(link, context.rule, left))?;
            }
        }
    }
    for backfill in store::backfill::load_all(rows)?.into_iter().filter(|backfill| !backfill.is_done()) {
        let Some(link) = links.iter().find(|link| link.id == backfill.link) else {
            continue;
        };
        if let Some(context) = context(rows, link, now)?
            && backfill::release(rows, link, &context, now)?
        {
            store::measurement::mark_concerned(rows, link, backfill.reached - TimeDelta::days(2))?;
        }
    }
    Ok(())
}

/// Asks about what an earlier link left at Beeminder though its readings are gone: no link takes it over. Of
/// those that `concerns` says yes to.
fn ask_about_left(
    rows: &Rows,
    link: &Link,
    now: DateTime<Utc>,
    concerns: impl Fn(&Stored, &[GroupId]) -> bool,
) -> anyhow::Result<()> {
    for left in store::datapoint::load_left(rows, &link.goal)? {
        let id = &left.datapoint.request_id;
        let readings = match link.feed.part(id).filter(|_| left.word == Word::Left) {
            Some(Part::Reading(group)) => vec![group],
            Some(Part::Day(_)) => store::struck::confirmed_readings(rows, &link.goal, id)?,
            None => continue,
        };
        if readings.is_empty() || !concerns(&left, &readings) {
            continue;
        }
        let known = store::measurement::load_these(rows, &readings)?;
        if known.iter().all(|group| group.gone) {
            store::outbox::unwant(rows, &left, Word::None, now)?;
        }
    }
    Ok(())
}

/// Whether a link is about what a datapoint says.
fn is_about(link: &Link, rule: DayRule, stored: &Stored) -> bool {
    match stored.datapoint.moment {
        Moment::At(at) => link.is_about_moment(at),
        Moment::On(day) => link.is_about_day(day, rule),
    }
}

/// Deals with what changed links once called for and do not any more, a part at a time.
fn finish(rows: &Rows, links: &[Link], now: DateTime<Utc>) -> anyhow::Result<(u64, bool)> {
    let mut enqueued = 0;
    for link in links {
        let Some(may_remove) = store::link::is_planning(rows, link.id)? else {
            continue;
        };
        let orphans = store::datapoint::load_orphans(rows, link.id, MOST_AT_ONCE)?;
        let unwanted = if may_remove { Unwanted::Remove(u64::MAX) } else { unwanted(rows)? };
        let mut changes = Changes { rows, unwanted, enqueued: 0, now };
        for orphan in &orphans {
            changes.withdraw(link, &orphan.datapoint.request_id, false)?;
        }
        enqueued += changes.enqueued;
        if !orphans.is_empty() {
            return Ok((enqueued, true));
        }
        store::link::end_planning(rows, link.id)?;
    }
    Ok((enqueued, false))
}

/// The links whose service was never read to the end.
fn unread(rows: &Rows, links: &[Link]) -> anyhow::Result<HashSet<LinkId>> {
    let mut unread = HashSet::new();
    for link in links {
        if store::checkpoint::load(rows, link.feed.source())?.is_none() {
            unread.insert(link.id);
        }
    }
    Ok(unread)
}

/// What a link's plan goes by; `None` while its goal is unknown.
fn context(rows: &Rows, link: &Link, now: DateTime<Utc>) -> anyhow::Result<Option<Context>> {
    let Some(goal) = store::goal::load(rows, &link.goal)? else {
        return Ok(None);
    };
    let rule = goal.day_rule(store::account::time_zone(rows)?);
    Ok(Some(context_for(rows, &link.feed, &goal, rule, now)?))
}

/// What a plan of `feed` for `goal` goes by. What is known of the goal's readings outlives its links.
pub(crate) fn context_for(
    rows: &Rows,
    feed: &Feed,
    goal: &Goal,
    rule: DayRule,
    now: DateTime<Utc>,
) -> anyhow::Result<Context> {
    // Beeminder moves the start of a goal that begins anew; what was sent before stays called for.
    let sent = store::datapoint::first_day(rows, &goal.id)?;
    let first_day = goal.first_day(rule).map(|first| sent.map_or(first, |sent| sent.min(first)));
    Ok(Context {
        days: store::given_day::load(rows, &goal.id)?,
        counted: store::verdict::counted(rows, &goal.id)?,
        struck: store::struck::load(rows, &goal.id)?,
        sent_before: sent_before(rows, feed, goal, rule)?,
        first_day,
        verdicts: store::verdict::load_all(rows)?,
        heights: heights_for(rows, feed)?,
        now: store::checkpoint::clock(rows, now)?,
        ..Context::new(rule)
    })
}

/// What the goal has of the feed's from an earlier link that sent it the other way.
fn sent_before(rows: &Rows, feed: &Feed, goal: &Goal, rule: DayRule) -> anyhow::Result<SentBefore> {
    let mut before = SentBefore::default();
    for left in store::datapoint::load_left(rows, &goal.id)? {
        let id = &left.datapoint.request_id;
        match feed.part(id).filter(|_| !feed.sends(id)) {
            Some(Part::Reading(group)) => {
                let form = left.confirmed.form.as_ref().unwrap_or(&left.datapoint);
                let told = left.beeminder_day.as_ref().and_then(|day| day.parse().ok());
                before.readings.insert(group);
                // One count a day is one, however many readings come; a value is another one.
                if matches!(feed, Feed::Count { .. }) {
                    before.days.insert(told.unwrap_or_else(|| form.day(rule)));
                }
            }
            Some(Part::Day(_)) => {
                let mut readings = store::struck::confirmed_readings(rows, &goal.id, id)?;
                if readings.is_empty() {
                    // Its answer did not come yet.
                    readings = store::struck::readings_left(rows, &goal.id, id)?;
                }
                before.readings.extend(readings);
            }
            None => {}
        }
    }
    Ok(before)
}

/// The heights that a feed's values go by, where they go by any.
pub(crate) fn heights_for(rows: &Rows, feed: &Feed) -> anyhow::Result<Heights> {
    if uses_heights(feed) { heights(rows) } else { Ok(Heights::default()) }
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
            .filter(|group| !group.gone)
            .filter_map(|group| Some((group.measured_at, group.measurement(MeasureKind::HEIGHT)?.value()?))),
    ))
}

/// A new height changes every body mass index from then on.
fn is_touched_by_heights(link: &Link, changed: &[MeasureGroup]) -> bool {
    uses_heights(&link.feed) && changed.iter().any(|group| group.measurement(MeasureKind::HEIGHT).is_some())
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
    let mut days = days_touched(context, touched);
    days.retain(|day| link.is_about_day(*day, context.rule));
    let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else {
        return Ok(Plan::default());
    };
    // A day that was given under another rule may lie a little off.
    let off = TimeDelta::days(4);
    let (since, until) = (context.rule.start_of(*first) - off, context.rule.end_of(*last) + off);
    let kinds = link.feed.kinds();
    let groups = store::measurement::load_with_kinds_between(rows, &kinds, since, until)?;
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

/// What one pass changes.
struct Changes<'a> {
    rows: &'a Rows,
    unwanted: Unwanted,
    enqueued: u64,
    now: DateTime<Utc>,
}

impl Changes<'_> {
    /// Writes a plan down. What `changed` groups went into so far, and nothing calls for any more, is
    /// withdrawn.
    fn apply(&mut self, link: &Link, plan: &Plan, changed: &[MeasureGroup]) -> anyhow::Result<()> {
        let decided: HashMap<GroupId, &Decision> =
            plan.decisions.iter().map(|decision| (decision.group, decision)).collect();
        let left = self.left(link, plan, &decided, changed)?;
        for group in changed.iter().filter(|group| !decided.contains_key(&group.id)) {
            store::decision::forget(self.rows, link.id, group.id)?;
        }
        store::decision::save(self.rows, link.id, &plan.decisions)?;
        store::given_day::save(self.rows, &link.goal, &plan.decisions)?;
        for datapoint in &plan.datapoints {
            self.enqueued +=
                u64::from(store::outbox::want(self.rows, &link.goal, link.id, datapoint, self.now)?);
        }
        self.compare_what_stands(link, plan, changed)?;
        for (id, moved) in left {
            self.withdraw(link, &id, moved)?;
        }
        Ok(())
    }

    /// A new reading may leave a day's datapoint as it is. Whether that still is at Beeminder is looked at soon
    /// then: what is measured after the user deleted it is a new fact.
    fn compare_what_stands(&self, link: &Link, plan: &Plan, changed: &[MeasureGroup]) -> anyhow::Result<()> {
        if !link.feed.is_daily() || plan.decisions.is_empty() {
            return Ok(());
        }
        let changed: HashSet<GroupId> = changed.iter().map(|group| group.id).collect();
        for decision in plan.decisions.iter().filter(|decision| changed.contains(&decision.group)) {
            let Some(id) = &decision.request_id else {
                continue;
            };
            let known = store::datapoint::load(self.rows, &link.goal, id)?;
            let stands = known.is_some_and(|known| known.is_confirmed_as(&known.datapoint));
            if stands {
                let made_of = store::struck::confirmed_readings(self.rows, &link.goal, id)?;
                if !made_of.is_empty() && !made_of.contains(&decision.group) {
                    return store::goal::compare_soon(self.rows, &link.goal);
                }
            }
        }
        Ok(())
    }

    /// The datapoints that changed groups went into so far and nothing calls for any more; and whether all
    /// that left them is to be found in another one now.
    fn left(
        &self,
        link: &Link,
        plan: &Plan,
        decided: &HashMap<GroupId, &Decision>,
        changed: &[MeasureGroup],
    ) -> anyhow::Result<BTreeMap<RequestId, bool>> {
        let wanted = wanted(plan);
        let mut left = BTreeMap::new();
        let counts = |group: &MeasureGroup| {
            decided.get(&group.id).is_some_and(|decision| decision.request_id.is_some())
        };
        let told: HashSet<_> =
            changed.iter().filter(|group| counts(group)).map(|group| plan::act(link, group)).collect();
        for group in changed {
            let before = store::decision::request_id(self.rows, link.id, group.id)?.map(RequestId);
            let Some(before) = before.filter(|before| !wanted.contains(before.0.as_str())) else {
                continue;
            };
            // What is told twice is counted where it is told better.
            let went_elsewhere = decided
                .get(&group.id)
                .is_some_and(|now| now.request_id.is_some() || now.reason == Reason::ToldTwice)
                || (group.gone && told.contains(&plan::act(link, group)));
            *left.entry(before).or_insert(true) &= went_elsewhere;
        }
        Ok(left)
    }

    /// Deals with a datapoint that no measurement calls for any more.
    ///
    /// What was never sent is dropped. What Beeminder may have is taken away there when its reading counts
    /// elsewhere now, or if the user chose so, a few at a time; else the user is asked.
    fn withdraw(&mut self, link: &Link, id: &RequestId, moved: bool) -> anyhow::Result<()> {
        let known = store::datapoint::load(self.rows, &link.goal, id)?;
        let Some(known) = known.filter(|known| known.wanted) else {
            return Ok(());
        };
        let may_be_there = known.confirmed.unsure || known.confirmed.is_there();
        let word = match &mut self.unwanted {
            _ if !may_be_there => Word::None,
            _ if moved => Word::Remove,
            Unwanted::Remove(left @ 1..) => {
                *left -= 1;
                Word::Remove
            }
            Unwanted::Remove(_) | Unwanted::Ask => Word::None,
        };
        self.enqueued += u64::from(store::outbox::unwant(self.rows, &known, word, self.now)?);
        Ok(())
    }
}

fn wanted(plan: &Plan) -> HashSet<&str> {
    plan.datapoints.iter().map(|datapoint| datapoint.request_id.0.as_str()).collect()
}
