//! Reminders to measure: a linked goal is due today, nothing is known to be measured for it, and it is later than
//! the time of day the user chose.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::day::{DayRule, Daystamp};
use crate::domain::goal::{Goal, Presence};
use crate::domain::link::LinkId;
use crate::domain::measure::kind::{MeasureKind, Source};
use crate::domain::service::Service;
use crate::domain::trouble::Place;
use crate::store::{self, Connection};

/// What was read longer ago says nothing about today.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// A goal that the user should measure for today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The slug of the goal.
    pub slug: String,
    /// What to measure; at least one.
    pub what: Vec<MeasureKind>,
    /// The moment the goal derails.
    pub deadline: DateTime<Utc>,
    /// What is known of what was measured for it today.
    pub measured: Measured,
}

/// What is known of a day's measurements for a goal that has no datapoint for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// There are none.
    Nothing,
    /// One waits for the user's word.
    Held,
    /// Not known, because Withings could not be read since.
    Unknown {
        /// When it was last read, or else connected.
        since: DateTime<Utc>,
    },
}

impl Measured {
    /// The word for its text.
    pub(super) fn name(self) -> &'static str {
        match self {
            Measured::Nothing => "nothing",
            Measured::Held => "held",
            Measured::Unknown { .. } => "unknown",
        }
    }
}

/// The goals to measure for now. Only right after a pass: what was measured meanwhile is not known before.
///
/// # Errors
/// When the store cannot be read.
pub fn due(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Vec<Reminder>> {
    let Some(time) = store::setting::remind_at(conn)? else {
        return Ok(Vec::new());
    };
    let zone = store::account::time_zone(conn)?;
    let unread_since = unread_since(conn, now)?;
    let mut reminders: Vec<Reminder> = Vec::new();
    for link in store::link::load_all(conn)? {
        let goal = store::goal::load(conn, &link.goal)?;
        let Some(goal) = goal.filter(|_| link.feed.source() == Source::Measure) else {
            continue;
        };
        let rule = goal.day_rule(zone);
        let today = rule.day_of(now);
        if !is_due(&goal, rule, today) || !is_time(rule, zone, today, time, now) {
            continue;
        }
        let said = reminders.iter().any(|reminder| reminder.slug == goal.slug.0);
        if !said && !store::datapoint::has_for_day(conn, link.id, today)? {
            let (what, deadline) = (link.feed.kinds(), rule.end_of(today));
            let measured = match unread_since {
                _ if is_held(conn, link.id, today)? => Measured::Held,
                Some(since) => Measured::Unknown { since },
                None => Measured::Nothing,
            };
            reminders.push(Reminder { slug: goal.slug.0, what, deadline, measured });
        }
    }
    Ok(reminders)
}

/// Since when Withings could not be read, so that it is not known what was measured; `None` while it is.
fn unread_since(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let places = [Place::Account(Service::Withings), Place::Source(Source::Measure)];
    let mut fails = false;
    for place in places {
        fails |= store::trouble::load(conn, &place)?.is_some();
    }
    let read_at = store::checkpoint::load(conn, Source::Measure)?.map(|checkpoint| checkpoint.read_at);
    let connected_at = store::account::load(conn, Service::Withings)?.map(|account| account.connected_at);
    Ok(read_at.or(connected_at).filter(|since| fails || now - *since > FRESH))
}

/// Whether a reading of the day waits for the user's word.
fn is_held(conn: &Connection, link: LinkId, today: Daystamp) -> anyhow::Result<bool> {
    if store::decision::held_under(conn, link)? == 0 {
        return Ok(false);
    }
    let outcomes = store::decision::outcomes(conn, link, |_| false)?;
    Ok(outcomes.iter().any(|outcome| outcome.day == today && outcome.reason.is_held()))
}

/// Whether the goal derails at the end of `today` if nothing is done.
fn is_due(goal: &Goal, rule: DayRule, today: Daystamp) -> bool {
    let loses_today = goal.loses_at.is_some_and(|at| at <= rule.end_of(today));
    goal.presence == Presence::Active && !goal.frozen && loses_today
}

/// Whether the time to remind has come in the goal's day, which may end before or after midnight.
fn is_time(rule: DayRule, zone: Tz, today: Daystamp, time: NaiveTime, now: DateTime<Utc>) -> bool {
    let begin = rule.start_of(today);
    let on = |date: chrono::NaiveDate| {
        let local = date.and_time(time).and_local_timezone(zone);
        local.earliest().map(|moment| moment.with_timezone(&Utc))
    };
    // The one such time of day that lies within the goal's day.
    let date = begin.with_timezone(&zone).date_naive();
    let candidates = [Some(date), date.checked_add_days(Days::new(1))].into_iter().flatten().filter_map(on);
    candidates.into_iter().find(|at| *at >= begin).is_some_and(|at| now >= at)
}

/// When a pass should be made to find out, if the user wants to be reminded: the next time after `now`.
///
/// # Errors
/// When the store cannot be read.
pub fn next(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let Some(time) = store::setting::remind_at(conn)? else {
        return Ok(None);
    };
    let zone = store::account::time_zone(conn)?;
    let today = now.with_timezone(&zone).date_naive();
    let days = [Some(today), today.checked_add_days(Days::new(1))];
    let on = |date: chrono::NaiveDate| date.and_time(time).and_local_timezone(zone).earliest();
    let moments = days.into_iter().flatten().filter_map(on).map(|moment| moment.with_timezone(&Utc));
    Ok(moments.into_iter().find(|moment| *moment > now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_remind_lies_within_the_goals_day_whatever_its_deadline() {
        let zone = chrono_tz::Europe::Paris;
        // Deadline in hours; the time to remind; the moment in Paris; whether it is time.
        for (deadline, time, moment, expected) in [
            (0, "20:00:00", "2026-11-23T19:59:00+01:00", false),
            (0, "20:00:00", "2026-11-23T20:00:00+01:00", true),
            (0, "20:00:00", "2026-11-24T00:00:00+01:00", false),
            // Until three in the morning it is still yesterday.
            (3, "20:00:00", "2026-11-24T02:00:00+01:00", true),
            (3, "20:00:00", "2026-11-24T03:00:00+01:00", false),
            // After five in the afternoon it is tomorrow, and eight in the evening is early in it.
            (-7, "20:00:00", "2026-11-23T17:00:00+01:00", false),
            (-7, "20:00:00", "2026-11-24T08:00:00+01:00", true),
            (-7, "09:00:00", "2026-11-23T18:00:00+01:00", false),
            (-7, "09:00:00", "2026-11-24T09:00:00+01:00", true),
        ] {
            let rule = DayRule::new(zone, deadline * 3600);
            let now: DateTime<Utc> = moment.parse::<DateTime<chrono::FixedOffset>>().unwrap().into();
            let found = is_time(rule, zone, rule.day_of(now), time.parse().unwrap(), now);
            assert_eq!(found, expected, "{deadline} {time} {moment}");
        }
    }
}
