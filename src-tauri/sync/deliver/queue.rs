//! Orders what is to be sent, goal by goal.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::LONGEST_WAIT;
use crate::domain::difference::Action;
use crate::domain::goal::{Goal, GoalId};
use crate::domain::link::LinkId;
use crate::domain::trouble::{Place, is_waiting};
use crate::store::outbox::OutboxEntry;
use crate::store::{self, Connection};
use crate::sync::{Trigger, missing, trouble};

/// A goal with more to send than this waits until the others are done.
const BULK: usize = 20;

/// After so many attempts without an end a request goes after the others of its goal.
const OFTEN: u32 = 3;

/// The same when the goal is due, and there is no time for more.
const OFTEN_WHEN_DUE: u32 = 1;

/// What waits for one goal, oldest first.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) goal: GoalId,
    pub(crate) entries: Vec<i64>,
    /// The one of them that says something of the latest moment.
    pub(crate) newest: Option<i64>,
}

/// What waits for one goal.
#[derive(Debug, Default)]
struct Waiting {
    ids: Vec<i64>,
    newest: Option<(DateTime<Utc>, i64)>,
}

/// When it is an entry's turn within its goal: what failed again and again must not keep what came after it
/// from being sent, and what is removed goes after what may take its place. Unless it is missing: what takes its
/// place must not bring back what the user deleted.
fn turn(entry: &OutboxEntry, is_due: bool) -> u8 {
    let often = if is_due { OFTEN_WHEN_DUE } else { OFTEN };
    match (&entry.action, entry.attempts >= often) {
        (Action::Remove(_), false) if entry.is_missing => 0,
        (Action::Create | Action::Update(_) | Action::LookUp, false) => 1,
        (Action::Create | Action::LookUp, true) => 2,
        (Action::Remove(_), false) => 3,
        (Action::Update(_), true) => 4,
        (Action::Remove(_), true) => 5,
    }
}

/// What can be sent now, in the order of its turns. Nothing is removed while what takes its place waits or is
/// refused.
fn sendable(conn: &Connection, trigger: Trigger, now: DateTime<Utc>) -> anyhow::Result<Vec<OutboxEntry>> {
    let unreadable: HashSet<LinkId> =
        store::link::load_unreadable(conn)?.into_iter().map(|(link, _)| link).collect();
    let mut entries = store::outbox::load_all(conn)?;
    entries.retain(|entry| {
        let waits = trigger != Trigger::Hand && is_waiting(entry.wait_until, LONGEST_WAIT, now);
        entry.parked.is_none() && !waits && !unreadable.contains(&entry.link)
    });
    let due = due(conn, now)?;
    entries.sort_by_key(|entry| turn(entry, due.contains(&entry.goal)));
    let ids: HashSet<i64> = entries.iter().map(|entry| entry.id).collect();
    let mut sendable = Vec::new();
    for entry in entries {
        let is_removal = matches!(entry.action, Action::Remove(_));
        if !is_removal || store::replacement::load(conn, &entry)?.iter().all(|id| ids.contains(id)) {
            sendable.push(entry);
        }
    }
    Ok(sendable)
}

/// The goals that something is sent to, by and by at least: what is refused waits for the user, and what it is to take
/// the place of waits with it.
pub(crate) fn goals_sent_to(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<HashSet<GoalId>> {
    Ok(sendable(conn, Trigger::Hand, now)?.into_iter().map(|entry| entry.goal).collect())
}

/// Lists what can be sent now, goal by goal.
pub(crate) fn queues(conn: &Connection, trigger: Trigger, now: DateTime<Utc>) -> anyhow::Result<Vec<Queue>> {
    let mut waiting: BTreeMap<GoalId, Waiting> = BTreeMap::new();
    for entry in sendable(conn, trigger, now)? {
        let queue = waiting.entry(entry.goal).or_default();
        queue.ids.push(entry.id);
        let is_sent = matches!(entry.action, Action::Create | Action::Update(_));
        if is_sent && queue.newest.is_none_or(|(moment, _)| moment <= entry.moment) {
            queue.newest = Some((entry.moment, entry.id));
        }
    }
    let mut queues = Vec::new();
    for (id, Waiting { ids: entries, newest }) in waiting {
        let newest = newest.map(|(_, newest)| newest);
        // One that has ended takes nothing until the user restarts it; what there is for it waits.
        let goal = store::goal::load(conn, &id)?;
        let Some(goal) = goal.filter(Goal::is_open) else {
            continue;
        };
        if trouble::may_ask(conn, &Place::Goal(id.clone()), trigger, now)? {
            queues.push((order(&goal, entries.len()), Queue { goal: id, entries, newest }));
        }
    }
    queues.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(queues.into_iter().map(|(_, queue)| queue).collect())
}

/// The goals that something waits for and that are lost before long.
pub(crate) fn due(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<HashSet<GoalId>> {
    let mut due = HashSet::new();
    for goal in store::outbox::goals(conn)? {
        if missing::is_due(conn, &goal, now)? {
            due.insert(goal);
        }
    }
    Ok(due)
}

/// A long queue goes last; the nearest deadline first. A goal whose deadline is not known yet is not due.
fn order(goal: &Goal, waiting: usize) -> (bool, DateTime<Utc>, String) {
    (waiting > BULK, goal.loses_at.unwrap_or(DateTime::<Utc>::MAX_UTC), goal.slug.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::goal::GoalSlug;
    use crate::domain::goal::tests::goal;

    #[test]
    fn the_nearest_deadline_goes_first_and_a_long_queue_last() {
        let at = |unix| DateTime::from_timestamp(unix, 0);
        let mut goals = [
            ("bulk", at(100), 600),
            ("later", at(300), 1),
            ("soon", at(200), 20),
            ("unknown", None, 1),
            ("bulk later", at(400), 21),
        ];
        goals.sort_by_key(|(slug, loses_at, waiting)| {
            let goal = Goal { slug: GoalSlug((*slug).into()), loses_at: *loses_at, ..goal() };
            order(&goal, *waiting)
        });
        let order: Vec<_> = goals.iter().map(|(slug, ..)| *slug).collect();
        assert_eq!(order, ["soon", "later", "unknown", "bulk", "bulk later"]);
    }
}
