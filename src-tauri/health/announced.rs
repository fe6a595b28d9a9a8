//! Judges whether Withings' notifications arrive: what was read that none had announced, and whether they are proven
//! well enough to ask less often.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::appli::Appli;
use crate::domain::measure::kind::Source;
use crate::domain::measure::measurement::MeasureGroup;
use crate::domain::trouble::Place;
use crate::store::announced::{self, Announced};
use crate::store::{self, Connection};

/// A notification that comes later than this after what it tells of was read is missed.
pub const LATE: TimeDelta = TimeDelta::minutes(10);

/// So many changes in a row have to be announced before Withings is asked less often.
pub const PROVEN: u32 = 3;

/// Notes that a notification came.
pub fn note_notified(conn: &Connection, appli: Appli, now: DateTime<Utc>) -> anyhow::Result<()> {
    store::subscription::save_notified(conn, appli, now)?;
    for source in appli.sources() {
        let known = judged(announced::load(conn, *source)?, now);
        // It tells of what was read a little before it came.
        let in_a_row = known.in_a_row + u32::from(known.unannounced_since.is_some());
        let known = Announced { notified_at: Some(now), in_a_row, unannounced_since: None, ..known };
        announced::save(conn, *source, known)?;
    }
    Ok(())
}

/// Notes that something was read which notifications should tell of. `before` is when the service was last read.
pub fn note_news(
    conn: &Connection,
    source: Source,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let known = judged(announced::load(conn, source)?, now);
    let known = if known.notified_at.is_some_and(|at| at >= before) {
        Announced { in_a_row: known.in_a_row.saturating_add(1), ..known }
    } else {
        Announced { unannounced_since: known.unannounced_since.or(Some(now)), ..known }
    };
    announced::save(conn, source, known)
}

/// Finds what is missing by now.
pub fn judge(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<()> {
    for (source, known) in announced::load_all(conn)? {
        let found = judged(known, now);
        if found != known {
            tracing::info!(source = source.name(), "Withings did not notify of something that was read");
            announced::save(conn, source, found)?;
        }
    }
    Ok(())
}

fn judged(known: Announced, now: DateTime<Utc>) -> Announced {
    match known.unannounced_since {
        Some(since) if now - since >= LATE => {
            Announced { in_a_row: 0, unannounced_since: None, missed_at: Some(now), ..known }
        }
        Some(_) | None => known,
    }
}

/// When to look whether something is missing.
pub fn judged_at(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let open = announced::load_all(conn)?.into_iter().filter_map(|(_, known)| known.unannounced_since);
    Ok(open.min().map(|since| since + LATE))
}

/// Whether a group of measurements is one that a notification should tell of: Withings changed it after this program
/// subscribed to such changes.
pub fn is_to_be_announced(subscribed: &[store::subscription::Subscription], group: &MeasureGroup) -> bool {
    let told = group.measurements.iter().filter_map(|measurement| Appli::surely_of(measurement.kind));
    told.into_iter()
        .any(|appli| subscribed.iter().any(|known| known.appli == appli && known.since <= group.modified_at))
}

/// Whether notifications tell of everything that the links in force need, and have proven to arrive.
pub fn are_proven(conn: &Connection) -> anyhow::Result<bool> {
    if store::notifications::reachable(conn)?.is_none()
        || store::trouble::load(conn, &Place::Notifications)?.is_some()
    {
        return Ok(false);
    }
    let links = store::link::load_all(conn)?;
    let needed = Appli::needed(links.iter().map(|link| &link.feed));
    let subscribed = store::subscription::load_all(conn)?;
    let is_subscribed = |appli: &Appli| subscribed.iter().any(|known| known.appli == *appli);
    if links.is_empty() || !needed.iter().all(is_subscribed) {
        return Ok(false);
    }
    for link in &links {
        let known = announced::load(conn, link.feed.source())?;
        if known.in_a_row < PROVEN {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How often the subscriptions are compared with Withings' list, and how long none may come although something was
/// measured before they are made anew.
const DAY: TimeDelta = TimeDelta::hours(24);

/// Whether none came for a day although something was measured, and nothing was done about that yet.
pub fn are_silent(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<bool> {
    Ok(silent_at(conn)?.is_some_and(|at| at <= now))
}

/// When the day without a notification is over, where something was missed in it and nothing was done since.
fn silent_at(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    let subscribed = store::subscription::load_all(conn)?;
    let last = subscribed.iter().map(|known| known.notified_at.unwrap_or(known.since)).max();
    let (missed, repaired) = (last_missed(conn)?, store::notifications::repaired_at(conn)?);
    let silent = last.zip(missed).filter(|(last, missed)| missed > last).map(|(last, _)| last + DAY);
    Ok(silent.filter(|at| repaired.is_none_or(|repaired| repaired < *at)))
}

fn last_missed(conn: &Connection) -> anyhow::Result<Option<DateTime<Utc>>> {
    Ok(announced::load_all(conn)?.into_iter().filter_map(|(_, known)| known.missed_at).max())
}

/// When the subscriptions are to be looked at again: daily, after one was missed, and after a day of silence.
pub fn repaired_at(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let Some(repaired) = store::notifications::repaired_at(conn)?.filter(|at| *at <= now) else {
        return Ok(now);
    };
    let missed = last_missed(conn)?.filter(|missed| *missed > repaired);
    let daily = repaired + DAY;
    Ok([missed, silent_at(conn)?].into_iter().flatten().fold(daily, DateTime::min))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
    }

    const SCALE: Source = Source::Measure;

    #[test]
    fn what_is_read_before_its_notification_is_missed_after_ten_minutes_and_no_sooner() {
        for (notified, missed) in [(Some(9), false), (Some(10), true), (None, true)] {
            let conn = store::in_memory();
            note_news(&conn, SCALE, at(-15), at(0)).unwrap();
            assert_eq!(judged_at(&conn).unwrap(), Some(at(10)));
            if let Some(minute) = notified {
                note_notified(&conn, Appli::Weight, at(minute)).unwrap();
            }
            judge(&conn, at(11)).unwrap();
            let known = announced::load(&conn, SCALE).unwrap();
            assert_eq!(known.missed_at.is_some(), missed, "{notified:?}");
            assert_eq!(known.in_a_row, u32::from(!missed));
            assert_eq!((known.unannounced_since, judged_at(&conn).unwrap()), (None, None));
        }
    }

    #[test]
    fn what_was_announced_since_the_last_reading_counts_and_one_missed_ends_the_row() {
        let conn = store::in_memory();
        for start in [0, 60, 120] {
            note_notified(&conn, Appli::Temperature, at(start)).unwrap();
            note_news(&conn, SCALE, at(start - 15), at(start + 1)).unwrap();
        }
        assert_eq!(announced::load(&conn, SCALE).unwrap().in_a_row, PROVEN);
        note_news(&conn, SCALE, at(121), at(180)).unwrap();
        judge(&conn, at(189)).unwrap();
        assert_eq!(announced::load(&conn, SCALE).unwrap().in_a_row, PROVEN, "it may still come");
        judge(&conn, at(190)).unwrap();
        assert_eq!(announced::load(&conn, SCALE).unwrap().in_a_row, 0);
    }
}
