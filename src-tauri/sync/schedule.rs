//! Schedules the next pass. Pure but for what it reads from the store.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Trigger, comparison, deliver, goals, pace};
use crate::domain::goal::GoalId;
use crate::domain::trouble::Place;
use crate::health::announced;
use crate::store::{self, Connection};

/// The time between passes while Withings' notifications are proven to arrive.
const NOTIFIED: TimeDelta = TimeDelta::hours(1);

/// The time between passes.
///
/// # Errors
/// When the store cannot be read.
pub fn interval(conn: &Connection) -> anyhow::Result<TimeDelta> {
    let chosen = TimeDelta::minutes(i64::from(store::setting::settings(conn)?.interval));
    Ok(if announced::are_proven(conn)? { chosen.max(NOTIFIED) } else { chosen })
}

/// When a pass goes on that had more to send than one does.
const SOON: TimeDelta = TimeDelta::minutes(1);

/// Extra passes before a linked goal's deadline.
const BEFORE_DEADLINE: [TimeDelta; 3] = [TimeDelta::hours(2), TimeDelta::minutes(30), TimeDelta::minutes(5)];

/// When the next automatic pass is due.
pub fn next_pass(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let problems = store::trouble::load_all(conn)?.into_iter();
    // Passes do nothing about notifications.
    let problems = problems.filter(|problem| problem.place != Place::Notifications);
    let mut retries: Vec<_> = problems.map(|problem| problem.wait_until).collect();
    for entry in store::outbox::load_all(conn)? {
        if entry.parked.is_none() {
            retries.push(entry.wait_until);
        }
    }
    retries.extend(pace::goes_on_at(conn, now)?);
    retries.extend(comparison::looks_again_at(conn, now)?);
    retries.retain(|until| *until > now);
    // More than one pass sends; what waits for a goal that is held up is no reason to hurry.
    if !deliver::queues(conn, Trigger::Timer, now)?.is_empty() {
        retries.push(now + SOON);
    }
    let deadlines: Vec<_> = store::goal::load_linked(conn)?.iter().filter_map(|goal| goal.loses_at).collect();
    retries.extend(crate::health::reminder::next(conn, now)?);
    retries.extend(goals::redrawn_at(conn)?.filter(|at| *at > now));
    retries.extend(announced::judged_at(conn)?.filter(|at| *at > now));
    let next = earliest(now, interval(conn)?, &retries, &deadlines);
    let pause = store::setting::pause(conn)?.filter(|pause| store::setting::is_paused(*pause, now));
    Ok(pause.map_or(next, |pause| next.max(pause.until)))
}

/// The next extra pass before the deadline of a goal that something waits for; of one goal, or of any.
pub(super) fn next_chance(
    conn: &Connection,
    goal: Option<&GoalId>,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let mut deadlines = Vec::new();
    for id in store::outbox::goals(conn)?.into_iter().filter(|id| goal.is_none_or(|goal| goal == id)) {
        deadlines.extend(store::goal::load(conn, &id)?.and_then(|goal| goal.loses_at));
    }
    Ok(before(&deadlines).filter(|moment| *moment > now).min())
}

/// The next extra pass before a goal's deadline.
pub(super) fn next_chance_of(
    conn: &Connection,
    goal: &GoalId,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let deadline = store::goal::load(conn, goal)?.and_then(|goal| goal.loses_at);
    Ok(before(deadline.as_slice()).filter(|moment| *moment > now).min())
}

/// The next extra pass before the deadline of any linked goal.
pub(super) fn next_chance_of_any(
    conn: &Connection,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let deadlines: Vec<_> = store::goal::load_linked(conn)?.iter().filter_map(|goal| goal.loses_at).collect();
    Ok(before(&deadlines).filter(|moment| *moment > now).min())
}

/// The extra passes before deadlines.
fn before(deadlines: &[DateTime<Utc>]) -> impl Iterator<Item = DateTime<Utc>> {
    deadlines.iter().flat_map(|deadline| BEFORE_DEADLINE.map(|before| *deadline - before))
}

/// The earliest of the regular time, a retry, and the extra passes before deadlines.
fn earliest(
    now: DateTime<Utc>,
    interval: TimeDelta,
    retries: &[DateTime<Utc>],
    deadlines: &[DateTime<Utc>],
) -> DateTime<Utc> {
    let before_deadlines = before(deadlines).filter(|moment| *moment > now);
    retries.iter().copied().chain(before_deadlines).fold(now + interval, DateTime::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_and_retries_come_before_the_regular_time() {
        let at = |minutes: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes);
        for (retries, deadlines, expected) in [
            (vec![], vec![], 15),
            (vec![at(2)], vec![], 2),
            (vec![at(40)], vec![], 15),
            (vec![], vec![at(121)], 1),
            (vec![], vec![at(120)], 15),
            (vec![], vec![at(40)], 10),
            (vec![], vec![at(8), at(1000)], 3),
            (vec![], vec![at(-100)], 15),
        ] {
            let interval = TimeDelta::minutes(15);
            assert_eq!(
                earliest(at(0), interval, &retries, &deadlines),
                at(expected),
                "{retries:?} {deadlines:?}"
            );
        }
    }
}
