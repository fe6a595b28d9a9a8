//! Releases the past that the user asked for, a little at a time: Beeminder takes a limited number of
//! datapoints a day, and whoever sees something going wrong must have the time to stop it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::datapoint::Datapoint;
use crate::domain::day::{DayRule, Daystamp};
use crate::domain::link::{Link, Past};
use crate::domain::plan::{Context, plan};
use crate::store::backfill::{self, Backfill};
use crate::store::{Connection, measurement};

/// The most datapoints of the past that one goal gets in a day. Beeminder takes 300 of all kinds.
pub const MOST_A_DAY: u64 = 100;

/// Releases what may be posted now for one link. Returns whether anything was.
pub(super) fn release(
    conn: &Connection,
    link: &Link,
    context: &Context,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    // By the services' clock, since this computer's may be wrong.
    let today = context.rule.day_of(context.now);
    let mut released = false;
    for backfill in backfill::load_of(conn, link.id)? {
        if backfill.is_done() {
            continue;
        }
        let left = MOST_A_DAY.saturating_sub(backfill::released_on(conn, &link.goal, today)?);
        if left == 0 {
            continue;
        }
        let groups =
            measurement::load_with_kinds(conn, &link.feed.kinds(), backfill.reached - TimeDelta::days(2))?;
        let datapoints = plan(&only(link, &backfill, now), context, &groups).datapoints;
        let (reached, count) = reach(&backfill, &datapoints, left, context.rule);
        if reached > backfill.reached {
            let is_all = reached == backfill.until;
            let day = if is_all { backfill.until_day } else { Some(context.rule.day_of(reached)) };
            let reached = backfill::Reached { moment: reached, day, count };
            backfill::save_reached(conn, backfill.id, reached, today)?;
            released = true;
        }
    }
    Ok(released)
}

/// The link as if it were about nothing but what is left of a stretch of the past.
fn only(link: &Link, backfill: &Backfill, now: DateTime<Utc>) -> Link {
    let days = backfill.reached_day.zip(backfill.until_day);
    let past = vec![Past { from: backfill.reached, until: backfill.until, days }];
    Link { since: now + TimeDelta::days(36_500), first_day: None, past, ..link.clone() }
}

/// How far whole days can be released, and how many datapoints those are.
fn reach(backfill: &Backfill, datapoints: &[Datapoint], left: u64, rule: DayRule) -> (DateTime<Utc>, u64) {
    let mut count: u64 = 0;
    for day in datapoints.chunk_by(|a, b| a.day(rule) == b.day(rule)) {
        let on_day = u64::try_from(day.len()).unwrap_or(u64::MAX);
        // A day with more than is allowed is released by itself.
        let fits = count + on_day <= left || (count == 0 && left == MOST_A_DAY);
        if !fits {
            return (start(backfill, rule, day[0].day(rule)), count);
        }
        count += on_day;
    }
    (backfill.until, count)
}

fn start(backfill: &Backfill, rule: DayRule, day: Daystamp) -> DateTime<Utc> {
    rule.start_of(day).clamp(backfill.reached, backfill.until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datapoint::{Moment, RequestId};
    use crate::domain::link::LinkId;
    use chrono_tz::Tz;

    #[test]
    fn whole_days_are_released_as_long_as_they_fit() {
        let start: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
        let at = |day: i64, hour: i64| start + TimeDelta::days(day) + TimeDelta::hours(hour);
        let datapoint = |moment| Datapoint {
            request_id: RequestId(String::new()),
            value: 1.into(),
            moment: Moment::At(moment),
            comment: String::new(),
        };
        let backfill = Backfill {
            id: 1,
            link: LinkId(1),
            from: start,
            until: at(10, 0),
            reached: start,
            released: 0,
            from_day: None,
            until_day: None,
            reached_day: None,
        };
        let three_days: Vec<_> = [(0, 8), (0, 9), (1, 8), (1, 9), (4, 8)]
            .into_iter()
            .map(|(day, hour)| datapoint(at(day, hour)))
            .collect();
        for (left, expected) in [
            (100, (at(10, 0), 5)),
            (5, (at(10, 0), 5)),
            (4, (at(4, 0), 4)),
            (3, (at(1, 0), 2)),
            (1, (at(0, 0), 0)),
            (0, (at(0, 0), 0)),
        ] {
            assert_eq!(reach(&backfill, &three_days, left, DayRule::new(Tz::UTC, 0)), expected, "{left}");
        }
        let crowded: Vec<_> = (0..150).map(|_| datapoint(at(2, 8))).collect();
        assert_eq!(reach(&backfill, &crowded, 100, DayRule::new(Tz::UTC, 0)), (at(10, 0), 150));
        assert_eq!(reach(&backfill, &crowded, 99, DayRule::new(Tz::UTC, 0)), (at(2, 0), 0));
        assert_eq!(reach(&backfill, &[], 100, DayRule::new(Tz::UTC, 0)), (at(10, 0), 0));
    }
}
