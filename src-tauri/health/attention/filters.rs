//! Finds links whose filter leaves out everything new: the scale was replaced, the habit changed. Such a link
//! sends nothing any more while all else is well, so it must be said.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::day::Daystamp;
use crate::domain::link::Feed;
use crate::domain::link::LinkId;
use crate::domain::measure::kind::Source;
use crate::domain::plan::Reason;
use crate::store::decision::DecisionOutcome;
use crate::store::{self, Connection};

/// So many in a row, on [`DAYS`] days or more, are no accident.
const MANY: usize = 3;

/// On how many days at least.
const DAYS: usize = 2;

/// When everything of so long is left out, it need not be many.
const LONG: TimeDelta = TimeDelta::days(7);

/// A link that leaves out everything new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// The slug of the goal.
    pub(super) goal: String,
    /// The link whose filter it is.
    pub(super) link: LinkId,
    /// Why, as reasons' names: the filters that do it.
    pub(super) filters: Vec<&'static str>,
    /// The day of the first that was left out.
    pub(super) since: Daystamp,
}

/// Lists the links in force that leave out everything new.
pub(super) fn left_out(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Vec<LeftOut>> {
    let mut found: Vec<LeftOut> = Vec::new();
    for link in store::link::load_all(conn)? {
        // One word a goal is enough, and an incident is one goal's.
        if found.iter().any(|left_out| left_out.goal == link.slug.0) {
            continue;
        }
        let outcomes = store::decision::outcomes(conn, link.id, |reason| effect(reason) == Effect::Through)?;
        let by_the_day = matches!(&link.feed, Feed::Track { kind, .. } if kind.source() != Source::Measure);
        if let Some((filters, since)) = leaves_out(&outcomes, by_the_day, link.since, now) {
            found.push(LeftOut { goal: link.slug.0, link: link.id, filters, since });
        }
    }
    Ok(found)
}

/// The filters that leave out everything new, and since when; `outcomes` are newest first. `by_the_day` is
/// said of what several devices tell of one day: what comes through of a day is enough.
fn leaves_out(
    outcomes: &[DecisionOutcome],
    by_the_day: bool,
    in_force_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<(Vec<&'static str>, Daystamp)> {
    let judged = || outcomes.iter().filter(|outcome| effect(outcome.reason) != Effect::Neither);
    let last_through = judged().find(|outcome| effect(outcome.reason) == Effect::Through);
    let is_newer = |outcome: &&DecisionOutcome| match last_through {
        None => true,
        Some(last) if by_the_day => outcome.day > last.day,
        Some(last) => outcome.measured_at > last.measured_at,
    };
    let out: Vec<&DecisionOutcome> =
        judged().filter(|outcome| effect(outcome.reason) == Effect::LeftOut).filter(is_newer).collect();
    let (newest, oldest) = (out.first()?, out.last()?);
    let mut days: Vec<Daystamp> = out.iter().map(|outcome| outcome.day).collect();
    days.dedup();
    let many = out.len() >= MANY && days.len() >= DAYS;
    let long = now - LONG;
    let all_for_long = newest.measured_at >= long
        && in_force_since <= long
        && last_through.is_none_or(|last| last.measured_at < long);
    if !many && !all_for_long {
        return None;
    }
    let mut filters: Vec<&'static str> = out.iter().map(|outcome| outcome.reason.code()).collect();
    filters.sort_unstable();
    filters.dedup();
    Some((filters, oldest.day))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The link's filter let it through, whatever became of it then.
    Through,
    /// The link's filter, or the set it counts, left it out.
    LeftOut,
    /// It says nothing about filters: it waits for an answer, or is nobody's.
    Neither,
}

fn effect(reason: Reason) -> Effect {
    match reason {
        Reason::Sent
        | Reason::SentForDay
        | Reason::OtherOfDay
        | Reason::SentBefore
        | Reason::BeforeGoal
        | Reason::Deleted
        | Reason::Discarded => Effect::Through,
        Reason::IncompleteSet
        | Reason::NotWorkedOut
        | Reason::TypedIn
        | Reason::OtherDevice
        | Reason::OtherTime
        | Reason::OtherWorkout => Effect::LeftOut,
        Reason::Ambiguous
        | Reason::UnknownOrigin
        | Reason::AccountCreation
        | Reason::ImplausibleValue
        | Reason::InFuture
        | Reason::ToldTwice
        | Reason::NotMine => Effect::Neither,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::Reason::{
        Ambiguous, IncompleteSet, NotMine, OtherDevice, OtherTime, OtherWorkout, Sent, SentForDay, TypedIn,
    };

    /// Outcomes from days and hours of November, oldest first.
    fn outcomes(list: &[(u32, u32, Reason)]) -> Vec<DecisionOutcome> {
        let outcome = |(day, hour, reason): &(u32, u32, Reason)| {
            let measured_at: DateTime<Utc> = format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap();
            DecisionOutcome { measured_at, day: Daystamp(measured_at.date_naive()), reason: *reason }
        };
        list.iter().rev().map(outcome).collect()
    }

    #[test]
    fn a_filter_that_leaves_out_everything_new_is_noticed_and_no_other() {
        let old: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let new: DateTime<Utc> = "2026-11-20T00:00:00Z".parse().unwrap();
        for (list, by_the_day, since, expected) in [
            (&[][..], false, old, None),
            (&[(20, 7, Sent), (21, 7, Sent)], false, old, None),
            (
                &[(20, 7, Sent), (21, 7, OtherDevice), (22, 7, OtherDevice), (23, 7, OtherDevice)],
                false,
                new,
                Some(vec!["other_device"]),
            ),
            // What comes through ends it.
            (
                &[(20, 7, OtherDevice), (21, 7, OtherDevice), (22, 7, OtherDevice), (23, 7, Sent)],
                false,
                old,
                None,
            ),
            // Three of one evening are no habit.
            (
                &[(22, 7, Sent), (23, 19, OtherTime), (23, 20, OtherTime), (23, 21, OtherTime)],
                false,
                old,
                None,
            ),
            (
                &[(22, 7, Sent), (22, 19, OtherTime), (23, 19, OtherTime), (23, 20, OtherTime)],
                false,
                new,
                Some(vec!["other_time"]),
            ),
            // A week with nothing else.
            (&[(15, 7, Sent), (23, 7, TypedIn)], false, old, Some(vec!["typed_in"])),
            (&[(15, 7, Sent), (23, 7, TypedIn)], false, new, None),
            (&[(18, 7, Sent), (23, 7, TypedIn)], false, old, None),
            (&[(3, 7, Sent), (10, 7, TypedIn)], false, old, None),
            (&[(23, 7, OtherWorkout)], true, old, Some(vec!["other_workout"])),
            (
                &[(21, 7, IncompleteSet), (22, 7, IncompleteSet), (23, 7, OtherDevice)],
                false,
                new,
                Some(vec!["incomplete_set", "other_device"]),
            ),
            // What waits for an answer or is a guest's says nothing.
            (
                &[
                    (20, 7, Sent),
                    (21, 7, OtherDevice),
                    (22, 7, Ambiguous),
                    (22, 8, NotMine),
                    (23, 7, OtherDevice),
                ],
                false,
                new,
                None,
            ),
            // Two devices tell of each day: the one that counts is enough.
            (
                &[
                    (22, 0, SentForDay),
                    (22, 0, OtherDevice),
                    (23, 0, SentForDay),
                    (23, 0, OtherDevice),
                    (23, 1, OtherDevice),
                    (23, 2, OtherDevice),
                ],
                true,
                old,
                None,
            ),
            (
                &[(21, 0, SentForDay), (22, 0, OtherDevice), (22, 1, OtherDevice), (23, 0, OtherDevice)],
                true,
                new,
                Some(vec!["other_device"]),
            ),
        ] {
            let now = "2026-11-24T06:00:00Z".parse().unwrap();
            let found = leaves_out(&outcomes(list), by_the_day, since, now);
            assert_eq!(found.map(|(filters, _)| filters), expected, "{list:?}");
        }
    }
}
