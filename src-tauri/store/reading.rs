//! Readings that did not come to their end, and how many requests were sent recently.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::checkpoint::stream;
use super::moment;
use crate::domain::measure::kind::Source;

/// Where a reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// From which moment of Withings' clock on it reads.
    pub since: i64,
    /// The last page that was read, by Withings' offset. It is read again, since rows may have moved up.
    pub page: i64,
    /// Withings' clock at its first page.
    pub updated_at: i64,
}

/// Loads the reading of `source` that is under way.
pub fn load(conn: &Connection, source: Source) -> anyhow::Result<Option<UnderWay>> {
    let reading = conn
        .prepare_cached("SELECT since, page, updated_at FROM reading WHERE stream = ?1")?
        .query_row([stream(source)], |row| {
            Ok(UnderWay { since: row.get(0)?, page: row.get(1)?, updated_at: row.get(2)? })
        })
        .optional()?;
    Ok(reading)
}

/// Notes how far a reading has come.
pub fn save(conn: &Connection, source: Source, reading: UnderWay) -> anyhow::Result<()> {
    conn.prepare_cached(
        "INSERT INTO reading VALUES (?1, ?2, ?3, ?4) ON CONFLICT (stream) DO UPDATE SET
             since = excluded.since, page = excluded.page, updated_at = excluded.updated_at",
    )?
    .execute(params![stream(source), reading.since, reading.page, reading.updated_at])?;
    Ok(())
}

/// Notes that a reading has come to its end, or has to begin again.
pub fn forget(conn: &Connection, source: Source) -> anyhow::Result<()> {
    conn.prepare_cached("DELETE FROM reading WHERE stream = ?1")?.execute([stream(source)])?;
    Ok(())
}

/// Whether any reading is under way.
pub fn is_under_way(conn: &Connection) -> anyhow::Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM reading")?.exists([])?)
}

/// How many requests were sent without a pause between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Requests sent since the last pause of a minute.
    pub used: u64,
    /// When the last of them was sent.
    pub until: DateTime<Utc>,
}

/// After a pause as long as this they count no more.
pub const PAUSE: TimeDelta = TimeDelta::seconds(60);

/// No pass lasts longer; what was sent later than that from now was sent by another clock.
const LONGEST_PASS: TimeDelta = TimeDelta::minutes(10);

/// Loads the requests that still count at `now`.
pub fn pace(conn: &Connection, now: DateTime<Utc>) -> anyhow::Result<Pace> {
    let pace = conn
        .prepare_cached("SELECT used, until FROM pace")?
        .query_row([], |row| Ok(Pace { used: row.get(0)?, until: moment(row.get(1)?) }))
        .optional()?;
    let counts = |pace: &Pace| now - pace.until < PAUSE && pace.until - now < LONGEST_PASS;
    Ok(pace.filter(counts).unwrap_or_default())
}

/// Notes what was sent.
pub fn save_pace(conn: &Connection, pace: Pace) -> anyhow::Result<()> {
    conn.prepare_cached(
        "INSERT INTO pace VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET used = excluded.used, until = excluded.until",
    )?
    .execute(params![pace.used, pace.until.timestamp()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_count_until_there_was_a_pause_and_by_no_other_clock() {
        let conn = super::super::in_memory();
        let at = |seconds: i64| moment(1_000_000 + seconds);
        assert_eq!(pace(&conn, at(0)).unwrap().used, 0);
        save_pace(&conn, Pace { used: 100, until: at(0) }).unwrap();
        for (now, used) in [(0, 100), (59, 100), (60, 0), (-300, 100), (-3600, 0)] {
            assert_eq!(pace(&conn, at(now)).unwrap().used, used, "{now}");
        }
    }
}
